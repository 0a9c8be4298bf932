// A gateway in front of a small backend whose streams can be told exactly what to do, and a connection to it that can be cut:
// what the tests of the browser client talk to.
import { connect as connectTcp, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { createGateway } from "../../src/gateway.ts";
import type { Binding } from "../../src/schema/binding.ts";
import type { Method, Schema } from "../../src/schema/descriptor.ts";
import { fromMessage, loadSource, toMessage } from "../support/gateway.ts";
import { unshed } from "../support/unshed.ts";

export const counterProto = `
  syntax = "proto3";
  package counter;
  import "google/api/annotations.proto";
  import "google/protobuf/struct.proto";
  import "google/rpc/error_details.proto";
  import "sluice/annotations.proto";

  message Item { int64 number = 1; string text = 2; }
  message Range { int64 after = 1; int64 count = 2; string act = 3; Inner inner = 4; repeated string tags = 5; }
  message Inner { string name = 1; }
  service Counter {
    rpc Get(Range) returns (Item) {
      option idempotency_level = NO_SIDE_EFFECTS;
      option (google.api.http) = { get: "/v1/items/{count}" };
    }
    rpc Put(Range) returns (Item) { option (google.api.http) = { post: "/v1/items" body: "*" }; }
    rpc Watch(Range) returns (stream Item) {
      option (google.api.http) = { get: "/v1/items" };
      option (sluice.stream) = { resume_token: "number" resume_from: "after" };
    }
    rpc Plain(Range) returns (stream Item) { option (google.api.http) = { post: "/v1/items:plain" body: "*" }; }
    rpc Events(Range) returns (stream Item) {
      option (google.api.http) = { get: "/v1/items:events" };
      option (sluice.stream) = { ndjson: false };
    }
    rpc Values(Range) returns (stream google.protobuf.Value) { option (google.api.http) = { get: "/v1/values" }; }
    rpc Sum(stream Item) returns (Item) { option (google.api.http) = { post: "/v1/items:sum" body: "*" }; }
    rpc Echo(stream Item) returns (stream Item) { option (google.api.http) = { post: "/v1/items:echo" body: "*" }; }
  }
`;

export interface Item {
  readonly number: string;
  readonly text: string;
}

export interface Range {
  readonly after?: string;
  readonly count?: string;
  /** `hang`, `fail:CODE:message`, or a text of so many characters: `size:N`. */
  readonly act?: string;
}

/** A call as the backend sees it. */
export interface CounterCall {
  readonly method: string;
  /** The first message, without defaults. */
  readonly request: Range;
  readonly metadata: Readonly<Record<string, string>>;
  /** Messages that were written, and read. */
  sent: number;
  received: number;
  /** Resolves when the gateway gives the call up. */
  readonly cancelled: Promise<void>;
}

export interface CounterGateway {
  /** Through the proxy. */
  readonly url: string;
  /** Without it. */
  readonly directUrl: string;
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  readonly calls: readonly CounterCall[];
  /** Resolves with the next call of that method. */
  nextCall(method: string): Promise<CounterCall>;
  /** Ends every connection through the proxy, without a word. */
  cut(): void;
  /** New connections are refused until it is `open` again. */
  readonly proxy: { isOpen: boolean; readonly connections: number };
  /** Connections stay, and nothing passes. */
  freeze(): void;
  /** Stops the gateway in its own time, and serves again at the same address with another one. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startCounter(yaml = ""): Promise<CounterGateway> {
  const { project, problems } = await loadSource({ protos: counterProto, yaml });
  if (project === undefined) throw new Error(problems.join("\n"));
  const backend = await startBackend(project.schema);
  const config = { ...project.config, upstreams: [{ service: undefined, target: backend.target, tls: undefined }] };
  const start = async () => {
    const gateway = createGateway({ ...project, config: unshed(config) }, {});
    return { gateway, port: (await gateway.listen()).port };
  };
  let running = await start();
  const proxy = await startProxy(() => running.port);
  return {
    url: `http://127.0.0.1:${proxy.port}`,
    directUrl: `http://127.0.0.1:${running.port}`,
    schema: project.schema,
    bindings: project.bindings,
    calls: backend.calls,
    nextCall: backend.nextCall,
    cut: proxy.cut,
    freeze: proxy.freeze,
    proxy: proxy.state,
    async restart() {
      const old = running;
      running = await start();
      await old.gateway.close();
    },
    async close() {
      proxy.close();
      await running.gateway.close();
      backend.close();
    },
  };
}

interface Proxy {
  readonly port: number;
  readonly state: { isOpen: boolean; connections: number };
  cut(): void;
  freeze(): void;
  close(): void;
}

async function startProxy(targetPort: () => number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const state = { isOpen: true, connections: 0 };
  const server = createServer({ noDelay: true }, (client) => {
    if (!state.isOpen) {
      client.destroy();
      return;
    }
    state.connections += 1;
    const target = connectTcp({ port: targetPort(), host: "127.0.0.1", noDelay: true });
    for (const [from, to] of [
      [client, target],
      [target, client],
    ]) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    state,
    cut,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close() {
      server.close();
      cut();
    },
  };
}

type AnyCall = ServerUnaryCall<Buffer, Buffer> &
  ServerWritableStream<Buffer, Buffer> &
  ServerReadableStream<Buffer, Buffer> &
  ServerDuplexStream<Buffer, Buffer>;

async function startBackend(schema: Schema) {
  const server = new Server();
  const calls: CounterCall[] = [];
  const waiting: { method: string; resolve: (call: CounterCall) => void }[] = [];
  const begin = (method: Method, call: AnyCall, request: Range): CounterCall => {
    const seen: CounterCall = {
      method: method.localName,
      request,
      metadata: call.metadata.getMap() as Record<string, string>,
      sent: 0,
      received: 0,
      cancelled: new Promise((resolve) => call.once("cancelled", () => resolve())),
    };
    calls.push(seen);
    for (const waiter of waiting.splice(0))
      if (waiter.method === seen.method) waiter.resolve(seen);
      else waiting.push(waiter);
    return seen;
  };
  for (const method of schema.services[0].methods) {
    const encode = (item: object): Buffer => toMessage(schema, method.output.name, JSON.stringify(item));
    const decode = (bytes: Buffer): never => JSON.parse(fromMessage(schema, method.input, bytes)) as never;
    const handle = (call: AnyCall, done?: (error: object | null, reply?: Buffer) => void): void => {
      if (method.kind === "unary") answerOne(begin(method, call, decode(call.request)), encode, done!);
      else if (method.kind === "server-streaming") answerMany(begin(method, call, decode(call.request)), call, encode);
      else if (method.kind === "client-streaming") sum(begin(method, call, {}), call, { decode, encode, done: done! });
      else echo(begin(method, call, {}), call);
    };
    const type = {
      unary: "unary",
      "server-streaming": "serverStream",
      "client-streaming": "clientStream",
      "bidi-streaming": "bidi",
    } as const;
    const same = (bytes: Buffer): Buffer => bytes;
    server.register(method.path, handle as never, same, same, type[method.kind]);
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    target: `127.0.0.1:${port}`,
    calls,
    nextCall: (method: string) => new Promise<CounterCall>((resolve) => waiting.push({ method, resolve })),
    close: () => server.forceShutdown(),
  };
}

function failureOf(act: string | undefined): object | undefined {
  if (act?.startsWith("fail:") !== true) return undefined;
  const [, code, details] = act.split(":");
  return { code: Number(code), details };
}

function textOf({ act }: Range): string {
  return act?.startsWith("size:") === true ? "x".repeat(Number(act.slice(5))) : "";
}

function answerOne(
  { request }: CounterCall,
  encode: (item: object) => Buffer,
  done: (error: object | null, reply?: Buffer) => void,
): void {
  if (request.act === "hang") return;
  const failure = failureOf(request.act);
  if (failure !== undefined) done(failure);
  else done(null, encode({ number: request.count ?? "0", text: textOf(request) }));
}

/** Numbers behind `after`, as fast as they are taken. */
function answerMany(seen: CounterCall, call: AnyCall, encode: (item: object) => Buffer): void {
  const { after = "0", count = "0", act } = seen.request;
  const last = BigInt(after) + BigInt(count);
  let number = BigInt(after);
  const send = (): void => {
    while (!call.cancelled && number < last) {
      number += 1n;
      seen.sent += 1;
      if (!call.write(encode({ number: String(number), text: textOf(seen.request) }))) {
        call.once("drain", send);
        return;
      }
    }
    const failure = failureOf(act);
    if (failure !== undefined) call.emit("error", failure);
    else if (act !== "hang") call.end();
  };
  send();
}

function sum(
  seen: CounterCall,
  call: AnyCall,
  io: {
    decode: (bytes: Buffer) => Partial<Item>;
    encode: (item: object) => Buffer;
    done: (error: object | null, reply?: Buffer) => void;
  },
): void {
  let total = 0n;
  let length = 0;
  call.on("data", (bytes: Buffer) => {
    const { number = "0", text = "" } = io.decode(bytes);
    seen.received += 1;
    length += text.length;
    total += BigInt(number);
  });
  call.once("end", () => io.done(null, io.encode({ number: String(total), text: String(length) })));
}

/** Until a message says `stop` in its text. */
function echo(seen: CounterCall, call: AnyCall): void {
  call.on("data", (bytes: Buffer) => {
    seen.received += 1;
    if (bytes.includes("fail")) call.emit("error", { code: status.ABORTED, details: "asked to fail" });
    else if (bytes.includes("stop")) call.end();
    else call.write(bytes);
  });
  call.once("end", () => call.end());
}
