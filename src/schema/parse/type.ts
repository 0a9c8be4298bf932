// The types an rpc or an `extend` names: messages only, never a scalar.
import { shorten } from "./lex-character.ts";
import type { Cursor, Named } from "./cursor.ts";

export const scalarTypes: ReadonlySet<string> = new Set([
  "double",
  "float",
  "int64",
  "uint64",
  "int32",
  "fixed64",
  "fixed32",
  "bool",
  "string",
  "bytes",
  "uint32",
  "sfixed32",
  "sfixed64",
  "sint32",
  "sint64",
]);

export function expectMessageType(cursor: Cursor, what: string, hint?: string): Named {
  const token = cursor.at;
  const named = cursor.expectTypeName(what, hint);
  if (scalarTypes.has(named.name)) {
    const message = `expected ${what}, found the scalar type "${shorten(named.name)}"`;
    cursor.reportAt(token, {
      rule: "message-type",
      message,
      hint: hint === undefined ? undefined : "wrap it in a message",
    });
  }
  return named;
}
