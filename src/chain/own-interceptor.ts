// Interceptors of the user's own, held to what interceptors may do: what they get wrong is INTERNAL to the client, says in the log
// whose fault it was, and goes no further.
import type { Handler, Intercept, Reply, ReportFault, StreamReply } from "../call.ts";
import { DiagnosticError } from "../diagnostic.ts";
import { isMetadataName, isMetadataText, pushBinaryValues } from "../metadata.ts";
import type { Metadata } from "../metadata.ts";
import { untilDeadline } from "./patience.ts";

/** What it throws, and what it leaves behind that no call may have, refuses the call; so does the deadline while it waits. */
export function guardIntercept(name: string, intercept: Intercept, report: ReportFault): Intercept {
  const what = `the interceptor ${JSON.stringify(name)}`;
  return (call) => {
    call.reportFault = report;
    const before = { list: call.metadata, entries: call.metadata.slice() };
    const check = (): void => {
      const problem = metadataProblem(call.metadata, before) ?? deadlineProblem(call.deadline);
      if (problem !== undefined) throw new TypeError(`${what}: ${problem}`);
    };
    const pending: unknown = intercept(call);
    if (!isThenable(pending)) return check();
    return untilDeadline(call, Promise.resolve(pending), what).then(check);
  };
}

/** What wraps the upstream, with the same care. Throws DiagnosticError for what is no handler. */
export function guardHandler(name: string, handler: Handler): Handler {
  const what = `the interceptor ${JSON.stringify(name)}`;
  if (typeof toParts(handler)["unary"] !== "function" || typeof toParts(handler)["stream"] !== "function") {
    const message = `${what}: its wrap(next) answers no { unary, stream }`;
    const hint = "answer { ...next, unary: (call) => next.unary(call) }";
    throw new DiagnosticError([{ severity: "error", position: undefined, message, hint, rule: "interceptor" }]);
  }
  return {
    async unary(call) {
      const reply = await untilDeadline(call, Promise.resolve(handler.unary(call)), what);
      if (!isReply(reply)) throw new TypeError(`${what}: what it answers is no { message, headers, trailers }`);
      return reply;
    },
    stream(call) {
      const reply = handler.stream(call);
      if (!isStreamReply(reply)) throw new TypeError(`${what}: what it answers is no { headers, messages, trailers }`);
      return reply;
    },
  };
}

interface Before {
  readonly list: Metadata;
  /** As they were. */
  readonly entries: Metadata;
}

/** Of what a client sent the upstream tells the client. */
function metadataProblem(metadata: unknown, { list, entries }: Before): string | undefined {
  if (metadata === list && list.length === entries.length) return undefined;
  if (metadata === list)
    return "call.metadata is replaced, never written into: call.metadata = [...call.metadata, name, value]";
  if (!Array.isArray(metadata) || metadata.length % 2 !== 0)
    return "call.metadata is a list of names and values: [name, value, …]";
  for (let i = 0; i < metadata.length; i += 2) {
    const [name, value] = metadata.slice(i, i + 2) as unknown[];
    if (isSound(name, value) || hasEntry(entries, name, value)) continue;
    return `the metadata ${JSON.stringify(name)} is none: text is expected, the name in lower case, the value printable ASCII, or base64 where the name ends in -bin`;
  }
  return undefined;
}

function isSound(name: unknown, value: unknown): boolean {
  if (typeof name !== "string" || typeof value !== "string" || !isMetadataName(name)) return false;
  return name.endsWith("-bin") ? pushBinaryValues([], name, value) : isMetadataText(value);
}

function hasEntry(entries: Metadata, name: unknown, value: unknown): boolean {
  return entries.some((entry, at) => at % 2 === 0 && entry === name && entries[at + 1] === value);
}

function deadlineProblem(deadline: unknown): string | undefined {
  if (typeof deadline === "number" && !Number.isNaN(deadline)) return undefined;
  return "call.deadline is a number: milliseconds as of performance.now(), or Infinity";
}

function isReply(reply: unknown): reply is Reply {
  const { message, headers, trailers } = toParts(reply);
  return message instanceof Uint8Array && Array.isArray(headers) && Array.isArray(trailers);
}

function isStreamReply(reply: unknown): reply is StreamReply {
  const { headers, messages, trailers } = toParts(reply);
  return isThenable(headers) && isThenable(trailers) && typeof toParts(messages)["read"] === "function";
}

function toParts(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof toParts(value)["then"] === "function";
}
