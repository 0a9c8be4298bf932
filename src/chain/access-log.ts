// One line a call when it ends, and one for each request that did not come to be a call: who asked for what, and what became of it.
import type { Call, CallEnd, CallEndListener, FrontName, Miss } from "../call.ts";
import type { Peer, RequestHeaders, RequestSource } from "../caller.ts";
import { quote } from "../json-line.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, codeName } from "../status.ts";
import type { GatewayError } from "../status.ts";
import type { Interceptor } from "./compose.ts";
import { compileLogAddress, compileLogTarget, isSecretHeader } from "./log-target.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface AccessLogOptions {
  /** `errors`: only what did not end with OK. */
  readonly access: "on" | "errors";
  /** Lines of lower levels are left out. */
  readonly level: LogLevel;
  /** The part of what ended with OK that is logged, 0 to 1; the rest is always. */
  readonly sample: number;
  /** Of the target, secrets blotted out. */
  readonly withQuery: boolean;
  /** More names of query parameters and headers whose values are secret. */
  readonly redact: readonly string[];
  /** Request headers that are logged, lower case. */
  readonly headers: readonly string[];
  readonly toPrincipal: (principal: string) => string | undefined;
  readonly upstreamOf: (method: Method) => string | undefined;
  /** Takes a line of JSON, without its end. Must not throw. */
  readonly write: (line: string) => void;
  /** Between 0 and 1, for sampling. */
  readonly random?: () => number;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface AccessLog {
  readonly interceptor: Interceptor;
  readonly onMiss: (miss: Miss) => void;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Longest values of clients, in characters; a line is bounded thereby. */
const maxTarget = 2048;
const maxText = 256;
const maxCause = 512;

/** Headers that hold credentials: logged as there, never with their value. */
const secretHeaders: readonly string[] = ["cookie", "proxy-authorization", "sec-websocket-protocol", "set-cookie"];

export function createAccessLog(options: AccessLogOptions): AccessLog {
  const { access, level, sample, write, random = Math.random } = options;
  const lowest = levels.indexOf(level);
  const isWanted = (code: Code): boolean => {
    if (levels.indexOf(levelOf(code)) < lowest) return false;
    if (code !== Code.OK) return true;
    return access === "on" && (sample >= 1 || random() < sample);
  };
  const requestOf = compileRequestFields(options);
  const passed = compilePassed(options);
  const now = options.now ?? Date.now;
  const calledWell = compileStart(now, Code.OK, "call");
  const requested = requestOf("");
  return {
    interceptor: {
      name: "log",
      compile(method) {
        const upstream = options.upstreamOf(method);
        const about = `,"method":${quote(method.path.slice(1), maxText)}${upstream === undefined ? "" : `,"upstream":${quote(upstream)}`}`;
        const request = requestOf(about);
        const log: CallEndListener = (end, call) => {
          if (!isWanted(end.code)) return;
          const start = end.code === Code.OK ? calledWell() : startLine(now(), end.code, "call");
          write(start + identifiers(call) + request(call.front, call) + outcome(end) + passed(call, end));
        };
        return (call) => call.onEnd(log);
      },
    },
    onMiss(miss) {
      const { method, error, front } = miss;
      if (!isWanted(error.code)) return;
      const about = method === undefined ? "" : `,"method":${quote(method.path.slice(1), maxText)}`;
      write(
        `${startLine(now(), error.code, "miss")}${about}${identifiers(miss.source)}${requested(front, miss)}` +
          `${outcome({ code: error.code, error, httpStatus: front === "grpc" ? 200 : error.httpStatus })}}`,
      );
    },
  };
}

/** What the gateway or its backends are to blame for is more than information. */
export function levelOf(code: Code): LogLevel {
  if (code === Code.INTERNAL || code === Code.DATA_LOSS || code === Code.UNKNOWN) return "error";
  return code === Code.UNAVAILABLE || code === Code.DEADLINE_EXCEEDED ? "warn" : "info";
}

function identifiers({
  requestId,
  trace,
}: Pick<RequestSource, "requestId"> & { readonly trace?: Call["trace"] }): string {
  const id = requestId === undefined ? "" : `,"request_id":${quote(requestId, maxText)}`;
  return trace === undefined ? id : `${id},"trace_id":"${trace.traceId}","span_id":"${trace.spanId}"`;
}

interface Requested {
  readonly source: RequestSource;
  readonly headers: RequestHeaders;
  readonly peer: Peer;
}

/** `about` comes before them. */
type RequestFields = (about: string) => (front: FrontName, request: Requested) => string;

function compileRequestFields(options: AccessLogOptions): RequestFields {
  const toTarget = compileLogTarget(options);
  const secret = new Set([...secretHeaders, ...options.redact.map((name) => name.toLowerCase())]);
  const toAddress = compileLogAddress(options);
  const logged = options.headers.map((name) => ({
    name,
    label: `,"header_${name.replaceAll("-", "_")}":`,
    isSecret: secret.has(name) || isSecretHeader(name),
    toText: name === "referer" ? toAddress : (value: string): string => value,
  }));
  const toPeer = rememberLast<string>(
    (address, agent) => `,"peer":${quote(address, 64)}${agent === "" ? "" : `,"user_agent":${quote(agent, maxText)}`}`,
  );
  return (about) => {
    const toMethod = rememberLast<string>(
      (front, method) => `${about},"front":"${front}","http_method":${quote(method, 32)},"path":`,
    );
    return (front, { source, headers, peer }) => {
      const { "user-agent": agent } = headers;
      const path = quote(toTarget(source.target), maxTarget);
      let text = toMethod(front, source.method) + path + toPeer(peer.address, typeof agent === "string" ? agent : "");
      for (const { name, label, isSecret, toText } of logged) {
        const value = headers[name];
        if (value !== undefined)
          text += `${label}${isSecret ? '"[redacted]"' : quote(toText(typeof value === "string" ? value : value.join(", ")), maxText)}`;
      }
      return text;
    };
  };
}

/** What many calls in a row have is put together once. */
function rememberLast<T extends string | number>(toText: (one: T, other: T) => string): (one: T, other: T) => string {
  let last: readonly [T, T] | undefined;
  let text = "";
  return (one, other) => {
    if (last === undefined || one !== last[0] || other !== last[1]) {
      text = toText(one, other);
      last = [one, other];
    }
    return text;
  };
}

function outcome({ code, error, httpStatus }: Omit<CallEnd, "endedAt">): string {
  if (code === Code.OK && error === undefined && httpStatus === 200) return ',"code":"OK","http_status":200';
  const status = httpStatus === 0 ? "" : `,"http_status":${httpStatus}`;
  return `,"code":"${codeName(code)}"${status}${error === undefined ? "" : failure(error)}`;
}

function failure({ reason, message, cause, code }: GatewayError): string {
  const text = `${reason === undefined ? "" : `,"reason":${quote(reason, maxText)}`},"error":${quote(message, maxText)}`;
  // The stack of a fault is in the line of the fault.
  if (cause === undefined || code === Code.OK) return text;
  return `${text},"cause":${quote(cause instanceof Error ? cause.message : typeof cause === "string" ? cause : "unknown", maxCause)}`;
}

/** What the call was, and the end of the line. */
function compilePassed({ toPrincipal }: AccessLogOptions): (call: Call, end: CallEnd) => string {
  const toMessages = rememberLast<number>((sent, got) => `,"messages_in":${sent},"messages_out":${got},"bytes_in":`);
  const toBytes = rememberLast<number>((sent, got) => `${sent},"bytes_out":${got}`);
  return (call, { endedAt }) => {
    const { identity, refusedBy, notes } = call;
    const principal = identity === undefined ? undefined : toPrincipal(identity.principal);
    let text = principal === undefined ? "" : `,"principal":${quote(principal, maxText)}`;
    if (refusedBy !== undefined) text += `,"refused_by":${quote(refusedBy, maxText)}`;
    text += `,"duration_ms":${toMillis(endedAt - call.startedAt)}${toMessages(call.messagesIn, call.messagesOut)}${toBytes(call.bytesIn, call.bytesOut)}`;
    if (notes !== undefined)
      text += `,"notes":[${notes.map((note) => quote(`${note.name}: ${note.text}`, maxText)).join(",")}]`;
    return `${text}}`;
  };
}

/** With three places behind the point, from two whole numbers: to print a fraction takes longer than the rest of the line. */
function toMillis(duration: number): string {
  const micros = Math.round(duration * 1000);
  const whole = Math.floor(micros / 1000);
  return `${whole}${(fractions ??= makeFractions())[micros - whole * 1000]}`;
}

let fractions: readonly string[] | undefined;

function makeFractions(): string[] {
  return Array.from({ length: 1000 }, (_, micros) => `.${String(micros).padStart(3, "0")}`);
}

function startLine(now: number, code: Code, message: "call" | "miss"): string {
  return `{"time":"${new Date(now).toISOString()}","level":"${levelOf(code)}","msg":"${message}"`;
}

/** The text of a millisecond serves all calls that end in it. */
function compileStart(now: () => number, code: Code, message: "call"): () => string {
  let at = Number.NaN;
  let text = "";
  return () => {
    const current = now();
    if (current !== at) {
      at = current;
      text = startLine(current, code, message);
    }
    return text;
  };
}
