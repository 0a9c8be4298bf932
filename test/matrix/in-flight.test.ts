// `max_in_flight` of a policy, on every front: the call that is one too many is refused at once, and the place is free when one has ended.
import { expect } from "chai";
import type { Ended } from "../support/stream-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { exchangeRaw, request } from "../support/raw-http.ts";
import { expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";
import { expectUnavailable } from "./unavailable.ts";

describe("max_in_flight", () => {
  let gateway: StreamGateway;

  before(async () => {
    const policy = "policies: [{ methods: [streams.*], max_in_flight: 2 }]";
    gateway = await startStreamGateway({ yaml: policy });
  });
  after(() => gateway.close());

  for (const [index, { transport, kind }] of pairs.entries())
    it(`refuses the third ${kind} call over ${transport.name} while two are under way, and no longer`, async () => {
      const name = (what: string): string => `${what} ${index}`;
      const open = async (run: string, next?: "hang") => {
        const call = await transport.open(gateway, kind);
        call.send({ run, count: 1, ...(next === undefined ? {} : { next }) });
        return call;
      };
      const held = [await open(name("first"), "hang"), await open(name("second"), "hang")];
      const runs = await Promise.all(["first", "second"].map((what) => gateway.backend.run(name(what))));
      const message = "too many calls of this method are under way; try again";
      expectUnavailable(await (await open(name("third"))).ended, transport.way, message, "METHOD_BUSY");
      expect(gateway.backend.reached(name("third"))).to.equal(undefined);
      for (const call of held) call.cancel();
      await Promise.all(runs.map((run) => run.cancelled));
      // The end of the call at the gateway is a moment after that at the backend.
      let ended: Ended;
      do {
        const again = await open(name("fourth"));
        again.end();
        ended = await again.ended;
      } while (ended.code === 14);
      expectSuccess(transport, kind, ended);
    });

  it("says 503 over REST, and when to come again", async () => {
    const ask = (run: string) =>
      exchangeRaw(gateway, request("POST /v1/single", [], JSON.stringify({ run, next: "hang" })));
    const held = [ask("one"), ask("two")];
    const runs = await Promise.all(["one", "two"].map((run) => gateway.backend.run(run)));
    const { status, headers, body } = await ask("three");
    expect([status, headers.get("retry-after")]).to.deep.equal([503, "1"]);
    expect(body.toString()).to.contain('"reason":"METHOD_BUSY"');
    for (const run of runs) run.reset();
    await Promise.all(held);
  });

  it("is counted: all that were refused, and nothing is under way in the end", async () => {
    while (gateway.metric("sluice_method_in_flight") > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.metric("sluice_method_busy_total")).to.be.at.least(pairs.length + 1);
  });
});
