// The messages that are one value to their users though they have fields: `?since=2026-01-01T00:00:00Z`.
import type { ScalarType } from "../../schema/descriptor.ts";

/** Given as JSON text. */
export const jsonTexts: ReadonlySet<string> = new Set([
  "google.protobuf.Value",
  "google.protobuf.Struct",
  "google.protobuf.ListValue",
]);

/** Given as the scalar they wrap. */
export const wrappers: ReadonlyMap<string, ScalarType> = new Map<string, ScalarType>([
  ["google.protobuf.DoubleValue", "double"],
  ["google.protobuf.FloatValue", "float"],
  ["google.protobuf.Int64Value", "int64"],
  ["google.protobuf.UInt64Value", "uint64"],
  ["google.protobuf.Int32Value", "int32"],
  ["google.protobuf.UInt32Value", "uint32"],
  ["google.protobuf.BoolValue", "bool"],
  ["google.protobuf.StringValue", "string"],
  ["google.protobuf.BytesValue", "bytes"],
]);

const ownForms: ReadonlySet<string> = new Set([
  "google.protobuf.Any",
  "google.protobuf.Timestamp",
  "google.protobuf.Duration",
  "google.protobuf.FieldMask",
  ...jsonTexts,
  ...wrappers.keys(),
]);

/** Messages whose JSON is not an object of their own fields: field paths end at them. */
export function hasOwnJsonForm(fullName: string): boolean {
  return ownForms.has(fullName);
}
