// Clients that do not mean well, or break: each gets its close code, and nobody else notices.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { expect } from "chai";
import { strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { SocketLimits, WebSocketOptions } from "../../../src/front/websocket/options.ts";
import { openRaw, request } from "../../support/raw-http.ts";
import { createPki } from "../../support/pki.ts";
import { until } from "../../support/until.ts";
import type { KitClient, KitFixture } from "./kit.ts";
import { startKit } from "./kit.ts";
import { encodeFrame, openRawSocket } from "./raw-socket.ts";
import type { RawSocket } from "./raw-socket.ts";

const text = 1;
const binary = 2;
const close = 8;
const ping = 9;
const pong = 10;

/** One of thousands of random texts is: a masked text frame in one fragment, which holds no JSON. */
function isWholeTextFrame(bytes: Buffer): boolean {
  const length = bytes[1] & 0x7f;
  return bytes[0] === 0x81 && bytes[1] >= 0x80 && length > 0 && length < 126 && bytes.length >= 6 + length;
}

describe("a WebSocket of a hostile client", () => {
  let kit: KitFixture;
  let bystander: KitClient;

  const start = async (socket: Partial<SocketLimits> = {}, options: Partial<WebSocketOptions> = {}): Promise<void> => {
    kit = await startKit({ options: { ...options, socket: { ...strictWebSocket.socket, ...socket } } });
    bystander = await kit.connect("/v1/rooms/1/talk");
  };
  const open = (path = "/v1/rooms/7/talk", headers: readonly string[] = []): Promise<RawSocket> =>
    openRawSocket(kit, path, headers);

  afterEach(async () => {
    bystander.socket.send('{"text":"still here"}');
    expect(await bystander.nextText()).to.include("still here");
    expect(kit.reports).to.deep.equal([]);
    await kit.close();
  });

  const broken: readonly (readonly [string, (client: RawSocket) => void, number])[] = [
    ["an unmasked frame", (client) => client.send(text, "{}", { isMasked: false }), 1002],
    ["a compressed frame, which was not agreed to", (client) => client.send(text, "{}", { reserved: 0x40 }), 1002],
    ["a reserved bit", (client) => client.send(text, "{}", { reserved: 0x10 }), 1002],
    ["an opcode there is not", (client) => client.send(3, "{}"), 1002],
    ["a continuation of nothing", (client) => client.send(0, "{}"), 1002],
    ["a ping in fragments", (client) => client.send(ping, "", { isLast: false }), 1002],
    ["a ping of more than 125 bytes", (client) => client.send(ping, "x".repeat(126)), 1002],
    ["a close frame of one byte", (client) => client.send(close, "x"), 1002],
    ["a close code nobody may send", (client) => client.send(close, Buffer.from([0x03, 0xee])), 1002],
    ["a text that is not UTF-8", (client) => client.send(text, Buffer.from([0x22, 0xff, 0x22])), 1007],
    ["a close reason that is not UTF-8", (client) => client.send(close, Buffer.from([0x03, 0xe8, 0xff])), 1007],
    [
      "a message that announces 2^62 bytes",
      (client) => client.raw.send(Buffer.from([0x82, 0xff, 0x40, ...Array<number>(11).fill(0)])),
      1009,
    ],
    ["a message of more than 1 MiB", (client) => client.send(text, Buffer.alloc(1024 * 1024 + 1, 0x20)), 1009],
    ["a message of more than 1,024 fragments", (client) => sendFragments(client, 1100), 1008],
    ["a binary frame where messages are JSON", (client) => client.send(binary, "{}"), 1003],
  ];
  it("is let go when both close frames have gone their way, though it keeps its own side open", async () => {
    await start();
    const client = await open();
    client.raw.socket.allowHalfOpen = true;
    client.send(close, Buffer.from([0x03, 0xe8]));
    expect(await client.closeCode()).to.equal(1000);
    await until(() => kit.census.sockets === 1);
    expect(client.raw.socket.writable).to.equal(true);
    client.raw.close();
  });

  for (const [what, send, code] of broken) {
    it(`is closed with ${code} for ${what}, and its call cancelled`, async () => {
      await start();
      const called = kit.nextCall();
      const client = await open();
      const call = await called;
      send(client);
      expect(await client.closeCode()).to.equal(code);
      expect((await call.cancelled).code).to.equal(1);
      client.raw.close();
    });
  }

  function sendFragments(client: RawSocket, count: number): void {
    client.send(text, "[", { isLast: false });
    client.raw.send(
      Buffer.concat(Array.from({ length: count }, () => encodeFrame(0, Buffer.from(" "), { isLast: false }))),
    );
  }

  it("is understood in fragments of one byte, each in a packet", async () => {
    await start();
    const client = await open();
    client.raw.socket.setNoDelay(true);
    const bytes = Buffer.from('{"text":"slow"}');
    for (const [at, byte] of bytes.entries()) {
      const frame = encodeFrame(at === 0 ? text : 0, Buffer.from([byte]), { isLast: at === bytes.length - 1 });
      for (const part of frame) {
        client.raw.send(Buffer.from([part]));
        await new Promise(setImmediate);
      }
    }
    expect((await client.next()).payload.toString()).to.include('"text":"slow"');
    client.raw.close();
  });

  it("is closed with 1008 for a frame that comes in more pieces than are kept", async () => {
    await start({ maxBufferedChunks: 8 });
    const client = await open();
    client.raw.socket.setNoDelay(true);
    client.raw.send(encodeFrame(text, Buffer.alloc(1_000_000, 0x20)).subarray(0, 14));
    const code = client.closeCode();
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    while ((await Promise.race([code, turn()])) === undefined) client.raw.send(" ");
    expect(await code).to.equal(1008);
    client.raw.close();
  });

  it("is answered every ping of a burst, in their order", async () => {
    await start();
    const client = await open();
    const bodies = Array.from({ length: 1000 }, (_, index) => String(index));
    client.raw.send(Buffer.concat(bodies.map((body) => encodeFrame(ping, Buffer.from(body)))));
    for (const body of bodies) {
      const { opcode, payload } = await client.next();
      expect([opcode, payload.toString()]).to.deep.equal([pong, body]);
    }
    client.raw.close();
  });

  it("is answered only the last of the pings that come while its socket is full", async () => {
    await start({ unsentHighBytes: 2048, unsentLowBytes: 512 });
    const client = await open();
    const pings = Array.from({ length: 1000 }, (_, index) =>
      encodeFrame(ping, Buffer.from(String(index).padStart(100))),
    );
    client.raw.send(Buffer.concat(pings));
    let pongs = 0;
    for (;;) {
      const { opcode, payload } = await client.next();
      expect(opcode).to.equal(pong);
      pongs++;
      if (payload.toString().trim() === "999") break;
    }
    expect(pongs).to.be.lessThan(100);
    client.raw.close();
  });

  it("is read no further when it sends faster than it may, and closed with 4154 when it goes on", async () => {
    await start({ messagesPerSecond: 50, rateExcessMs: 300 });
    const client = await open();
    const burst = Buffer.concat(Array.from({ length: 200 }, () => encodeFrame(ping, Buffer.alloc(0))));
    const timer = setInterval(() => client.raw.send(burst), 5);
    expect(await client.closeCode()).to.equal(4154);
    clearInterval(timer);
    expect(kit.census.pauses).to.be.greaterThan(0);
    client.raw.close();
  });

  it("goes on after a burst above its rate", async () => {
    await start({ messagesPerSecond: 200 });
    const client = await kit.connect("/v1/rooms/7/talk");
    for (let i = 0; i < 300; i++) client.socket.send('{"text":"a"}');
    for (let i = 1; i <= 300; i++) expect(await client.nextText()).to.include(`"number":${i},`);
    expect(kit.census.pauses).to.be.greaterThan(0);
  });

  it("is closed with 4101 when it answers no ping", async () => {
    await start({ pingMs: 50, pongMs: 100 });
    const client = await open();
    expect((await client.next()).opcode).to.equal(ping);
    expect(await client.closeCode()).to.equal(4101);
    // Nor does it answer the close frame: the connection is cut all the same.
    await client.raw.closed;
  });

  it("is kept when it answers pings", async () => {
    await start({ pingMs: 50, pongMs: 20_000 });
    const client = await open();
    for (let i = 0; i < 5; i++) {
      expect((await client.next()).opcode).to.equal(ping);
      client.send(pong, "");
    }
    client.send(text, '{"text":"a"}');
    expect((await client.next()).opcode).to.equal(text);
    client.raw.close();
  });

  it("is cut off when it takes nothing of what is sent", async () => {
    await start({ slowConsumerMs: 200 });
    const called = kit.nextCall();
    const client = await open();
    client.raw.socket.pause();
    const call = await called;
    const command = encodeFrame(text, Buffer.from('{"text":"big:50000"}'));
    client.raw.send(Buffer.concat(Array.from({ length: 400 }, () => command)));
    expect((await call.cancelled).code).to.equal(1);
    while (kit.census.sockets > 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(kit.census.closes()).to.deep.include([4102, 1]);
  });

  it("is watched over TLS as well", async () => {
    await start();
    const pki = createPki();
    const tls = { cert: pki.cert, key: pki.key, clientCa: undefined, minVersion: "TLSv1.2" } as const;
    const secure = await startKit({
      options: { socket: { ...strictWebSocket.socket, pingMs: 50, pongMs: 2000 } },
      listener: { tls },
    });
    try {
      const lively = await secure.connect("/v1/rooms/7/talk");
      const dead = await secure.connect("/v1/rooms/7/talk", [], { autoPong: false });
      expect((await dead.closed).code).to.equal(4101);
      for (let i = 0; i < 3; i++) await once(lively.socket, "ping");
      lively.socket.send('{"text":"a"}');
      expect(await lively.nextText()).to.include('"text":"a"');
    } finally {
      await secure.close();
      pki.remove();
    }
  });

  it("is closed, whatever bytes it sends", async () => {
    await start();
    for (let i = 0; i < 100; i++) {
      const client = await open();
      const bytes = randomBytes(64 + i);
      client.raw.send(bytes);
      client.raw.socket.end();
      const codes = [1000, 1002, 1003, 1005, 1006, 1007, 1009, ...(isWholeTextFrame(bytes) ? [4003] : [])];
      expect(codes, bytes.toString("hex")).to.include(await client.closeCode());
      client.raw.close();
    }
    while (kit.census.sockets > 1) await new Promise(setImmediate);
  });

  it("is cut off when it does not answer a close frame", async () => {
    await start({ closeMs: 100 });
    const client = await open("/v1/rooms/7/events");
    expect(await client.closeCode()).to.equal(1000);
    await client.raw.closed;
  });

  it("is refused with a head that is too large, or a header that is", async () => {
    await start();
    const raw = await openRaw(kit);
    raw.send(
      request("GET /v1/rooms/7/talk", [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${"x".repeat(20_000)}`,
      ]),
    );
    expect((await raw.response()).status).to.equal(431);
    raw.close();
  });

  it("leaves no socket counted, however it leaves", async () => {
    await start();
    const clients = await Promise.all(Array.from({ length: 20 }, () => open()));
    for (const [index, client] of clients.entries()) {
      if (index % 3 === 0) client.raw.close();
      else if (index % 3 === 1) client.raw.socket.resetAndDestroy();
      else client.raw.socket.end();
    }
    while (kit.census.sockets > 1) await new Promise(setImmediate);
    const tally = kit.census.tallies().find(({ method }) => method === "kit.v1.Kit.Talk");
    expect(tally?.open).to.equal(1);
  });
});
