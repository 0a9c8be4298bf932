// Hostile input costs the translators what its size says: a bounded multiple in memory and output, time that grows with it.
import { expect } from "chai";
import { GatewayError } from "../../src/status.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { grpcGatewayJson, type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { schemaOf } from "../support/schema.ts";
import { hostileJson, hostileProto, hostileWire } from "./hostile.ts";

const schema = schemaOf(hostileProto);
const type = schema.message("t.Node")!;
const sparseJson: JsonOptions = Object.freeze({ ...strictJson, emitDefaults: false });
/** `FUZZ_RUNS` makes the inputs larger, up to a megabyte. */
const size = Math.min(1_000_000, 20_000 * Number(process.env.FUZZ_RUNS ?? 1));

interface Cost {
  readonly inputLength: number;
  readonly outputLength: number;
  readonly heapGrowth: number;
  readonly microseconds: number;
}

type Translate = (input: Uint8Array) => Uint8Array;

function costOf(translate: Translate, input: Uint8Array): Cost {
  const memory = process.memoryUsage();
  const start = process.cpuUsage();
  let outputLength = 0;
  try {
    outputLength = translate(input).length;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    outputLength = error.message.length;
  }
  const { user } = process.cpuUsage(start);
  const after = process.memoryUsage();
  const heapGrowth = after.heapUsed + after.external - memory.heapUsed - memory.external;
  return { inputLength: input.length, outputLength, heapGrowth, microseconds: user };
}

/** The least of three, for another process may have the processor. */
function timeOf(translate: Translate, input: Uint8Array): number {
  return Math.min(...Array.from({ length: 3 }, () => costOf(translate, input).microseconds));
}

function expectBounded(translate: Translate, make: (size: number) => Uint8Array): void {
  const [once, twice] = [make(size), make(size * 2)];
  const cost = costOf(translate, once);
  // What V8 allots before it looks for garbage; small inputs cost no more than that.
  const fixed = 16 * 1024 * 1024;
  expect(cost.outputLength, "output").to.be.below(100 * cost.inputLength);
  expect(cost.heapGrowth, "memory").to.be.below(100 * cost.inputLength + fixed);
  // Below a few milliseconds the clock and the compiler are all that is measured.
  expect(timeOf(translate, twice) / Math.max(timeOf(translate, once), 4000), "time for twice the input").to.be.below(6);
}

describe("translators under hostile JSON", () => {
  for (const [name, make] of Object.entries(hostileJson)) {
    it(`stay bounded: ${name}`, () => {
      const bytes = (length: number): Uint8Array => Buffer.from(make(length));
      for (const options of [strictJson, grpcGatewayJson])
        expectBounded(compileJsonReader(type, schema, options), bytes);
    });
  }
});

describe("translators under hostile protobuf bytes", () => {
  const mask = new Map(type.fields.map((field) => [field, undefined] as const));
  for (const [name, make] of Object.entries(hostileWire)) {
    it(`stay bounded: ${name}`, () => {
      const write = compileJsonWriter(type, schema, sparseJson);
      expectBounded(write, make);
      expectBounded((message) => write(message, mask), make);
      expectBounded((message) => write(message, undefined, 8), make);
    });
  }
});
