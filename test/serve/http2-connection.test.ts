// An HTTP/2 connection as the listener watches it: idle or not, drained, cut off, and faults that cost one stream only.
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { expect } from "chai";
import { clientPreface, ErrorCode, FrameType, SettingId } from "../../src/http2/protocol.ts";
import { frame, RawPeer } from "../http2/support/raw-peer.ts";
import { ask, data, headBlock, headers, headOf, serveExchanges } from "./http2-fixture.ts";
import type { Http2Fixture } from "./http2-fixture.ts";

describe("serveHttp2", () => {
  let fixture: Http2Fixture;

  afterEach(() => fixture.close());

  it("is idle while no request is under way", async () => {
    fixture = await serveExchanges();
    const raw = await fixture.raw();
    await raw.settled();
    expect(fixture.served[0].isIdle).to.equal(true);
    raw.send(headers(1, headBlock("/"), true));
    const exchange = await fixture.exchange();
    expect(fixture.served[0].isIdle).to.equal(false);
    exchange.respond(200, [], undefined);
    await headOf(raw, 1);
    expect(fixture.served[0].isIdle).to.equal(true);
  });

  it("answers as many streams at once as the client may open, each its own", async () => {
    fixture = await serveExchanges();
    const client = await fixture.client();
    const answers = Array.from({ length: 100 }, (_, at) => ask(client, { ":path": `/${at}` }));
    const exchanges = await Promise.all(answers.map(() => fixture.exchange()));
    for (const exchange of exchanges.reverse()) exchange.respond(200, [], Buffer.from(exchange.target));
    const bodies = (await Promise.all(answers)).map(({ body }) => body.toString());
    expect(bodies).to.deep.equal(answers.map((_, at) => `/${at}`));
  });

  it("announces how many streams it takes", async () => {
    fixture = await serveExchanges({ limits: { maxStreams: 7 } });
    const raw = await fixture.raw();
    const settings = await raw.next(FrameType.SETTINGS, ({ flags }) => flags === 0);
    const entries = new Map<number, number>();
    for (let at = 0; at < (settings?.payload.length ?? 0); at += 6)
      entries.set(settings!.payload.readUInt16BE(at), settings!.payload.readUInt32BE(at + 2));
    expect(entries.get(SettingId.MAX_CONCURRENT_STREAMS)).to.equal(7);
  });

  it("drained takes no new request, finishes those under way, then ends", async () => {
    fixture = await serveExchanges();
    const raw = await fixture.raw();
    raw.send(headers(1, headBlock("/")));
    const exchange = await fixture.exchange();
    fixture.served[0].drain();
    expect(await raw.goawayCode()).to.equal(ErrorCode.NO_ERROR);
    const body = exchange.readBody(10);
    raw.send(data(1, Buffer.from("rest"), true));
    exchange.respond(200, [], await body);
    expect((await headOf(raw, 1))?.get(":status")).to.equal("200");
    await raw.ended();
  });

  it("drained while idle ends at once", async () => {
    fixture = await serveExchanges();
    const raw = await fixture.raw();
    await raw.settled();
    fixture.served[0].drain();
    await raw.ended();
    expect(await raw.goawayCode()).to.equal(ErrorCode.NO_ERROR);
  });

  it("destroyed tells the exchanges under way", async () => {
    fixture = await serveExchanges();
    const raw = await fixture.raw();
    raw.send(headers(1, headBlock("/")));
    const exchange = await fixture.exchange();
    const gone = new Promise<void>((resolve) => exchange.onAbort(resolve));
    fixture.served[0].destroy();
    await gone;
    await raw.ended();
  });

  it("loses one stream to a front that throws, and nothing else", async () => {
    fixture = await serveExchanges({
      front: (exchange) => {
        if (exchange.target === "/fault") throw new Error("a fault of the front");
        exchange.respond(200, [], Buffer.from("fine"));
      },
    });
    const raw = await fixture.raw();
    raw.send(headers(1, headBlock("/fault"), true), headers(3, headBlock("/"), true));
    expect(await raw.resetCode(1)).to.equal(ErrorCode.INTERNAL_ERROR);
    expect((await headOf(raw, 3))?.get(":status")).to.equal("200");
  });

  it("reads what was read from the socket before it", async () => {
    fixture = await serveExchanges();
    const socket = connect(fixture.port, "127.0.0.1");
    await once(socket, "connect");
    const raw = new RawPeer(socket);
    raw.send(clientPreface.subarray(0, 10));
    raw.send(clientPreface.subarray(10), frame(FrameType.SETTINGS, 0, 0), headers(1, headBlock("/"), true));
    (await fixture.exchange()).respond(200, [], undefined);
    expect((await headOf(raw, 1))?.get(":status")).to.equal("200");
    socket.destroy();
  });

  it("cuts off a client that says nothing", async () => {
    fixture = await serveExchanges({ limits: { headersTimeoutMs: 50 } });
    const socket = connect(fixture.port, "127.0.0.1");
    socket.resume();
    await once(socket, "close");
  });

  it("drains a client that asks nothing for long", async () => {
    fixture = await serveExchanges({ limits: { keepAliveTimeoutMs: 50 } });
    const session = connectHttp2(`http://127.0.0.1:${fixture.port}`);
    const [code] = (await once(session, "goaway")) as [number];
    expect(code).to.equal(ErrorCode.NO_ERROR);
    session.destroy();
  });
});
