// `reserved …;` of messages and enums, and `extensions …;`.
import { didYouMean } from "../../diagnostic.ts";
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { endStatement } from "./block.ts";
import { symbol } from "./cursor.ts";
import type { Cursor, Named } from "./cursor.ts";
import { expectInteger, maxEnumNumber, maxFieldNumber, maxMessageSetNumber, minEnumNumber } from "./number.ts";
import { parseBracketOptions } from "./options.ts";
import { expectText } from "./string.ts";
import type { NumberRange } from "../proto-file.ts";

export interface Reserved {
  readonly reservedRanges: NumberRange[];
  readonly reservedNames: Named[];
}

export interface WrittenRange {
  readonly start: number;
  /** Infinity for `max`. */
  readonly end: number;
  /** Of the start. */
  readonly token: number;
  readonly text: string;
}

const rangeHint = 'write numbers and ranges such as "2, 9 to 11, 100 to max"';

/** Whether `reserved` or `extensions` here begins its statement rather than a field of a type of that name. */
export function startsRanges(cursor: Cursor): boolean {
  const next = cursor.kind(1);
  return (
    next !== symbol.equals && next !== symbol.dot && !(next === tokenKind.word && cursor.kind(2) === symbol.equals)
  );
}

export function parseReserved(cursor: Cursor, into: Reserved, of: "message" | "enum"): void {
  cursor.take();
  const isName = cursor.kind() === tokenKind.string || cursor.kind() === tokenKind.word;
  if (isName) {
    do into.reservedNames.push(parseReservedName(cursor));
    while (cursor.takeIf(symbol.comma));
    return endStatement(cursor, "the reserved names");
  }
  do {
    const range = parseRange(cursor, "a reserved number or name");
    const [min, max] = of === "enum" ? [minEnumNumber, maxEnumNumber] : [1, maxFieldNumber];
    into.reservedRanges.push(checkRange(cursor, range, min, max));
  } while (cursor.takeIf(symbol.comma));
  endStatement(cursor, "the reserved numbers");
}

function parseReservedName(cursor: Cursor): Named {
  const position = cursor.positionHere();
  const inEdition = cursor.edition.startsWith("2");
  if (cursor.kind() === tokenKind.word) {
    const token = cursor.take();
    const name = cursor.textOf(token);
    if (!inEdition && !cursor.lenient) {
      const message = `the reserved name "${shorten(name)}" is not in quotes`;
      cursor.reportAt(token, {
        rule: "reserved-name",
        message,
        hint: `write "${shorten(name)}" with its quotes`,
      });
    }
    return { name, position };
  }
  const token = cursor.at;
  const name = expectText(cursor, "a reserved name", "names and numbers are reserved in separate statements");
  if (inEdition && !cursor.lenient) {
    const message = `the reserved name ${shorten(cursor.textOf(token))} is in quotes, expected a plain name in an edition`;
    cursor.reportAt(token, { rule: "reserved-name", message, hint: "remove the quotes" });
  } else if (!/^[A-Za-z_]\w*$/.test(name)) {
    cursor.reportAt(
      token,
      { rule: "reserved-name", message: `the reserved name "${shorten(name)}" is not a name` },
      "warning",
    );
  }
  return { name, position };
}

/** `extensions …;`, unchecked: how far they reach depends on an option that may follow. */
export function parseExtensionRanges(cursor: Cursor, into: WrittenRange[]): void {
  cursor.take();
  do into.push(parseRange(cursor, "an extension number"));
  while (cursor.takeIf(symbol.comma));
  parseBracketOptions(cursor, "extension range");
  endStatement(cursor, "the extension range");
}

export function checkExtensionRanges(
  cursor: Cursor,
  ranges: readonly WrittenRange[],
  isMessageSet: boolean,
): NumberRange[] {
  const max = isMessageSet ? maxMessageSetNumber : maxFieldNumber;
  return ranges.map((range) => checkRange(cursor, range, 1, max));
}

function parseRange(cursor: Cursor, what: string): WrittenRange {
  const token = cursor.at;
  const isName = cursor.kind() === tokenKind.string;
  const start = expectInteger(
    cursor,
    what,
    isName ? "names and numbers are reserved in separate statements" : rangeHint,
  );
  let end = start;
  if (cursor.takeWord("to")) {
    end = cursor.takeWord("max") ? Infinity : expectInteger(cursor, 'a number or "max" after "to"', maxHint(cursor));
  }
  const { starts, ends } = cursor.tokens;
  return {
    start,
    end,
    token,
    text: shorten(cursor.source.slice(starts[token], ends[cursor.at - 1])),
  };
}

function maxHint(cursor: Cursor): string | undefined {
  return cursor.kind() === tokenKind.word ? didYouMean(cursor.text(), ["max"]) : undefined;
}

function checkRange(cursor: Cursor, range: WrittenRange, min: number, max: number): NumberRange {
  const { start, token, text } = range;
  const end = range.end === Infinity ? max : range.end;
  if (start < min || end > max || start > max) {
    cursor.reportAt(token, {
      rule: "range",
      message: `the range ${text} is out of bounds, expected ${min} to ${max}`,
    });
  } else if (end < start) {
    cursor.reportAt(token, {
      rule: "range",
      message: `the range ${text} ends before it begins`,
      hint: `write ${end} to ${start}`,
    });
  }
  return { start, end, position: cursor.positionOf(token) };
}
