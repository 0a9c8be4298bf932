// How streams and answers of a method reach clients, a line for each part that somebody said something about.
import type { MethodPolicy, SaidParts, Sourced } from "../chain/policy.ts";
import { formatDuration } from "../config/quantity.ts";
import type { AnswerRule } from "../schema/answer-rule.ts";
import type { OverflowRule, ResumeRule, StreamRule } from "../schema/stream-rule.ts";

/** One thing that holds for a method. */
export interface PolicyLine {
  readonly what: string;
  readonly text: string;
  readonly from: string;
}

export function describeParts({ stream, http }: Pick<MethodPolicy, "stream" | "http">): PolicyLine[] {
  return [...describeStream(stream), ...describeAnswer(http)];
}

function describeStream({
  overflow,
  resume,
  idleMs,
  lifetimeMs,
  webSocket,
  sse,
  ndjson,
}: SaidParts<StreamRule>): PolicyLine[] {
  const time = (name: string) => (ms: number | undefined) => `${name} ${formatDuration(ms ?? 0)}`;
  const form = (name: string) => (isOn: boolean) => `${name} ${isOn ? "on" : "off"}`;
  return [
    ...line("stream", overflow, describeOverflow),
    ...line("stream", resume, describeResume),
    ...line("stream", idleMs, time("idle")),
    ...line("stream", lifetimeMs, time("max_lifetime")),
    ...line("stream", webSocket, form("ws")),
    ...line("stream", sse, form("sse")),
    ...line("stream", ndjson, form("ndjson")),
  ];
}

function describeAnswer({ status, location, headers }: SaidParts<AnswerRule>): PolicyLine[] {
  return [
    ...line("http", status, (value) => `status ${value}`),
    ...line("http", location, (path) => (path === "" ? "no location" : `location ${path}`)),
    ...line("http", headers, describeHeaders),
  ];
}

function line<T>(what: string, said: Sourced<T> | undefined, describe: (value: T) => string): PolicyLine[] {
  return said === undefined ? [] : [{ what, text: describe(said.value), from: said.from }];
}

function describeOverflow(overflow: OverflowRule): string {
  switch (overflow.kind) {
    case "conflate":
      return `overflow CONFLATE by ${overflow.key}`;
    case "drop-oldest":
      return `overflow DROP_OLDEST, ${overflow.limit} kept`;
    case "disconnect":
      return "overflow DISCONNECT";
    case "block":
    default:
      return "overflow BLOCK";
  }
}

function describeResume(resume: ResumeRule | "off"): string {
  return resume === "off" ? "no resume" : `resume from ${resume.token} as ${resume.from}`;
}

function describeHeaders(list: readonly string[]): string {
  const lines = list.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${list[index + 1]}`] : []));
  return lines.length === 0 ? "no header" : `header ${lines.join(", ")}`;
}
