// The ext_authz server: one question a call, in bounded time; what comes of it when it does not answer is configured.
import { Cancellation } from "../../cancellation.ts";
import type { UnaryHandler } from "../../call.ts";
import { getMetadata, isReplyHeader } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import type { Method } from "../../schema/descriptor.ts";
import { Code, deadlineExceeded, GatewayError, isCode } from "../../status.ts";
import { writeCheckRequest } from "./check-request.ts";
import type { Checked, CheckRequestOptions } from "./check-request.ts";
import { readCheckResponse } from "./check-response.ts";
import type { Allowed, Denied, HeaderChange } from "./check-response.ts";

export interface AuthorizationServerOptions extends CheckRequestOptions {
  /** The transport to it; its errors are GatewayErrors. */
  readonly call: UnaryHandler;
  /** envoy.service.auth.v3.Authorization.Check. */
  readonly method: Method;
  readonly timeoutMs: number;
  readonly onFailure: "deny" | "allow";
}

/** What a question hangs on beside itself. */
export interface Asking {
  /** In `performance.now()` milliseconds. */
  readonly deadline: number;
  /** Of the call that it is about. */
  readonly cancellation: Cancellation | undefined;
  /** What traces the call, for the server to go on with. */
  readonly metadata: Metadata;
}

/** How often what came of asking. */
export interface CheckCounts {
  allowed: number;
  denied: number;
  /** No answer, or none that could be read. */
  failed: number;
}

export class AuthorizationServer {
  readonly #options: AuthorizationServerOptions;
  readonly counts: CheckCounts = { allowed: 0, denied: 0, failed: 0 };

  constructor(options: AuthorizationServerOptions) {
    this.#options = options;
  }

  /** Undefined when it did not answer and that is to be no obstacle. Rejects with GatewayError for who is not let in. */
  async check(checked: Checked, asking: Asking): Promise<Allowed | undefined> {
    const answer = await this.#ask(checked, asking);
    if (answer === undefined) return undefined;
    if (answer.kind === "denied") {
      this.counts.denied++;
      throw toRefusal(answer);
    }
    this.counts.allowed++;
    return answer;
  }

  async #ask(checked: Checked, asking: Asking): Promise<Allowed | Denied | undefined> {
    const { call, method, timeoutMs, onFailure } = this.#options;
    const ownDeadline = performance.now() + timeoutMs;
    const cancellation = new Cancellation();
    asking.cancellation?.onCancel((error) => cancellation.cancel(error));
    try {
      const { message } = await call({
        kind: "unary",
        method,
        metadata: toTraceMetadata(asking.metadata),
        deadline: Math.min(ownDeadline, asking.deadline),
        cancellation,
        peer: checked.peer,
        message: writeCheckRequest(checked, this.#options, Date.now()),
      });
      return readCheckResponse(message);
    } catch (cause) {
      // The client is not there any more, or has no time left: that says nothing about the server.
      if (asking.cancellation?.error !== undefined) throw asking.cancellation.error;
      if (asking.deadline < ownDeadline && performance.now() >= asking.deadline - 1) throw deadlineExceeded();
      this.counts.failed++;
      if (onFailure === "allow") return undefined;
      throw unavailable(cause);
    }
  }
}

function toTraceMetadata(metadata: Metadata): Metadata {
  return ["traceparent", "tracestate"].flatMap((name) => {
    const value = getMetadata(metadata, name);
    return value === undefined ? [] : [name, value];
  });
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "whether the call may be made could not be found out; try again", {
    reason: "EXT_AUTHZ_UNAVAILABLE",
    headers: { "retry-after": "1" },
    cause,
  });
}

/** What the HTTP status of a denial means, where it names one, as everywhere in the gateway; Envoy tells gRPC clients less. */
const codeByStatus: ReadonlyMap<number, Code> = new Map([
  [400, Code.INVALID_ARGUMENT],
  [401, Code.UNAUTHENTICATED],
  [403, Code.PERMISSION_DENIED],
  [404, Code.NOT_FOUND],
  [409, Code.ABORTED],
  [429, Code.RESOURCE_EXHAUSTED],
  [501, Code.UNIMPLEMENTED],
  [503, Code.UNAVAILABLE],
  [504, Code.DEADLINE_EXCEEDED],
]);

const maxMessage = 1024;

function toRefusal({ code, httpStatus, headers, body }: Denied): GatewayError {
  const named = codeByStatus.get(httpStatus) ?? (isCode(code) && code !== Code.OK ? code : Code.PERMISSION_DENIED);
  const isRedirect = [301, 302, 303, 307, 308].includes(httpStatus) && headers.some(({ name }) => name === "location");
  const status = isRedirect || (httpStatus >= 400 && httpStatus <= 599) ? { httpStatus } : {};
  return new GatewayError(httpStatus === 0 ? toPlainCode(named) : named, toMessage(body), {
    reason: "EXT_AUTHZ_DENIED",
    headers: toHeaders(headers),
    ...status,
  });
}

/** A server that says no in words of its own (ABORTED, UNKNOWN, …) means that the call may not be made. */
function toPlainCode(code: Code): Code {
  return code === Code.UNAUTHENTICATED || code === Code.RESOURCE_EXHAUSTED ? code : Code.PERMISSION_DENIED;
}

/** Its body is what clients read; one that is no short text, HTML say, has no place in an error's message. */
function toMessage(body: string): string {
  const text = body.trim();
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  const isPlain = text !== "" && text.length <= maxMessage && !/[\u0000-\u0009\u000b-\u001f\u007f]|^</.test(text);
  return isPlain ? text : "the call is not allowed";
}

function toHeaders(changes: readonly HeaderChange[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const { name, value } of changes) {
    if (!isReplyHeader(name, value)) continue;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}
