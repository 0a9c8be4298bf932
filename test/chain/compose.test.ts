// The chain: order of the interceptors, and nothing at all when there are none.
import { expect } from "chai";
import type { Handler } from "../../src/call.ts";
import { composeChain, type Interceptor } from "../../src/chain/compose.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { failureOf, readAll, readerOf, streamCall, unaryCall } from "../upstream/calls.ts";

const end: Handler = {
  unary: (call) => Promise.resolve({ message: call.message, headers: [], trailers: [] }),
  stream: (call) => ({ headers: Promise.resolve([]), messages: call.messages, trailers: Promise.resolve([]) }),
};

describe("composeChain", () => {
  it("is the end itself without interceptors", () => {
    expect(composeChain([], end)).to.equal(end);
  });

  it("shows a call to the first interceptor first and the reply to it last", async () => {
    const seen: string[] = [];
    const named =
      (name: string): Interceptor =>
      (next) => ({
        ...next,
        unary: async (call) => {
          seen.push(`${name} call`);
          const reply = await next.unary(call);
          seen.push(`${name} reply`);
          return reply;
        },
      });
    await composeChain([named("a"), named("b")], end).unary(unaryCall("/t.S/M"));
    expect(seen).to.deep.equal(["a call", "b call", "b reply", "a reply"]);
  });

  it("lets an interceptor answer by itself", async () => {
    const deny: Interceptor = (next) => ({
      ...next,
      unary: () => Promise.reject(new GatewayError(Code.PERMISSION_DENIED, "no")),
    });
    expect((await failureOf(composeChain([deny], end).unary(unaryCall("/t.S/M")))).code).to.equal(
      Code.PERMISSION_DENIED,
    );
  });

  it("runs streams through the same chain", async () => {
    const shout: Interceptor = (next) => ({
      ...next,
      stream: (call) => {
        const reply = next.stream(call);
        return { ...reply, messages: { read: async () => (await reply.messages.read())?.map((byte) => byte - 32) } };
      },
    });
    const reply = composeChain([shout], end).stream(streamCall("/t.S/M", readerOf([Buffer.from("ab")])));
    expect(Buffer.concat(await readAll(reply.messages)).toString()).to.equal("AB");
  });
});
