// The handshake's last step: 101, and the connection in the hands of ws.
import type { IncomingMessage } from "node:http";
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
    return ws === undefined ? undefined : { ws, net: socket };
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
