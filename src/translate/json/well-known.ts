// The messages with a JSON form of their own: one table, by full name, both ways.
import type { WellKnown } from "./message-plan.ts";
import {
  readAny,
  readDuration,
  readFieldMask,
  readListValue,
  readStruct,
  readStructValue,
  readTimestamp,
  readWrapper,
} from "./well-known-read.ts";
import { writeAny, writeDuration, writeFieldMask, writeTimestamp, writeWrapper } from "./well-known-write.ts";
import { writeListValue, writeStruct, writeStructValue } from "./write-struct.ts";

const wrapper: WellKnown = { write: writeWrapper, read: readWrapper, readsNull: false };

export const wellKnownTypes: ReadonlyMap<string, WellKnown> = new Map<string, WellKnown>([
  ["google.protobuf.Any", { write: writeAny, read: readAny, readsNull: false }],
  ["google.protobuf.Timestamp", { write: writeTimestamp, read: readTimestamp, readsNull: false }],
  ["google.protobuf.Duration", { write: writeDuration, read: readDuration, readsNull: false }],
  ["google.protobuf.FieldMask", { write: writeFieldMask, read: readFieldMask, readsNull: false }],
  ["google.protobuf.Struct", { write: writeStruct, read: readStruct, readsNull: false }],
  ["google.protobuf.Value", { write: writeStructValue, read: readStructValue, readsNull: true }],
  ["google.protobuf.ListValue", { write: writeListValue, read: readListValue, readsNull: false }],
  ["google.protobuf.DoubleValue", wrapper],
  ["google.protobuf.FloatValue", wrapper],
  ["google.protobuf.Int64Value", wrapper],
  ["google.protobuf.UInt64Value", wrapper],
  ["google.protobuf.Int32Value", wrapper],
  ["google.protobuf.UInt32Value", wrapper],
  ["google.protobuf.BoolValue", wrapper],
  ["google.protobuf.StringValue", wrapper],
  ["google.protobuf.BytesValue", wrapper],
]);
