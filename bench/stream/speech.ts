// What a client says on its connection and understands of what it hears; the requests it begins with.
import { echoPath, floodPath, holdPath } from "../corpus/stream-messages.ts";
import type { OpenOrder } from "./order.ts";

export interface Speech {
  /** The request, up to its empty line. */
  readonly request: string;
  /** Of the response that the request must have. */
  readonly status: number;
  readonly frames: number;
  /** Of the server's close frame; 0 without one. */
  readonly closeCode: number;
  /** What the server said went wrong. */
  readonly fault: Error | undefined;
  /** The handshake is done. */
  begin(): void;
  /** Throws for what is no right answer. */
  read(chunk: Buffer): void;
  takeLatencies(): readonly number[];
  /** How a client says that it goes; undefined: it just does. */
  goodbye(): Buffer | undefined;
}

/** Path and query of what a socket opens. */
export function targetOf({ task, form, count = 0, isWrapped }: OpenOrder): string {
  const path = task === "flood" ? floodPath : task === "hold" ? holdPath : echoPath;
  const query = [];
  if (task === "flood" && count > 0) query.push(`count=${count}`);
  if (task === "echo" && isWrapped === true) query.push("method=POST");
  if (form === "simple-proto") query.push("$alt=proto");
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
}

/** The head of a WebSocket handshake (RFC 6455 section 4.1); its key is the one of the RFC. */
export function handshake(target: string, { port }: OpenOrder, protocol?: string): string {
  return [
    `GET ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    "\r\n",
  ].join("\r\n");
}
