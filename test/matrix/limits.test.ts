// One limit, every front: the same call is let through once and refused the second time, whatever it comes over and whatever kind it is.
import { expect } from "chai";
import type { Ended, StreamHandle } from "../support/stream-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";

interface Detail {
  readonly "@type"?: string;
  readonly reason?: string;
  readonly violations?: readonly { readonly subject: string }[];
  readonly retryDelay?: string;
}

/** Details are objects, where the transport shows them. */
function detailOf({ details }: Ended, type: string): Detail | undefined {
  return (details as readonly Detail[] | undefined)?.find((detail) => detail["@type"]?.endsWith(type));
}

describe("a limit", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({
      yaml: 'limits: [{ name: per-token, key: "header:authorization", rate: 2/h, burst: 1, methods: [streams.*] }]',
    });
  });
  after(() => gateway.close());

  for (const [index, { transport, kind }] of pairs.entries()) {
    it(`lets one ${kind} call through over ${transport.name}, and refuses the next`, async () => {
      const bearer = `token-${index}`;
      const first = await transport.open(gateway, kind, { bearer });
      first.send({ run: `limit ${index}`, count: 1 });
      first.end();
      expectSuccess(transport, kind, await first.ended);

      const second = await transport.open(gateway, kind, { bearer });
      second.send({ run: `refused ${index}`, count: 1 });
      const ended = await second.ended;
      expect(ended.code).to.equal(8);
      expect(ended.message).to.match(/the limit per-token is used up; try again in 1[78]\d\d s/);
      expect(second.messages).to.deep.equal([]);
      if (transport.way.kind === "simple") expect(ended.how).to.match(/^(?:close 4008|HTTP 429)/);
      if (transport.way.kind === "http") expect(ended.how).to.equal("HTTP 429");
      if (transport.way.kind === "grpc") return;
      expect(detailOf(ended, "ErrorInfo")?.reason).to.equal("RATE_LIMITED");
      expect(detailOf(ended, "QuotaFailure")?.violations?.[0].subject).to.equal("per-token");
      expect(detailOf(ended, "RetryInfo")?.retryDelay).to.match(/^1[78]\d\d(?:\.\d+)?s$/);
    });
  }

  it("is counted in metrics, once for each call it refused", () =>
    expect(gateway.metric("sluice_rate_limited_total")).to.equal(pairs.length));
});

describe("a limit of messages", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({
      yaml: 'limits: [{ name: words, key: "header:authorization", rate: 20/s, burst: 2, of: messages }]',
    });
  });
  after(() => gateway.close());

  for (const [index, { transport, kind }] of pairs.entries()) {
    if (kind !== "bidi-streaming" && kind !== "client-streaming") continue;
    it(`slows a ${kind} call over ${transport.name} down, and loses nothing`, async () => {
      const started = performance.now();
      const call = await transport.open(gateway, kind, { bearer: `token-${index}` });
      call.send({ run: `words ${index}`, count: 1 });
      for (let i = 0; i < 7; i++) call.send({ count: 1 });
      call.end();
      expectSuccess(transport, kind, await call.ended);
      // Two at once, six more every 50 ms.
      expect(performance.now() - started).to.be.greaterThan(290);
      const run = await gateway.backend.run(`words ${index}`);
      expect(run.received).to.equal(8);
    });
  }
});

describe("streams.max_per_client", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({ yaml: "streams: { max_per_client: 2 }" });
  });
  after(() => gateway.close());

  for (const { transport } of pairs.filter(({ kind }) => kind === "server-streaming")) {
    it(`refuses the third over ${transport.name}, and takes others when one has ended`, async () => {
      const name = (what: string): string => `${what} over ${transport.name}`;
      const open = async (run: string) => {
        const call = await transport.open(gateway, "server-streaming");
        call.send({ run, count: 1, next: "hang" });
        return call;
      };
      const held = [await open(name("first")), await open(name("second"))];
      await Promise.all(held.map((call) => call.until(1)));
      const ended = await (await open(name("third"))).ended;
      expect(ended.code).to.equal(8);
      expect(ended.message).to.contain("2 streams open");
      for (const call of held) call.cancel();
      await Promise.all(["first", "second"].map(async (what) => (await gateway.backend.run(name(what))).cancelled));
      // The end of the call at the gateway is a moment after that at the backend.
      const isServed = (call: StreamHandle): Promise<boolean> =>
        Promise.race([call.until(1).then(() => true), call.ended.then(() => false)]);
      let again = await open(name("fourth 0"));
      for (let i = 1; !(await isServed(again)); i++) again = await open(name(`fourth ${i}`));
      again.cancel();
      await again.ended;
    });
  }
});
