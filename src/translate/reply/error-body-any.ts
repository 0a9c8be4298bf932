// google.protobuf.Any inside an error → JSON that always works: by the schema where it knows the type, in base64 otherwise.
import type { Schema } from "../../schema/descriptor.ts";
import { compileJsonWriter } from "../json/json-writer.ts";
import type { JsonOptions } from "../options.ts";
import { WireReader } from "../wire/wire-reader.ts";

export type WriteAny = (any: Uint8Array) => string;

/** The writer throws nothing but what malformed bytes of the Any itself throw (GatewayError). */
export function compileAnyWriter(schema: Schema, json: JsonOptions): WriteAny {
  const anyType = schema.message("google.protobuf.Any");
  if (anyType === undefined) return toBase64Any;
  const write = compileJsonWriter(anyType, schema, Object.freeze({ ...json, unresolvedAny: "base64", indent: 0 }));
  return (any) => {
    try {
      return write(any).toString();
    } catch {
      return toBase64Any(any);
    }
  };
}

/** Not ProtoJSON, which has nothing for this case: the type and the bytes, so that nothing is lost. */
function toBase64Any(any: Uint8Array): string {
  const reader = new WireReader(any, 0, any.length);
  let typeUrl = "";
  let value = Buffer.alloc(0);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== 0x0a && tag !== 0x12) {
      reader.skip(tag);
      continue;
    }
    const end = reader.lengthEnd();
    const bytes = Buffer.from(any.subarray(reader.pos, end));
    if (tag === 0x0a) typeUrl = bytes.toString();
    else value = bytes;
    reader.pos = end;
  }
  return `{"@type":${JSON.stringify(typeUrl)},"value":"${value.toString("base64")}"}`;
}
