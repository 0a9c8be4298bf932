// Integers where the grammar wants one: field numbers, enum values, reserved and extension ranges.
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";

export const maxFieldNumber = 536_870_911;
/** What message_set_wire_format allows. */
export const maxMessageSetNumber = 2_147_483_646;
export const maxEnumNumber = 2_147_483_647;
export const minEnumNumber = -2_147_483_648;

/** An integer with its sign; beyond 2^53 it is inexact, which no range here reaches. `what` is e.g. `a field number`. */
export function expectInteger(cursor: Cursor, what: string, hint?: string): number {
  const isNegative = cursor.kind() === symbol.minus && cursor.kind(1) === tokenKind.integer;
  if (!isNegative && cursor.kind() !== tokenKind.integer) return cursor.failExpecting(what, hint);
  if (isNegative) cursor.take();
  const value = integerValue(cursor.textOf(cursor.take()));
  return isNegative && value !== 0 ? -value : value;
}

function integerValue(text: string): number {
  const isOctal = text.length > 1 && text.charCodeAt(0) === 48 && (text.charCodeAt(1) | 32) !== 120;
  return isOctal ? Number.parseInt(text, 8) : Number(text);
}

/** Checks the number of a field, read from `first` on; `owner` is e.g. `field "x"`. */
export function checkFieldNumber(cursor: Cursor, first: number, number: number, owner: string): void {
  const text = shorten(cursor.source.slice(cursor.tokens.starts[first], cursor.tokens.ends[cursor.at - 1]));
  if (number < 1 || number > maxFieldNumber) {
    cursor.reportAt(first, {
      rule: "field-number",
      message: `the number ${text} of the ${owner} is out of range, expected 1 to ${maxFieldNumber}`,
    });
  } else if (number >= 19_000 && number <= 19_999) {
    cursor.reportAt(first, {
      rule: "field-number",
      message: `the number ${text} of the ${owner} lies in 19000 to 19999, which protobuf keeps for itself`,
      hint: "choose another number",
    });
  }
}
