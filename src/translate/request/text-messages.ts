// The messages that are one value to their users though they have fields: `?since=2026-01-01T00:00:00Z`.
import { wrappers } from "../../schema/wrappers.ts";

/** Given as JSON text. */
export const jsonTexts: ReadonlySet<string> = new Set([
  "google.protobuf.Value",
  "google.protobuf.Struct",
  "google.protobuf.ListValue",
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
