// The 100× rule of THREAT_MODEL.md over real sockets: what hostile bytes cost the process of the gateway, on every front, beside as many that are not.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { expect } from "chai";
import { startBackend } from "../support/backend.ts";
import type { Backend } from "../support/backend.ts";
import type { Endpoint } from "../support/raw-http.ts";
import { cases } from "./bounded-cases.ts";
import type { Cost } from "./bounded-gateway.ts";

const size = 64 * 1024;
const connections = 8;
const most = 100;
/** Of processor time: less than this says nothing. */
const leastMicroseconds = 5000;
/** What other processes do to a measurement they rarely do three times in a row. */
const attempts = 3;

/** Everything is sent, everything is read, until the gateway has closed. */
async function play({ host, port }: Endpoint, bytes: Buffer): Promise<void> {
  const socket = connect(port, host);
  socket.on("error", () => {});
  socket.resume();
  const closed = once(socket, "close");
  socket.write(bytes);
  // A front that was told of the end answers what came before, or has refused it already.
  const given = setTimeout(() => socket.end(), 300);
  const cut = setTimeout(() => socket.destroy(), 3000);
  await closed.catch(() => {});
  clearTimeout(given);
  clearTimeout(cut);
}

describe("what hostile bytes cost over a socket", function () {
  this.timeout(120_000);
  let gateway: ChildProcess;
  let endpoint: Endpoint;
  let backend: Backend;
  let issuer: Server;
  const usual = new Map<string, number>();

  before(async () => {
    const reply = (): Promise<Uint8Array> => Promise.resolve(Buffer.alloc(0));
    const chat = {
      stream(call: ServerDuplexStream<Buffer, Buffer>) {
        call.resume();
        call.on("end", () => call.end());
      },
    };
    backend = await startBackend({ "/t.S/Get": reply, "/t.S/Put": reply, "/t.S/Chat": chat });
    // One key, which none of the tokens is signed with.
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const keys = JSON.stringify({
      keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" }],
    });
    issuer = createServer((_, answer) => answer.writeHead(200, { "content-type": "application/json" }).end(keys));
    issuer.listen(0, "127.0.0.1");
    await once(issuer, "listening");
    const jwks = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks.json`;
    const flags = ["--expose-gc", "--max-semi-space-size=1", "--heap-growing-percent=10"];
    gateway = fork(fileURLToPath(new URL("bounded-gateway.js", import.meta.url)), [backend.target, jwks], {
      execArgv: flags,
    });
    [endpoint] = (await once(gateway, "message")) as [Endpoint];
    // Once of everything, so that all code is compiled and every table made.
    for (const { hostile, benign } of cases)
      await Promise.all([play(endpoint, hostile(size)), play(endpoint, benign(size))]);
  });
  after(async () => {
    gateway.kill();
    issuer.close();
    await backend.close();
  });

  const costOf = async (bytes: Buffer): Promise<Cost> => {
    const begun = once(gateway, "message");
    gateway.send("begin");
    await begun;
    await Promise.all(Array.from({ length: connections }, () => play(endpoint, bytes)));
    const told = once(gateway, "message");
    gateway.send("tell");
    return ((await told) as [Cost])[0];
  };

  /** Measured once for the same bytes. */
  const usualOf = async (bytes: Buffer): Promise<number> => {
    const key = bytes.toString("latin1");
    const known = usual.get(key) ?? Math.max(leastMicroseconds, (await costOf(bytes)).cpuMicroseconds);
    usual.set(key, known);
    return known;
  };

  for (const { name, hostile, benign, expansion = 1 } of cases)
    it(`is bounded: ${name}`, async () => {
      const bytes = hostile(size);
      const total = bytes.length * connections * expansion;
      const least = { peak: Infinity, held: Infinity, ratio: Infinity };
      const isBounded = (): boolean => least.peak < most && least.held < most / 10 && least.ratio < most;
      for (let again = 0; again < attempts && !isBounded(); again++) {
        const { cpuMicroseconds, peakBytes, heldBytes } = await costOf(bytes);
        const ratio = cpuMicroseconds / (await usualOf(benign(bytes.length))) / expansion;
        least.peak = Math.min(least.peak, peakBytes / total);
        least.held = Math.min(least.held, heldBytes / total);
        least.ratio = Math.min(least.ratio, ratio);
      }
      expect(gateway.exitCode, "the gateway runs").to.equal(null);
      expect(least.peak, "bytes of memory for each byte at the highest").to.be.below(most);
      expect(least.held, "bytes of memory for each byte that stay").to.be.below(most / 10);
      expect(least.ratio, "processor time beside that of harmless bytes").to.be.below(most);
    });
});
