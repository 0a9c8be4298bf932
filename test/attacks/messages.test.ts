// Rows 15, 17 and 18 of docs/attacks.md: messages that other readers crash on, round, or take for objects of their own, on every way that reads JSON.
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { protos, ways } from "./ways.ts";

const deep = (levels: number): string => `${'{"child":'.repeat(levels)}{}${"}".repeat(levels)}`;

const refused: readonly (readonly [what: string, message: string])[] = [
  ["a message nested too deep", deep(101)],
  ["brackets without end", "[".repeat(60_000)],
  ["braces without end", '{"child":'.repeat(6000)],
  ["__proto__", '{"__proto__":{"text":"a"}}'],
  ["__proto__, escaped", '{"\\u005f\\u005fproto__":{"text":"a"}}'],
  ["constructor.prototype", '{"constructor":{"prototype":{"text":"a"}}}'],
  ["an unknown field", '{"isAdmin":true}'],
  ["a field twice", '{"text":"a","text":"b"}'],
  ["a number over a double's range", '{"real":1e400}'],
  ["an integer over 64 bits", '{"large":"9223372036854775808"}'],
  ["an integer over 32 bits", '{"number":2147483648}'],
  ["a fraction for an integer", '{"number":1.5}'],
  ["NaN without quotes", '{"real":NaN}'],
  ["Infinity without quotes", '{"real":Infinity}'],
  ["a number in hexadecimal", '{"number":0x10}'],
  ["a lone surrogate", '{"text":"\\ud800"}'],
  ["a control character", '{"text":"a\u0001"}'],
  ["a comma at the end", '{"text":"a",}'],
  ["single quotes", "{'text':'a'}"],
  ["a comment", '{/*a*/"text":"a"}'],
];

describe("messages that mean harm", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos });
  });
  after(() => gateway.close());

  for (const way of ways.filter(({ readsJson }) => readsJson)) {
    for (const [what, message] of refused)
      it(`are refused over ${way.name}: ${what}`, async () => {
        const before = gateway.calls.length;
        const { code, text } = await way.try(gateway, { message });
        // A frame that is no JSON at all ends its multiplexed socket, which is all it can mean.
        expect(code, text).to.be.oneOf(way.name === "a multiplexed WebSocket" ? [3, undefined] : [3]);
        expect(gateway.calls.slice(before).filter((call) => call.message !== "")).to.deep.equal([]);
        expect(Object.prototype).to.not.have.property("text");
      });

    it(`arrive exactly as they are over ${way.name}`, async () => {
      for (const [message, received] of [
        ['{"large":"9007199254740993"}', '{"large":"9007199254740993"}'],
        ['{"labels":{"__proto__":"a","constructor":"b"}}', '{"labels":{"__proto__":"a","constructor":"b"}}'],
        ['{"real":-0.0,"text":"\\u0000"}', undefined],
        [deep(90), deep(90)],
      ]) {
        const { code, text } = await way.try(gateway, { message });
        expect(code, text).to.equal(0);
        if (received !== undefined) expect(gateway.calls.at(-1)?.message).to.equal(received);
      }
    });
  }
});
