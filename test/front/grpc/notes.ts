// A gateway for gRPC clients in front of a grpc-js backend, both real: what the tests of the gRPC front start, and how they call it.
import { methodRulesOf } from "../../support/method-rules.ts";
import { composeChain } from "../../../src/chain/compose.ts";
import { once } from "node:events";
import { connect } from "node:net";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { CallOptions, ChannelOptions, ClientDuplexStream, ServiceError, StatusObject } from "@grpc/grpc-js";
import type { Handler } from "../../../src/call.ts";
import { createGrpcFront } from "../../../src/front/grpc/grpc.ts";
import { defaultGrpc } from "../../../src/front/grpc/options.ts";
import type { GrpcOptions } from "../../../src/front/grpc/options.ts";
import { Census } from "../../../src/front/stream/census.ts";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import type { Schema } from "../../../src/schema/descriptor.ts";
import { serveHttp2 } from "../../../src/serve/http2-connection.ts";
import { createListener } from "../../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../../src/serve/listen-limits.ts";
import type { ListenerLimits } from "../../../src/serve/listen-limits.ts";
import type { GatewayError } from "../../../src/status.ts";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import type { TransportFactory } from "../../../src/upstream/transport.ts";
import { createUpstreams } from "../../../src/upstream/upstreams.ts";
import { clientHello, RawPeer, settingsAck } from "../../http2/support/raw-peer.ts";
import { headBlock } from "../../serve/http2-fixture.ts";
import { startBackend } from "../../support/backend.ts";
import type { Backend, BackendHandlers } from "../../support/backend.ts";
import { toMessage } from "../../support/gateway.ts";
import { schemaOf } from "../../support/schema.ts";

const notes = schemaOf(`
  syntax = "proto3";
  package notes;
  import "sluice/annotations.proto";
  message Note { string text = 1; int64 number = 2; bytes data = 3; }
  service Notes {
    rpc Say(Note) returns (Note);
    rpc Quick(Note) returns (Note) { option (sluice.timeout) = "500ms"; }
    rpc Gather(stream Note) returns (Note);
    rpc List(Note) returns (stream Note);
    rpc Chat(stream Note) returns (stream Note);
    rpc Brief(stream Note) returns (stream Note) { option (sluice.stream) = { idle: "5m" max_lifetime: "30m" }; }
    rpc QuickChat(stream Note) returns (stream Note) { option (sluice.timeout) = "500ms"; }
  }
`);

export const path = {
  say: "/notes.Notes/Say",
  quick: "/notes.Notes/Quick",
  gather: "/notes.Notes/Gather",
  list: "/notes.Notes/List",
  chat: "/notes.Notes/Chat",
  brief: "/notes.Notes/Brief",
  quickChat: "/notes.Notes/QuickChat",
} as const;

/** Protobuf bytes of a Note in ProtoJSON. */
export function note(fields: { text?: string; number?: number | string; data?: string }): Buffer {
  return toMessage(notes, "notes.Note", JSON.stringify(fields));
}

/** The head of a call, for frames by hand. */
export function grpcHead(target: string, ...fields: readonly string[]): Buffer {
  return headBlock(target, "te", "trailers", "content-type", "application/grpc", ...fields);
}

export interface NotesOptions {
  readonly handlers?: BackendHandlers;
  readonly options?: Partial<GrpcOptions>;
  readonly limits?: Partial<ListenerLimits>;
  readonly transport?: TransportFactory;
  /** Of messages on the way to the backend and back. */
  readonly maxMessageBytes?: number;
  /** Instead of the backend. */
  readonly target?: string;
  /** Instead of any backend: what answers behind the front. */
  readonly handler?: Handler;
}

export interface Notes {
  readonly host: string;
  readonly port: number;
  readonly schema: Schema;
  readonly backend: Backend;
  /** What the log hears of. */
  readonly reports: readonly GatewayError[];
  readonly sweep: Sweep;
  readonly census: Census;
  /** One connection of its own. */
  client(options?: ChannelOptions): NotesClient;
  /** Frames by hand; has said hello. */
  raw(): Promise<RawPeer>;
  close(): Promise<void>;
}

