// How every transport comes to a connection: addresses, TLS, backends that come, go, and never answer.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { ServerCredentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import type { ConnectionState, TlsOptions, Transport } from "../../src/upstream/transport.ts";
import { type Bench, createSignal, failureOf, streamCall, unaryCall } from "./calls.ts";
import { freePort } from "../support/free-port.ts";
import { createPki, type Pki } from "../support/pki.ts";

const echo = { "/t.S/M": (message: Buffer): Buffer => message };
const ping = (transport: Transport, timeout = 10_000): Promise<unknown> =>
  transport.unary(unaryCall("/t.S/M", Buffer.from("x"), { timeout }));

export function describeConnecting(bench: Bench): void {
  describe("addresses", () => {
    it("connects to a name and to dns:///name", async () => {
      const backend = await bench.backend(echo);
      const port = backend.target.split(":")[1];
      await ping(bench.open(`localhost:${port}`));
      await ping(bench.open(`dns:///localhost:${port}`));
    });

    it("connects to an IPv6 address", async function () {
      const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
        addresses?.some(({ address }) => address === "::1"),
      );
      if (!hasIPv6) this.skip();
      const v6 = await bench.backend(echo, { address: "[::1]:0" });
      await ping(bench.open(v6.target));
    });

    it("connects to a Unix socket", async () => {
      const folder = mkdtempSync(join(tmpdir(), "sluice-"));
      bench.later(() => rmSync(folder, { recursive: true }));
      const backend = await bench.backend(echo, { address: `unix:${folder}/s` });
      await ping(bench.open(backend.target));
    });

    it("calls a name that does not resolve UNAVAILABLE", async () => {
      const error = await failureOf(ping(bench.open("no-such-host.invalid:1")));
      expect([error.code, error.reason, error.message]).to.deep.equal([
        Code.UNAVAILABLE,
        "UPSTREAM_UNAVAILABLE",
        "upstream unavailable",
      ]);
    });
  });

  describe("connection", () => {
    it("is idle until the first call, then ready", async () => {
      const backend = await bench.backend(echo);
      const transport = bench.open(backend.target);
      expect(transport.state).to.equal("idle");
      await ping(transport);
      expect(transport.state).to.equal("ready");
    });

    it("is opened by connect, which tells whether it succeeded", async () => {
      const backend = await bench.backend(echo);
      expect(await bench.open(backend.target).connect(60_000)).to.equal(true);
      expect(await bench.open(`127.0.0.1:${await freePort()}`).connect(50)).to.equal(false);
    });

    it("fails a call at once while the backend is not there, and keeps the address to the log", async () => {
      const port = await freePort();
      const error = await failureOf(ping(bench.open(`127.0.0.1:${port}`)));
      expect([error.code, error.message]).to.deep.equal([Code.UNAVAILABLE, "upstream unavailable"]);
      expect(String(error.cause)).to.contain("ECONNREFUSED");
    });

    it("tells its listeners why it fails, and is ready soon after the backend has come up", async () => {
      const port = await freePort();
      const transport = bench.open(`127.0.0.1:${port}`);
      const failing = awaitState(transport, "failing");
      const ready = awaitState(transport, "ready");
      void transport.connect(10_000);
      expect(await failing).to.contain(`connect ECONNREFUSED 127.0.0.1:${port}`);
      await bench.backend(echo, { address: `127.0.0.1:${port}` });
      await ready;
      await ping(transport);
    });

    it("ends running calls as UNAVAILABLE when the backend dies, and serves again when it is back", async () => {
      const arrived = createSignal<void>();
      const port = await freePort();
      const address = `127.0.0.1:${port}`;
      const first = await bench.backend({ "/t.S/Hang": () => (arrived.resolve(), new Promise(() => {})) }, { address });
      const transport = bench.open(first.target);
      const failure = failureOf(transport.unary(unaryCall("/t.S/Hang")));
      await arrived.promise;
      await first.close();
      const error = await failure;
      expect([error.code, error.message]).to.deep.equal([Code.UNAVAILABLE, "upstream unavailable"]);
      const ready = awaitState(transport, "ready");
      await bench.backend(echo, { address });
      await ready;
      await ping(transport);
    });

    it("gives a connect up that hangs, fails calls until the backend speaks, then serves them", async () => {
      const { server, sockets, port } = await mute();
      const transport = bench.open(`127.0.0.1:${port}`, { limits: { connectTimeoutMs: 60 } });
      const error = await failureOf(ping(transport));
      expect([error.code, error.reason]).to.deep.equal([Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE"]);
      expect(transport.state).to.equal("failing");
      expect((await failureOf(ping(transport))).code).to.equal(Code.UNAVAILABLE);
      const ready = awaitState(transport, "ready");
      await new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      });
      await bench.backend(echo, { address: `127.0.0.1:${port}` });
      await ready;
      await ping(transport);
    });

    it("leaves no socket open to a server that never answers", async () => {
      const { server, sockets, port } = await mute();
      bench.later(() => new Promise((resolve) => server.close(resolve)));
      const transport = bench.open(`127.0.0.1:${port}`, { limits: { connectTimeoutMs: 40 } });
      await failureOf(ping(transport));
      await transport.close();
      await Promise.all(
        [...sockets].map(
          (socket) =>
            new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once("close", () => resolve()))),
        ),
      );
    });

    it("refuses calls after close, and ends those that run", async () => {
      const arrived = createSignal<void>();
      const backend = await bench.backend({ "/t.S/M": () => (arrived.resolve(), new Promise(() => {})) });
      const transport = bench.open(backend.target);
      const running = failureOf(ping(transport));
      await arrived.promise;
      await transport.close();
      expect((await running).reason).to.equal("SHUTTING_DOWN");
      expect((await failureOf(ping(transport))).code).to.equal(Code.UNAVAILABLE);
      expect((await failureOf(transport.stream(streamCall("/t.S/M")).messages.read())).code).to.equal(Code.UNAVAILABLE);
      expect(transport.state).to.equal("closed");
      expect(await transport.connect(10)).to.equal(false);
      await transport.close();
    });
  });

  describe("TLS", () => {
    let pki: Pki;
    before(() => {
      pki = createPki();
    });
    after(() => pki?.remove());

    const tls = (options: Partial<TlsOptions>): TlsOptions => ({
      ca: pki.ca,
      cert: undefined,
      key: undefined,
      serverName: undefined,
      ...options,
    });
    const serve = (askForCertificate: boolean): ReturnType<Bench["backend"]> =>
      bench.backend(echo, {
        credentials: ServerCredentials.createSsl(
          pki.ca,
          [{ private_key: pki.key, cert_chain: pki.cert }],
          askForCertificate,
        ),
      });

    it("connects to a server its authority vouches for, by name or by the name given", async () => {
      const backend = await serve(false);
      await ping(bench.open(backend.target.replace("127.0.0.1", "localhost"), { tls: tls({}) }));
      await ping(bench.open(backend.target, { tls: tls({ serverName: "localhost" }) }));
    });

    it("refuses another name, an unknown authority and a plaintext server", async () => {
      const backend = await serve(false);
      const plain = await bench.backend(echo);
      for (const transport of [
        bench.open(backend.target, { tls: tls({ serverName: "other.example" }) }),
        bench.open(backend.target.replace("127.0.0.1", "localhost"), { tls: tls({ ca: undefined }) }),
        bench.open(plain.target.replace("127.0.0.1", "localhost"), { tls: tls({}) }),
      ]) {
        const error = await failureOf(ping(transport));
        expect([error.code, error.message]).to.deep.equal([Code.UNAVAILABLE, "upstream unavailable"]);
      }
    });

    it("shows its certificate to a server that asks for one", async () => {
      const backend = await serve(true);
      const target = backend.target.replace("127.0.0.1", "localhost");
      await ping(bench.open(target, { tls: tls({ cert: pki.cert, key: pki.key }) }));
      expect((await failureOf(ping(bench.open(target, { tls: tls({}) }), 3000))).code).to.be.oneOf([
        Code.UNAVAILABLE,
        Code.DEADLINE_EXCEEDED,
      ]);
    });

    it("cannot be opened with unusable key material", () => {
      const junk = Buffer.from("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n");
      for (const material of [
        { ca: junk },
        { cert: junk, key: pki.key },
        { cert: pki.cert },
        { cert: pki.cert, key: Buffer.from("no") },
      ]) {
        expect(() => bench.open("localhost:1", { tls: tls(material) })).to.throw(
          "the TLS certificates or key of the upstream localhost:1 cannot be used",
        );
      }
    });
  });
}

function awaitState(transport: Transport, wanted: ConnectionState): Promise<string> {
  return new Promise((resolve) => {
    transport.onStateChange((state, reason) => {
      if (state === wanted) resolve(reason);
    });
  });
}

/** A server that takes connections and never writes a byte. */
async function mute(): Promise<{ server: Server; sockets: Set<Socket>; port: number }> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).resume();
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return { server, sockets, port };
}
