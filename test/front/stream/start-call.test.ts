import { composeChain } from "../../../src/chain/compose.ts";
import { expect } from "chai";
import type { UnaryCall } from "../../../src/call.ts";
import { Inbox } from "../../../src/front/stream/inbox.ts";
import { startCall } from "../../../src/front/stream/start-call.ts";
import { GatewayError } from "../../../src/status.ts";
import { newCall } from "../../chain/new-call.ts";
import { schemaOf } from "../../support/schema.ts";

const schema = schemaOf('syntax = "proto3"; message M {} service S { rpc Do(M) returns (M); }');
const [method] = schema.services[0].methods;

function start(answer: (call: UnaryCall) => Promise<Uint8Array>, ...messages: readonly Uint8Array[]) {
  const inbox = new Inbox(() => {});
  for (const message of messages) inbox.push(message);
  inbox.end();
  const handler = {
    unary: async (unary: UnaryCall) => ({
      message: await answer(unary),
      headers: ["x-h", "1"],
      trailers: ["x-t", "1"],
    }),
    stream: () => {
      throw new Error("not a stream");
    },
  };
  return startCall(composeChain({ end: handler }), newCall({ method, metadata: ["x-a", "1"] }), inbox);
}

describe("startCall of a unary method", () => {
  it("answers with one message", async () => {
    const reply = start(
      (call) => Promise.resolve(Buffer.from(`${call.metadata.join()} ${call.message[0]}`)),
      Uint8Array.of(7),
    );
    expect(await reply.headers).to.deep.equal(["x-h", "1"]);
    expect(Buffer.from((await reply.messages.read()) ?? []).toString()).to.equal("x-a,1 7");
    expect(await reply.messages.read()).to.equal(undefined);
    expect(await reply.trailers).to.deep.equal(["x-t", "1"]);
  });

  for (const [count, found] of [
    [0, "none came"],
    [2, "more came"],
  ] as const) {
    it(`refuses ${count} messages`, async () => {
      const messages = Array.from({ length: count }, () => new Uint8Array(0));
      const error = await start(() => Promise.reject(new Error("called")), ...messages).headers.catch(
        (cause: unknown) => cause,
      );
      expect(error).to.be.instanceOf(GatewayError).that.includes({ code: 3, reason: "MESSAGE_COUNT" });
      expect((error as GatewayError).message).to.contain(found);
    });
  }
});
