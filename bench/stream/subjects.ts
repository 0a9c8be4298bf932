// The gateways of the bench `stream`, each as its users would start it, and the backend behind them.
import { writeFileSync } from "node:fs";
import { installGo } from "../peers/install-go.ts";
import { cache, dist, makeFolder, root } from "../load/folders.ts";
import type { Command } from "../load/process.ts";
import type { BackendKind } from "../load/subjects.ts";
import { probeArguments } from "./heap.ts";

export interface StreamSubject {
  readonly name: string;
  readonly label: string;
  /** Messages come as `{"result": …}`. */
  readonly isWrapped: boolean;
  /** Throws one line of reason when it cannot be had here. */
  readonly install: () => void;
  readonly command: (port: number, backend: number) => Command;
}

export const sluice: StreamSubject = {
  name: "sluice",
  label: "Sluice",
  isWrapped: false,
  install: () => undefined,
  command: sluiceCommand,
};

export const websocketProxy: StreamSubject = {
  name: "websocket-proxy",
  label: "grpc-gateway 2.30 + grpc-websocket-proxy (Go)",
  isWrapped: true,
  install: installGo,
  command: (port, backend) => ({
    command: `${cache}/bin/websocket-proxy`,
    args: ["-listen", `127.0.0.1:${port}`, "-backend", `127.0.0.1:${backend}`],
  }),
};

export const streamSubjects: readonly StreamSubject[] = [sluice, websocketProxy];

/** Most sockets of this bench at a time, and some more. */
const most = 30_000;

function sluiceCommand(port: number, backend: number): Command {
  const config = `${makeFolder(cache)}/sluice-stream.yaml`;
  // The limits are for clients that have an address each; here all have one. And slow ones are to be looked at, not cut off.
  writeFileSync(
    config,
    `server:
  max_connections: ${most}
  max_connections_per_ip: off
websocket:
  max_sockets: ${most}
  max_sockets_per_principal: ${most}
  handshakes_per_second: 1000000
  messages_per_second: 10000000
  bytes_per_second: 10GiB
  slow_consumer_timeout: 10m
`,
  );
  const protos = [`${root}bench/corpus/stream.proto`, "-I", `${root}bench/corpus`];
  const addresses = ["--upstream", `127.0.0.1:${backend}`, "--listen", `127.0.0.1:${port}`, "--admin", "off"];
  const serve = [`${dist}src/main.js`, "serve", ...protos, ...addresses, "--config", config, "--quiet"];
  return { command: process.execPath, args: [...probeArguments, ...serve] };
}

/** A quick run builds nothing, and what was built earlier may not know these calls. */
export function streamBackend(port: number, kind: BackendKind, isQuick: boolean): Command {
  if (isQuick || !hasGo())
    return { command: process.execPath, args: [`${dist}bench/peers/node-backend.js`, String(port)] };
  const flags = kind === "grpc-go" ? ["-grpc-go"] : [];
  return { command: "env", args: ["GOMAXPROCS=1", `${cache}/bin/backend`, "-listen", `127.0.0.1:${port}`, ...flags] };
}

function hasGo(): boolean {
  try {
    installGo();
    return true;
  } catch {
    // Then the backend is the bottleneck, and the peer says why it is left out.
    return false;
  }
}
