// What a composed method copies out of fields that not every caller may see into fields that everybody sees: it would be a way around them.
import type { RedactionOf } from "../chain/policy.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Method } from "../schema/descriptor.ts";
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
  return [...compositions].flatMap((composed) =>
    composed.out.flatMap((line) => {
      const problem = findCopy(line, composed, redactionOf);
      return problem === undefined ? [] : [problem];
    }),
  );
}

function findCopy(line: string, { method, from, steps }: Composed, redactionOf: RedactionOf): Diagnostic | undefined {
  const [target = "", source = ""] = line
    .replaceAll("[]", "")
    .split("=")
    .map((side) => side.trim());
  const [id, ...rest] = source.split(".");
  const step = steps.find((one) => one.id === id);
  if (step === undefined || rest.length === 0) return undefined;
  const names = new Set(followPath(step.method.output, rest.join(".")).map(({ name }) => name));
  const taken = followPath(method.output, target);
  const rules = redactionOf(method);
  const copied = rules.find(({ value }) => names.has(value.field));
  if (copied === undefined || rules.some(({ value }) => taken.some(({ name }) => name === value.field)))
    return undefined;
  return {
    severity: "error",
    position: parsePosition(from),
    message: `${method.name}: "${line}" shows everybody ${copied.value.field}, which not every caller may see (${copied.from})`,
    hint: `redact ${taken.at(-1)?.name ?? "what takes it"}, too`,
    rule: "policy-contradiction",
  };
}
