// How often a link asks whether its server is there: no more often than servers stand, whoever wants to know.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect } from "chai";
import { clientPreface, FrameType } from "../../src/http2/protocol.ts";
import { parseEndpoint } from "../../src/upstream/dial.ts";
import { type Link, openLink, toHttp2Limits } from "../../src/upstream/native-link.ts";
import { frame, RawPeer, settingsAck } from "../http2/support/raw-peer.ts";
import { createSignal, testLimits } from "./calls.ts";

const { HEADERS, PING, SETTINGS } = FrameType;
const intervalMs = 310_000;
const request = [":method", "POST", ":scheme", "http", ":path", "/t.S/M", ":authority", "a"];
const silent = { onHeaders() {}, onData() {}, onEnd() {}, onReset() {} };

describe("PINGs of a link", () => {
  const disposals: (() => unknown)[] = [];
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  beforeEach(() => {
    aheadMs = 0;
    performance.now = () => now() + aheadMs;
  });
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
    performance.now = now;
  });

  /** With a request that the server has and does not answer. */
  const open = async (timeoutMs: number): Promise<{ link: Link; peer: RawPeer; gone: Promise<string> }> => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const ready = createSignal<void>();
    const gone = createSignal<string>();
    const { port } = server.address() as AddressInfo;
    const link = openLink(
      {
        dial: { endpoint: parseEndpoint(`127.0.0.1:${port}`), security: undefined },
        limits: toHttp2Limits(testLimits, 0),
        keepalive: { intervalMs, timeoutMs },
        timeoutMs: 60_000,
      },
      {
        onReady: () => ready.resolve(),
        onFailed: (_, error) => gone.resolve(error.message),
        onDraining: (_, reason) => gone.resolve(reason),
        onGone: () => {},
        onAvailable: () => {},
      },
    );
    const [socket] = await accepted;
    disposals.push(
      () => server.close(),
      () => socket.destroy(),
      () => link.close(),
    );
    const peer = new RawPeer(socket, clientPreface.length);
    peer.send(frame(SETTINGS, 0, 0), settingsAck);
    await ready.promise;
    await ask(link, peer);
    return { link, peer, gone: gone.promise };
  };
  /** What the link has sent before has come, too. */
  const ask = async ({ connection }: Link, peer: RawPeer): Promise<void> => {
    const count = peer.frames.filter(({ type }) => type === HEADERS).length;
    connection?.request(request, silent, true);
    await peer.next(HEADERS, ({ id }) => id === count * 2 + 1);
  };
  const pings = ({ frames }: RawPeer): number =>
    frames.filter(({ type, flags }) => type === PING && flags === 0).length;

  it("are held back for a call without an answer soon after one of keepalive", async () => {
    const { link, peer } = await open(60_000);
    aheadMs += intervalMs;
    const first = await peer.next(PING);
    peer.send(frame(PING, 1, 0, first?.payload));
    await peer.settled();
    link.suspect();
    await ask(link, peer);
    expect(pings(peer)).to.equal(1);

    aheadMs += intervalMs;
    link.suspect();
    await ask(link, peer);
    expect(pings(peer)).to.equal(2);
  });

  it("are held back by keepalive soon after one for a call without an answer", async () => {
    const { link, peer, gone } = await open(2000);
    aheadMs += intervalMs;
    link.suspect();
    expect(await gone).to.contain("did not answer a PING within 2000 ms");
    expect(pings(peer)).to.equal(1);
  });
});
