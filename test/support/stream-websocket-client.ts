// Streams over WebSocket in simple mode: one call on one socket, by docs/websocket.md.
import { WebSocket } from "ws";
import type { Endpoint } from "./raw-http.ts";
import { decodeAnswer, encodeAsk } from "./stream-backend.ts";
import type { Answer, Ask, Kind, Status } from "./stream-backend.ts";
import { Received, refusedStream } from "./stream-client.ts";
import type { Ended, OpenOptions, StreamHandle, StreamTransport } from "./stream-client.ts";

export type Encoding = "json" | "proto";

interface SimpleSetup {
  readonly encoding: Encoding;
  /** `sluice.v1.…`; otherwise the query says. */
  readonly bySubProtocol: boolean;
}

const paths: Readonly<Record<Kind, string>> = {
  unary: "/v1/single",
  "server-streaming": "/v1/list",
  "client-streaming": "/v1/gather",
  "bidi-streaming": "/v1/chat",
};

class SimpleStream implements StreamHandle {
  readonly #received = new Received();
  readonly #socket: WebSocket;
  readonly #encoding: Encoding;
  #status: (Status & { readonly trailers?: Record<string, unknown> }) | undefined;

  constructor(socket: WebSocket, encoding: Encoding) {
    this.#socket = socket;
    this.#encoding = encoding;
    socket.on("message", (data: Buffer, isBinary) => this.#read(data, isBinary));
    socket.on("close", (code, reason) => this.#end(code, reason.toString()));
  }

  get messages() {
    return this.#received.messages;
  }

  get ended() {
    return this.#received.ended;
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  until(count: number): Promise<void> {
    return this.#received.until(count);
  }

  send(ask: Ask): void {
    this.#socket.send(this.#encoding === "json" ? JSON.stringify(ask) : encodeAsk(ask), {
      binary: this.#encoding === "proto",
    });
  }

  end(): void {
    this.#socket.send("");
  }

  cancel(): void {
    this.#socket.close();
  }

  hold(): void {
    this.#socket.pause();
  }

  release(): void {
    this.#socket.resume();
  }

  #read(data: Buffer, isBinary: boolean): void {
    const text = isBinary ? "" : data.toString();
    if (text.startsWith('{"@status":')) this.#status = (JSON.parse(text) as { "@status": Status })["@status"];
    else if (isBinary === (this.#encoding === "proto"))
      this.#received.push(isBinary ? decodeAnswer(data) : (JSON.parse(text) as Answer));
    else this.#received.end({ code: undefined, how: `unreadable: a frame of the other kind, ${data.length} bytes` });
  }

  #end(code: number, reason: string): void {
    const how = `close ${code} ${reason}`;
    if (this.#status === undefined) this.#received.end({ code: code === 1000 ? 0 : undefined, how });
    else this.#received.end({ ...this.#status, how });
  }
}

/** A socket that its client was refused. */
export class Refused extends Error {
  readonly ended: Ended;

  constructor(ended: Ended) {
    super(`${ended.how}: ${ended.message}`);
    this.ended = ended;
  }
}

/** For those who open a call: it ends as the socket did. Throws anything else. */
export function toRefusedStream(error: unknown): StreamHandle {
  if (error instanceof Refused) return refusedStream(error.ended);
  throw error;
}

/** Rejects when the handshake is refused, with Refused where that was said over HTTP. */
export async function openSocket(
  url: string,
  protocols: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Promise<WebSocket> {
  const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false, maxPayload: 0, headers });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
    socket.once("unexpected-response", (_, answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (text: string) => (body += text));
      answer.on("end", () =>
        reject(new Refused({ ...(JSON.parse(body) as Status), how: `HTTP ${answer.statusCode}` })),
      );
    });
  });
  socket.on("error", () => {});
  return socket;
}

async function open(
  { host, port }: Endpoint,
  kind: Kind,
  { encoding, bySubProtocol, timeoutMs, bearer }: SimpleSetup & OpenOptions,
): Promise<StreamHandle> {
  const query = [
    // Two rules of one method need no $verb; the one with a body takes the request as a message.
    ...(kind === "server-streaming" ? ["$verb=POST"] : []),
    ...(timeoutMs === undefined ? [] : [`$timeout=${timeoutMs}ms`]),
    ...(bySubProtocol ? [] : [`$alt=${encoding}`]),
  ].join("&");
  const protocols = bySubProtocol ? [`sluice.v1.${encoding}`] : [];
  const headers: Record<string, string> = {};
  if (bearer !== undefined && bySubProtocol) protocols.push(`bearer.${Buffer.from(bearer).toString("base64url")}`);
  else if (bearer !== undefined) headers["authorization"] = `Bearer ${bearer}`;
  try {
    const socket = await openSocket(`ws://${host}:${port}${paths[kind]}?${query}`, protocols, headers);
    return new SimpleStream(socket, encoding);
  } catch (error) {
    return toRefusedStream(error);
  }
}

const lacks = { unary: "unary methods have no WebSocket URL unless websocket.unary is on" };

function simple(name: string, setup: SimpleSetup): StreamTransport {
  return {
    name,
    way: { kind: "simple" },
    lacks,
    open: (endpoint, kind, options = {}) => open(endpoint, kind, { ...setup, ...options }),
  };
}

export const simpleTransports: readonly StreamTransport[] = [
  simple("WebSocket, JSON", { encoding: "json", bySubProtocol: false }),
  simple("WebSocket, protobuf", { encoding: "proto", bySubProtocol: true }),
];
