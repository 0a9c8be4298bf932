// Multiplexed mode and clients that do not mean well: each ends as documented, and the streams of others go on.
import { expect } from "chai";
import { strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { SocketLimits, WebSocketOptions } from "../../../src/front/websocket/options.ts";
import type { KitClient, KitFixture } from "./kit.ts";
import { startKit } from "./kit.ts";
import { openRawSocket } from "./raw-socket.ts";
import type { RawSocket } from "./raw-socket.ts";

const text = 1;
const protocol = "sluice.mux.v1.json";

type Frame = Readonly<Record<string, unknown>>;

const init = { t: "init" };
const talk = (id: number, more: object = {}) => ({ t: "open", id, method: "kit.v1.Kit/Talk", ...more });

describe("a multiplexed socket of a hostile client", () => {
  let kit: KitFixture;
  let bystander: KitClient;

  const start = async (socket: Partial<SocketLimits> = {}, options: Partial<WebSocketOptions> = {}): Promise<void> => {
    kit = await startKit({ options: { ...options, socket: { ...strictWebSocket.socket, ...socket } } });
    bystander = await kit.connect("/-/stream", [protocol]);
    bystander.socket.send(JSON.stringify(init));
    bystander.socket.send(JSON.stringify(talk(1, { credit: 9 })));
    for (let i = 0; i < 2; i++) await bystander.nextText();
  };
  const openRaw = (): Promise<RawSocket> => openRawSocket(kit, "/-/stream", [`Sec-WebSocket-Protocol: ${protocol}`]);
  const openMux = async (): Promise<KitClient> => {
    const client = await kit.connect("/-/stream", [protocol]);
    client.socket.send(JSON.stringify(init));
    await client.nextText();
    return client;
  };
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise(setImmediate);
  };

  afterEach(async () => {
    bystander.socket.send('{"t":"msg","id":1,"m":{"text":"still here"}}');
    expect(await bystander.nextText()).to.include("still here");
    expect(kit.reports).to.deep.equal([]);
    await kit.close();
  });

  it("reads frames that come in fragments of one byte", async () => {
    await start();
    const client = await openRaw();
    const frame = JSON.stringify(init);
    for (const [index, character] of frame.split("").entries())
      client.send(index === 0 ? text : 0, character, { isLast: index === frame.length - 1 });
    expect((await client.next()).payload.toString()).to.include('"ready"');
    client.raw.close();
  });

  it("is closed with 1007 for a frame that is not UTF-8", async () => {
    await start();
    const client = await openRaw();
    client.send(text, Buffer.from('{"t":"init","auth":"\u00ff"}', "latin1"));
    expect(await client.closeCode()).to.equal(1007);
  });

  it("has a stream end with code 3 for a message that is nested too deep, and may go on", async () => {
    await start();
    const client = await openMux();
    const depth = 100_000;
    client.socket.send(
      `{"t":"open","id":1,"path":"GET /v1/rooms/7/values","m":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`,
    );
    client.socket.send(`{"t":"open","id":2,"method":"kit.v1.Kit/Talk","m":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    const frames = [await client.nextText(), await client.nextText()].map((frame) => JSON.parse(frame) as Frame);
    expect(frames.map(({ t, id, code }) => [t, id, code])).to.deep.equal([
      ["status", 1, 3],
      ["status", 2, 3],
    ]);
  });

  it("gets a bounded number of streams opened and cancelled, and leaves nothing behind", async () => {
    await start();
    const client = await openMux();
    const count = 1000;
    for (let id = 1; id <= count; id++) {
      client.socket.send(JSON.stringify(talk(id)));
      client.socket.send(JSON.stringify({ t: "cancel", id }));
    }
    let statuses = 0;
    while (statuses < count) if ((await client.nextText()).includes('"code":1')) statuses++;
    const [tally] = kit.census.tallies();
    expect([tally.open, tally.opened]).to.deep.equal([1, count + 1]);
    expect(await Promise.all(kit.calls.slice(1).map(async ({ cancelled }) => (await cancelled).code))).to.have.length(
      count,
    );
  });

  it("is held back when it opens streams too fast, each counting as four messages", async () => {
    await start({ messagesPerSecond: 40 });
    const client = await openMux();
    const before = kit.census.pauses;
    for (let id = 1; id <= 9; id++) client.socket.send(JSON.stringify(talk(id)));
    for (let id = 1; id <= 9; id++) await client.nextText();
    expect(kit.census.pauses - before).to.equal(0);
    for (let id = 10; id <= 12; id++) client.socket.send(JSON.stringify(talk(id)));
    for (let id = 10; id <= 12; id++) await client.nextText();
    expect(kit.census.pauses - before).to.be.greaterThan(0);
  });

  it("is closed with 4154 when it never stops to send too fast", async () => {
    await start({ messagesPerSecond: 20, rateExcessMs: 100 });
    const client = await openMux();
    let isOpen = true;
    void client.closed.then(() => (isOpen = false));
    const pump = (): void => {
      if (!isOpen) return;
      for (let i = 0; i < 50; i++) client.socket.send('{"t":"pong"}');
      setTimeout(pump, 5);
    };
    pump();
    expect((await client.closed).code).to.equal(4154);
  });

  it("cannot make the gateway keep more than one pong when it does not read", async () => {
    await start({ messagesPerSecond: 1_000_000, unsentHighBytes: 64 * 1024, unsentLowBytes: 16 * 1024 });
    const client = await openMux();
    const { socket } = client;
    // More than any system keeps for a connection.
    const count = 30_000;
    const path = `GET /v1/rooms/${"7".repeat(1000)}/events?count=${count}`;
    socket.send(JSON.stringify({ t: "open", id: 1, path, credit: count }));
    socket.pause();
    await kit.nextCall();
    // Stuck: nothing was taken from the backend for many turns.
    const tally = kit.census.tallies().find(({ method }) => method.endsWith("Watch"))!;
    for (let [turns, seen] = [0, 0]; turns < 1000 || seen === 0; turns++) {
      await new Promise(setImmediate);
      if (tally.messagesOut !== seen) [turns, seen] = [0, tally.messagesOut];
    }
    expect(tally.messagesOut).to.be.lessThan(count);
    const d = "x".repeat(120);
    for (let i = 0; i < 5000; i++) socket.send(JSON.stringify({ t: "ping", d }));
    await until(() => socket.bufferedAmount === 0);
    socket.resume();
    // What was owed comes when there is room: many pings, few pongs.
    let pongs = 0;
    let messages = 0;
    while (messages < count) {
      const frame = await client.nextText();
      if (frame.startsWith('{"t":"pong"')) pongs++;
      else if (frame.startsWith('{"t":"msg"')) messages++;
    }
    expect(pongs).to.be.lessThan(100);
  });

  it("opens nothing behind a violation in the same packet", async () => {
    await start();
    const client = await openRaw();
    client.send(text, JSON.stringify(init));
    await client.next();
    const before = kit.calls.length;
    client.raw.socket.cork();
    client.send(text, '{"t":"hello"}');
    for (let id = 1; id <= 20; id++) client.send(text, JSON.stringify(talk(id)));
    client.raw.socket.uncork();
    expect(await client.closeCode()).to.equal(4150);
    expect(kit.calls.length).to.equal(before);
  });

  it("is not listened to after its close frame", async () => {
    await start();
    const client = await openRaw();
    client.send(text, JSON.stringify(init));
    await client.next();
    const before = kit.calls.length;
    client.raw.socket.cork();
    client.send(8, Buffer.from([0x03, 0xe8]));
    client.send(text, JSON.stringify(talk(1)));
    client.raw.socket.uncork();
    expect(await client.closeCode()).to.equal(1000);
    expect(kit.calls.length).to.equal(before);
  });

  it("gets streams cancelled when it vanishes without a word", async () => {
    await start();
    const client = await openRaw();
    client.send(text, JSON.stringify(init));
    await client.next();
    const called = kit.nextCall();
    client.send(text, JSON.stringify(talk(1)));
    const { cancelled } = await called;
    client.raw.socket.destroy();
    expect((await cancelled).code).to.equal(1);
  });
});
