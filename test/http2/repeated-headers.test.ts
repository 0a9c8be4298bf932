import { expect } from "chai";
import type { HeaderList } from "../../src/http2/decoded-block.ts";
import { HeaderError } from "../../src/http2/errors.ts";
import { headersBound, writeHeaders } from "../../src/http2/hpack-encode.ts";
import { RepeatedHeaders } from "../../src/http2/repeated-headers.ts";

type Write = (out: Uint8Array, start: number, headers: HeaderList, mayStart: boolean) => number;

/** What was written, or which error was thrown. */
function outcome(write: Write, headers: HeaderList, mayStart: boolean): string {
  const start = 7;
  const out = new Uint8Array(start + headersBound(headers));
  try {
    const end = write(out, start, headers, mayStart);
    return Buffer.from(out.subarray(start, end)).toString("hex");
  } catch (error) {
    expect(error).to.be.instanceOf(HeaderError);
    return (error as HeaderError).message;
  }
}

const long = "x".repeat(600);
const lists: readonly HeaderList[] = [
  [],
  [":status", "200", "content-type", "application/json", "date", "Sun, 22 Nov 2026 06:38:00 GMT"],
  [":status", "200", "content-type", "application/json", "date", "Sun, 22 Nov 2026 06:38:01 GMT"],
  [":status", "200", "content-type", "application/json"],
  [":status", "404", "content-type", "application/json"],
  ["content-type", "application/json", ":status", "200"],
  ["content-type", "application/json"],
  ["x-long", long, "x-after", "1"],
  ["x-before", "1", "x-long", long, "x-after", "1"],
  ["x-before", "1", "x-long", `${long.slice(1)}y`, "x-after", "1"],
  ["x-before", "1", "x-after", "1"],
  ["authorization", "Bearer a", "x-one", "1"],
  ["authorization", "Bearer b", "x-one", "1"],
  ["x-one", "1", "Bad", "1", "x-two", "2"],
  ["x-one", "1", "x-bad", "a\nb", "x-two", "2"],
  ["x-one", "1", "connection", "close"],
  ["x-one"],
];

describe("RepeatedHeaders", () => {
  it("writes, and refuses, what HPACK without a memory would, whatever block came before", () => {
    const repeated = new RepeatedHeaders();
    const check = (headers: HeaderList, mayStart: boolean): void => {
      const asked = outcome((...given) => repeated.write(...given), headers, mayStart);
      expect(asked).to.equal(outcome(writeHeaders, headers, mayStart));
    };
    for (const first of lists)
      for (const second of lists)
        for (const mayStart of [true, false]) {
          check(first, true);
          check(second, mayStart);
          check(second, mayStart);
        }
  });

  it("does not look at a list again that its owner changes later", () => {
    const repeated = new RepeatedHeaders();
    const write: Write = (...given) => repeated.write(...given);
    const own = ["x-one", "1"];
    outcome(write, own, true);
    own[1] = "2";
    expect(outcome(write, own, true)).to.equal(outcome(writeHeaders, own, true));
  });
});