export async function startNotes(setup: NotesOptions = {}): Promise<Notes> {
  const backend = await startBackend(setup.handlers ?? {});
  const reports: GatewayError[] = [];
  const options: GrpcOptions = { ...defaultGrpc, report: (error) => void reports.push(error), ...setup.options };
  const target = { target: setup.target ?? backend.target, tls: undefined };
  const upstreams = createUpstreams({
    targets: { default: target, byService: new Map() },
    transport: setup.transport ?? createNativeTransport,
    limits: { maxMessageBytes: setup.maxMessageBytes ?? 4_194_304, maxMetadataBytes: 16_384, connectTimeoutMs: 60_000 },
  });
  const sweep = new Sweep();
  const census = new Census();
  const methods = notes.services.flatMap((service) => service.methods);
  const listener = createListener({
    address: { host: "127.0.0.1", port: 0 },
    limits: { ...defaultListenerLimits, maxConnectionsPerIp: undefined, ...setup.limits },
    front: createGrpcFront({
      schema: notes,
      methods,
      chain: composeChain({ end: setup.handler ?? upstreams.handler }),
      options: { ...options, ...methodRulesOf(notes) },
      sweep,
      census,
    }),
    http2: serveHttp2,
  });
  const { host, port } = await listener.listen();
  const clients: NotesClient[] = [];
  const peers: RawPeer[] = [];
  return {
    host,
    port,
    schema: notes,
    backend,
    reports,
    sweep,
    census,
    client(channel) {
      const client = new NotesClient(`${host}:${port}`, channel);
      clients.push(client);
      return client;
    },
    async raw() {
      const socket = connect(port, host);
      await once(socket, "connect");
      const peer = new RawPeer(socket);
      peers.push(peer);
      peer.send(clientHello, settingsAck);
      return peer;
    },
    async close() {
      for (const client of clients) client.close();
      for (const { socket } of peers) socket.destroy();
      sweep.stop();
      await Promise.all([listener.close(0), upstreams.close(), backend.close()]);
    },
  };
}

export type Entries = Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>>;

export interface UnaryOutcome {
  readonly message: Buffer | undefined;
  readonly headers: Metadata | undefined;
  readonly status: StatusObject;
}

export interface StreamOutcome {
  readonly messages: readonly Buffer[];
  readonly headers: Metadata | undefined;
  readonly status: StatusObject;
}

const asIs = (bytes: Buffer): Buffer => bytes;

export function toMetadata(entries: Entries): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) for (const one of [value].flat()) metadata.add(name, one);
  return metadata;
}

/** A generic client: bytes in, bytes out, and everything the call said. */
export class NotesClient {
  readonly #client: Client;

  constructor(address: string, options: ChannelOptions = {}) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
      "grpc.enable_retries": 0,
      ...options,
    });
  }

  /** Never rejects: the status says. */
  unary(method: string, message: Buffer, entries: Entries = {}, options: CallOptions = {}): Promise<UnaryOutcome> {
    return new Promise((resolve) => {
      let reply: Buffer | undefined;
      let headers: Metadata | undefined;
      const answered = (_: ServiceError | null, bytes?: Buffer): void => void (reply = bytes);
      const call = this.#client.makeUnaryRequest(method, asIs, asIs, message, toMetadata(entries), options, answered);
      call.on("metadata", (received) => (headers = received));
      call.on("status", (ended) => setImmediate(() => resolve({ message: reply, headers, status: ended })));
    });
  }

  chat(method: string, entries: Entries = {}, options: CallOptions = {}): ClientDuplexStream<Buffer, Buffer> {
    const call = this.#client.makeBidiStreamRequest(method, asIs, asIs, toMetadata(entries), options);
    call.on("error", () => {});
    return call;
  }

  /** Sends all, ends, reads all. */
  async stream(
    method: string,
    messages: readonly Buffer[],
    entries: Entries = {},
    options: CallOptions = {},
  ): Promise<StreamOutcome> {
    const call = this.chat(method, entries, options);
    const outcome = outcomeOf(call);
    for (const message of messages) call.write(message);
    call.end();
    return outcome;
  }

  close(): void {
    this.#client.close();
  }
}

/** Reads the call to its end. */
export async function outcomeOf(call: ClientDuplexStream<Buffer, Buffer>): Promise<StreamOutcome> {
  const messages: Buffer[] = [];
  let headers: Metadata | undefined;
  call.on("metadata", (received) => (headers = received));
  call.on("data", (message: Buffer) => messages.push(message));
  const status = await statusOf(call);
  return { messages, headers, status };
}

/** Not `once`, which takes the error that comes before it for an answer. */
export function statusOf(call: ClientDuplexStream<Buffer, Buffer>): Promise<StatusObject> {
  return new Promise((resolve) => call.on("status", resolve));
}

/** Names with their values, `-bin` in base64. */
export function entriesOf(metadata: Metadata | undefined): Record<string, string[]> {
  const entries = Object.entries(metadata?.toJSON() ?? {});
  return Object.fromEntries(
    entries.map(([name, values]) => [
      name,
      values.map((value) => (typeof value === "string" ? value : value.toString("base64"))),
    ]),
  );
}
