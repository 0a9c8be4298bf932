// The `(sluice.stream)` option of a method: slow clients, clients that come back, silence, age, and the transports it is offered on.
import { parseTimeout } from "../../metadata.ts";
import type { Method, OptionMessage, OptionValue } from "../../schema/descriptor.ts";
import { compileFieldText } from "../../translate/reply/field-text.ts";
import type { FieldText } from "../../translate/reply/field-text.ts";
import type { OptionProblem } from "../front.ts";
import { compileResume } from "./resume.ts";
import type { Resume } from "./resume.ts";
import type { StreamTimes } from "./stream-clock.ts";

/** What to do when a message comes that the client has no room for. */
export type Overflow =
  | { readonly kind: "block" }
  | { readonly kind: "conflate"; readonly keyOf: FieldText }
  | { readonly kind: "drop-oldest"; readonly limit: number }
  | { readonly kind: "disconnect" };

export interface StreamPolicy {
  readonly overflow: Overflow;
  /** Undefined: a client that was cut off starts anew. */
  readonly resume: Resume | undefined;
  /** Undefined: as the gateway has it for all. */
  readonly idleMs: number | undefined;
  readonly lifetimeMs: number | undefined;
  readonly webSocket: boolean;
  readonly sse: boolean;
  readonly ndjson: boolean;
}

export interface ReadStreamPolicy {
  /** Without what `problems` names. */
  readonly policy: StreamPolicy;
  readonly problems: readonly OptionProblem[];
}

const optionName = "(sluice.stream)";
const defaultKeep = 16;
const maxKeep = 10_000;

const plain: ReadStreamPolicy = Object.freeze({
  policy: Object.freeze({
    overflow: Object.freeze({ kind: "block" }),
    resume: undefined,
    idleMs: undefined,
    lifetimeMs: undefined,
    webSocket: true,
    sse: true,
    ndjson: true,
  }),
  problems: [],
});

type Report = (field: string, message: string) => void;

/** Never throws; `problems` is for whoever checks the schema before serving it. */
export function readStreamPolicy(method: Method): ReadStreamPolicy {
  const option = method.options.get(optionName);
  if (!isOptionMessage(option)) return plain;
  const problems: OptionProblem[] = [];
  const report: Report = (field, message) => {
    problems.push({ option: `${optionName}.${field}`, message });
  };
  if (method.kind === "unary")
    problems.push({ option: optionName, message: `${method.name} is a unary method: it has no stream to speak about` });
  const policy = {
    overflow: toOverflow(method, option, report),
    resume: toResume(method, option, report),
    idleMs: toDuration(option, "idle", report),
    lifetimeMs: toDuration(option, "max_lifetime", report),
    webSocket: option.get("ws") !== false,
    sse: option.get("sse") !== false,
    ndjson: option.get("ndjson") !== false,
  };
  return { policy, problems };
}

/** What the method says, else what holds for all. */
export function toStreamTimes({ idleMs, lifetimeMs }: StreamPolicy, defaults: StreamTimes): StreamTimes {
  return { idleMs: idleMs ?? defaults.idleMs, lifetimeMs: lifetimeMs ?? defaults.lifetimeMs };
}

function isOptionMessage(value: OptionValue | undefined): value is OptionMessage {
  return value instanceof Map;
}

const overflowNames = ["BLOCK", "CONFLATE", "DROP_OLDEST", "DISCONNECT"] as const;

function toOverflow(method: Method, option: OptionMessage, report: Report): Overflow {
  const value = option.get("overflow");
  const name = typeof value === "string" ? value : overflowNames[Number(value ?? 0)];
  if (name !== "BLOCK" && method.kind === "client-streaming")
    report("overflow", `overflow is about a stream of replies; ${method.name} is ${method.kind}, with one reply`);
  if (option.has("key") && name !== "CONFLATE") report("key", "key belongs to overflow: CONFLATE");
  if (option.has("keep") && name !== "DROP_OLDEST") report("keep", "keep belongs to overflow: DROP_OLDEST");
  switch (name) {
    case "CONFLATE":
      return toConflate(method, option, report);
    case "DROP_OLDEST":
      return { kind: "drop-oldest", limit: toKeep(option, report) };
    case "DISCONNECT":
      return { kind: "disconnect" };
    default:
      return { kind: "block" };
  }
}

function toConflate(method: Method, option: OptionMessage, report: Report): Overflow {
  const path = text(option, "key");
  if (path === "") {
    report("overflow", "overflow: CONFLATE needs key, the field of the reply that tells messages apart");
    return { kind: "block" };
  }
  const keyOf = compileFieldText(method.output, path);
  if (typeof keyOf === "function") return { kind: "conflate", keyOf };
  report("key", `key is "${path}": ${keyOf}`);
  return { kind: "block" };
}

function toKeep(option: OptionMessage, report: Report): number {
  const value = option.get("keep");
  if (value === undefined) return defaultKeep;
  if (typeof value === "number" && value >= 1 && value <= maxKeep) return value;
  report("keep", `keep is ${typeof value === "number" ? value : "no number"}; 1 to ${maxKeep} is expected`);
  return defaultKeep;
}

function toResume(method: Method, option: OptionMessage, report: Report): Resume | undefined {
  const token = text(option, "resume_token");
  const from = text(option, "resume_from");
  if (token === "" && from === "") return undefined;
  if (token === "") {
    report("resume_from", "resume_from needs resume_token, the field of the reply whose value it takes");
    return undefined;
  }
  if (from === "") {
    report("resume_token", "resume_token needs resume_from, the field of the request that takes its value");
    return undefined;
  }
  if (method.kind !== "server-streaming") {
    report("resume_token", `only a server-streaming method can be resumed; ${method.name} is ${method.kind}`);
    return undefined;
  }
  const resume = compileResume(method, token, from);
  if ("tokenOf" in resume) return resume;
  report(resume.field, resume.message);
  return undefined;
}

function toDuration(option: OptionMessage, field: string, report: Report): number | undefined {
  const written = text(option, field);
  if (written === "") return undefined;
  const ms = parseTimeout(written);
  if (ms !== undefined && ms > 0) return ms;
  report(field, `${field} is ${JSON.stringify(written)}; a positive duration is expected, e.g. "30s" or "10m"`);
  return undefined;
}

function text(option: OptionMessage, field: string): string {
  const value = option.get(field);
  return typeof value === "string" ? value : "";
}
