// What the differential tests share: random cases, and what "the same message" and "the same answer" mean.
import { expect } from "chai";
import fc from "fast-check";
import { fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import { GatewayError } from "../../src/status.ts";
import { type Twin, twinOf } from "./es.ts";
import { fuzzParameters, Random } from "./random.ts";
import { randomMessage } from "./random-message.ts";
import { randomProto } from "./random-schema.ts";

const messagesPerSchema = 20;

type Check = (twin: Twin, random: Random, wire: Uint8Array, note: (text: string) => void) => void;

/** Runs `check` on random messages of random schemas; a failure shows the proto and what `check` noted. */
export function eachMessage(runs: number, check: Check): void {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const twin = twinOf(randomProto(random), "t.M0");
      for (let i = 0; i < messagesPerSchema; i++) {
        const notes: string[] = [];
        const wire = toBinary(twin.desc, randomMessage(random, twin));
        try {
          check(twin, random, wire, (text) => notes.push(text));
        } catch (error) {
          const context = [String(error), `wire ${Buffer.from(wire).toString("hex")}`, ...notes, twin.proto];
          throw new Error(context.join("\n"), { cause: error });
        }
      }
    }),
    fuzzParameters(runs),
  );
}

/** Compared as @bufbuild/protobuf writes them again; with an Any, whose bytes it leaves alone, as the JSON it writes. */
export function expectSame(twin: Twin, actual: Uint8Array, expected: Uint8Array): void {
  const asBytes = (wire: Uint8Array): string =>
    Buffer.from(toBinary(twin.desc, fromBinary(twin.desc, wire))).toString("hex");
  if (asBytes(actual) === asBytes(expected)) return;
  expectSameJson(twin, actual, expected);
  // Of the many NaNs, JSON knows one.
  const isAmbiguous = /protobuf\.Any\b/.test(twin.proto) || asJson(twin, expected).includes('"NaN"');
  if (!isAmbiguous) expect(asBytes(actual)).to.equal(asBytes(expected));
}

/** Compared as the JSON that @bufbuild/protobuf writes, which does not tell -0 from 0, or a field mask without paths from one with an empty path. */
export function expectSameJson(twin: Twin, actual: Uint8Array, expected: Uint8Array): void {
  expect(asJson(twin, actual)).to.equal(asJson(twin, expected));
}

function asJson({ desc, registry }: Twin, wire: Uint8Array): string {
  return toJsonString(desc, fromBinary(desc, wire), { registry });
}

export interface Outcome {
  readonly bytes: Uint8Array | undefined;
  /** Reason and message; undefined where it was accepted. */
  readonly refusal: string | undefined;
}

/** What a translator of ours does: anything thrown but a GatewayError is passed on as the mistake it is. */
export function ourOutcome(read: () => Uint8Array): Outcome {
  try {
    return { bytes: read(), refusal: undefined };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { bytes: undefined, refusal: `${error.reason}: ${error.message}` };
  }
}

export function theirOutcome(read: () => Uint8Array): Outcome {
  try {
    return { bytes: read(), refusal: undefined };
  } catch (error) {
    return { bytes: undefined, refusal: String(error) };
  }
}

/** Undefined where both agree; else what differs. */
export function disagreement(
  twin: Twin,
  { ours, theirs }: { readonly ours: Outcome; readonly theirs: Outcome },
  expectEqual = expectSame,
): string | undefined {
  if (ours.bytes === undefined || theirs.bytes === undefined) {
    if (ours.refusal !== undefined && theirs.refusal !== undefined) return undefined;
    return `ours: ${ours.refusal ?? "accepted"}; theirs: ${theirs.refusal ?? "accepted"}`;
  }
  try {
    expectEqual(twin, ours.bytes, theirs.bytes);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
