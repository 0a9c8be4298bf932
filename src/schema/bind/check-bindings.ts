// Bindings against each other, once at start: two that match the same requests, and one that others always beat.
import type { Diagnostic, Position } from "../../diagnostic.ts";
import type { Binding, Profile, Segment } from "../binding.ts";
import { indexRivals } from "./find-rivals.ts";
import type { FindRivals } from "./find-rivals.ts";

type Report = (diagnostic: Diagnostic) => void;

/** Matches no literal of any template: a real path segment never holds a NUL. */
const fresh = "\0";

export function checkBindings(bindings: readonly Binding[], profile: Profile, report: Report): void {
  const distinct = reportDuplicates(bindings, profile, report);
  reportUnreachable(distinct, profile, report);
}

/** The first of each set of equal bindings. */
function reportDuplicates(bindings: readonly Binding[], profile: Profile, report: Report): Binding[] {
  const seen = new Map<string, Binding>();
  for (const binding of bindings) {
    const key = requestKey(binding);
    const earlier = seen.get(key);
    if (profile === "grpc-gateway") seen.delete(key);
    if (earlier === undefined || profile === "grpc-gateway") seen.set(key, binding);
    if (earlier === undefined) continue;
    const message = `${describe(binding)} matches exactly the requests of ${describe(earlier)} at ${formatPosition(earlier.position)}`;
    const found = { position: binding.position, message, rule: "duplicate-binding" };
    if (profile === "strict")
      report({ ...found, severity: "error", hint: "give one of them another path or HTTP method" });
    else report({ ...found, severity: "warning", hint: "the later one serves them (profile grpc-gateway)" });
  }
  return [...seen.values()];
}

/**
 * Equal for two bindings exactly if they match the same requests: names of variables do not count, and in a run of
 * wildcards only their number does, so the `**` is moved to its end.
 */
function requestKey(binding: Binding): string {
  const parts: string[] = [];
  let isMultiPending = false;
  for (const segment of binding.template.segments) {
    if (segment.kind === "multi") isMultiPending = true;
    else {
      if (segment.kind === "literal" && isMultiPending) {
        parts.push("**");
        isMultiPending = false;
      }
      parts.push(segment.kind === "single" ? "*" : JSON.stringify(segment.value));
    }
  }
  if (isMultiPending) parts.push("**");
  return `${binding.httpMethod} ${parts.join("/")} ${JSON.stringify(binding.template.verb ?? null)}`;
}

/**
 * A binding is reachable if it wins one of its witness paths: `*` replaced by a segment no literal equals, `**` by 0, 1, …
 * of them. A rival that beats it there has wildcards in those places, so it beats it on every path of that length.
 */
function reportUnreachable(bindings: readonly Binding[], profile: Profile, report: Report): void {
  const longest = bindings.reduce((most, binding) => Math.max(most, binding.template.segments.length), 0);
  const findRivals = indexRivals(bindings);
  const orders = new Map(bindings.map((binding, order) => [binding, order]));
  const isLater = (one: Binding, other: Binding): boolean => orders.get(one)! > orders.get(other)!;
  for (const binding of bindings) {
    const rivals =
      profile === "strict"
        ? strictRivals(binding, findRivals)
        : findRivals(binding).filter((rival) => isLater(rival, binding) && rival.httpMethod === binding.httpMethod);
    if (rivals.length === 0) continue;
    const winner = winnerOverAll(binding, witnessesOf(binding, longest), rivals, profile);
    if (winner === undefined) continue;
    report({
      severity: "warning",
      position: binding.position,
      message: `${describe(binding)} is never reached: ${describe(winner)} at ${formatPosition(winner.position)} takes its requests`,
      hint:
        profile === "strict"
          ? "remove one, or make its path more specific"
          : "declare the more general one first: the last declared wins (profile grpc-gateway)",
      rule: "unreachable-binding",
    });
  }
}

