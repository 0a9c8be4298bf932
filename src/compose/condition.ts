// `if` of a step: a condition in CEL over the request, the element, and what other steps have answered.
import type { CelInput } from "@bufbuild/cel";
import type { Identity } from "../caller.ts";
import { typeOfValue } from "../chain/authorize/condition-type.ts";
import type { ConditionType } from "../chain/authorize/condition-type.ts";
import { compileExpression } from "../chain/authorize/expression.ts";
import type { RefusedCondition } from "../chain/authorize/expression.ts";
import { identityFacts, identityTypes } from "../chain/authorize/identity-facts.ts";
import { viewMessage, viewPayload } from "../chain/authorize/message-view.ts";
import type { EnumType, FieldType, MessageType } from "../schema/descriptor.ts";
import type { ValueType } from "./path.ts";
import type { Names, Scope, StepShape } from "./source.ts";

export interface StepCondition {
  readonly text: string;
  /** Steps that it looks at. */
  readonly needs: readonly number[];
  /** Whether it is asked of each element. */
  readonly usesElement: boolean;
  /**
   * To be asked once, or of each element in turn before anything else is asked: all of them together may take no longer than one. What
   * they have in common is looked up once. A text says why it cannot be told. Never throws.
   */
  prepare(scope: Scope, identity: Identity | undefined): (element?: Uint8Array) => boolean | string;
}

export function compileStepCondition(
  text: string,
  names: Names,
  findEnum: (name: string) => EnumType | undefined,
): StepCondition | RefusedCondition {
  const element = toElementType(names.element);
  const steps = [...names.steps].filter(([, { isList }]) => !isList);
  const variables = new Map<string, ConditionType>([
    ...identityTypes,
    ...(element === undefined ? [] : [["it", element] as const]),
    ...steps.map(([id, { output }]) => [id, typeOfMessage(output)] as const),
  ]);
  const compiled = compileExpression(text, { request: names.request, variables, findEnum });
  if ("faults" in compiled) return compiled;
  const used = steps.filter(([id]) => compiled.variables.has(id));
  const named = [...identityFacts].filter(([name]) => compiled.variables.has(name));
  const usesElement = compiled.variables.has("it");
  return {
    text,
    needs: used.map(([, { index }]) => index),
    usesElement,
    prepare(scope, identity) {
      let common: readonly (readonly [string, CelInput])[] | undefined;
      const lookUp = (): typeof common => [
        ...named.map(([name, fact]): [string, CelInput] => [name, fact(identity)]),
        ["req", viewMessage(names.request, scope.request)],
        ...used.map(([id, shape]): [string, CelInput] => [id, viewResult(shape, scope)]),
      ];
      return (payload) => {
        const goesOn = common !== undefined;
        const facts = (): readonly (readonly [string, CelInput])[] => {
          const known = (common ??= lookUp()) ?? [];
          return usesElement ? [...known, ["it", viewElement(names.element, payload)]] : known;
        };
        return compiled.evaluate(facts, goesOn);
      };
    },
  };
}

function toElementType(type: ValueType | undefined): ConditionType | undefined {
  if (type === undefined || type.kind === "map") return undefined;
  const known = typeOfValue(type);
  return typeof known === "string" ? undefined : known;
}

function typeOfMessage(message: MessageType): ConditionType {
  return { kind: "message", message };
}

function viewElement(type: ValueType | undefined, payload: Uint8Array | undefined): CelInput {
  return viewPayload(type as FieldType, payload ?? new Uint8Array(0));
}

/** A step without a result keeps those that need it from running at all. */
function viewResult({ index, output }: StepShape, { results }: Scope): CelInput {
  return viewMessage(output, results[index] as Uint8Array);
}
