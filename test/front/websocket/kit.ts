// The service of test/protocol/kit.proto behind the WebSocket front on a real listener: what its transcripts and tests talk to.
import { methodRulesOf } from "../../support/method-rules.ts";
import { composeChain } from "../../../src/chain/compose.ts";
import { once } from "node:events";
import { WebSocket } from "ws";
import type { ClientOptions } from "ws";
import type { Handler } from "../../../src/call.ts";
import { strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { WebSocketOptions } from "../../../src/front/websocket/options.ts";
import { createWebSocketFront } from "../../../src/front/websocket/websocket.ts";
import type { WebSocketFront } from "../../../src/front/websocket/websocket.ts";
import { Census } from "../../../src/front/stream/census.ts";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import { createListener } from "../../../src/serve/listen.ts";
import type { Listener, ListenerOptions } from "../../../src/serve/listen.ts";
import { compileSlots } from "../../../src/slots.ts";
import { defaultListenerLimits } from "../../../src/serve/listen-limits.ts";
import type { GatewayError } from "../../../src/status.ts";
import { kitBindings, kitSchema, serveCall } from "./kit-service.ts";
import type { KitCall } from "./kit-service.ts";

export interface KitFixture {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly front: WebSocketFront;
  readonly sweep: Sweep;
  readonly census: Census;
  readonly calls: readonly KitCall[];
  readonly reports: readonly GatewayError[];
  readonly listener: Listener;
  /** Resolves with the next call the backend gets. */
  nextCall(): Promise<KitCall>;
  /** Rejects with `HTTP 403: body` when the handshake is refused. */
  connect(path: string, protocols?: readonly string[], options?: ClientOptions): Promise<KitClient>;
  close(): Promise<void>;
}

export interface KitOptions {
  readonly options?: Partial<WebSocketOptions>;
  readonly listener?: Partial<ListenerOptions>;
  /** The sweep is ticked by the test. */
  readonly sweepMs?: number;
  /** Instead of the kit. */
  readonly handler?: Handler;
}

export async function startKit(settings: KitOptions = {}): Promise<KitFixture> {
  const calls: KitCall[] = [];
  const reports: GatewayError[] = [];
  let waiting: ((call: KitCall) => void)[] = [];
  const onCall = (call: KitCall): void => {
    for (const resolve of waiting.splice(0)) resolve(call);
  };
  const handler: Handler = settings.handler ?? {
    stream: (call) => serveCall(call, calls, onCall),
    async unary(call) {
      const messages = [call.message];
      const reader = { read: () => Promise.resolve(messages.shift()) };
      const reply = serveCall({ ...call, kind: "stream", messages: reader }, calls, onCall);
      const message = (await reply.messages.read()) as Uint8Array;
      return { message, headers: await reply.headers, trailers: [] };
    },
  };
  const sweep = new Sweep(settings.sweepMs ?? 20);
  const census = new Census();
  const options: WebSocketOptions = {
    ...strictWebSocket,
    ...methodRulesOf(kitSchema),
    responseHeaders: ["x-kit", "x-kit-end"],
    maxSocketsPerPrincipal: 10_000,
    handshakesPerSecond: 10_000,
    report: (error) => reports.push(error),
    ...settings.options,
  };
  const front = createWebSocketFront({
    schema: kitSchema,
    bindings: kitBindings,
    chain: composeChain({ end: handler }),
    options,
    sweep,
    census,
    slotsOf: compileSlots(undefined, 1),
  });
  const listener = createListener({
    address: { host: "127.0.0.1", port: 0 },
    limits: { ...defaultListenerLimits, maxConnectionsPerIp: undefined },
    front: (exchange) => {
      if (exchange.target === "/-/ticket") front.serveTicket(exchange);
      else exchange.respond(200, ["content-type", "text/plain"], Buffer.from(exchange.method));
    },
    upgrade: front.upgrade,
    ...settings.listener,
  });
  const { host, port } = await listener.listen();
  const url = `${settings.listener?.tls === undefined ? "ws" : "wss"}://${host}:${port}`;
  const clients: KitClient[] = [];
  return {
    url,
    host,
    port,
    front,
    sweep,
    census,
    calls,
    reports,
    listener,
    nextCall: () => new Promise((resolve) => waiting.push(resolve)),
    async connect(path, protocols = [], clientOptions = {}) {
      const client = await openClient(url + path, protocols, clientOptions);
      clients.push(client);
      return client;
    },
    async close() {
      waiting = [];
      for (const client of clients) client.socket.terminate();
      await listener.close(0);
      sweep.stop();
    },
  };
}

export type Received = { readonly text: string } | { readonly binary: Buffer };

export interface KitClient {
  readonly socket: WebSocket;
  readonly protocol: string;
  /** The next frame; rejects when the socket closes instead. */
  next(): Promise<Received>;
  /** The next frame as text. */
  nextText(): Promise<string>;
  /** All frames up to the end, and how it came. */
  rest(): Promise<{ readonly frames: readonly Received[]; readonly code: number; readonly reason: string }>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export async function openClient(
  url: string,
  protocols: readonly string[],
  options: ClientOptions,
): Promise<KitClient> {
  const socket = new WebSocket(url, [...protocols], {
    perMessageDeflate: false,
    rejectUnauthorized: false,
    ...options,
  });
  const frames: Received[] = [];
  let wake: (() => void) | undefined;
  let end: { code: number; reason: string } | undefined;
  socket.on("message", (data: Buffer, isBinary) => {
    frames.push(isBinary ? { binary: data } : { text: data.toString() });
    wake?.();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once("close", (code, reason) => {
      end = { code, reason: reason.toString() };
      resolve(end);
      wake?.();
    }),
  );
  await opened(socket);
  const next = async (): Promise<Received> => {
    for (;;) {
      const frame = frames.shift();
      if (frame !== undefined) return frame;
      if (end !== undefined) throw new Error(`closed with ${end.code} ${end.reason}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return {
    socket,
    protocol: socket.protocol,
    next,
    async nextText() {
      const frame = await next();
      if ("text" in frame) return frame.text;
      throw new Error(`a binary frame of ${frame.binary.length} bytes where text was expected`);
    },
    closed,
    rest: async () => {
      const { code, reason } = await closed;
      return { frames: frames.splice(0), code, reason };
    },
  };
}

async function opened(socket: WebSocket): Promise<void> {
  const refused = new Promise<never>((_resolve, reject) => {
    socket.once("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => reject(new Refused(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))));
    });
    socket.once("error", reject);
  });
  refused.catch(() => {});
  await Promise.race([once(socket, "open"), refused]);
  socket.on("error", () => {});
}

/** A handshake that was answered by HTTP. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;

  constructor(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, body: Buffer) {
    super(`HTTP ${status}: ${body.toString()}`);
    this.status = status;
    this.headers = headers;
    this.body = body.toString();
  }
}
