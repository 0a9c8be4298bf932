// A condition of a rule, in CEL: compiled and checked at start, asked of each call, or of each request message if it looks at that.
import type { CelInput } from "@bufbuild/cel";
import type { Call } from "../../call.ts";
import type { EnumType, Method } from "../../schema/descriptor.ts";
import { variableTypes } from "./condition-type.ts";
import { compileExpression } from "./expression.ts";
import type { RefusedCondition } from "./expression.ts";
import { identityFacts, toMap } from "./identity-facts.ts";
import { viewMessage } from "./message-view.ts";

export interface Condition {
  /** Whether it is about the request message. */
  readonly usesRequest: boolean;
  /** Whether it asks who calls. */
  readonly usesIdentity: boolean;
  /** True when it holds; otherwise why it does not, for the log. Never throws. `message` only where it uses the request. */
  evaluate(call: Call, message?: Uint8Array): true | string;
}

export interface ConditionContext {
  readonly method: Method;
  readonly findEnum: (name: string) => EnumType | undefined;
  /** False for methods without a proto: there is nothing to know their messages by. */
  readonly knowsRequest: boolean;
}

export function compileCondition(text: string, context: ConditionContext): Condition | RefusedCondition {
  const { findEnum, knowsRequest, method } = context;
  const request = knowsRequest ? method.input : undefined;
  const compiled = compileExpression(text, { request, findEnum, variables: variableTypes });
  if ("faults" in compiled) return compiled;
  const { variables } = compiled;
  const factOf = [...variables].flatMap((name) => {
    const fact = facts.get(name);
    return fact === undefined ? [] : [[name, fact] as const];
  });
  return {
    usesRequest: variables.has("req"),
    usesIdentity: ["claims", "principal", "scopes", "roles"].some((name) => variables.has(name)),
    evaluate(call, message) {
      const result = compiled.evaluate(() => {
        const known = factOf.map(([name, fact]): [string, CelInput] => [name, fact(call)]);
        if (message !== undefined) known.push(["req", viewMessage(method.input, message)]);
        return known;
      });
      return result === false ? "it is false" : result;
    },
  };
}

/** What a condition may know of a call, by the name it has there. */
const facts: ReadonlyMap<string, (call: Call) => CelInput> = new Map<string, (call: Call) => CelInput>([
  ...Array.from(identityFacts, ([name, fact]) => [name, ({ identity }: Call) => fact(identity)] as const),
  ["method", ({ method }) => method.name],
  ["service", ({ method }) => method.service.name],
  ["front", ({ front }) => front],
  ["peer", ({ peer }) => new Map([["address", peer.address]])],
  ["headers", ({ headers }) => toMap(headers)],
]);
