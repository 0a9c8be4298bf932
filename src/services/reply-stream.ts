// The answer to a stream that the gateway gives itself: messages made as they are asked for, until the call is over.
import type { StreamCall, StreamReply } from "../call.ts";
import { emptyMetadata, type Metadata } from "../metadata.ts";
import { Code, deadlineExceeded, GatewayError } from "../status.ts";

export interface ReplySource {
  /** The next message, undefined at the end; rejects with GatewayError. Called again only when it has settled. */
  next(): Promise<Uint8Array | undefined>;
  /** Once, whatever has ended the stream. Must not throw. */
  onEnd?(): void;
}

export interface OwnStream {
  readonly reply: StreamReply;
  /** Ends it from outside; a message not yet read is lost. */
  end(error: GatewayError): void;
}

/** Longest timer of Node. */
const maxDelayMs = 2_147_483_647;

/** Ends by itself when the call is cancelled or its deadline passes. */
export function openReply(call: StreamCall, source: ReplySource): OwnStream {
  let end: { readonly error: GatewayError | undefined } | undefined;
  let rejectPending: ((error: GatewayError) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let resolveTrailers: (trailers: Metadata) => void = () => {};
  let rejectTrailers: (error: GatewayError) => void = () => {};
  const trailers = new Promise<Metadata>((resolve, reject) => {
    resolveTrailers = resolve;
    rejectTrailers = reject;
  });
  // Nobody need ask for the trailers; a failed stream must not end the process for that.
  trailers.catch(() => {});

  const finish = (error: GatewayError | undefined): void => {
    if (end !== undefined) return;
    end = { error };
    clearTimeout(timer);
    if (error === undefined) resolveTrailers(emptyMetadata);
    else {
      rejectTrailers(error);
      rejectPending?.(error);
    }
    source.onEnd?.();
  };
  const read = (): Promise<Uint8Array | undefined> => {
    if (end !== undefined) return end.error === undefined ? Promise.resolve(undefined) : Promise.reject(end.error);
    return new Promise((resolve, reject) => {
      rejectPending = reject;
      source.next().then(
        (message) => {
          if (message === undefined) finish(undefined);
          resolve(message);
        },
        (error: unknown) => {
          finish(GatewayError.from(error));
          reject(end?.error ?? error);
        },
      );
    });
  };

  const remaining = call.deadline - performance.now();
  if (remaining <= maxDelayMs) timer = setTimeout(() => finish(deadlineExceeded()), Math.max(0, remaining)).unref();
  call.cancellation.onCancel(finish);
  return { reply: { headers: Promise.resolve(emptyMetadata), messages: { read }, trailers }, end: finish };
}

/** A stream that ends before it has begun. */
export function failedReply(failed: GatewayError): StreamReply {
  const failure: Promise<never> = Promise.reject(failed);
  failure.catch(() => {});
  return { headers: failure, messages: { read: () => failure }, trailers: failure };
}

export function shuttingDown(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the gateway is shutting down", { reason: "SHUTTING_DOWN" });
}
