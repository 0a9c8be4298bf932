// A whole gateway in front of a gRPC backend that streams, both real, and a client of multiplexed mode: what its tests start.
import { once } from "node:events";
import type { Metadata, ServerDuplexStream } from "@grpc/grpc-js";
import { createGateway } from "../../../src/gateway.ts";
import type { Schema } from "../../../src/schema/descriptor.ts";
import { BackendError, startBackend, toStatus } from "../../support/backend.ts";
import type { Backend } from "../../support/backend.ts";
import { fromMessage, loadSource, toMessage } from "../../support/gateway.ts";
import { openClient } from "./kit.ts";
import type { KitClient } from "./kit.ts";
import { unshed } from "../../support/unshed.ts";

const protos = `
  syntax = "proto3";
  package echo.v1;
  import "google/api/annotations.proto";
  message Note { string text = 1; int64 number = 2; bytes data = 3; }
  service Echo {
    rpc Say(Note) returns (Note) { option (google.api.http) = { post: "/v1/notes/{text}" body: "*" }; }
    rpc List(Note) returns (stream Note) { option (google.api.http) = { get: "/v1/notes/{text}" }; }
    rpc Gather(stream Note) returns (Note);
    rpc Chat(stream Note) returns (stream Note) { option (google.api.http) = { post: "/v1/chats/{text}" body: "*" }; }
  }
`;

/** A stream as the backend sees it. */
export interface BackendStream {
  readonly method: string;
  readonly call: ServerDuplexStream<Buffer, Buffer>;
  readonly metadata: Metadata;
  readonly cancelled: Promise<unknown>;
  /** ProtoJSON. */
  send(note: string): boolean;
  end(): void;
  fail(code: number, message: string, details?: Buffer): void;
}

export interface MuxFixture {
  readonly schema: Schema;
  readonly backend: Backend;
  /** ProtoJSON of a note → its bytes, and back. */
  toNote(json: string): Buffer;
  fromNote(bytes: Uint8Array): string;
  /** Resolves with the next stream the backend gets. */
  nextStream(): Promise<BackendStream>;
  connect(options?: {
    readonly form?: "json" | "proto";
    readonly headers?: Readonly<Record<string, string>>;
  }): Promise<MuxClient>;
  /** The gateway alone, as it ends. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface MuxClient extends KitClient {
  /** A frame in JSON. */
  frame(frame: object): void;
  /** The next frame, in JSON. */
  nextFrame(): Promise<Readonly<Record<string, unknown>>>;
}

/** The backend echoes notes; a stream somebody waits for by `nextStream` is theirs. */
export async function startMux(yaml = "http: { response_headers: [x-shown] }"): Promise<MuxFixture> {
  const { project, problems } = await loadSource({ protos, yaml });
  if (project === undefined) throw new Error(problems.join("\n"));
  const { schema } = project;
  let waiting: ((stream: BackendStream) => void)[] = [];
  const toNote = (json: string): Buffer => toMessage(schema, "echo.v1.Note", json);
  const stream = (method: string) => ({
    stream: (call: ServerDuplexStream<Buffer, Buffer>) => {
      const waiter = waiting.shift();
      if (waiter !== undefined) waiter(toBackendStream(method, call, toNote));
      else {
        call.on("data", (bytes: Buffer) => call.write(bytes));
        call.on("end", () => call.end());
      }
    },
  });
  const backend = await startBackend({
    "/echo.v1.Echo/Say": (message) => message,
    "/echo.v1.Echo/List": stream("List"),
    "/echo.v1.Echo/Gather": stream("Gather"),
    "/echo.v1.Echo/Chat": stream("Chat"),
  });
  const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
  const gateway = createGateway({ ...project, config: unshed({ ...project.config, upstreams }) });
  const { host, port } = await gateway.listen();
  const clients: KitClient[] = [];
  const type = schema.message("echo.v1.Note")!;
  return {
    schema,
    backend,
    toNote,
    fromNote: (bytes) => fromMessage(schema, type, bytes),
    nextStream: () => new Promise((resolve) => waiting.push(resolve)),
    async connect({ form = "json", headers = {} } = {}) {
      const client = await openClient(`ws://${host}:${port}/-/stream`, [`sluice.mux.v1.${form}`], { headers });
      clients.push(client);
      return {
        ...client,
        frame: (frame) => client.socket.send(JSON.stringify(frame)),
        nextFrame: async () => JSON.parse(await client.nextText()) as Readonly<Record<string, unknown>>,
      };
    },
    stop: () => gateway.close(),
    async close() {
      waiting = [];
      for (const client of clients) client.socket.terminate();
      await Promise.all([gateway.close(), backend.close()]);
    },
  };
}

function toBackendStream(
  method: string,
  call: ServerDuplexStream<Buffer, Buffer>,
  toNote: (json: string) => Buffer,
): BackendStream {
  return {
    method,
    call,
    metadata: call.metadata,
    cancelled: once(call, "cancelled"),
    send: (note) => call.write(toNote(note)),
    end: () => call.end(),
    fail: (code, message, details) => void call.emit("error", toStatus(new BackendError(code, message, details))),
  };
}
