// `enum Name { … }`.
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { endStatement, parseBlock, parseDeclaredName } from "./block.ts";
import { commentOf } from "./comment.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { expectInteger, maxEnumNumber, minEnumNumber } from "./number.ts";
import { parseBracketOptions, parseOptionStatement, startsOption, toRawOptions } from "./options.ts";
import { parseReserved, startsRanges } from "./ranges.ts";
import type { NumberRange, RawEnum, RawOption } from "../proto-file.ts";

type RawEnumValue = RawEnum["values"][number];

const valueShape = 'an enum value is written "NAME = number;"';

/** Reads from `enum` on; the statement began at token `first`. */
export function parseEnum(cursor: Cursor, first: number): RawEnum {
  cursor.take();
  const named = parseDeclaredName(cursor, "enum");
  const brace = cursor.at;
  const values: RawEnumValue[] = [];
  const options: RawOption[] = [];
  const reservedRanges: NumberRange[] = [];
  const reservedNames: RawEnum["reservedNames"][number][] = [];
  parseBlock(cursor, `enum "${shorten(named.name)}"`, () => {
    if (startsOption(cursor)) parseOptionStatement(cursor, options);
    else if (cursor.isWord("reserved") && startsRanges(cursor))
      parseReserved(cursor, { reservedRanges, reservedNames }, "enum");
    else {
      const value = parseEnumValue(cursor);
      if (value !== undefined) values.push(value);
    }
  });
  return {
    name: named.name,
    position: named.position,
    comment: commentOf(cursor, first, brace),
    options: toRawOptions(options),
    values,
    reservedRanges,
    reservedNames,
  };
}

/** Undefined, after a report, when it has no number. */
function parseEnumValue(cursor: Cursor): RawEnumValue | undefined {
  const first = cursor.at;
  const named = cursor.expectName("the name of an enum value", valueShape);
  const shown = shorten(named.name);
  const number = parseValueNumber(cursor, shown);
  const options = parseBracketOptions(cursor, `enum value "${shown}"`);
  const last = cursor.at;
  endStatement(cursor, `the enum value "${shown}"`);
  if (number === undefined) return undefined;
  return {
    name: named.name,
    position: named.position,
    number,
    comment: commentOf(cursor, first, last),
    options: toRawOptions(options),
  };
}

function parseValueNumber(cursor: Cursor, shown: string): number | undefined {
  const next = cursor.kind();
  const isOver =
    next === symbol.semicolon || next === symbol.comma || next === symbol.bracketOpen || next === symbol.braceClose;
  if (isOver || (next === tokenKind.word && cursor.startsLine())) {
    const message = `the enum value "${shown}" has no number, expected "=" and a number, found ${cursor.describe()}`;
    const offset = cursor.tokens.ends[cursor.at - 1];
    cursor.reportHere(
      {
        rule: "missing-number",
        message,
        hint: 'add " = " and a number; the first value of an enum is 0',
      },
      offset,
    );
    return undefined;
  }
  cursor.expect(symbol.equals, `after the enum value name "${shown}"`, valueShape);
  const token = cursor.at;
  const number = expectInteger(cursor, `a number for the enum value "${shown}"`, valueShape);
  if (number < minEnumNumber || number > maxEnumNumber) {
    const text = shorten(cursor.source.slice(cursor.tokens.starts[token], cursor.tokens.ends[cursor.at - 1]));
    const message = `the number ${text} of the enum value "${shown}" is out of range, expected ${minEnumNumber} to ${maxEnumNumber}`;
    cursor.reportAt(token, { rule: "enum-number", message });
  }
  return number;
}
