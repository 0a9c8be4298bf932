// Protobuf bytes → JSON bytes: what a front calls to write a reply.
import type { Field, MessageType, Schema } from "../../schema/descriptor.ts";
import { ByteSink, toBuffer } from "../wire/byte-sink.ts";
import { closeAllKeySets } from "./key-set.ts";
import { plansOf } from "./compile-plans.ts";
import { indentJson } from "./indent-json.ts";
import type { JsonOptions } from "../options.ts";
import type { PartialMask } from "../reply/partial.ts";
import { WireReader } from "../wire/wire-reader.ts";
import { outOfOrder } from "./out-of-order.ts";
import { writeMessage } from "./write-message.ts";
import type { FieldPlan, MessagePlan, Plans, WriteRun } from "./message-plan.ts";

/** `mask` keeps only some fields; `indent` overrides the option. Throws GatewayError (INTERNAL) on malformed bytes. */
export type JsonWriter = (message: Uint8Array, mask?: PartialMask, indent?: number) => Buffer;

const sink = new ByteSink();

/** In messages of at least so many bytes, even short strings pay for the view by which they are copied in words. */
const viewWorth = 512;

/** The whole message as a JSON value. */
export function compileJsonWriter(type: MessageType, schema: Schema, options: JsonOptions): JsonWriter {
  const plans = plansOf(schema, options);
  const plan = plans.message(type);
  return (message, mask, indent = options.indent) => {
    convert(plans, plan, message, mask);
    return finish(0, sink.length, indent);
  };
}

/** Only the value of one top-level field: its zero where it is unset, `null` for an unset well-known type. */
export function compileFieldWriter(field: Field, schema: Schema, options: JsonOptions): JsonWriter {
  const plans = plansOf(schema, options);
  const plan = plans.message(field.parent);
  const fieldPlan = plan.fields.find((candidate) => candidate.field === field)!;
  return (message, mask, indent = options.indent) => {
    convert(plans, plan, message, new Map([[field, mask]]));
    // `{"name":value}` without the key and the braces; `{}` where there is nothing to write.
    const { length } = fieldPlan.key;
    const isNull = fieldPlan.absent !== undefined && sink.length === fieldPlan.absent.length + 1;
    const showsDefaults = isNull && isPlainMessage(fieldPlan);
    if (sink.length > 2 && !showsDefaults) return finish(length, sink.length - 1, indent);
    writeUnset(plans, fieldPlan);
    return finish(0, sink.length, indent);
  };
}

/** An unset one is `null` inside a message; as the whole answer it is the message with its zeros. */
function isPlainMessage(plan: FieldPlan): boolean {
  const isSingular = !plan.isRepeated && !plan.isMap;
  return isSingular && plan.field.type.kind === "message" && plan.message.wellKnown === undefined;
}

function convert(plans: Plans, plan: MessagePlan, message: Uint8Array, mask: PartialMask | undefined): void {
  const bytes = toBuffer(message);
  const run: WriteRun = { out: sink, plans, inOrder: true, depth: 0 };
  sink.length = 0;
  const reader = new WireReader(bytes, 0, bytes.length);
  if (bytes.length >= viewWorth) reader.openView();
  try {
    writeMessage(run, plan, reader, mask);
  } catch (error) {
    closeAllKeySets();
    if (error !== outOfOrder) throw error;
    run.inOrder = false;
    run.depth = 0;
    sink.length = 0;
    writeMessage(run, plan, new WireReader(bytes, 0, bytes.length), mask);
  }
}

function finish(start: number, end: number, indent: number): Buffer {
  sink.length = end;
  const json = sink.take(start);
  sink.length = 0;
  return indent > 0 ? indentJson(json, indent) : json;
}

function writeUnset(plans: Plans, field: FieldPlan): void {
  sink.length = 0;
  if (field.isRepeated) sink.appendAscii("[]");
  else if (field.isMap) sink.appendAscii("{}");
  else if (field.field.type.kind !== "message" || field.message.wellKnown !== undefined) sink.appendSnippet(field.zero);
  else convert(plans, field.message, new Uint8Array(), undefined);
}
