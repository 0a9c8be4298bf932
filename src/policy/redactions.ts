// Who sees which fields of replies: what the protos say of fields, and what the configuration says in its place for some methods or all.
import type { RedactRule } from "../chain/policy.ts";
import type { PolicyConfig, RedactConfig } from "../config/config.ts";
import type { Field, Method, Schema } from "../schema/descriptor.ts";
import { fieldsOf, reachedFrom } from "../schema/reach.ts";
import { rankSelectors } from "../schema/selector.ts";
import { rolesProblem, scopesProblem } from "./declared.ts";
import { isMessage, text, texts } from "./option-values.ts";
import { place } from "./placed.ts";
import type { Placed, Report } from "./placed.ts";

export interface Redactions {
  /** By the full name of the field. */
  readonly declared: ReadonlyMap<string, Placed<RedactRule>>;
  readonly configured: readonly ConfiguredRedaction[];
  /** All of a method; the same list for methods of which the same is said. */
  readonly redactionOf: (method: Method) => readonly Placed<RedactRule>[];
  /** Those of fields that replies of the method may have: all where they may have a google.protobuf.Any. */
  readonly inReplyOf: (method: Method) => readonly Placed<RedactRule>[];
}

/** One field that one entry of `policies` names. */
export interface ConfiguredRedaction {
  readonly policy: PolicyConfig;
  readonly rule: Placed<RedactRule>;
}

export interface RedactionInputs {
  readonly schema: Schema;
  readonly policies: readonly PolicyConfig[];
  readonly isOwn: (method: Method) => boolean;
  readonly report: Report;
}

const none: readonly Placed<RedactRule>[] = Object.freeze([]);

export function compileRedactions({ schema, policies, isOwn, report }: RedactionInputs): Redactions {
  const declared = readDeclared(schema, report);
  const configured = policies.flatMap((policy) =>
    policy.redact.flatMap((said, index) => said.fields.map((_, field) => toConfigured(policy, said, [index, field]))),
  );
  const lists = new Map<string, readonly Placed<RedactRule>[]>();
  const redactionOf = (method: Method): readonly Placed<RedactRule>[] => {
    if ((declared.size === 0 && configured.length === 0) || isOwn(method)) return none;
    const ranks = configured.map(({ policy }) => rankSelectors(policy.methods, method.name));
    // Few, though clients make up the names of methods without a proto: all that a name does is to be taken by selectors.
    const key = ranks.join(" ");
    const list = lists.get(key) ?? [...overlay(declared, configured, ranks).values()];
    lists.set(key, list);
    return list;
  };
  return {
    declared,
    configured,
    redactionOf,
    inReplyOf(method) {
      const rules = redactionOf(method);
      if (rules.length === 0) return none;
      const reached = [...reachedFrom(method.output)];
      if (reached.some(({ name }) => name === "google.protobuf.Any")) return rules;
      const names = new Set(reached.flatMap((type) => fieldsOf(type).map(({ name }) => name)));
      return rules.filter(({ value }) => names.has(value.field));
    },
  };
}

function toConfigured(
  policy: PolicyConfig,
  said: RedactConfig,
  [index, field]: readonly number[],
): ConfiguredRedaction {
  const { fields, ...rest } = said;
  const position = policy.positionOf(["redact", index, "fields", field]);
  return { policy, rule: place({ field: fields[field], ...rest }, position, "the configuration") };
}

/** Of the configuration the closest; of several equally close, which is refused, the first. */
function overlay(
  declared: ReadonlyMap<string, Placed<RedactRule>>,
  configured: readonly ConfiguredRedaction[],
  ranks: readonly number[],
): Map<string, Placed<RedactRule>> {
  const chosen = new Map(declared);
  const closest = new Map<string, number>();
  configured.forEach(({ rule }, index) => {
    const { field } = rule.value;
    if (ranks[index] <= (closest.get(field) ?? -1)) return;
    closest.set(field, ranks[index]);
    chosen.set(field, rule);
  });
  return chosen;
}

const option = "(sluice.redact)";

/** Without what is wrong, which is reported. */
function readDeclared(schema: Schema, report: Report): Map<string, Placed<RedactRule>> {
  const declared = new Map<string, Placed<RedactRule>>();
  for (const field of schema.messages.flatMap(fieldsOf)) {
    const said = field.options.get(option);
    if (!isMessage(said)) continue;
    const [unlessScopes, unlessRoles] = ["unless_scopes", "unless_roles"].map((key) => texts(said.get(key)));
    const [unless, mask] = ["unless", "mask"].map((key) => text(said.get(key))).map((value) => value || undefined);
    const rule = { field: field.name, unlessScopes, unlessRoles, unless, mask };
    declared.set(field.name, place(rule, field.optionPosition(option)));
    const problems = {
      unless_scopes: scopesProblem(unlessScopes),
      unless_roles: rolesProblem(unlessRoles),
      mask: maskProblem(mask),
    };
    for (const [key, message] of Object.entries(problems))
      if (message !== undefined)
        report({
          severity: "error",
          position: field.optionPosition(`${option}.${key}`),
          message: `${field.name}: ${message}`,
          rule: "field-option",
        });
    const problem = fieldProblem(field, mask);
    if (problem !== undefined)
      report({ severity: "error", position: field.optionPosition(option), ...problem, rule: "field-option" });
  }
  return declared;
}

/** A list of empty strings is not to become a hundred times as large. */
const maxMask = 20;

function maskProblem(mask: string | undefined): string | undefined {
  return mask === undefined || mask.length <= maxMask ? undefined : `a mask has at most ${maxMask} characters`;
}

/** Why the field cannot be redacted so. */
export function fieldProblem(
  field: Field,
  mask: string | undefined,
): { readonly message: string; readonly hint: string } | undefined {
  const { name, type, required, parent } = field;
  if (mask !== undefined && (type.kind !== "scalar" || type.scalar !== "string"))
    return { message: `${name} is no string: only text can be masked`, hint: "leave mask out: it is then left out" };
  if (mask === undefined && required)
    return {
      message: `${name} is required: a message without it could not be read`,
      hint: "give it a mask, or redact the fields that hold the message",
    };
  if (parent.name.startsWith("google.protobuf."))
    return {
      message: `${name} is a part of a well-known type, which has to be whole`,
      hint: "redact the fields that are of this type",
    };
  if (name === "google.rpc.Status.code" || name === "google.rpc.Status.message")
    return { message: `${name} is told in more places than this`, hint: "google.rpc.Status.details can be redacted" };
  return undefined;
}
