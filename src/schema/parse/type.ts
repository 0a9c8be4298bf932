// The types an rpc or an `extend` names: messages only, never a scalar.
import { isScalarType } from "../scalar-types.ts";
import { shorten } from "./lex-character.ts";
import type { Cursor, Named } from "./cursor.ts";

export function expectMessageType(cursor: Cursor, what: string, hint?: string): Named {
  const token = cursor.at;
  const named = cursor.expectTypeName(what, hint);
  if (isScalarType(named.name)) {
    const message = `expected ${what}, found the scalar type "${shorten(named.name)}"`;
    cursor.reportAt(token, {
      rule: "message-type",
      message,
      hint: hint === undefined ? undefined : "wrap it in a message",
    });
  }
  return named;
}
