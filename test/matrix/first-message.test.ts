// Conditions about the request, over every way to call: who says nothing is judged as well, and no backend hears of a call before it is judged.
import { expect } from "chai";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";
import { secretIssuer, tokenOf } from "./secret-issuer.ts";

const clientStreams = pairs.filter(({ kind }) => kind === "client-streaming" || kind === "bidi-streaming");

function start(backends: string, rule: string): Promise<StreamGateway> {
  const methods = "methods: [streams.Streams.Gather, streams.Streams.Chat]";
  return startStreamGateway({
    yaml: `transport: ${backends}\n${secretIssuer}  rules:\n    - { name: own, ${methods}, ${rule} }\n`,
  });
}

/** Calls of the backend are in the order in which the gateway makes them: when this one has come, all before it have. */
async function callAnother(gateway: StreamGateway, bearer: string): Promise<void> {
  const answer = await fetch(`http://${gateway.host}:${gateway.port}/v1/single`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
    body: "{}",
  });
  expect(answer.status).to.equal(200);
}

async function untilOpen(gateway: StreamGateway, bearer: string): Promise<void> {
  while (gateway.metric("sluice_streams") === 0) await callAnother(gateway, bearer);
}

for (const backends of ["native", "grpc-js"])
  describe(`a condition about the request, with ${backends} to the backend`, () => {
    const bearer = tokenOf({ sub: "ada" });
    let gateway: StreamGateway;

    before(async () => {
      gateway = await start(backends, 'when: "req.run == claims.sub"');
    });
    after(() => gateway.close());

    for (const { transport, kind } of clientStreams) {
      it(`refuses a ${kind} call without a message over ${transport.name}, and no backend hears of it`, async () => {
        const { asked } = gateway.backend;
        const call = await transport.open(gateway, kind, { bearer });
        call.end();
        const ended = await call.ended;
        expect([ended.code, ended.message]).to.deep.equal([7, "not allowed"]);
        expect(call.messages).to.deep.equal([]);
        await callAnother(gateway, bearer);
        expect(gateway.backend.asked).to.equal(asked + 1);
      });

      it(`waits with the backend for the first message of a ${kind} call over ${transport.name}`, async () => {
        const call = await transport.open(gateway, kind, { bearer });
        await untilOpen(gateway, bearer);
        const { asked } = gateway.backend;
        await callAnother(gateway, bearer);
        expect(gateway.backend.asked).to.equal(asked + 1);
        call.send({ run: "ada", count: 1 });
        call.send({ run: "ada" });
        call.end();
        expectSuccess(transport, kind, await call.ended);
        expect(call.messages).to.have.length(kind === "client-streaming" ? 1 : 2);
        expect(call.messages.at(-1)?.received).to.equal(2);
        expect(gateway.backend.asked).to.equal(asked + 2);
      });

      it(`keeps the deadline of a ${kind} call that says nothing over ${transport.name}`, async () => {
        const { asked } = gateway.backend;
        const call = await transport.open(gateway, kind, { bearer, timeoutMs: 50 });
        expect((await call.ended).code).to.equal(4);
        await callAnother(gateway, bearer);
        expect(gateway.backend.asked).to.equal(asked + 1);
      });
    }

    it("forgets clients that leave before they say anything", async () => {
      for (const { transport, kind } of clientStreams) {
        const call = await transport.open(gateway, kind, { bearer });
        await untilOpen(gateway, bearer);
        call.cancel();
        while (gateway.metric("sluice_streams") > 0) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(gateway.reports).to.deep.equal([]);
    });
  });

describe("a condition about the request that none is true of", () => {
  const bearer = tokenOf({ sub: "ada" });
  let gateway: StreamGateway;

  before(async () => {
    gateway = await start("native", "when: \"req.run == '' || req.run == claims.sub\"");
  });
  after(() => gateway.close());

  for (const { transport, kind } of clientStreams)
    it(`lets a ${kind} call without a message go on over ${transport.name}`, async () => {
      const call = await transport.open(gateway, kind, { bearer });
      call.end();
      expectSuccess(transport, kind, await call.ended);
    });
});

describe("a condition about the request in shadow mode", () => {
  const bearer = tokenOf({ sub: "ada" });
  let gateway: StreamGateway;

  before(async () => {
    gateway = await start("native", 'when: "req.run == claims.sub", shadow: true');
  });
  after(() => gateway.close());

  for (const { transport, kind } of clientStreams)
    it(`neither keeps the backend from a ${kind} call over ${transport.name} nor refuses one without messages`, async () => {
      const { asked } = gateway.backend;
      const call = await transport.open(gateway, kind, { bearer });
      while (gateway.backend.asked === asked) await new Promise((resolve) => setImmediate(resolve));
      call.end();
      expectSuccess(transport, kind, await call.ended);
    });
});
