// The handshake's last step: 101, and the connection in the hands of ws.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Upgrade } from "../front.ts";
import type { SocketLimits } from "./options.ts";
import { OwnedWebSocket } from "./socket.ts";

export interface Accepted {
  readonly ws: OwnedWebSocket;
  readonly net: Duplex;
}

/** Undefined when the client has gone meanwhile. The head must have been checked; `protocol` is what the client offered and gets. */
export type Accept = (upgrade: Upgrade, protocol: string | undefined) => Accepted | undefined;

/** Only a last resort: the clocks of the socket end it long before. */
const closeTimeoutMs = 3_600_000;

export function createAccept({ maxMessageBytes, maxFragments, maxBufferedChunks }: SocketLimits): Accept {
  let chosen: string | undefined;
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
    handleProtocols: () => chosen ?? false,
  };
  const server = new WebSocketServer(options);
  return (upgrade, protocol) => {
    const { socket, firstBytes } = upgrade.takeOver();
    const request = { method: "GET", headers: { ...upgrade.headers, upgrade: "websocket" } };
    let ws: OwnedWebSocket | undefined;
    chosen = protocol;
    // Answers and calls back before it returns, as nothing here is left to be decided.
    server.handleUpgrade(request as unknown as IncomingMessage, socket, firstBytes, (accepted) => (ws = accepted));
    return ws === undefined ? undefined : { ws, net: socket };
  };
}
