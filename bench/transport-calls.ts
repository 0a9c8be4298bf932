// The transports of bench/transport.ts by name, and calls as the gateway makes them.
import type { StreamCall, UnaryCall } from "../src/call.ts";
import { Cancellation } from "../src/cancellation.ts";
import { emptyMetadata } from "../src/metadata.ts";
import type { Method } from "../src/schema/descriptor.ts";
import { createGrpcJsTransport } from "../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../src/upstream/native.ts";
import type { Transport, TransportFactory } from "../src/upstream/transport.ts";

const factories: Readonly<Record<string, TransportFactory>> = {
  native: createNativeTransport,
  "grpc-js": createGrpcJsTransport,
};

export function openTransport(name: string, target: string): Transport {
  const limits = { maxMessageBytes: 4_194_304, maxMetadataBytes: 16_384, connectTimeoutMs: 5000 };
  return factories[name]({ target, tls: undefined }, limits);
}

/** A transport needs no more of a method than its path. */
const methodOf = (path: string): Method => ({ path, service: { name: "t.S" } }) as Method;
const methods = new Map<string, Method>();

function common(path: string) {
  const method = methods.get(path) ?? methodOf(path);
  methods.set(path, method);
  const peer = { address: "127.0.0.1", port: 1 };
  return { method, metadata: emptyMetadata, cancellation: new Cancellation(), peer };
}

export function unaryCall(path: string, message: Uint8Array): UnaryCall {
  return { kind: "unary", message, deadline: performance.now() + 15_000, ...common(path) };
}

/** Nothing is sent on it, and it is not ended. */
export function streamCall(path: string): StreamCall {
  return { kind: "stream", messages: { read: () => new Promise(() => {}) }, deadline: Infinity, ...common(path) };
}
