// The gateway as a program of its own, to be stopped as an operator stops it, in front of a backend in this process.
import { fileURLToPath } from "node:url";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Endpoint } from "../support/raw-http.ts";
import { startStreamBackend, streamProto } from "../support/stream-backend.ts";
import type { StreamBackend } from "../support/stream-backend.ts";
import { startProgram } from "./process.ts";
import type { Program } from "./process.ts";

const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));

export interface GatewayProcess extends Endpoint {
  readonly backend: StreamBackend;
  readonly program: Program;
  /** Of its configuration, and of files that are named there. */
  readonly folder: string;
  /** Where its admin listener is, if it has one. */
  readonly admin: string | undefined;
  close(): Promise<void>;
}

export interface GatewayProcessOptions {
  /** By name, beside the one of streams. */
  readonly protos?: Readonly<Record<string, string>>;
  /** More files beside sluice.yaml, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly workers?: number;
  readonly hasAdmin?: boolean;
  /** More of sluice.yaml: whole groups. */
  readonly yaml?: string;
  /** Of Node. */
  readonly nodeFlags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export async function startGatewayProcess(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const { yaml = "", nodeFlags = [], env = {}, protos = {}, files = {}, workers = 1, hasAdmin = false } = options;
  const folder = createFolder();
  for (const [name, text] of Object.entries({ "streams.proto": streamProto, ...protos }))
    folder.write(`protos/${name}`, text);
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  const sockets = /^websocket:/m.test(yaml) ? "" : "websocket: {max_sockets_per_principal: 100}\n";
  const server = `server: {shutdown_grace: 3s, workers: ${workers}}\n`;
  const shedding = /^shedding:/m.test(yaml) ? "" : "shedding: {enabled: false}\n";
  const config = folder.write("sluice.yaml", `${server}${shedding}${sockets}${yaml}\n`);
  const backend = await startStreamBackend();
  const admin = hasAdmin ? "127.0.0.1:0" : "off";
  const flags = ["--config", config, "--upstream", backend.target, "--listen", "127.0.0.1:0", "--admin", admin];
  const args = [...nodeFlags, main, "serve", `${folder.path}/protos`, ...flags];
  const program = startProgram(process.execPath, args, { ...process.env, ...env });
  const [, host, port] = await program.line(/listening on http:\/\/([\d.]+):(\d+)/);
  const [, adminAddress] = await program.line(/admin (?:off|on http:\/\/([\d.:]+))/);
  return {
    host,
    port: Number(port),
    folder: folder.path,
    admin: adminAddress,
    backend,
    program,
    async close() {
      await program.kill();
      await backend.close();
      folder.dispose();
    },
  };
}
