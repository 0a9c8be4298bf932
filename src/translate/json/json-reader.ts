// JSON bytes → protobuf bytes: what a front calls to read a request.
import type { Field, MessageType, Schema } from "../../schema/descriptor.ts";
import { ByteSink, toBuffer } from "../wire/byte-sink.ts";
import { plansOf } from "./compile-plans.ts";
import { JsonCursor, JsonFault } from "./json-cursor.ts";
import { closeAllKeySets } from "./key-set.ts";
import { toGatewayError } from "./locate-json.ts";
import type { Plans, ReadRun } from "./message-plan.ts";
import type { JsonOptions } from "../options.ts";
import type { Overlay } from "../request/overlay.ts";
import { readFieldValue, readMessage } from "./read-message.ts";

/** Throws GatewayError (INVALID_ARGUMENT) with path, line and column of the first fault. */
export type JsonReader = (json: Uint8Array, overlay?: Overlay) => Uint8Array;

const LETTER_N = 0x6e;
const sink = new ByteSink();

/** A whole message from a JSON value. */
export function compileJsonReader(type: MessageType, schema: Schema, options: JsonOptions): JsonReader {
  const plans = plansOf(schema, options);
  const plan = plans.message(type);
  return (json, overlay) => convert(plans, json, "", (run) => readMessage(run, plan, overlay));
}

/** One top-level field, tag included, from the JSON text of its value; `null` is an unset field, no bytes at all. */
export function compileFieldReader(field: Field, schema: Schema, options: JsonOptions): JsonReader {
  const plans = plansOf(schema, options);
  const plan = plans.message(field.parent).fields.find((candidate) => candidate.field === field)!;
  return (json, overlay) =>
    convert(plans, json, field.jsonName, (run) => {
      if (run.json.peek() === LETTER_N && !(plan.readsNull && field.cardinality === "singular"))
        run.json.literal("null");
      else readFieldValue(run, plan, overlay);
    });
}

/** What is no JSON from its first byte on is often something else that can be named. */
function recogniseForeign(bytes: Uint8Array, fault: JsonFault): JsonFault {
  if (fault.offset !== 0 || fault.reason !== "JSON_SYNTAX") return fault;
  const [first, second] = bytes;
  let what: string | undefined;
  if (first === 0xef && second === 0xbb) what = "begins with a byte order mark; leave it out";
  else if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    what = "is in UTF-16; send UTF-8";
  else if (first === 0x1f && second === 0x8b) what = "is gzip data; send Content-Encoding: gzip with it";
  return what === undefined ? fault : new JsonFault(0, `the JSON ${what}`, fault.reason);
}

function convert(plans: Plans, bytes: Uint8Array, prefix: string, read: (run: ReadRun) => void): Buffer {
  const json = new JsonCursor(toBuffer(bytes));
  sink.length = 0;
  try {
    read({ out: sink, plans, json, depth: 0 });
    if (json.peek() >= 0 && !plans.options.allowTrailing)
      json.fail("unexpected text after the JSON value", "JSON_SYNTAX");
  } catch (error) {
    closeAllKeySets();
    if (error instanceof JsonFault) throw toGatewayError(bytes, recogniseForeign(bytes, error), prefix);
    throw error;
  }
  return sink.take(0);
}
