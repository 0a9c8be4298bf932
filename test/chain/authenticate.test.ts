// The interceptor that asks who calls: what it lets through at once, what it leaves to others, and what it forgets.
import { expect } from "chai";
import type { Call, CallStart, Handler, Reply, StreamReply } from "../../src/call.ts";
import type { Identity } from "../../src/caller.ts";
import { createAuthentication } from "../../src/chain/authenticate.ts";
import { composeChain } from "../../src/chain/compose.ts";
import type { Interceptor } from "../../src/chain/compose.ts";
import { deferReply } from "../../src/defer-reply.ts";
import { IdentifiedStreams } from "../../src/chain/identified-streams.ts";
import type { Timed } from "../../src/chain/identified-streams.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { getSource, newCall } from "./new-call.ts";

const peer = { address: "::1", port: 1 };
const method = { name: "t.S.Get", path: "/t.S/Get" } as Method;
const openMethod = { name: "t.S.Open", path: "/t.S/Open" } as Method;
const reply: Reply = { message: new Uint8Array(), headers: [], trailers: [] };
const ada: Identity = { principal: "ada", expiresAt: Infinity };
const start = { method, metadata: [], peer };
const nothing = { read: () => Promise.resolve(undefined) };
const empty = new Uint8Array();

const unaryCall = (more: Partial<CallStart> = {}): Call => newCall({ ...start, ...more });
const streamCall = (more: Partial<CallStart> = {}): Call =>
  newCall({ ...start, method: { ...method, kind: "server-streaming" }, ...more });
const guard = (interceptor: Interceptor, end: Handler) => composeChain({ interceptors: [interceptor], end });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class HandTimer {
  readonly timed = new Set<Timed>();

  add(timed: Timed): void {
    this.timed.add(timed);
  }

  delete(timed: Timed): void {
    this.timed.delete(timed);
  }

  tick(now: number): void {
    for (const timed of this.timed) timed.check(now);
  }
}

/** Notes who calls; streams end when the test says so. */
function createEnd() {
  const seen: (Identity | undefined)[] = [];
  const ends: (() => void)[] = [];
  const end: Handler = {
    unary: (call) => {
      seen.push(call.identity);
      return Promise.resolve(reply);
    },
    stream: (call): StreamReply => {
      seen.push(call.identity);
      const trailers = new Promise<readonly string[]>((resolve, reject) => {
        ends.push(() => resolve([]));
        call.cancellation.onCancel(reject);
      });
      trailers.catch(() => {});
      return { headers: Promise.resolve([]), messages: { read: () => Promise.resolve(undefined) }, trailers };
    },
  };
  return { seen, ends, end };
}

