// Calls that never began at the backend: the transport sends them again by itself, once, before any policy is asked.
import http2 from "node:http2";
import { expect } from "chai";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import { createRetries } from "../../../src/upstream/retry/retries.ts";
import { testLimits, unaryCall } from "../calls.ts";
import { answer, bodyOf, serveHttp2 } from "../http2-backend.ts";
import { ruleOf } from "./fixture.ts";

/** A backend that refuses so many streams, called once under a policy. */
async function callRefused(times: number) {
  const seen: (string | undefined)[] = [];
  const backend = await serveHttp2((stream, headers) => {
    seen.push(headers["grpc-previous-rpc-attempts"] as string | undefined);
    if (seen.length <= times) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    else void bodyOf(stream).then((body) => answer(stream, body));
  });
  const transport = createNativeTransport({ target: backend.target, tls: undefined }, testLimits);
  const retries = createRetries({ ruleOf: () => ruleOf(), targetOf: () => "t", sleep: () => Promise.resolve() });
  const { unary } = retries.around({
    unary: (call) => transport.unary(call),
    stream: (call) => transport.stream(call),
  });
  try {
    await unary(unaryCall("/t.S/M"));
    return { seen, tally: retries.tallies[0], tokens: retries.budgets.get("t")?.tokens };
  } finally {
    await transport.close();
    await backend.close();
  }
}

describe("calls that a backend refuses before they begin", () => {
  it("are sent again without being an attempt, or a failure", async () => {
    const { seen, tally, tokens } = await callRefused(1);
    expect(seen).to.deep.equal([undefined, undefined]);
    expect([tally.answered, tally.failed, tokens]).to.deep.equal([0, 0, 10]);
  });

  it("are the policy's when they are refused again", async () => {
    const { seen, tally, tokens } = await callRefused(2);
    expect(seen).to.deep.equal([undefined, undefined, "1"]);
    expect([tally.answered, tally.failed, tokens]).to.deep.equal([1, 0, 9.1]);
  });
});
