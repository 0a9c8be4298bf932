import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, ListenOptions, Socket } from "node:net";
import { expect } from "chai";
import { readIntoShared } from "../src/read-buffer.ts";
import { createFolder } from "./config/yaml-fixture.ts";
import { until } from "./support/until.ts";

const kib = 1024;

describe("readIntoShared", () => {
  const open: { close(): void }[] = [];

  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  /** The two ends of a connection; the server's reads into the shared memory. */
  async function pair(where?: ListenOptions): Promise<[Socket, Socket]> {
    const [client, socket] = await plainPair(where);
    expect(readIntoShared(socket)).to.equal(true);
    return [client, socket];
  }

  async function plainPair(where: ListenOptions = { port: 0, host: "127.0.0.1" }): Promise<[Socket, Socket]> {
    const server = createServer();
    server.listen(where);
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const client = where.path === undefined ? connect((server.address() as AddressInfo).port) : connect(where.path);
    client.on("error", () => {});
    const [socket] = await accepted;
    socket.on("error", () => {});
    open.push({
      close() {
        client.destroy();
        socket.destroy();
        server.close();
      },
    });
    return [client, socket];
  }

  /** What came, whole, and the chunks it came in, looked at only when all had come. */
  async function receive(socket: Socket, bytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await new Promise<void>((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        if (chunks.reduce((sum, { length }) => sum + length, 0) >= bytes) resolve();
      });
    });
    return Buffer.concat(chunks);
  }

  function pattern(bytes: number, seed: number): Buffer {
    const made = Buffer.alloc(bytes);
    for (let i = 0; i < bytes; i++) made[i] = (i * 31 + (i >> 8) * 7 + seed * 13) & 0xff;
    return made;
  }

  for (const size of [1, 100, 64 * kib, 64 * kib + 1, 1000 * kib])
    it(`brings ${size} bytes as they were sent`, async () => {
      const [client, socket] = await pair();
      const sent = pattern(size, 1);
      client.write(sent);
      expect((await receive(socket, size)).equals(sent)).to.equal(true);
    });

  it("keeps the chunks of many sockets apart that are read in turn", async () => {
    const pairs = await Promise.all(Array.from({ length: 20 }, () => pair()));
    const sent = pairs.map((_, index) => pattern(100 * kib, index));
    const received = Promise.all(pairs.map(([, socket]) => receive(socket, 100 * kib)));
    for (let at = 0; at < 100 * kib; at += 5 * kib) {
      pairs.forEach(([client], index) => client.write(sent[index].subarray(at, at + 5 * kib)));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    (await received).forEach((bytes, index) => expect(bytes.equals(sent[index])).to.equal(true));
  });

  it("keeps what comes while nobody listens, and while it is paused, in order", async () => {
    const [client, socket] = await pair();
    const got: string[] = [];
    const listen = (chunk: Buffer): void => void got.push(chunk.toString());
    socket.on("data", listen);
    const isThere = (text: string): Promise<void> => until(() => got.join("").endsWith(text));
    client.write("1");
    await isThere("1");
    // A socket that flows and has no listener loses what comes: Node's own do, too.
    socket.pause();
    socket.off("data", listen);
    client.write("2");
    await until(() => socket.readableLength === 1);
    client.write("3");
    await until(() => socket.readableLength === 2);
    socket.on("data", listen);
    client.write("4");
    await until(() => socket.readableLength === 3);
    expect(got.join("")).to.equal("1");
    socket.resume();
    client.write("5");
    await isThere("5");
    client.write("6");
    await isThere("6");
    expect(got.join("")).to.equal("123456");
  });

  it("holds the other end back while it is paused by who listens", async () => {
    const [client, socket] = await pair();
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      socket.pause();
    });
    client.write(Buffer.alloc(32 * 1024 * kib));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(bytes).to.be.at.most(64 * kib);
    expect(socket.readableLength).to.be.at.most(128 * kib);
    expect(client.writableLength).to.be.above(0);
  });

  it("gives each chunk memory of its own size", async () => {
    const [client, socket] = await pair();
    client.write("abc");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(chunk.toString()).to.equal("abc");
    expect(chunk.buffer.byteLength).to.equal(3);
  });

  it("reads on Unix sockets, too", async () => {
    const folder = createFolder();
    open.push({ close: () => folder.dispose() });
    const [client, socket] = await pair({ path: `${folder.path}/s.sock` });
    client.write("hello");
    expect((await receive(socket, 5)).toString()).to.equal("hello");
  });

  it("stops reading while nobody takes what came, and goes on", async () => {
    const [client, socket] = await pair();
    const sent = pattern(20 * kib * kib, 3);
    socket.pause();
    client.write(sent);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.readableLength).to.be.at.most(256 * kib);
    expect(client.writableLength).to.be.above(0);
    const received = receive(socket, sent.length);
    socket.resume();
    expect((await received).equals(sent)).to.equal(true);
  });

  it("notices while it is paused that the other end is gone", async () => {
    const [client, socket] = await pair();
    socket.pause();
    client.write("a few bytes");
    await until(() => socket.readableLength > 0);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    // A client that goes with bytes before it that it has not read goes by a reset, and without an end before.
    const unread = new Promise((resolve) => socket.write(Buffer.alloc(256 * kib), resolve));
    client.pause();
    await unread;
    client.destroy();
    expect(await closed).to.equal(true);
  });

  it("tells of the end of what is sent", async () => {
    const [client, socket] = await pair();
    const received = receive(socket, 4);
    client.end("last");
    expect((await received).toString()).to.equal("last");
    await once(socket, "end");
  });

  it("leaves a socket alone that is gone", async () => {
    const [, socket] = await pair();
    socket.destroy();
    expect(readIntoShared(socket)).to.equal(false);
  });

  describe("where a Node has no such way", () => {
    it("leaves sockets alone whose handles take no memory", async () => {
      const [client, socket] = await plainPair();
      const { _handle: handle } = socket as unknown as { readonly _handle: object };
      Object.defineProperty(handle, "useUserBuffer", { value: undefined });
      expect(readIntoShared(socket)).to.equal(false);
      const sent = pattern(200 * kib, 5);
      client.write(sent);
      expect((await receive(socket, sent.length)).equals(sent)).to.equal(true);
    });

    it("leaves sockets alone that keep none of their own", async () => {
      const { getOwnPropertySymbols } = Object;
      const module = new URL("../src/read-buffer.js?without-symbols", import.meta.url).href;
      Object.getOwnPropertySymbols = () => [];
      const other = (await import(module).finally(() => {
        Object.getOwnPropertySymbols = getOwnPropertySymbols;
      })) as typeof import("../src/read-buffer.ts");
      const [client, socket] = await plainPair();
      expect(other.readIntoShared(socket)).to.equal(false);
      const sent = pattern(200 * kib, 6);
      client.write(sent);
      expect((await receive(socket, sent.length)).equals(sent)).to.equal(true);
    });
  });
});
