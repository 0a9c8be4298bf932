// On sockets of their own, plain and over TLS: one long piece that is taken bit by bit, and then not at all.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { StallWatch } from "../src/http1/stall.ts";
import { takenBytes } from "../src/taken-bytes.ts";
import { createAuthority } from "./support/certificate.ts";

/** More than the buffers of both systems hold. */
const long = Buffer.alloc(40_000_000);
const bit = 4_000_000;

const kinds = {
  "a socket": {
    serve: () => createServer(),
    event: "connection",
    connect: (port: number) => connect({ port, host: "127.0.0.1" }),
  },
  "a socket over TLS": {
    serve: () =>
      createTlsServer(createAuthority("/CN=Test Authority").issue("/CN=localhost", "DNS:localhost")) as Server,
    event: "secureConnection",
    connect: (port: number) => connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }) as Socket,
  },
} as const;

async function settled(): Promise<void> {
  for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Leaves the rest in the buffers. */
async function read(client: Socket, bytes: number): Promise<number> {
  let got = 0;
  while (got < bytes) {
    const chunk = client.read() as Buffer | null;
    if (chunk === null) await once(client, "readable");
    else got += chunk.length;
  }
  return got;
}

for (const [kind, { serve, event, connect: open }] of Object.entries(kinds))
  describe(`what the peer of ${kind} has taken`, () => {
    let server: Server;
    let written: Socket;
    let client: Socket;

    beforeEach(async () => {
      server = serve();
      await once(server.listen(0, "127.0.0.1"), "listening");
      const came = once(server, event) as Promise<[Socket]>;
      client = open((server.address() as AddressInfo).port);
      client.on("readable", () => {});
      [written] = await came;
      for (const socket of [client, written]) socket.on("error", () => {});
    });
    afterEach(() => {
      client.destroy();
      written.destroy();
      server.close();
    });

    it("counts parts of one long piece", async () => {
      written.write(long);
      await settled();
      const before = takenBytes(written);
      await read(client, long.length / 2);
      await settled();
      expect(takenBytes(written)).not.to.equal(before);
      expect(written.writableLength).to.be.greaterThan(0);
    });

    it("counts the whole of a piece when it has left, where Node keeps no such count", async () => {
      const { _handle: handle } = written as unknown as { readonly _handle: { readonly _parent?: object } };
      Object.defineProperty(handle._parent ?? handle, "writeQueueSize", { value: undefined });
      const before = takenBytes(written);
      const left = new Promise((resolve) => written.write(long, resolve));
      await settled();
      const got = await read(client, long.length / 2);
      await settled();
      expect(takenBytes(written)).to.equal(before);
      await read(client, long.length - got);
      await left;
      expect(takenBytes(written)).to.be.at.least(before + long.length);
    });

    it("has nobody cut off who takes it slowly, and does who takes no more", async () => {
      const watch = new StallWatch(written);
      written.write(long);
      let now = 1000;
      let got = 0;
      await settled();
      expect(watch.isStalled(now, 30_000)).to.equal(false);
      while (got < long.length / 2) {
        got += await read(client, bit);
        await settled();
        expect(watch.isStalled((now += 29_000), 30_000)).to.equal(false);
      }
      await settled();
      watch.isStalled(now, 30_000);
      expect(watch.isStalled(now + 29_000, 30_000)).to.equal(false);
      expect(watch.isStalled(now + 30_000, 30_000)).to.equal(true);
    });
  });
