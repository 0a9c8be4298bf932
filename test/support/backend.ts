// A gRPC backend for tests: handlers on raw message bytes by path, on a real @grpc/grpc-js server and a real socket.
import { rm } from "node:fs/promises";
import {
  Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from "@grpc/grpc-js";

/** What a unary handler gets beside the message. */
export interface BackendCall {
  /** Request metadata by name, `-bin` as Buffer. */
  readonly metadata: ReadonlyMap<string, readonly (string | Buffer)[]>;
  /** Wall clock milliseconds, Infinity for none. */
  readonly deadline: number;
  /** Resolves when the client has gone or the deadline has passed. */
  readonly cancelled: Promise<void>;
  /** `-bin` values as Buffer. Headers are sent before the reply, trailers after it or with the error. */
  header(name: string, value: string | Buffer): void;
  trailer(name: string, value: string | Buffer): void;
}

export type UnaryBackend = (message: Buffer, call: BackendCall) => Uint8Array | Promise<Uint8Array>;
/** Any streaming kind; they do not differ on the wire. */
export interface StreamBackend {
  readonly stream: (call: ServerDuplexStream<Buffer, Buffer>) => void;
}
export type BackendHandlers = Readonly<Record<string, UnaryBackend | StreamBackend>>;

/** Throw it in a handler to end the call with that status. */
export class BackendError extends Error {
  readonly code: number;
  readonly statusBytes: Buffer | undefined;

  constructor(code: number, message: string, statusBytes?: Buffer) {
    super(message);
    this.code = code;
    this.statusBytes = statusBytes;
  }
}

export interface RecordedCall {
  readonly path: string;
  /** Undefined for streams. */
  readonly message: Buffer | undefined;
  readonly metadata: ReadonlyMap<string, readonly (string | Buffer)[]>;
}

export interface Backend {
  /** As a target: `127.0.0.1:PORT` or `unix:PATH`. */
  readonly target: string;
  readonly calls: readonly RecordedCall[];
  /** At once, running calls included. */
  close(): Promise<void>;
}

export interface BackendOptions {
  readonly credentials?: ServerCredentials;
  /** Default `127.0.0.1:0`. */
  readonly address?: string;
}

const asIs = (bytes: Buffer): Buffer => bytes;

export async function startBackend(handlers: BackendHandlers, options: BackendOptions = {}): Promise<Backend> {
  const calls: RecordedCall[] = [];
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  for (const [path, handler] of Object.entries(handlers)) {
    const isStream = typeof handler === "object";
    const definition = {
      path,
      requestStream: isStream,
      responseStream: isStream,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    if (isStream) server.addService({ handler: definition }, { handler: serveStream(path, handler, calls) });
    else server.addService({ handler: definition }, { handler: serveUnary(path, handler, calls) });
  }
  const address = options.address ?? "127.0.0.1:0";
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, options.credentials ?? ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    target: address.startsWith("unix:") ? address : address.replace(/:\d+$/, `:${port}`),
    calls,
    close: async () => {
      server.forceShutdown();
      if (address.startsWith("unix:")) await rm(address.slice("unix:".length), { force: true });
    },
  };
}

function serveUnary(path: string, handler: UnaryBackend, calls: RecordedCall[]) {
  return async (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): Promise<void> => {
    const metadata = toMap(call.metadata);
    calls.push({ path, message: call.request, metadata });
    const headers = new Metadata();
    const trailers = new Metadata();
    const deadline = call.getDeadline();
    try {
      const reply = await handler(call.request, {
        metadata,
        deadline: deadline instanceof Date ? deadline.getTime() : deadline,
        cancelled: new Promise((resolve) => call.once("cancelled", () => resolve())),
        header: (name, value) => headers.add(name, value),
        trailer: (name, value) => trailers.add(name, value),
      });
      if (Object.keys(headers.getMap()).length > 0) call.sendMetadata(headers);
      callback(null, Buffer.from(reply), trailers);
    } catch (error) {
      callback(toStatus(error, trailers), null);
    }
  };
}

function serveStream(path: string, handler: StreamBackend, calls: RecordedCall[]) {
  return (call: ServerDuplexStream<Buffer, Buffer>): void => {
    calls.push({ path, message: undefined, metadata: toMap(call.metadata) });
    call.on("error", () => {});
    handler.stream(call);
  };
}

/** For `call.emit("error", …)` in a stream handler. */
export function toStatus(
  error: unknown,
  trailers: Metadata = new Metadata(),
): { code: number; details: string; metadata: Metadata } {
  if (!(error instanceof BackendError)) return { code: 2, details: String(error), metadata: trailers };
  if (error.statusBytes !== undefined) trailers.set("grpc-status-details-bin", error.statusBytes);
  return { code: error.code, details: error.message, metadata: trailers };
}

function toMap(metadata: Metadata): ReadonlyMap<string, readonly (string | Buffer)[]> {
  return new Map(Object.entries(metadata.toJSON()));
}
