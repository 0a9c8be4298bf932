// The gateway's own services over a schema from proto text; what they are asked and what they answer is JSON of their messages.
import type { Handler, MessageReader, StreamReply } from "../../src/call.ts";
import { Cancellation } from "../../src/cancellation.ts";
import { emptyMetadata, type Metadata } from "../../src/metadata.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import type { HealthBackend, HealthUpstreams } from "../../src/services/health-backend.ts";
import { createOwnServices, type OwnServices, type OwnServicesOptions } from "../../src/services/services.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { strictJson } from "../../src/translate/options.ts";
import { schemaOf, type ProtoTexts } from "../support/schema.ts";

export const check = "grpc.health.v1.Health.Check";
export const list = "grpc.health.v1.Health.List";
export const watch = "grpc.health.v1.Health.Watch";

export const shop = `syntax = "proto3"; package shop.v1;
  service Orders { rpc Get(Order) returns (Order); }
  service Users { rpc Get(Order) returns (Order); }
  message Order { string id = 1; }`;

/** Unset fields left out, so that expectations are short: UNKNOWN is `{}`. */
const json = { ...strictJson, emitDefaults: false };

export interface CallOptions {
  readonly metadata?: Metadata;
  /** Milliseconds from now. */
  readonly timeout?: number;
  readonly cancellation?: Cancellation;
}

export interface OwnFixture {
  readonly own: OwnServices;
  /** The reply as JSON; `method` is `pkg.Service.Method`. */
  call(method: string, request: unknown, options?: CallOptions): Promise<unknown>;
  open(method: string, requests: MessageReader | readonly unknown[], options?: CallOptions): OpenStream;
  toBytes(method: string, request: unknown): Uint8Array;
}

export interface OpenStream {
  readonly reply: StreamReply;
  readonly cancellation: Cancellation;
  /** The next message as JSON, undefined at the end. */
  next(): Promise<unknown>;
}

export function createOwn(options: Partial<OwnServicesOptions> & { readonly protos?: ProtoTexts } = {}): OwnFixture {
  const own = createOwnServices({
    schema: schemaOf(options.protos ?? shop),
    upstreams: noUpstreams,
    isReady: () => true,
    health: true,
    reflection: true,
    ...options,
  });
  const find = (name: string): Method => {
    const method = own.methods.find((candidate) => candidate.name === name);
    if (method === undefined) throw new Error(`no method ${name}`);
    return method;
  };
  const toBytes = (name: string, request: unknown): Uint8Array =>
    compileJsonReader(find(name).input, own.schema, json)(Buffer.from(JSON.stringify(request)));
  const toJson = (name: string, bytes: Uint8Array): unknown =>
    JSON.parse(compileJsonWriter(find(name).output, own.schema, json)(bytes).toString());
  const base = (name: string, given: CallOptions) => ({
    method: find(name),
    metadata: given.metadata ?? emptyMetadata,
    deadline: given.timeout === undefined ? Infinity : performance.now() + given.timeout,
    cancellation: given.cancellation ?? new Cancellation(),
    peer: { address: "127.0.0.1", port: 1 },
  });
  return {
    own,
    toBytes,
    call: async (name, request, given = {}) => {
      const message = toBytes(name, request);
      const reply = await own.handler.unary({ kind: "unary", message, ...base(name, given) });
      return toJson(name, reply.message);
    },
    open: (name, requests, given = {}) => {
      const messages = "read" in requests ? requests : readerOf(requests.map((request) => toBytes(name, request)));
      const call = { kind: "stream" as const, messages, ...base(name, given) };
      const reply = own.handler.stream(call);
      return {
        reply,
        cancellation: call.cancellation,
        next: async () => {
          const bytes = await reply.messages.read();
          return bytes === undefined ? undefined : toJson(name, bytes);
        },
      };
    },
  };
}

function readerOf(messages: readonly Uint8Array[]): MessageReader {
  let next = 0;
  return { read: () => Promise.resolve(messages[next++]) };
}

const noUpstreams: HealthUpstreams = { find: () => undefined, onStateChange: () => {} };

export interface FakeBackend extends HealthBackend {
  state: HealthBackend["state"];
}

export interface FakeUpstreams extends HealthUpstreams {
  readonly transport: FakeBackend;
  /** Of the one backend; tells the listeners. */
  become(state: HealthBackend["state"]): void;
}

/** One backend for all services, connected, whose answers are the handler's. */
export function fakeUpstreams(handler: Partial<Handler>): FakeUpstreams {
  const listeners: (() => void)[] = [];
  const transport: FakeBackend = {
    state: "ready",
    unary: handler.unary ?? (() => Promise.reject(new Error("not expected"))),
    stream:
      handler.stream ??
      (() => {
        throw new Error("not expected");
      }),
  };
  return {
    transport,
    find: () => ({ transport }),
    onStateChange: (listener) => void listeners.push(listener),
    become: (state) => {
      transport.state = state;
      for (const listener of listeners) listener();
    },
  };
}
