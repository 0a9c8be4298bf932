// The columns of the matrix: every transport with every kind of call that it has.
import { kinds } from "../support/stream-backend.ts";
import { grpc } from "../support/stream-grpc-client.ts";
import { grpcJson } from "../support/stream-grpc-json-client.ts";
import { grpcWebSocket } from "../support/stream-grpc-websockets-client.ts";
import { httpTransports } from "../support/stream-http-client.ts";
import { muxTransports } from "../support/stream-mux-client.ts";
import { simpleTransports } from "../support/stream-websocket-client.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import type { Cell } from "./outcomes.ts";

export const transports = [grpc, grpcJson, ...httpTransports, ...simpleTransports, ...muxTransports, grpcWebSocket];

/** Every one that exists. */
export const pairs = transports.flatMap((transport) =>
  kinds.filter((kind) => transport.lacks[kind] === undefined).map((kind) => ({ transport, kind })),
);

let runs = 0;

export function cellOf(gateway: StreamGateway, { transport, kind }: (typeof pairs)[number]): Cell {
  let tookMs = 0;
  return {
    gateway,
    transport,
    kind,
    run: `run ${++runs}`,
    async open(options) {
      const openedAt = performance.now();
      const call = await transport.open(gateway, kind, options);
      void call.ended.then(() => (tookMs = performance.now() - openedAt));
      return call;
    },
    get tookMs() {
      return tookMs;
    },
  };
}
