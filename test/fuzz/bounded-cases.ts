// Hostile JSON and protobuf bytes for the translators, under every option that changes their way: what bounded.heavy.ts measures.
import { GatewayError } from "../../src/status.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { grpcGatewayJson, type JsonOptions, strictJson } from "../../src/translate/options.ts";
import type { Bounded } from "../corpus/bounded.ts";
import { schemaOf } from "../support/schema.ts";
import { hostileJson, hostileProto, hostileWire } from "./hostile.ts";

const schema = schemaOf(hostileProto);
const type = schema.message("t.Node")!;
const sparseJson: JsonOptions = Object.freeze({ ...strictJson, emitDefaults: false });
const mask = new Map(type.fields.map((field) => [field, undefined] as const));
const write = compileJsonWriter(type, schema, sparseJson);

type Translate = (input: Uint8Array) => Uint8Array;

const readers: Readonly<Record<string, Translate>> = {
  "in strict": compileJsonReader(type, schema, strictJson),
  "in profile grpc-gateway": compileJsonReader(type, schema, grpcGatewayJson),
};
const writers: Readonly<Record<string, Translate>> = {
  whole: (message) => write(message),
  "in part": (message) => write(message, mask),
  "behind a prefix": (message) => write(message, undefined, 8),
};

/** A refusal is an answer; anything else is a crash. */
function refusing(translate: Translate, input: Uint8Array): unknown {
  try {
    return translate(input);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

const casesOf = (
  hostile: Readonly<Record<string, (size: number) => string | Uint8Array>>,
  translators: Readonly<Record<string, Translate>>,
): readonly Bounded[] =>
  Object.entries(hostile).flatMap(([trick, make]) =>
    Object.entries(translators).map(([how, translate]) => ({
      name: `${trick}, ${how}`,
      maxBytes: 256 * 1024,
      make: (size: number) => Buffer.from(make(size)),
      run: (input: Buffer) => refusing(translate, input),
    })),
  );

export const cases: readonly Bounded[] = [...casesOf(hostileJson, readers), ...casesOf(hostileWire, writers)];
