// Calls of every kind over every transport whose backend fails at first: under a policy their clients hear nothing of it.
import { expect } from "chai";
import { kinds } from "../support/stream-backend.ts";
import type { Kind } from "../support/stream-backend.ts";
import type { StreamHandle } from "../support/stream-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { transports } from "./pairs.ts";

const policy = (more: string): string =>
  `policies: [{ methods: ["streams.Streams.*"], retry: { idempotent: true, initial_backoff: 1ms, max_backoff: 1ms${more} } }]`;

const expected: Readonly<Record<Kind, number>> = {
  unary: 1,
  "server-streaming": 3,
  "client-streaming": 1,
  "bidi-streaming": 2,
};

/** Fails so many attempts, the client streams when they have sent two messages. */
function ask(call: StreamHandle, kind: Kind, run: string, failures: number): void {
  const sendsMore = kind === "client-streaming" || kind === "bidi-streaming";
  const count = kind === "server-streaming" ? 3 : 1;
  call.send({ run, code: 14, failures, ...(kind === "client-streaming" ? { after: 2 } : { count }) });
  if (sendsMore) call.send({ text: "more" });
  call.end();
}

for (const transport of transports)
  describe(`calls that are made again, over ${transport.name}`, () => {
    let gateway: StreamGateway;

    // Each has a budget of its own.
    beforeEach(async () => {
      gateway = await startStreamGateway({ yaml: policy("") });
    });

    afterEach(() => gateway.close());

    for (const kind of kinds) {
      if (transport.lacks[kind] !== undefined) continue;

      it(`answer as if the first attempt had been answered: ${kind}`, async () => {
        const call = await transport.open(gateway, kind);
        ask(call, kind, kind, 1);
        await call.until(expected[kind]);
        expect((await call.ended).code ?? 0).to.equal(0);
        expect(call.messages).to.have.length(expected[kind]);
        expect(call.messages.at(-1)?.received).to.equal(/client|bidi/.test(kind) ? 2 : 1);
        const run = await gateway.backend.run(kind);
        expect(run.metadata["grpc-previous-rpc-attempts"]).to.equal("1");
        expect(run.received).to.equal(/client|bidi/.test(kind) ? 2 : 1);
      });
    }

    it("fail as the last attempt did, when none is answered", async () => {
      const call = await transport.open(gateway, "server-streaming");
      ask(call, "server-streaming", "lost", 9);
      const { code } = await call.ended;
      expect(code).to.equal(14);
      expect((await gateway.backend.run("lost")).metadata["grpc-previous-rpc-attempts"]).to.equal("2");
      expect(gateway.metric("sluice_calls_total")).to.equal(1);
      expect(gateway.metric("sluice_upstream_calls_total")).to.equal(3);
    });
  });

describe("metrics of calls that are made again", () => {
  it("tell attempts, what was not made again and why, and the budget", async () => {
    const gateway = await startStreamGateway({ yaml: policy(", max_attempts: 2") });
    try {
      const [grpc] = transports;
      for (const [run, failures] of [
        ["one", 1],
        ["two", 2],
      ] as const) {
        const call = await grpc.open(gateway, "unary");
        ask(call, "unary", run, failures);
        await call.ended;
      }
      const lines = gateway.gateway.metrics().split("\n");
      for (const line of [
        'sluice_upstream_retries_total{method="streams.Streams.Single",result="answered"} 1',
        'sluice_upstream_retries_total{method="streams.Streams.Single",result="failed"} 1',
        'sluice_upstream_retries_omitted_total{method="streams.Streams.Single",reason="attempts"} 1',
        `sluice_upstream_retry_budget{target="${gateway.backend.target}"} 7.1`,
        `sluice_upstream_calls_total{target="${gateway.backend.target}",code="UNAVAILABLE"} 3`,
      ])
        expect(lines).to.include(line);
    } finally {
      await gateway.close();
    }
  });
});
