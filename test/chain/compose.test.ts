// The chain: the order of the interceptors, what they may do to a call and its messages, and nothing at all where there are none.
import { expect } from "chai";
import type { CallEnd, Call, Handler, Intercept } from "../../src/call.ts";
import { composeChain } from "../../src/chain/compose.ts";
import type { Around, ChainWatch, Interceptor } from "../../src/chain/compose.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { failureOf, readAll, readerOf } from "../upstream/calls.ts";
import { newCall } from "./new-call.ts";

const end: Handler = {
  unary: (call) => Promise.resolve({ message: call.message, headers: [], trailers: [] }),
  stream: (call) => ({ headers: Promise.resolve([]), messages: call.messages, trailers: Promise.resolve([]) }),
};

const named = (name: string, intercept: Intercept): Interceptor => ({ name, compile: () => intercept });
const denied = new GatewayError(Code.PERMISSION_DENIED, "no");
const deny = named("deny", () => {
  throw denied;
});
const later = named("later", () => new Promise((resolve) => setImmediate(resolve)));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const upperCase = (message: Uint8Array): Uint8Array => Buffer.from(text(message).toUpperCase());

describe("composeChain", () => {
  it("hands calls to the end as they are without interceptors", async () => {
    const chain = composeChain({ end });
    expect(chain.admit(newCall())).to.equal(undefined);
    expect(text((await chain.unary(newCall(), Buffer.from("a"))).message)).to.equal("a");
  });

  it("shows a call to the first interceptor first, whether they wait or not", async () => {
    const seen: string[] = [];
    const note = (name: string): Interceptor => named(name, () => void seen.push(name));
    await composeChain({ interceptors: [note("a"), later, note("b")], end }).unary(newCall(), Buffer.from("a"));
    expect(seen).to.deep.equal(["a", "b"]);
  });

  it("asks an interceptor once for each method, and skips what has no use for it", async () => {
    const asked: string[] = [];
    const picky: Interceptor = {
      name: "picky",
      compile: (method) => {
        asked.push(method.path);
        return undefined;
      },
    };
    const chain = composeChain({ interceptors: [picky], end });
    const call = newCall();
    await chain.unary(call, Buffer.from("a"));
    await chain.unary(newCall({ method: call.method }), Buffer.from("a"));
    expect(asked).to.deep.equal([call.method.path]);
  });

  it("says on the call who refused it, at once and after a wait", async () => {
    for (const interceptors of [
      [named("a", () => {}), deny],
      [later, deny],
      [named("a", () => {}), named("deny", () => Promise.reject(denied))],
    ]) {
      const call = newCall();
      expect(await failureOf(composeChain({ interceptors, end }).unary(call, Buffer.from("a")))).to.equal(denied);
      expect(call.refusedBy).to.equal("deny");
    }
  });

  it("runs calls in the context of whoever watches, and shows it the interceptors that wait", async () => {
    const seen: string[] = [];
    const watch: ChainWatch = {
      within(_call, run) {
        seen.push("in");
        const result = run();
        seen.push("out");
        return result;
      },
      waits(_call, name, pending) {
        seen.push(name);
        return pending;
      },
    };
    const chain = composeChain({ interceptors: [named("a", () => void seen.push("a")), later], end, watch });
    const call = newCall();
    await chain.admit(call);
    expect(seen).to.deep.equal(["in", "a", "later", "out"]);
    expect(text((await chain.unary(call, Buffer.from("a"))).message)).to.equal("a");
    expect(seen.slice(-2)).to.deep.equal(["in", "out"]);
  });

  it("keeps a few notes for the log", () => {
    const call = newCall();
    expect(call.notes).to.equal(undefined);
    for (let i = 0; i < 100; i++) call.note("authorize", `n${i}`);
    expect(call.notes).to.have.length(16);
    expect(call.notes?.[0]).to.deep.equal({ name: "authorize", text: "n0" });
  });

  it("admits a call once", async () => {
    let count = 0;
    const chain = composeChain({ interceptors: [named("count", () => void count++)], end });
    const call = newCall();
    await chain.admit(call);
    await chain.unary(call, Buffer.from("a"));
    expect(count).to.equal(1);
  });

  it("refuses in the same way at once and later, for every kind of call", async () => {
    for (const interceptors of [[deny], [later, deny]]) {
      const chain = composeChain({ interceptors, end });
      expect(await failureOf(chain.unary(newCall(), Buffer.from("a")))).to.equal(denied);
      const reply = chain.stream(newCall(), readerOf([]));
      expect(await failureOf(reply.messages.read())).to.equal(denied);
      expect(await failureOf(reply.trailers)).to.equal(denied);
    }
  });

  it("calls nobody for a client that left while an interceptor waited", async () => {
    const gone = new GatewayError(Code.CANCELLED, "gone");
    const call = newCall();
    const leave = named("leave", async () => call.cancellation.cancel(gone));
    expect(await failureOf(composeChain({ interceptors: [leave], end }).unary(call, Buffer.from("a")))).to.equal(gone);
  });

  it("passes messages through the taps, in order, unary and streaming alike", async () => {
    const tapping = named("tapping", (call: Call) => {
      call.onRequest(upperCase);
      call.onRequest(async (message) => Buffer.concat([message, Buffer.from("!")]));
      call.onReply((message) => Buffer.concat([Buffer.from(">"), message]));
    });
    const chain = composeChain({ interceptors: [tapping], end });
    expect(text((await chain.unary(newCall(), Buffer.from("a"))).message)).to.equal(">A!");
    const reply = chain.stream(newCall(), readerOf([Buffer.from("a"), Buffer.from("b")]));
    expect((await readAll(reply.messages)).map(text)).to.deep.equal([">A!", ">B!"]);
  });

  it("ends a stream whose message a tap refuses, at the backend as well", async () => {
    const tapping = named("tapping", (call: Call) =>
      call.onReply(() => {
        throw denied;
      }),
    );
    const call = newCall();
    const reply = composeChain({ interceptors: [tapping], end }).stream(call, readerOf([Buffer.from("a")]));
    expect(await failureOf(reply.messages.read())).to.equal(denied);
    expect(call.cancellation.error).to.equal(denied);
  });

  it("says INTERNAL for what is thrown and is no GatewayError", async () => {
    const broken = named("broken", () => {
      throw new TypeError("secret");
    });
    const error = await failureOf(composeChain({ interceptors: [broken], end }).unary(newCall(), Buffer.from("a")));
    expect([error.code, error.message]).to.deep.equal([Code.INTERNAL, "internal error"]);
  });

  it("wraps the end, outermost first", async () => {
    const wrap =
      (mark: string): Around =>
      (next) => ({
        ...next,
        unary: async (call) => {
          const reply = await next.unary(call);
          return { ...reply, message: Buffer.from(text(reply.message) + mark) };
        },
      });
    const chain = composeChain({ around: [wrap("1"), wrap("2")], end });
    expect(text((await chain.unary(newCall(), Buffer.from("a"))).message)).to.equal("a21");
  });
});

describe("a call", () => {
  it("tells once how it ended", () => {
    const call = newCall();
    const ends: CallEnd[] = [];
    call.onEnd((how) => ends.push(how));
    const before = performance.now();
    call.end(Code.PERMISSION_DENIED, denied, 403);
    call.end(Code.OK);
    expect(ends).to.have.lengthOf(1);
    const { endedAt, ...rest } = ends[0];
    expect(rest).to.deep.equal({ code: Code.PERMISSION_DENIED, error: denied, httpStatus: 403 });
    expect(endedAt).to.be.within(before, performance.now());
  });
});
