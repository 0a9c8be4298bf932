// Rules for messages, over every transport and for every kind of call: the same message is let pass or refused, wherever it came in.
import { expect } from "chai";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { Ended } from "../support/stream-client.ts";
import { pairs } from "./pairs.ts";

describe("messages with rules", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({
      textRules: '(buf.validate.field).string = { max_len: 5, not_contains: "!" }',
    });
  });

  after(() => gateway.close());

  const expectRefused = (ended: Ended) => {
    if (ended.code === undefined) {
      expect(ended.how).to.equal("cut");
      return;
    }
    expect(ended.code).to.equal(3);
    expect(ended.message).to.equal("text: must be at most 5 characters (and 1 more)");
  };

  for (const { transport, kind } of pairs) {
    it(`pass over ${transport.name} where they keep them: ${kind}`, async () => {
      const call = await transport.open(gateway, kind);
      call.send({ count: 1, text: "sound" });
      call.end();
      expect((await call.ended).code ?? 0).to.equal(0);
      expect(call.messages).to.have.length(1);
    });

    it(`are refused over ${transport.name} where they break one: ${kind}`, async () => {
      const run = `refused ${transport.name} ${kind}`;
      const call = await transport.open(gateway, kind);
      call.send({ run, count: 1, text: "unsound!" });
      call.end();
      const ended = await call.ended;
      expectRefused(ended);
      const [, badRequest] = (ended.details ?? []) as { readonly fieldViolations?: readonly unknown[] }[];
      if (badRequest?.fieldViolations !== undefined)
        expect(badRequest.fieldViolations).to.deep.equal([
          { field: "text", description: "must be at most 5 characters", reason: "string.max_len" },
          { field: "text", description: "contains substring `!`", reason: "string.not_contains" },
        ]);
      expect(call.messages).to.deep.equal([]);
    });
  }

  for (const { transport, kind } of pairs.filter(
    ({ kind: one }) => one === "client-streaming" || one === "bidi-streaming",
  ))
    it(`end a stream over ${transport.name} that has begun well: ${kind}`, async () => {
      const run = `begun ${transport.name} ${kind}`;
      const call = await transport.open(gateway, kind);
      call.send({ run, next: "hang", text: "sound" });
      call.send({ text: "unsound!" });
      expectRefused(await call.ended);
      const begun = transport.way.kind === "http" ? undefined : await gateway.backend.run(run);
      await begun?.cancelled;
    });
});