/** Only a template with `**`, or one whose last literal looks like it has a verb, can lose all its paths in strict. */
function strictRivals(binding: Binding, findRivals: FindRivals): readonly Binding[] {
  const { segments } = binding.template;
  const last = segments[segments.length - 1];
  const canLose =
    segments.some((segment) => segment.kind === "multi") || (last?.kind === "literal" && last.value.includes(":"));
  if (!canLose) return [];
  return findRivals(binding).filter((rival) => serves(rival.httpMethod, binding.httpMethod));
}

function serves(served: string, httpMethod: string): boolean {
  return served === httpMethod || served === "*" || (served === "GET" && httpMethod === "HEAD");
}

interface Witness {
  readonly segments: readonly string[];
  readonly verb: string | undefined;
}

/** The longest first: only a rival with `**` can win it, so it settles most cases. */
function witnessesOf(binding: Binding, longest: number): Witness[] {
  const { segments, verb } = binding.template;
  const multi = segments.findIndex((segment) => segment.kind === "multi");
  const lengths = multi < 0 ? [1] : Array.from({ length: longest + 2 }, (_, at) => longest + 1 - at);
  return lengths.map((length) => ({
    segments: segments.flatMap((segment) =>
      segment.kind === "literal"
        ? [segment.value]
        : segment.kind === "single"
          ? [fresh]
          : Array<string>(length).fill(fresh),
    ),
    verb,
  }));
}

function winnerOverAll(
  binding: Binding,
  witnesses: readonly Witness[],
  rivals: readonly Binding[],
  profile: Profile,
): Binding | undefined {
  let winner: Binding | undefined;
  for (const witness of witnesses) {
    winner = winnerOver(binding, witness, rivals, profile);
    if (winner === undefined) return undefined;
  }
  return winner;
}

function winnerOver(
  binding: Binding,
  witness: Witness,
  rivals: readonly Binding[],
  profile: Profile,
): Binding | undefined {
  const own = rankOf(binding, witness);
  return rivals.find((rival) => {
    const rank = rankOf(rival, witness);
    return rank !== undefined && (profile === "grpc-gateway" || own === undefined || rank < own);
  });
}

/** Undefined if the binding does not match; else a text that sorts before that of every binding it beats (strict). */
function rankOf(binding: Binding, witness: Witness): string | undefined {
  const { segments, verb } = binding.template;
  if (verb === witness.verb) {
    const rank = rankSegments(segments, witness.segments);
    if (rank !== undefined) return `${verb === undefined ? "1" : "0"}${rank}`;
  }
  if (verb === undefined || witness.verb !== undefined) return undefined;
  // The witness has no verb of its own, but its last literal may end like one: the router tries that reading first.
  const last = witness.segments[witness.segments.length - 1] ?? "";
  if (!last.endsWith(`:${verb}`)) return undefined;
  const before = last.slice(0, -verb.length - 1);
  if (before === "" && witness.segments.length > 1) return undefined;
  const rank = rankSegments(segments, [...witness.segments.slice(0, -1), ...(before === "" ? [] : [before])]);
  return rank === undefined ? undefined : `0${rank}`;
}

/** One digit per step of the router: 0 a literal, 1 a `*`, 2 entering a `**` and every segment in it. */
function rankSegments(segments: readonly Segment[], path: readonly string[]): string | undefined {
  const multi = segments.findIndex((segment) => segment.kind === "multi");
  if (multi < 0 ? path.length !== segments.length : path.length < segments.length - 1) return undefined;
  const length = path.length - segments.length + 1;
  let at = 0;
  let rank = "";
  for (const segment of segments) {
    if (segment.kind === "multi") {
      rank += "2".repeat(length + 1);
      at += length;
    } else {
      if (segment.kind === "literal" && segment.value !== path[at]) return undefined;
      rank += segment.kind === "literal" ? "0" : "1";
      at++;
    }
  }
  return rank;
}

function describe(binding: Binding): string {
  return `${binding.httpMethod} "${binding.template.text}" of ${binding.method.name}`;
}

function formatPosition(position: Position): string {
  return `${position.file}:${position.line}:${position.column}`;
}
