// One message type of a proto text, both ways, for tests that look at JSON text and protobuf bytes as hexadecimal.
import { expect } from "chai";
import type { Field, MessageType, Schema } from "../../src/schema/descriptor.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { compileFieldReader, compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileFieldWriter, compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { type JsonOptions, strictJson } from "../../src/translate/options.ts";
import type { Overlay } from "../../src/translate/request/overlay.ts";
import type { PartialMask } from "../../src/translate/reply/partial.ts";
import { schemaOf } from "../support/schema.ts";

export interface Codec {
  readonly schema: Schema;
  readonly type: MessageType;
  field(name: string): Field;
  /** JSON → protobuf bytes in hexadecimal. */
  read(json: string | Uint8Array, overlay?: Overlay): string;
  readField(name: string, json: string, overlay?: Overlay): string;
  /** Protobuf bytes in hexadecimal → JSON. */
  write(wire: string, mask?: PartialMask, indent?: number): string;
  writeField(name: string, wire: string, mask?: PartialMask): string;
  /** The refusal of a JSON text. */
  refusal(json: string | Uint8Array, overlay?: Overlay): GatewayError;
  with(options: Partial<JsonOptions>): Codec;
}

/** `name` is that of a message in package `t`, which `proto` need not declare. */
export function codecOf(proto: string, name = "M", options: JsonOptions = strictJson): Codec {
  const text = /^\s*(?:syntax|edition)/.test(proto) ? proto : `syntax = "proto3"; package t; ${proto}`;
  return codec(schemaOf(text), `t.${name}`, options);
}

function codec(schema: Schema, name: string, options: JsonOptions): Codec {
  const type = schema.message(name)!;
  const reader = compileJsonReader(type, schema, options);
  const writer = compileJsonWriter(type, schema, options);
  const field = (fieldName: string): Field =>
    type.field(fieldName) ?? type.extensions.find((extension) => extension.jsonName === fieldName)!;
  const read = (json: string | Uint8Array, overlay?: Overlay): string => hexOf(reader(Buffer.from(json), overlay));
  return {
    schema,
    type,
    field,
    read,
    readField: (fieldName, json, overlay) =>
      hexOf(compileFieldReader(field(fieldName), schema, options)(Buffer.from(json), overlay)),
    write: (wire, mask, indent) => writer(fromHex(wire), mask, indent).toString(),
    writeField: (fieldName, wire, mask) =>
      compileFieldWriter(field(fieldName), schema, options)(fromHex(wire), mask).toString(),
    refusal: (json, overlay) => {
      const error = thrownBy(() => read(json, overlay));
      expect(error.code).to.equal(Code.INVALID_ARGUMENT);
      return error;
    },
    with: (changed) => codec(schema, name, { ...options, ...changed }),
  };
}

export function thrownBy(act: () => unknown): GatewayError {
  let result: unknown;
  try {
    result = act();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error(`nothing was refused: ${String(result)}`);
}

/** `0a 03 616263`: spaces as they please the reader. */
export function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Hexadecimal without its spaces, as `read` gives it. */
export function hex(text: string): string {
  return text.replaceAll(" ", "");
}