describe("the interceptor that authenticates", () => {
  it("hands a call on at once where the answer is there at once", () => {
    const { seen, end } = createEnd();
    const timer = new HandTimer();
    const { interceptor } = createAuthentication({ authenticate: () => ada, timer, isOpen: () => false });
    void guard(interceptor, end).unary(unaryCall(), empty);
    guard(interceptor, end).stream(streamCall(), nothing);
    expect(seen).to.deep.equal([ada, ada]);
    expect(timer.timed.size).to.equal(0);
  });

  it("asks about the metadata and the peer, and about nothing where the identity is known or the method open", async () => {
    const { seen, end } = createEnd();
    const asked: unknown[] = [];
    const authenticate = (request: unknown): Promise<Identity> => {
      asked.push(request);
      return Promise.resolve(ada);
    };
    const isOpen = (called: Method): boolean => called === openMethod;
    const { interceptor } = createAuthentication({ authenticate, timer: new HandTimer(), isOpen });
    const chain = guard(interceptor, end);
    const bob: Identity = { principal: "bob", expiresAt: 1 };
    await chain.unary(unaryCall({ identity: bob }), empty);
    await chain.unary(unaryCall({ method: openMethod }), empty);
    chain.stream(streamCall({ identity: bob }), nothing);
    chain.stream(streamCall({ method: openMethod }), nothing);
    expect(asked).to.deep.equal([]);
    await chain.unary(unaryCall({ metadata: ["a", "b"] }), empty);
    expect(asked).to.deep.equal([{ metadata: ["a", "b"], headers: {}, peer, source: getSource, method }]);
    expect(seen).to.deep.equal([bob, undefined, bob, undefined, ada]);
  });

  it("does not end, nor revoke, a stream that came with its identity", () => {
    const { end } = createEnd();
    const timer = new HandTimer();
    const options = { authenticate: () => ada, timer, isOpen: () => false };
    const { interceptor, revoke } = createAuthentication(options);
    const call = streamCall({ identity: { principal: "ada", expiresAt: 0 } });
    guard(interceptor, end).stream(call, nothing);
    timer.tick(performance.now() + 1e9);
    expect(revoke("ada", new GatewayError(Code.UNAUTHENTICATED, "no"))).to.equal(0);
    expect(call.cancellation.error).to.equal(undefined);
  });

  it("rejects for a call that ends while it asks, and calls nobody when the answer comes", async () => {
    const { seen, end } = createEnd();
    let answer: (identity: Identity) => void = () => {};
    const timer = new HandTimer();
    const authenticate = (): Promise<Identity> => new Promise((resolve) => (answer = resolve));
    const { interceptor } = createAuthentication({ authenticate, timer, isOpen: () => false });
    const call = streamCall();
    const { messages, headers } = guard(interceptor, end).stream(call, nothing);
    const failed = messages.read().catch((error: unknown) => error);
    const gone = new GatewayError(Code.CANCELLED, "gone");
    call.cancellation.cancel(gone);
    expect(await failed).to.equal(gone);
    expect(await headers.catch((error: unknown) => error)).to.equal(gone);
    answer(ada);
    await turn();
    expect([seen.length, timer.timed.size]).to.deep.equal([0, 0]);
  });

  it("refuses who was revoked while it asked, and not who was before", async () => {
    const { seen, end } = createEnd();
    let answer: (identity: Identity) => void = () => {};
    const authenticate = (): Promise<Identity> => new Promise((resolve) => (answer = resolve));
    const options = { authenticate, timer: new HandTimer(), isOpen: () => false };
    const { interceptor, revoke } = createAuthentication(options);
    const refused = guard(interceptor, end)
      .unary(unaryCall(), empty)
      .catch((error: unknown) => error);
    revoke("ada", new GatewayError(Code.UNAUTHENTICATED, "no"));
    revoke("bob", new GatewayError(Code.UNAUTHENTICATED, "no"));
    answer(ada);
    expect(await refused).to.include({ code: Code.UNAUTHENTICATED, reason: "CREDENTIALS_REVOKED" });
    expect(seen).to.deep.equal([]);
    await turn();
    const later = guard(interceptor, end).unary(unaryCall(), empty);
    answer(ada);
    expect(await later).to.equal(reply);
  });

  it("says INTERNAL for answers that are no identity, and keeps what they were from clients", async () => {
    const { seen, end } = createEnd();
    const odd = [null, {}, { principal: "", expiresAt: 1 }, { principal: "a", expiresAt: Number.NaN }];
    for (const answer of [...odd, { principal: "a", expiresAt: "soon" }]) {
      for (const authenticate of [() => answer as Identity, () => Promise.resolve(answer as Identity)]) {
        const options = { authenticate, timer: new HandTimer(), isOpen: () => false };
        const error: unknown = await guard(createAuthentication(options).interceptor, end)
          .unary(unaryCall(), empty)
          .catch((cause: unknown) => cause);
        expect(error).to.be.instanceOf(GatewayError).and.to.include({ code: Code.INTERNAL, message: "internal error" });
      }
    }
    expect(seen).to.deep.equal([]);
  });
});

describe("the streams of known callers", () => {
  const expired = (call: Call): string | undefined => call.cancellation.error?.reason;

  it("end half a minute after the credentials, and not before", () => {
    const { end } = createEnd();
    const timer = new HandTimer();
    const identity = { principal: "ada", expiresAt: Date.now() + 1000 };
    const options = { authenticate: () => identity, timer, isOpen: () => false };
    const call = streamCall();
    guard(createAuthentication(options).interceptor, end).stream(call, nothing);
    const start = performance.now();
    timer.tick(start + 30_500);
    expect(expired(call)).to.equal(undefined);
    timer.tick(start + 31_500);
    expect(expired(call)).to.equal("CREDENTIALS_EXPIRED");
    expect(timer.timed.size).to.equal(0);
  });

  it("are forgotten when they end, however they do", async () => {
    const timer = new HandTimer();
    const streams = new IdentifiedStreams(timer);
    const calls = Array.from({ length: 5 }, () => streamCall());
    const identity = { principal: "ada", expiresAt: Date.now() + 1000 };
    for (const call of calls) streams.watch(identity, call);
    expect([streams.size, timer.timed.size]).to.deep.equal([5, 5]);
    calls[1].end(Code.OK);
    calls[4].end(Code.UNAVAILABLE);
    calls[0].cancellation.cancel(new GatewayError(Code.CANCELLED, "gone"));
    await turn();
    expect([streams.size, timer.timed.size]).to.deep.equal([2, 2]);
    expect(streams.revoke("ada", new GatewayError(Code.UNAUTHENTICATED, "no"))).to.equal(2);
    expect(calls.map((call) => call.cancellation.error?.code)).to.deep.equal([1, undefined, 16, 16, undefined]);
    expect([streams.size, timer.timed.size]).to.deep.equal([0, 0]);
  });
});

describe("a reply that begins later", () => {
  it("is read to its end like any other", async () => {
    const left = [Buffer.from("a"), Buffer.from("b")];
    const { headers, messages, trailers } = deferReply(
      Promise.resolve({
        headers: Promise.resolve(["h", "1"]),
        messages: { read: () => Promise.resolve(left.shift()) },
        trailers: Promise.resolve(["t", "2"]),
      }),
    );
    expect(await headers).to.deep.equal(["h", "1"]);
    expect([String(await messages.read()), String(await messages.read())]).to.deep.equal(["a", "b"]);
    expect(await messages.read()).to.equal(undefined);
    expect(await trailers).to.deep.equal(["t", "2"]);
  });
});
