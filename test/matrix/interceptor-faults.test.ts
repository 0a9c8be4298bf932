// What interceptors of one's own do wrong, over every way to call and each kind of call: INTERNAL to the client, their name in the log, and the gateway goes on.
import { expect } from "chai";
import type { Call } from "../../src/call.ts";
import type { CustomInterceptor } from "../../src/chain/points.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";

/** As JavaScript, which knows no types, would do it. */
const set = (call: Call, values: object): void => void Object.assign(call, values);
const junk = 42 as unknown as Uint8Array;

const faults: readonly (readonly [what: string, intercept: (call: Call) => void, cause: RegExp])[] = [
  ["metadata that is no list", (call) => set(call, { metadata: { a: "b" } }), /"faulty": call\.metadata is a list/],
  ["a name without a value", (call) => set(call, { metadata: [...call.metadata, "x-a"] }), /is a list/],
  ["metadata that is no text", (call) => set(call, { metadata: ["x-a", 5] }), /the metadata "x-a" is none/],
  ["a line break in metadata", (call) => set(call, { metadata: ["x-a", "b\r\nx-b: c"] }), /the metadata "x-a" is none/],
  ["a name that is none", (call) => set(call, { metadata: ["X A", "b"] }), /the metadata "X A" is none/],
  ["bytes that are no base64", (call) => set(call, { metadata: ["x-bin", "!"] }), /the metadata "x-bin" is none/],
  ["metadata written into", (call) => void (call.metadata as string[]).push("x-a", "b"), /replaced, never written/],
  ["a deadline that is none", (call) => set(call, { deadline: Number.NaN }), /call\.deadline is a number/],
  ["a line break in a reply header", (call) => call.addReplyHeader("x-a", "b\r\nx-b: c"), /"x-a" is no header/],
  ["a reply header of HTTP's", (call) => call.addReplyHeader("content-length", "1"), /"content-length" is no header/],
  ["a reply header that is none", (call) => call.addReplyHeader("X A", "1"), /"X A" is no header/],
  ["a request tap that answers no bytes", (call) => call.onRequest(() => junk), /a tap answers the bytes/],
  ["a reply tap that answers no bytes", (call) => call.onReply(() => junk), /a tap answers the bytes/],
];

describe("faults of interceptors", () => {
  let gateway: StreamGateway;
  let intercept: (call: Call) => void;

  before(async () => {
    const own: CustomInterceptor = { name: "faulty", after: "authenticate", intercept: (call) => intercept(call) };
    gateway = await startStreamGateway({ interceptors: [own] });
  });
  after(() => gateway.close());

  for (const [what, run, cause] of faults)
    it(`are INTERNAL to the client and name their cause to the log: ${what}`, async () => {
      intercept = run;
      for (const { transport, kind } of pairs) {
        const before = gateway.reports.length;
        const call = await transport.open(gateway, kind);
        call.send({ run: "faulty", count: 1 });
        call.end();
        const ended = await call.ended;
        expect([ended.code, call.messages], `${transport.name}, ${kind}`).to.deep.equal([13, []]);
        expect(ended.message).to.contain("internal error");
        const causes = gateway.reports.slice(before).map(String);
        expect(causes.join("\n"), `${transport.name}, ${kind}`).to.match(cause);
      }
    });

  for (const [what, listener] of [
    [
      "throw",
      () => {
        throw new Error("too late");
      },
    ],
    ["reject", () => Promise.reject(new Error("too late"))],
  ] as const)
    it(`are reported, and harm nobody, where listeners ${what} when a call has ended`, async () => {
      intercept = (call) => call.onEnd(listener);
      for (const { transport, kind } of pairs) {
        const before = gateway.reports.length;
        const call = await transport.open(gateway, kind);
        call.send({ run: "late", count: 1 });
        call.end();
        expectSuccess(transport, kind, await call.ended);
        while (gateway.reports.length === before) await new Promise((resolve) => setImmediate(resolve));
        expect(String(gateway.reports[before])).to.equal("Error: too late");
      }
    });

  it("are what was to be told in place of an error and is none", async () => {
    intercept = (call) => call.onFailure(() => 7 as never);
    for (const { transport, kind } of pairs) {
      const call = await transport.open(gateway, kind);
      call.send({ run: "fails", code: 5 });
      call.end();
      expect((await call.ended).code, `${transport.name}, ${kind}`).to.equal(13);
    }
  });
});
