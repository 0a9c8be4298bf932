// W3C trace context (https://www.w3.org/TR/trace-context/) as calls carry it: read strictly, written for backends.
import type { Call, TraceContext } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";

export interface RemoteTrace extends TraceContext {
  /** As it came, if it is in order. */
  readonly state: string | undefined;
  /** Whether the trace's id says that it is random (level 2, section 3.2.2.5.2). */
  readonly isRandom: boolean;
}

type SentTrace = TraceContext & Partial<Pick<RemoteTrace, "isRandom">>;

const maxState = 512;
const maxMembers = 32;
const sampled = 1;
const random = 2;
/** Of a later version there may be more, after another dash. */
const parent = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.{0,256})?$/;
const member = /^(?:[a-z0-9][a-z0-9_*/@-]{0,255})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

export function parseTraceparent(text: string): Omit<RemoteTrace, "state"> | undefined {
  if (text.length > 400) return undefined;
  const match = parent.exec(text);
  if (match === null || (match[1] === "00" && match[5] !== undefined)) return undefined;
  const flags = Number.parseInt(match[4], 16);
  return { traceId: match[2], spanId: match[3], isSampled: (flags & sampled) !== 0, isRandom: (flags & random) !== 0 };
}

/** The list itself, if it is one. */
export function checkTracestate(text: string): string | undefined {
  if (text.length > maxState) return undefined;
  const members = text.split(",").map((part) => part.trim());
  const isSound = members.length <= maxMembers && members.every((part) => part === "" || member.test(part));
  return isSound && members.some((part) => part !== "") ? text : undefined;
}

/** What the client says of the trace; undefined for nothing, and for what is not in order. */
export function readTrace({ metadata, headers }: Pick<Call, "metadata" | "headers">): RemoteTrace | undefined {
  const text = valueOf(metadata, "traceparent") ?? headers["traceparent"];
  const context = typeof text === "string" ? parseTraceparent(text) : undefined;
  if (context === undefined) return undefined;
  const state = valueOf(metadata, "tracestate") ?? headers["tracestate"];
  return { ...context, state: typeof state === "string" ? checkTracestate(state) : undefined };
}

export function formatTraceparent({ traceId, spanId, isSampled, isRandom = false }: SentTrace): string {
  return `00-${traceId}-${spanId}-0${(isSampled ? sampled : 0) | (isRandom ? random : 0)}`;
}

export function hasTrace(metadata: Metadata): boolean {
  for (let i = 0; i < metadata.length; i += 2)
    if (metadata[i] === "traceparent" || metadata[i] === "tracestate") return true;
  return false;
}

/** With this trace context in the place of what there was; with none for undefined. */
export function withTrace(metadata: Metadata, trace: SentTrace | undefined, state?: string): Metadata {
  const kept: string[] = [];
  for (let i = 0; i < metadata.length; i += 2)
    if (metadata[i] !== "traceparent" && metadata[i] !== "tracestate") kept.push(metadata[i], metadata[i + 1]);
  if (trace !== undefined) kept.push("traceparent", formatTraceparent(trace));
  if (trace !== undefined && state !== undefined) kept.push("tracestate", state);
  return kept;
}

/** Several are joined, which is no traceparent any more. */
function valueOf(metadata: Metadata, name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i < metadata.length; i += 2)
    if (metadata[i] === name) value = value === undefined ? metadata[i + 1] : `${value},${metadata[i + 1]}`;
  return value;
}
