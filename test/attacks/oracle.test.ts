// Row 30 of docs/attacks.md: what goes wrong inside stays inside, on every way and for every kind of call.
import { expect } from "chai";
import type { CustomInterceptor } from "../../src/chain/points.ts";
import { pairs } from "../matrix/pairs.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import { protos, ways } from "./ways.ts";

/** What no client should read: a path, an address, a name of this code, a line of a stack. */
const inside = /secret|\/etc\/|10\.1\.2\.3|TypeError|at .*:\d+:\d+|node:|\.ts\b|\.js\b|ECONN|127\.0\.0\.1:\d+/;

const broken: CustomInterceptor = {
  name: "broken",
  before: "authenticate",
  intercept() {
    throw new TypeError("secret detail of /etc/passwd at 10.1.2.3:50051");
  },
};
const brokenLater: CustomInterceptor = {
  ...broken,
  intercept: () => Promise.reject(new TypeError("secret detail of /etc/passwd at 10.1.2.3:50051")),
};

for (const [what, interceptor] of [
  ["at once", broken],
  ["later", brokenLater],
] as const)
  describe(`a fault inside the gateway that shows ${what}`, () => {
    const reports: unknown[] = [];
    let gateway: GatewayFixture;
    before(async () => {
      const report = (error: unknown): void => void reports.push(error);
      gateway = await startGateway({ protos, options: { interceptors: [interceptor], report } });
    });
    after(() => gateway.close());

    for (const way of ways)
      it(`is "internal error" over ${way.name}, and whole in the log`, async () => {
        reports.length = 0;
        const { code, text } = await way.try(gateway, { message: '{"text":"a"}' });
        expect(code, text).to.equal(13);
        expect(text).to.contain("internal error").and.not.to.match(inside);
        expect(reports.length).to.be.greaterThan(0);
        expect(String((reports[0] as { cause?: unknown }).cause)).to.contain("secret detail");
      });
  });

describe("a backend that is not there", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos, upstream: "127.0.0.1:1" });
  });
  after(() => gateway.close());

  for (const way of ways)
    it(`does not tell its address over ${way.name}`, async () => {
      const { code, text } = await way.try(gateway, { message: '{"text":"a"}' });
      expect(code, text).to.equal(14);
      expect(text).not.to.match(inside);
    });
});

describe("a fault in the middle of a call", () => {
  for (const { transport, kind } of pairs.filter(({ kind }) => kind !== "unary" && kind !== "client-streaming"))
    it(`tells nothing over ${transport.name}, ${kind}`, async () => {
      const tap: CustomInterceptor = {
        name: "tap",
        after: "validate",
        intercept: (call) => call.onReply(() => Promise.reject(new TypeError("secret detail at 10.1.2.3:50051"))),
      };
      const gateway = await startStreamGateway({ interceptors: [tap] });
      try {
        const call = await transport.open(gateway, kind);
        call.send({ run: "a", count: 1 });
        call.end();
        const ended = await call.ended;
        if (ended.code !== undefined) expect(ended.code).to.equal(13);
        expect(JSON.stringify(ended)).not.to.match(inside);
      } finally {
        await gateway.close();
      }
    });
});
