// The handshake's last step: 101, and the connection in the hands of ws.
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import type { Upgrade } from "../front.ts";
import type { SocketLimits } from "./options.ts";
import { OwnedWebSocket } from "./socket.ts";
import type { Accepted } from "./socket.ts";

/** Undefined when the client has gone meanwhile. The head must have been checked; `protocol` is what the client offered and gets. */
export type Accept = (upgrade: Upgrade, protocol: string | undefined) => Accepted | undefined;

/** Only a last resort: the clocks of the socket end it long before. */
const closeTimeoutMs = 3_600_000;

export function createAccept({ maxMessageBytes, maxFragments, maxBufferedChunks }: SocketLimits): Accept {
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    skipUTF8Validation: false,
    allowSynchronousEvents: true,
    autoPong: false,
    maxPayload: maxMessageBytes,
    maxFragments,
    maxBufferedChunks,
    closeTimeout: closeTimeoutMs,
    WebSocket: OwnedWebSocket,
  };
  const server = new WebSocketServer(options);
  return (upgrade, protocol) => {
    const { socket, firstBytes } = upgrade.takeOver();
    const request = { method: "GET", headers: toHeaders(upgrade, protocol) };
    let ws: OwnedWebSocket | undefined;
    // Answers and calls back before it returns, as nothing here is left to be decided.
    server.handleUpgrade(request as unknown as IncomingMessage, socket, firstBytes, (accepted) => (ws = accepted));
    if (ws === undefined) return undefined;
    // TLS has a last word of its own to say.
    if (socket instanceof Socket && !(socket instanceof TLSSocket)) endAtOnce(socket, ws);
    return { ws, net: socket };
  };
}

/** What ws looks at, and nothing else: neither extensions nor what is no sub-protocol but a credential. */
function toHeaders({ headers }: Upgrade, protocol: string | undefined): Record<string, unknown> {
  const handshake = {
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": headers["sec-websocket-key"],
  };
  return protocol === undefined ? handshake : { ...handshake, "sec-websocket-protocol": protocol };
}

const speaks = Symbol("speaks");

interface Spoken extends Socket {
  [speaks]?: { readonly _closeFrameReceived?: boolean };
}

/**
 * Has the socket closed when both close frames have gone their way, as RFC 6455 section 7.1.1 asks of a server, instead of half of it,
 * until the client closes the other: ten thousand clients that leave at once would have as many shutdowns under way (bench stream,
 * cycles). Without the client's close frame more of it may come, and a reset would take our last word away from it.
 */
function endAtOnce(socket: Spoken, ws: OwnedWebSocket): void {
  socket[speaks] = ws as unknown as Spoken[typeof speaks];
  socket.end = end;
}

function end(this: Spoken, ...rest: unknown[]): Socket {
  if (rest.length === 0 && this.writableLength === 0 && this[speaks]?._closeFrameReceived === true)
    return this.destroy();
  return Socket.prototype.end.call(this, ...(rest as [string]));
}
