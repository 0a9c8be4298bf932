import { expect } from "chai";
import type { Call } from "../../src/call.ts";
import { createConcurrency } from "../../src/chain/concurrency.ts";
import type { MethodPolicy } from "../../src/chain/policy.ts";
import type { Method, MethodKind } from "../../src/schema/descriptor.ts";
import { OwnSlots } from "../../src/slots.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { knownService, newCall } from "./new-call.ts";

const methodOf = (kind: MethodKind): Method => ({ name: `t.S.${kind}`, kind, service: knownService }) as Method;

function newConcurrency(maxInFlight: number | undefined, maxStreamsPerClient?: number) {
  const value = maxInFlight === undefined ? undefined : { value: maxInFlight, from: "test" };
  const clients = new OwnSlots(maxStreamsPerClient);
  const concurrency = createConcurrency({
    policyOf: () => ({ maxInFlight: value }) as MethodPolicy,
    maxStreamsPerClient,
    slotsOf: (name, max) => (name === "streams.max_per_client" ? clients : new OwnSlots(max)),
  });
  return { ...concurrency, clients, refusedStreams: () => concurrency.refusedStreams };
}

function refusalOf(run: () => unknown): GatewayError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as GatewayError;
  }
}

describe("concurrency", () => {
  it("costs methods without a bound nothing", () => {
    expect(newConcurrency(undefined).compile(methodOf("unary"))).to.equal(undefined);
    expect(newConcurrency(undefined, 3).compile(methodOf("unary"))).to.equal(undefined);
  });

  it("lets so many calls of a method be under way, and refuses others with 503 and when to come again", () => {
    const concurrency = newConcurrency(2);
    const take = concurrency.compile(methodOf("unary"));
    const calls = [newCall(), newCall()];
    for (const call of calls) void take?.(call);
    expect(refusalOf(() => take?.(newCall()))).to.include({
      code: Code.UNAVAILABLE,
      httpStatus: 503,
      reason: "METHOD_BUSY",
    });
    expect(refusalOf(() => take?.(newCall()))?.headers).to.deep.equal({ "retry-after": "1" });
    calls[0].end(Code.OK);
    expect(refusalOf(() => take?.(newCall()))).to.equal(undefined);
    expect(concurrency.inFlight()).to.deep.equal([{ method: "t.S.unary", count: 2, refused: 2 }]);
  });

  it("gives a place back once, however often and badly a call ends, and for one that had ended before", () => {
    const concurrency = newConcurrency(5);
    const take = concurrency.compile(methodOf("unary"));
    const count = (): number => concurrency.inFlight()[0].count;
    const call = newCall();
    void take?.(call);
    call.end(Code.CANCELLED, new GatewayError(Code.CANCELLED, "gone"));
    call.end(Code.OK);
    expect(count()).to.equal(0);
    const over = newCall();
    over.end(Code.CANCELLED);
    void take?.(over);
    expect(count()).to.equal(0);
  });

  it("counts methods that no proto names as one, whatever clients call them", () => {
    const concurrency = newConcurrency(2);
    const refused = [1, 2, 3].map((i) => {
      const method = { name: `made.Up.M${i}`, kind: "unary", service: { methods: [] as readonly Method[] } } as Method;
      return refusalOf(() => concurrency.compile(method)?.(newCall()))?.reason;
    });
    expect(refused).to.deep.equal([undefined, undefined, "METHOD_BUSY"]);
    expect(concurrency.inFlight()).to.have.length(1);
  });

  it("bounds the streams of a client over all methods, by principal or else by address", () => {
    const concurrency = newConcurrency(undefined, 2);
    const [watch, talk] = [
      concurrency.compile(methodOf("server-streaming")),
      concurrency.compile(methodOf("bidi-streaming")),
    ];
    const ann = { principal: "ann", expiresAt: Infinity };
    const own = (): Call => newCall({ identity: ann });
    const [first, second] = [own(), own()];
    void watch?.(first);
    void talk?.(second);
    expect(refusalOf(() => watch?.(own()))).to.include({
      code: Code.RESOURCE_EXHAUSTED,
      reason: "TOO_MANY_STREAMS_OF_CLIENT",
    });
    // Somebody else at the same address.
    expect(refusalOf(() => watch?.(newCall()))).to.equal(undefined);
    first.end(Code.OK);
    expect(refusalOf(() => watch?.(own()))).to.equal(undefined);
    expect([concurrency.clients.size, concurrency.refusedStreams()]).to.deep.equal([2, 1]);
  });

  it("forgets clients whose streams have ended", () => {
    const concurrency = newConcurrency(undefined, 2);
    const watch = concurrency.compile(methodOf("server-streaming"));
    for (let i = 0; i < 1000; i++) {
      const call = newCall({ peer: { address: `203.0.113.${i % 250}`, port: i } });
      void watch?.(call);
      call.end(Code.OK);
    }
    expect(concurrency.clients.size).to.equal(0);
  });

  it("gives back what a stream took that its method then refuses, when the call ends", () => {
    const concurrency = newConcurrency(1, 5);
    const watch = concurrency.compile(methodOf("server-streaming"));
    const [first, second] = [newCall(), newCall()];
    void watch?.(first);
    expect(refusalOf(() => watch?.(second))).to.include({ reason: "METHOD_BUSY" });
    second.end(Code.UNAVAILABLE);
    first.end(Code.OK);
    expect([concurrency.clients.size, concurrency.inFlight()[0].count]).to.deep.equal([0, 0]);
  });
});
