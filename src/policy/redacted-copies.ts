// What a composed method copies out of fields that not every caller may see into fields that everybody sees: it would be a way around them.
import type { RedactionOf, RedactRule } from "../chain/policy.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Field, Method } from "../schema/descriptor.ts";
import { fieldsOf, reachedFrom } from "../schema/reach.ts";
import { isSameAudience } from "./check-redactions.ts";
import { followPath } from "./follow-path.ts";
import { parsePosition } from "./placed.ts";

/** As far as it matters here. */
export interface Composed {
  readonly method: Method;
  /** Where it was said. */
  readonly from: string;
  /** Each "field.of.the.reply = source". */
  readonly out: readonly string[];
  readonly steps: readonly { readonly id: string; readonly method: Method }[];
}

export function findRedactedCopies(compositions: Iterable<Composed>, redactionOf: RedactionOf): Diagnostic[] {
  return [...compositions].flatMap((composed) => {
    const found = composed.out.flatMap((line) => findCopies(line, composed, redactionOf));
    // Several lines may show the same.
    return [...new Map(found.map((one) => [one.message, one])).values()];
  });
}

function findCopies(line: string, composed: Composed, redactionOf: RedactionOf): Diagnostic[] {
  const [target = "", source = ""] = line
    .replaceAll("[]", "")
    .split("=")
    .map((side) => side.trim());
  const [id, ...rest] = source.split(".");
  const step = composed.steps.find((one) => one.id === id);
  if (step === undefined) return [];
  const { method } = composed;
  const path = followPath(step.method.output, rest.join("."));
  const taken = followPath(method.output, target);
  const rules = redactionOf(method);
  const copied = rules.find(({ value }) => path.some(({ name }) => name === value.field));
  const taking = rules.find(({ value }) => taken.some(({ name }) => name === value.field));
  const position = parsePosition(composed.from);
  if (copied !== undefined && taking === undefined)
    return [
      {
        severity: "error",
        position,
        message: `${method.name}: "${line}" shows everybody ${copied.value.field}, which not every caller may see (${copied.from})`,
        hint: `redact ${taken.at(-1)?.name ?? "what takes it"}, too`,
        rule: "policy-contradiction",
      },
    ];
  const shown = namesIn(path, step.method);
  const others = redactionOf(step.method).filter(({ value }) => {
    const own = path.some(({ name }) => name === value.field)
      ? taking
      : (taking ?? rules.find((rule) => rule.value.field === value.field));
    return shown.has(value.field) && (own === undefined || isWider(own.value, value));
  });
  return others.map(({ value, from }) => ({
    severity: "warning",
    position,
    message: `replies of ${method.name} show ${value.field} to others than those of ${step.method.name} do (${from}), which they take it from`,
    hint: `redact it for ${method.name}, too, in policies of sluice.yaml`,
    rule: "policy-loosened",
  }));
}

/** Of the fields that a step's reply is followed through, and of all that stand in what is there. */
function namesIn(path: readonly Field[], { output }: Method): ReadonlySet<string> {
  const last = path.at(-1);
  const message = last === undefined ? output : last.type.kind === "message" ? last.type.message : undefined;
  const inside = message === undefined ? [] : [...reachedFrom(message)].flatMap(fieldsOf);
  return new Set([...path, ...inside].map(({ name }) => name));
}

/** As far as that can be told: another audience may be a smaller one, nobody is none. */
function isWider(own: RedactRule, other: RedactRule): boolean {
  const isForNobody = own.unless === undefined && own.unlessRoles.length === 0 && own.unlessScopes.length === 0;
  return !isForNobody && !isSameAudience(own, other);
}
