// The one error of the client, the names of its codes, and what to do after a socket has closed.
import type { Metadata, Status } from "./contract.ts";

/** The canonical gRPC status codes, by number. */
const names =
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED".split(
    " ",
  );

/** The codes that the client itself gives or looks at. */
export const cancelled = 1;
export const unknown = 2;
export const invalidArgument = 3;
export const deadlineExceeded = 4;
export const resourceExhausted = 8;
export const aborted = 10;
export const unimplemented = 12;
export const internal = 13;
export const unavailable = 14;
export const unauthenticated = 16;

export function codeName(code: number): string {
  return names[code] ?? "UNKNOWN";
}

/** How a call ended; `code` 0 for well. */
export interface Failure {
  readonly code: number;
  readonly message?: string;
  readonly details?: readonly unknown[];
  readonly trailers?: Metadata;
}

/** Why a call failed: the backend's or the gateway's status, or UNAVAILABLE for a lost connection. */
export class ClientError extends Error implements Status {
  /** gRPC status code. */
  readonly code: number;
  /** Its name, e.g. `NOT_FOUND`. */
  readonly status: string;
  /** google.rpc messages as ProtoJSON; google.protobuf.Any with the Connect transport. */
  readonly details: readonly unknown[];
  readonly trailers: Metadata;

  constructor({ code, message, details = [], trailers = {} }: Failure) {
    super(message || codeName(code));
    this.name = "ClientError";
    this.code = code;
    this.status = codeName(code);
    this.details = details;
    this.trailers = trailers;
  }
}

export function toError(reason: unknown, code: number): ClientError {
  if (reason instanceof ClientError) return reason;
  return new ClientError({ code, message: reason instanceof Error ? reason.message : String(reason) });
}

/** `refresh`: again, once, with new credentials. */
export type Verdict = "retry" | "refresh" | "fail";

/** A function of the range, so that this client treats a code that is new to it rightly; docs/websocket.md has the table. */
export function toVerdict(closeCode: number, error: ClientError | undefined): Verdict {
  if (closeCode >= 4000 && closeCode < 4100) {
    const code = closeCode - 4000;
    if (code === unauthenticated) return "refresh";
    return isTransient(code, error?.details) ? "retry" : "fail";
  }
  const isPassing = closeCode >= 4100 ? closeCode < 4150 : /^10(?:0[0156]|1[1-4])$/.test(String(closeCode));
  return isPassing ? "retry" : "fail";
}

/** Whether the same call may end better the next time. */
export function isTransient(code: number, details: readonly unknown[] | undefined): boolean {
  if (code === unavailable) return true;
  return (
    (code === deadlineExceeded || code === resourceExhausted || code === aborted) && retryDelay(details) !== undefined
  );
}

/** What google.rpc.RetryInfo among the details says, in milliseconds. */
export function retryDelay(details: readonly unknown[] | undefined): number | undefined {
  for (const detail of details ?? []) {
    const { "@type": type, retryDelay: delay } = (detail ?? {}) as { "@type"?: string; retryDelay?: string };
    const seconds = Number.parseFloat(String(delay ?? 0));
    if (String(type).endsWith("/google.rpc.RetryInfo") && seconds >= 0) return seconds * 1000;
  }
  return undefined;
}
