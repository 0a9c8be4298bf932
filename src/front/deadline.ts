// How long a call may take: the least of what the client asks for, what the method allows and what the gateway allows.
import { parseGrpcTimeout, parseTimeout } from "../metadata.ts";
import type { Profile } from "../schema/binding.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, deadlineExceeded, GatewayError } from "../status.ts";
import type { RequestHeaders } from "./front.ts";

export interface DeadlineOptions {
  readonly profile: Profile;
  /** Deadline of a unary call whose client names none. */
  readonly defaultTimeoutMs: number;
  /** No deadline of a unary call is further away than this. */
  readonly maxTimeoutMs: number;
  /** What is said of a method, in its proto or in the configuration; undefined for nothing. */
  readonly methodTimeoutMs?: MethodTimeout;
}

export type MethodTimeout = (method: Method) => number | undefined;

/**
 * Milliseconds the call has. Throws GatewayError: for a timeout that cannot be read (400), where guessing would let it run
 * longer than its client waits, and for a `grpc-timeout` of nothing (504).
 */
export type TimeoutOf = (headers: RequestHeaders, parameter: string | undefined) => number;

/** A stream has the deadline its method or its client gives it, else none: it may well be meant to last. */
export function compileTimeout(method: Method, options: DeadlineOptions): TimeoutOf {
  const ownMs = options.methodTimeoutMs?.(method);
  const isUnary = method.kind === "unary";
  const maxMs = Math.min(ownMs ?? Infinity, isUnary ? options.maxTimeoutMs : Infinity);
  const defaultMs = Math.min(ownMs ?? (isUnary ? options.defaultTimeoutMs : Infinity), maxMs);
  const parseGrpc = options.profile === "grpc-gateway" ? parseGoTimeout : parseGrpcTimeout;
  return (headers, parameter) => {
    const grpc = headers["grpc-timeout"];
    const own = headers["sluice-timeout"];
    if (grpc === undefined && own === undefined && parameter === undefined) return defaultMs;
    const asked = Math.min(
      grpc === undefined ? Infinity : remaining(String(grpc), parseGrpc(String(grpc))),
      own === undefined
        ? Infinity
        : positive("Sluice-Timeout", String(own), parseTimeout(String(own)), "1.5s or 500ms"),
      parameter === undefined ? Infinity : positive("$timeout", parameter, parseTimeout(parameter), "1.5s or 500ms"),
    );
    return Math.min(asked, maxMs);
  };
}

/** As grpc-gateway reads it: any number of digits, none of it (`0S`) means no timeout, less than that one that is over. */
function parseGoTimeout(text: string): number | undefined {
  const match = /^([+-]?)(\d{1,18})([HMSmun])$/.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[2]) * (parseGrpcTimeout(`1${match[3]}`) ?? Number.NaN);
  if (ms === 0) return Infinity;
  return match[1] === "-" ? Number.MIN_VALUE : ms;
}

/** Clients whose deadline has passed send `0n`, to be told so (grpc-go), and servers do. */
function remaining(text: string, ms: number | undefined): number {
  if (ms === 0) throw deadlineExceeded();
  return positive("grpc-timeout", text, ms, "100m or 5S");
}

function positive(name: string, text: string, ms: number | undefined, example: string): number {
  if (ms !== undefined && ms > 0) return ms;
  const shown = JSON.stringify(text.slice(0, 40));
  throw new GatewayError(
    Code.INVALID_ARGUMENT,
    `${name} is ${shown}; a positive duration is expected, e.g. ${example}`,
    { reason: "TIMEOUT_INVALID" },
  );
}
