// Runs h2spec (github.com/summerwind/h2spec), all cases and strict, against a small server on the engine, plain and over TLS.
// `node dist/test/http2/h2spec.js`; ends with 0 also where h2spec is not installed, and says so.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { createHttp2Connection } from "../../src/http2/connection.ts";
import type { ConnectionHandlers } from "../../src/http2/contract.ts";
import { createAuthority } from "../support/certificate.ts";

const handlers: ConnectionHandlers = {
  onStream: (stream) => ({
    onData: (chunk) => stream.consume(chunk.length),
    onEnd() {
      stream.sendHeaders([":status", "200", "content-type", "text/plain"], false);
      stream.sendData(Buffer.from("hello, world"), true);
    },
    onReset: () => undefined,
  }),
  onClose: () => undefined,
};

function accept(socket: Duplex): void {
  createHttp2Connection(socket, { role: "server" }, handlers);
}

/** The exit code, or undefined where there is no such program. */
async function runH2spec(port: number, flags: readonly string[]): Promise<number | undefined> {
  const path = [process.env["PATH"] ?? "", join(homedir(), "go", "bin")].join(delimiter);
  const child = spawn("h2spec", ["-h", "127.0.0.1", "-p", String(port), "--strict", "-o", "5", ...flags], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PATH: path },
  });
  const failed = new Promise<undefined>((resolve) => child.on("error", () => resolve(undefined)));
  const exited = (once(child, "exit") as Promise<[number | null]>).then(
    ([code]) => code ?? 1,
    () => undefined,
  );
  return Promise.race([failed, exited]);
}

async function check(what: string, server: Server, flags: readonly string[]): Promise<boolean> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  console.log(`\n${what}`);
  const code = await runH2spec((server.address() as AddressInfo).port, flags);
  server.close();
  if (code === undefined) {
    console.log(
      "skipped: h2spec is not installed (go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible)",
    );
  }
  return code === undefined || code === 0;
}

const plain = await check("h2spec, plain", createServer(accept), []);
const certificate = createAuthority("/CN=Test Authority").issue("/CN=localhost", "DNS:localhost");
const secureServer = tls.createServer({ ...certificate, ALPNProtocols: ["h2"] }, accept);
const secure = await check("h2spec, TLS", secureServer, ["-t", "-k"]);
process.exit(plain && secure ? 0 : 1);
