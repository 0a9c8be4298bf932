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
  close(): Promise<void>;
}

export interface GatewayProcessOptions {
  /** More of sluice.yaml: whole groups. */
  readonly yaml?: string;
  /** Of Node. */
  readonly nodeFlags?: readonly string[];
}

export async function startGatewayProcess(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const { yaml = "", nodeFlags = [] } = options;
  const folder = createFolder();
  folder.write("protos/streams.proto", streamProto);
  const config = folder.write(
    "sluice.yaml",
    `server: {shutdown_grace: 3s}\nwebsocket: {max_sockets_per_principal: 100}\n${yaml}\n`,
  );
  const backend = await startStreamBackend();
  const flags = ["--config", config, "--upstream", backend.target, "--listen", "127.0.0.1:0", "--admin", "off"];
  const program = startProgram(process.execPath, [...nodeFlags, main, "serve", `${folder.path}/protos`, ...flags]);
  const [, host, port] = await program.line(/listening on http:\/\/([\d.]+):(\d+)/);
  return {
    host,
    port: Number(port),
    backend,
    program,
    async close() {
      await program.kill();
      await backend.close();
      folder.dispose();
    },
  };
}
