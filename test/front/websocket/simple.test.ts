// Simple mode beyond its transcripts: who starts what when, who is held back, who hears of an end.
import { once } from "node:events";
import { expect } from "chai";
import { grpcGatewayWebSocket, strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { KitClient, KitFixture, KitOptions } from "./kit.ts";
import { startKit } from "./kit.ts";

describe("simple mode", () => {
  let kit: KitFixture;

  const start = async (settings: KitOptions = {}): Promise<void> => {
    kit = await startKit(settings);
  };
  afterEach(() => kit.close());

  const texts = async (client: KitClient): Promise<string[]> =>
    (await client.rest()).frames.map((frame) => ("text" in frame ? frame.text : `binary ${frame.binary.length}`));

  it("cancels the call at the backend at once, however the client closes", async () => {
    await start();
    for (const close of ["close", "terminate"] as const) {
      const called = kit.nextCall();
      const client = await kit.connect("/v1/rooms/7/events?then=hold");
      const call = await called;
      client.socket[close]();
      expect((await call.cancelled).code).to.equal(1);
    }
  });

  it("cancels when a client closes that has not answered the end of its socket", async () => {
    await start();
    const called = kit.nextCall();
    const client = await kit.connect("/v1/rooms/7/talk");
    const call = await called;
    client.socket.send('{"text":"a"}');
    await client.next();
    client.socket.close(1000);
    expect((await call.cancelled).reason).to.equal("CLIENT_GONE");
  });

  it("starts a call from the URL at the handshake, one with a body at the first frame", async () => {
    await start();
    const fromUrl = kit.nextCall();
    await kit.connect("/v1/rooms/7/events?then=hold");
    expect((await fromUrl).method).to.equal("Watch");
    const client = await kit.connect("/v1/rooms/7/search");
    expect(kit.calls.length).to.equal(1);
    const fromFrame = kit.nextCall();
    client.socket.send('{"count":1}');
    expect((await fromFrame).method).to.equal("Search");
    expect(await texts(client)).to.deep.equal(['{"room":"7","number":1,"text":""}']);
  });

  it("sends what came before an error before the error", async () => {
    await start();
    const client = await kit.connect("/v1/rooms/7/events?count=2&then=fail:5:gone");
    const { frames, code, reason } = await client.rest();
    expect(frames.length).to.equal(3);
    expect(frames[2]).to.deep.equal({
      text: '{"@status":{"code":5,"status":"NOT_FOUND","message":"gone","details":[],"trailers":{"x-kit-end":"failed"}}}',
    });
    expect([code, reason]).to.deep.equal([4005, "NOT_FOUND: gone"]);
  });

  it("cuts the reason of a close at 123 bytes, between characters", async () => {
    await start();
    const message = "€".repeat(60);
    const client = await kit.connect(`/v1/rooms/7/events?then=fail:5:${encodeURIComponent(message)}`);
    const { frames, reason } = await client.rest();
    expect(reason).to.equal(`NOT_FOUND: ${"€".repeat(37)}`);
    expect(JSON.parse((frames[0] as { text: string }).text)).to.have.nested.property("@status.message", message);
  });

  it("holds the client back while the backend takes nothing, and lets it go on", async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let read = 0;
    await start({
      handler: {
        unary: () => Promise.reject(new Error("no unary call is made")),
        stream: ({ messages }) => {
          const taken = held.then(async () => {
            while ((await messages.read()) !== undefined) read++;
          });
          return {
            headers: Promise.resolve([]),
            trailers: taken.then(() => []),
            messages: { read: () => taken.then(() => undefined) },
          };
        },
      },
    });
    const client = await kit.connect("/v1/rooms/7/talk");
    const message = Buffer.from(JSON.stringify({ text: "x".repeat(64 * 1024) }));
    // Far more than the sockets hold between them: the client keeps the rest.
    for (let i = 0; i < 400; i++) client.socket.send(message.toString());
    client.socket.send("");
    const isStuck = new Promise<void>((resolve) => {
      let before = -1;
      const look = (): void => {
        const now = client.socket.bufferedAmount;
        if (now === before && now > 0) resolve();
        else {
          before = now;
          setTimeout(look, 50);
        }
      };
      look();
    });
    await isStuck;
    expect(client.socket.bufferedAmount).to.be.greaterThan(1024 * 1024);
    expect(read).to.equal(0);
    release();
    expect((await client.closed).code).to.equal(1000);
    expect(read).to.equal(400);
  });

  it("does not read more from a backend than a client that reads nothing leaves room for", async () => {
    let pulled = 0;
    await start({
      handler: {
        unary: () => Promise.reject(new Error("no unary call is made")),
        stream: ({ cancellation }) => ({
          headers: Promise.resolve([]),
          trailers: new Promise((_resolve, reject) => cancellation.onCancel(reject)),
          messages: {
            read: () => {
              pulled++;
              // An Event with a text of 64 KiB.
              return Promise.resolve(
                Buffer.concat([Buffer.from([0x1a, 0x80, 0x80, 0x04]), Buffer.alloc(65_536, 0x61)]),
              );
            },
          },
        }),
      },
    });
    const client = await kit.connect("/v1/rooms/7/events");
    client.socket.pause();
    const isStuck = new Promise<void>((resolve) => {
      let before = -1;
      const look = (): void => {
        if (pulled === before) resolve();
        else {
          before = pulled;
          setTimeout(look, 100);
        }
      };
      look();
    });
    await isStuck;
    // What the system's buffers take (a few MB) and the high mark.
    expect(pulled).to.be.lessThan(400);
    const before = pulled;
    client.socket.resume();
    for (let i = 0; i <= before; i++) await client.next();
    expect(pulled).to.be.greaterThan(before);
  });

  it("ends a call that is silent with 4100, and one that is old with 4103", async () => {
    await start();
    for (const [path, code, reason] of [
      ["/v1/brief", 4100, "STREAM_IDLE"],
      ["/v1/short", 4103, "STREAM_LIFETIME"],
    ] as const) {
      const called = kit.nextCall();
      const client = await kit.connect(path);
      const call = await called;
      const { frames, code: closed } = await client.rest();
      expect(closed).to.equal(code);
      expect((frames[0] as { text: string }).text).to.include(`"reason":"${reason}"`);
      expect((await call.cancelled).reason).to.equal(reason);
    }
  });

  it("closes with 1001 when the gateway stops, and opens nothing more", async () => {
    await start();
    const called = kit.nextCall();
    const client = await kit.connect("/v1/rooms/7/talk");
    const call = await called;
    kit.front.drain();
    expect(await client.closed).to.deep.equal({ code: 1001, reason: "the gateway is stopping" });
    expect((await call.cancelled).code).to.equal(1);
    const refused = await kit.connect("/v1/rooms/7/talk").catch((error: Error) => error.message);
    expect(refused).to.match(/^HTTP 503: .*stopping/);
  });

  it("gives the call the deadline of $timeout, and none without it", async () => {
    await start();
    const first = kit.nextCall();
    await kit.connect("/v1/rooms/7/talk");
    expect((await first).deadline).to.equal(Infinity);
    const second = kit.nextCall();
    const now = performance.now();
    await kit.connect("/v1/rooms/7/talk?$timeout=30s");
    expect((await second).deadline).to.be.within(now + 29_000, now + 40_000);
  });

  it("passes on the headers REST passes on, and none of the handshake's", async () => {
    await start();
    const called = kit.nextCall();
    await kit.connect("/v1/rooms/7/talk", ["sluice.v1.json"], {
      headers: { "x-request-id": "r1", "x-other": "no", authorization: "Bearer t" },
    });
    const names = (await called).metadata.filter((_, index) => index % 2 === 0);
    expect([...names].sort()).to.deep.equal([
      "authorization",
      "x-forwarded-for",
      "x-forwarded-host",
      "x-forwarded-proto",
      "x-request-id",
    ]);
  });

  it("wraps messages and errors as grpc-websocket-proxy does when told to", async () => {
    await start({ options: { envelope: "grpc-gateway" } });
    const client = await kit.connect("/v1/rooms/7/events?count=1&then=fail:5:gone");
    expect(await texts(client)).to.deep.equal([
      '{"result":{"room":"7","number":1,"text":""}}',
      '{"error":{"code":5,"message":"gone","details":[]}}',
    ]);
  });

  it("serves unary methods when told to", async () => {
    await start({ options: { exposeUnary: true } });
    const client = await kit.connect("/v1/rooms/7?count=1");
    expect(await client.rest()).to.deep.equal({
      frames: [{ text: '{"room":"7","number":1,"text":""}' }],
      code: 1000,
      reason: "OK",
    });
  });

  it("counts what it does", async () => {
    await start();
    const client = await kit.connect("/v1/rooms/7/talk");
    client.socket.send('{"text":"a"}');
    client.socket.send("");
    await client.closed;
    const tally = kit.census.tallies().find(({ method }) => method === "kit.v1.Kit.Talk");
    expect(tally).to.deep.include({ way: "websocket", open: 0, opened: 1, messagesIn: 1, messagesOut: 1 });
    expect(tally?.endedBy[0]).to.equal(1);
    while (kit.census.sockets > 0) await new Promise(setImmediate);
    expect(kit.census.closes()).to.deep.equal([[1000, 1]]);
  });

  it("ends a call whose reply is too large with code 8", async () => {
    await start({ options: { maxReplyBytes: 1000 } });
    const called = kit.nextCall();
    const client = await kit.connect("/v1/rooms/7/events?count=1&then=big:1000");
    const call = await called;
    const { frames, code } = await client.rest();
    expect([frames.length, code]).to.deep.equal([2, 4008]);
    expect((await call.cancelled).reason).to.equal("REPLY_TOO_LARGE");
  });

  it("frames replies of every size, alone and many at once", async () => {
    await start({ options: { maxReplyBytes: 1_000_000 } });
    const client = await kit.connect("/v1/rooms/7/talk");
    const overhead = '{"room":"","number":1,"text":""}'.length;
    const lengths = [125, 126, 127, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_000];
    client.socket.send('{"text":"first"}');
    await client.next();
    for (const _round of [1, 2, 3])
      for (const length of lengths) client.socket.send(JSON.stringify({ text: `big:${length - overhead}` }));
    const received: number[] = [];
    for (let i = 0; i < lengths.length * 3; i++) {
      const { text, number } = JSON.parse(await client.nextText()) as { text: string; number: number };
      expect(text).to.match(/^x+$/);
      received.push(text.length + overhead);
      expect(number).to.equal(i + 2);
    }
    expect(received).to.deep.equal([...lengths, ...lengths, ...lengths]);
  });

  it("notices a client that goes while it is held back", async () => {
    let onGone: () => void = () => {};
    const gone = new Promise<void>((resolve) => (onGone = resolve));
    await start({
      options: { socket: { ...strictWebSocket.socket, pingMs: 50 } },
      handler: {
        unary: () => Promise.reject(new Error("no unary call is made")),
        // Takes nothing, says nothing.
        stream: ({ cancellation }) => {
          const failed = new Promise<never>((_resolve, reject) => cancellation.onCancel(reject));
          cancellation.onCancel(onGone);
          return { headers: failed, trailers: failed, messages: { read: () => failed } };
        },
      },
    });
    const client = await kit.connect("/v1/rooms/7/talk");
    for (let i = 0; i < 100; i++) client.socket.send(JSON.stringify({ text: "x".repeat(10_000) }));
    await once(client.socket, "ping");
    client.socket.terminate();
    await gone;
  });

  it("reads and writes as grpc-gateway does in its profile", async () => {
    await start({ options: grpcGatewayWebSocket });
    const client = await kit.connect("/v1/rooms/7/talk?$head=1");
    client.socket.send('{"text":"a","colour":"red"}');
    expect(await client.nextText()).to.equal('{"@head":{"x-kit":["1","2"],"x-secret":"no"}}');
    expect(await client.nextText()).to.equal('{"room":"7","number":1,"text":"a"}');
    client.socket.send("[]");
    const { frames, code } = await client.rest();
    expect((frames[0] as { text: string }).text).to.include('"code":3,"status":"INVALID_ARGUMENT"');
    expect(code).to.equal(4003);
  });
});
