// Calls for transport tests, made by hand: a method is its path here, messages come from arrays or functions.
import type { MessageReader, StreamCall, UnaryCall } from "../../src/call.ts";
import { Cancellation } from "../../src/cancellation.ts";
import { emptyMetadata, type Metadata } from "../../src/metadata.ts";
import type { MessageType, Method, MethodKind } from "../../src/schema/descriptor.ts";
import { Code, GatewayError } from "../../src/status.ts";
import type { TlsOptions, Transport, TransportLimits } from "../../src/upstream/transport.ts";
import type { Backend, BackendHandlers, BackendOptions } from "../support/backend.ts";

export const testLimits: TransportLimits = {
  maxMessageBytes: 4 * 1024 * 1024,
  maxMetadataBytes: 16 * 1024,
  connectTimeoutMs: 60_000,
};

/** Opens transports and backends, and closes all of them after the test. */
export interface Bench {
  backend(handlers: BackendHandlers, options?: BackendOptions): Promise<Backend>;
  open(target: string, options?: { readonly tls?: TlsOptions; readonly limits?: Partial<TransportLimits> }): Transport;
  later(dispose: () => unknown): void;
}

export interface CallOptions {
  readonly metadata?: Metadata;
  /** Milliseconds from now. */
  readonly timeout?: number;
  readonly cancellation?: Cancellation;
}

export function unaryCall(path: string, message: Uint8Array = new Uint8Array(), options: CallOptions = {}): UnaryCall {
  return { kind: "unary", message, ...common(path, "unary", options) };
}

export function streamCall(
  path: string,
  messages: MessageReader | readonly Uint8Array[] = [],
  options: CallOptions = {},
): StreamCall {
  const reader = "read" in messages ? messages : readerOf(messages);
  return { kind: "stream", messages: reader, ...common(path, "bidi-streaming", options) };
}

export function readerOf(messages: readonly Uint8Array[]): MessageReader {
  let next = 0;
  return { read: () => Promise.resolve(messages[next++]) };
}

export async function readAll(reader: MessageReader): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  for (let message = await reader.read(); message !== undefined; message = await reader.read()) messages.push(message);
  return messages;
}

export async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("the promise was expected to reject with GatewayError, but it resolved");
}

export function clientLeft(): GatewayError {
  return new GatewayError(Code.CANCELLED, "client left");
}

function common(path: string, kind: MethodKind, options: CallOptions) {
  return {
    method: methodOf(path, kind),
    metadata: options.metadata ?? emptyMetadata,
    deadline: performance.now() + (options.timeout ?? 20_000),
    cancellation: options.cancellation ?? new Cancellation(),
    peer: { address: "127.0.0.1", port: 1 },
  };
}

export function methodOf(path: string, kind: MethodKind = "unary"): Method {
  const [, serviceName, localName] = path.split("/");
  const position = { file: "test.proto", line: 1, column: 1 };
  const declared = { position, comment: "", options: new Map(), optionPosition: () => position, deprecated: false };
  const message: MessageType = {
    ...declared,
    kind: "message",
    name: "test.Message",
    fields: [],
    extensions: [],
    oneofs: [],
    isMapEntry: false,
    isMessageSet: false,
    field: () => undefined,
  };
  const service = { ...declared, kind: "service" as const, name: serviceName, methods: [] };
  return {
    ...declared,
    name: `${serviceName}.${localName}`,
    localName,
    path,
    service,
    input: message,
    output: message,
    kind,
    idempotency: "unknown",
  };
}

export interface Signal<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

export function createSignal<T>(): Signal<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => (resolve = fulfil));
  return { promise, resolve };
}
