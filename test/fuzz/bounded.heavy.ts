// Hostile input costs the translators what its size says: a bounded multiple in memory and output, time that grows with it.
import { expect } from "chai";
import { GatewayError } from "../../src/status.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { grpcGatewayJson, type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { expectLinear } from "../corpus/bounded.ts";
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
}

type Translate = (input: Uint8Array) => Uint8Array;

/** A refusal is an answer; anything else is a crash. */
function refusing(translate: Translate, input: Uint8Array): number {
  try {
    return translate(input).length;
  } catch (error) {
    if (error instanceof GatewayError) return error.message.length;
    throw error;
  }
}

function costOf(translate: Translate, input: Uint8Array): Cost {
  const memory = process.memoryUsage();
  const outputLength = refusing(translate, input);
  const after = process.memoryUsage();
  const heapGrowth = after.heapUsed + after.external - memory.heapUsed - memory.external;
  return { inputLength: input.length, outputLength, heapGrowth };
}

function expectBounded(translate: Translate, make: (size: number) => Uint8Array): void {
  const cost = costOf(translate, make(size));
  // What V8 allots before it looks for garbage; small inputs cost no more than that.
  const fixed = 16 * 1024 * 1024;
  expect(cost.outputLength, "output").to.be.below(100 * cost.inputLength);
  expect(cost.heapGrowth, "memory").to.be.below(100 * cost.inputLength + fixed);
  expectLinear({
    name: "",
    maxBytes: size * 16,
    sampleMicroseconds: 12_000,
    make: (bytes) => Buffer.from(make(bytes)),
    run: (input) => refusing(translate, input),
  });
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
