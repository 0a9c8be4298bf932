// The engine against llhttp: it never takes what llhttp refuses, never reads a request differently, and says where it is stricter.
import { expect } from "chai";
import fc from "fast-check";
import { hostile, sound } from "./support/corpus.ts";
import { parseWithEngine, parseWithNode } from "./support/parse.ts";
import type { Outcome } from "./support/parse.ts";

/** Failures of the engine where llhttp goes on: each a decision, see docs/http1.md. */
const stricter: ReadonlySet<string> = new Set([
  // More spaces or empty lines than the grammar has.
  "target",
  "version",
  "method",
  "line-end",
  // HTTP/0.9 and 2.0 in HTTP/1.1's clothes; CONNECT; other codings than chunked; chunked in HTTP/1.0.
  "version-unsupported",
  "connect",
  "transfer-encoding",
  "transfer-encoding-in-1-0",
  // Over 10^15 bytes; chunks over 2^48; extensions outside the grammar.
  "content-length",
  "chunk",
  // Limits of its own.
  "headers-too-large",
  "too-many-headers",
  "url-too-long",
]);

function check(bytes: Buffer, engine: Outcome, node: Outcome): void {
  const shown = JSON.stringify(bytes.toString("latin1"));
  expect(engine.requests, `not what llhttp reads: ${shown}`).to.deep.equal(
    node.requests.slice(0, engine.requests.length),
  );
  if (engine.failure === undefined) {
    // What follows `Connection: close` is an error to llhttp, and nothing to the engine.
    if (node.failure !== undefined && node.failure !== "HPE_CLOSED_CONNECTION") {
      // It may look at a value only when the head is complete; then it must see the same.
      const completed = parseWithEngine([bytes, Buffer.from(`\r\n\r\n${"-".repeat(100)}`)]);
      expect(completed.failure, `llhttp says ${node.failure} where the engine goes on: ${shown}`).not.to.equal(
        undefined,
      );
      expect(completed.requests.length, shown).to.equal(engine.requests.length);
      return;
    }
    // An HTTP/1.0 client that says both keep-alive and close is kept by llhttp only.
    if (!/\bclose\b/i.test(String(engine.requests.at(-1)?.headers)))
      expect(engine.requests.length, `requests lost: ${shown}`).to.equal(node.requests.length);
  } else if (node.failure === undefined)
    expect(stricter.has(engine.failure), `${engine.failure} where llhttp goes on: ${shown}`).to.equal(true);
}

async function compare(text: string): Promise<void> {
  const bytes = Buffer.from(text, "latin1");
  check(bytes, parseWithEngine([bytes]), await parseWithNode(bytes));
}

/** Every place the bytes can be cut in two, and every byte alone. */
function checkSplits(text: string): void {
  const bytes = Buffer.from(text, "latin1");
  const whole = parseWithEngine([bytes]);
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
  expect(parseWithEngine(single), `byte by byte: ${JSON.stringify(text)}`).to.deep.equal(whole);
  for (let cut = 1; cut < bytes.length; cut++) {
    const outcome = parseWithEngine([bytes.subarray(0, cut), bytes.subarray(cut)]);
    expect(outcome, `cut at ${cut}: ${JSON.stringify(text)}`).to.deep.equal(whole);
  }
}

const special = ["\0", "\t", "\n", "\r", "\r\n", " ", ":", ",", ";", "\x7f", "\x80", "\xff", "a", "0", "/", "="];
const all = [...sound, ...hostile].filter((text) => text.length < 1000);
const runs = Number(process.env["FUZZ_RUNS"] ?? 1);

/** A sample with a few bytes put in, taken out or replaced. */
const mutated = fc
  .tuple(
    fc.constantFrom(...all),
    fc.array(fc.tuple(fc.nat(10_000), fc.nat(2), fc.constantFrom(...special)), { minLength: 1, maxLength: 3 }),
  )
  .map(([text, edits]) => {
    let result = text;
    for (const [place, kept, piece] of edits) {
      const at = place % (result.length + 1);
      result = result.slice(0, at) + piece + result.slice(at + kept);
    }
    return result;
  });

describe("createHttp1Connection against llhttp", () => {
  it("reads sound requests alike, every one of them", async () => {
    for (const text of sound) {
      await compare(text);
      expect(parseWithEngine([Buffer.from(text, "latin1")]).failure, JSON.stringify(text)).to.equal(undefined);
    }
  });

  it("takes nothing that llhttp refuses, and nothing in another way", async () => {
    for (const text of hostile) await compare(text);
  });

  it("does so for mutations of all of them", async () => {
    await fc.assert(fc.asyncProperty(mutated, compare), { numRuns: Math.ceil(2000 * runs) });
  });

  it("does so for every byte put in at every place of a head and a chunked body", async () => {
    const text = sound.find((sample) => sample.includes("00A")) as string;
    for (const piece of runs > 1 ? special : special.slice(1, 6))
      for (let at = 0; at < text.length; at++) await compare(text.slice(0, at) + piece + text.slice(at));
  });

  it("reads the same however the bytes are split", () => {
    for (const text of all) checkSplits(text);
  });

  it("reads mutations the same however the bytes are split", () => {
    fc.assert(fc.property(mutated, checkSplits), { numRuns: Math.ceil(100 * runs) });
  });
});
