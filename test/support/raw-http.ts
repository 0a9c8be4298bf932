// Speaks HTTP/1.1 by hand: sends exactly the given bytes, reads exactly what comes back. For what no HTTP client would send.
import { connect } from "node:net";
import type { Socket } from "node:net";

export interface RawResponse {
  readonly status: number;
  /** Names lower case; repeated ones joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** After a chunked body, names lower case. */
  readonly trailers: ReadonlyMap<string, string>;
}

export interface RawConnection {
  readonly socket: Socket;
  /** Latin-1, so that every byte can be written as one character. */
  send(text: string | Uint8Array): void;
  /** The next response; rejects when the connection closes before it is complete. `head` for the answer to HEAD. */
  response(head?: boolean): Promise<RawResponse>;
  /** Everything received that no `response` has taken, once the server has closed. */
  rest(): Promise<Buffer>;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export async function openRaw(endpoint: Endpoint): Promise<RawConnection> {
  const socket = endpoint.host.startsWith("unix:")
    ? connect(endpoint.host.slice(5))
    : connect(endpoint.port, endpoint.host);
  let received = Buffer.alloc(0);
  let isClosed = false;
  let wake: (() => void) | undefined;
  const changed = (): void => {
    wake?.();
    wake = undefined;
  };
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      isClosed = true;
      changed();
      resolve();
    };
    socket.once("end", end);
    socket.once("close", end);
  });
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    changed();
  });
  socket.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });

  const take = async (head: boolean): Promise<RawResponse> => {
    for (;;) {
      const parsed = parseResponse(received, head);
      if (parsed !== undefined) {
        received = received.subarray(parsed.length);
        return parsed.response;
      }
      if (isClosed)
        throw new Error(`connection closed; received so far: ${JSON.stringify(received.toString("latin1"))}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };

  return {
    socket,
    send: (text) => void socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text),
    response: (head = false) => take(head),
    rest: async () => {
      await closed;
      return received;
    },
    closed,
    close: () => void socket.destroy(),
  };
}

/** One connection, one request, one response. */
export async function exchangeRaw(endpoint: Endpoint, text: string | Uint8Array): Promise<RawResponse> {
  const connection = await openRaw(endpoint);
  try {
    connection.send(text);
    return await connection.response();
  } finally {
    connection.close();
  }
}

/** A request with Content-Length where there is a body: `request("GET /v1/x", ["X-A: 1"], "body")`. */
export function request(line: string, headers: readonly string[] = [], body: string | Uint8Array = ""): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const length = bytes.length > 0 ? [`Content-Length: ${bytes.length}`] : [];
  const head = [`${line} HTTP/1.1`, "Host: localhost", ...headers, ...length, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

interface Parsed {
  readonly response: RawResponse;
  readonly length: number;
}

function parseResponse(bytes: Buffer, head: boolean): Parsed | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [statusLine, ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  const headers = parseFields(lines);
  const start = headEnd + 4;
  if (headers.get("transfer-encoding") === "chunked" && !head) return parseChunked(bytes, start, { status, headers });
  const length =
    head || status === 204 || status === 304 || status < 200 ? 0 : Number(headers.get("content-length") ?? 0);
  if (bytes.length < start + length) return undefined;
  return {
    response: { status, headers, body: bytes.subarray(start, start + length), trailers: new Map() },
    length: start + length,
  };
}

function parseChunked(bytes: Buffer, start: number, top: Pick<RawResponse, "status" | "headers">): Parsed | undefined {
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (bytes.length < at + size + 2) return undefined;
    chunks.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
  const end = bytes.indexOf("\r\n\r\n", at - 2);
  if (end < 0) return undefined;
  const trailers = parseFields(bytes.toString("latin1", at, Math.max(at, end)).split("\r\n"));
  return { response: { ...top, body: Buffer.concat(chunks), trailers }, length: end + 4 };
}

function parseFields(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return fields;
}
