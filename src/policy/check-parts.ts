// What is wrong with policies of several parts: those that a method cannot have, that reach no method, and two that say opposite things.
import type { Method, Service } from "../schema/descriptor.ts";
import type { Doubt } from "../schema/link/doubt.ts";
import { isSelected, rankSelectors } from "../schema/selector.ts";
import { answerKind } from "./answer-parts.ts";
import type { ConfiguredParts, Kind, PartProblem, Said, SaidInParts } from "./parts.ts";
import { place } from "./placed.ts";
import type { Report } from "./placed.ts";
import { streamKind } from "./stream-parts.ts";

export interface PartChecks {
  readonly services: readonly Service[];
  readonly declared: ReadonlyMap<Method, readonly [service: SaidInParts, method: SaidInParts]>;
  readonly configured: readonly ConfiguredParts[];
  readonly doubt: Doubt | undefined;
  readonly report: Report;
}

export function checkParts(checks: PartChecks): void {
  checkKind(streamKind, checks);
  checkKind(answerKind, checks);
}

function checkKind<R>(kind: Kind<R>, checks: PartChecks): void {
  const { services, declared, configured } = checks;
  for (const [method, [, own]] of declared) checkOne(kind, method, kind.of(own), checks);
  for (const { methods } of services) {
    const [service] = declared.get(methods[0]) ?? [];
    if (service !== undefined) checkMany(kind, methods, kind.of(service), checks);
  }
  const all = services.flatMap(({ methods }) => methods);
  for (const entry of configured) {
    const { methods: selectors } = entry.policy;
    const taken = all.filter(({ name }) => selectors.some((selector) => isSelected(selector, name)));
    for (const method of taken.filter(({ name }) => selectors.includes(name)))
      checkOne(kind, method, kind.of(entry), checks);
    const others = taken.filter(({ name }) => !selectors.includes(name));
    checkMany(kind, others, kind.of(entry), checks);
  }
  for (const method of all) checkTies(kind, method, checks);
}

/** What is said of a method by itself is meant for it. */
function checkOne<R>(
  kind: Kind<R>,
  method: Method,
  { parts, positionOf }: Said<R>,
  { doubt, report }: PartChecks,
): void {
  if (Object.keys(parts).length === 0) return;
  const error = (field: string | undefined, message: string): void =>
    report({ severity: "error", position: positionOf(field), message, rule: "method-option" });
  if (!kind.isAbout(method)) error(undefined, `${method.name} is a unary method: it has no stream to speak about`);
  else
    for (const { field, message } of kind.problemsOf(method, parts))
      if (!isDoubtful(method, field, doubt)) error(field, `${method.name}: ${message}`);
}

/** Of a schema with errors nobody knows what the messages have: these are made of fields of the request, or of the reply. */
function isDoubtful({ input, output }: Method, field: string, doubt: Doubt | undefined): boolean {
  if (doubt === undefined || field === "overflow") return false;
  return doubt.mayLackFields(field === "resume_from" ? input : output);
}

/** What is said of many methods at once is for those that can have it; there has to be one. */
function checkMany<R>(
  kind: Kind<R>,
  methods: readonly Method[],
  { parts, positionOf }: Said<R>,
  { doubt, report }: PartChecks,
): void {
  const keys = Object.keys(parts) as (keyof R)[];
  if (keys.length === 0 || methods.length === 0 || doubt !== undefined) return;
  const meant = methods.filter(kind.isAbout);
  if (meant.length === 0) {
    const message = `${kind.name} is said of ${count(methods)}, and reaches none: none of them streams`;
    const hint = "name methods that stream";
    report({ severity: "warning", position: positionOf(), message, hint, rule: "policy-reach" });
    return;
  }
  for (const key of keys) {
    const problems = meant.map((method) => kind.problemsOf(method, parts).find(({ part }) => part === key));
    if (!problems.every((one): one is PartProblem<R> => one !== undefined)) continue;
    const [{ field, message }] = problems;
    report({
      severity: "error",
      position: positionOf(field),
      message: `${field} is said of ${count(meant)}, and none can have it; ${meant[0].name}: ${message}`,
      hint: "name methods that can",
      rule: "policy-reach",
    });
  }
}

function count({ length }: readonly Method[]): string {
  return length === 1 ? "one method" : `${length} methods`;
}

/** Two entries of the configuration that are equally close to a method, and differ. */
function checkTies<R>(kind: Kind<R>, method: Method, { configured, report }: PartChecks): void {
  const closest = new Map<keyof R, { readonly rank: number; readonly shown: string; readonly from: string }>();
  for (const entry of configured) {
    const { parts, positionOf } = kind.of(entry);
    const rank = rankSelectors(entry.policy.methods, method.name);
    if (rank < 0 || !kind.isAbout(method)) continue;
    for (const key of Object.keys(parts) as (keyof R)[]) {
      const field = kind.fieldOf(key, parts);
      const shown = JSON.stringify(parts[key]);
      const other = closest.get(key);
      if (other !== undefined && other.rank > rank) continue;
      if (other?.rank === rank && other.shown !== shown)
        report({
          severity: "error",
          position: positionOf(field),
          message: `${field} of ${method.name} is said here, and otherwise at ${other.from}, which is as close to the method`,
          hint: "name the method by itself where it differs",
          rule: "policy-contradiction",
        });
      if (other?.rank !== rank) closest.set(key, { rank, shown, from: place(key, positionOf(field)).from });
    }
  }
}
