// `option name = value;` and the options in brackets behind a field, an enum value or an extension range.
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { endStatement } from "./block.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { parseOptionValue } from "./value.ts";
import type { RawOption, RawOptions } from "../proto-file.ts";

const nameHint = 'an option is "name = value"; the name of a custom one stands in parentheses';

/** Whether `option` here begins an option rather than being a name. */
export function startsOption(cursor: Cursor): boolean {
  return cursor.isWord("option") && cursor.kind(1) !== symbol.equals && cursor.kind(1) !== symbol.dot;
}

/** Reads `option name = value;` into `options`. */
export function parseOptionStatement(cursor: Cursor, options: RawOption[]): void {
  cursor.take();
  const option = parseOption(cursor);
  options.push(option);
  endStatement(cursor, `the option "${shorten(option.name.join("."))}"`);
}

/** Reads `[a = b, …]` if there is one; `owner` is e.g. `field "x"`. */
export function parseBracketOptions(cursor: Cursor, owner: string): RawOption[] {
  const options: RawOption[] = [];
  if (cursor.kind() !== symbol.bracketOpen) return options;
  cursor.open.push({ token: cursor.take(), owner: `options of the ${owner}` });
  if (cursor.kind() === symbol.bracketClose) {
    cursor.reportHere({
      rule: "empty-options",
      message: `expected an option of the ${owner}, found "]"`,
      hint: 'remove "[]"',
    });
  } else {
    do options.push(parseOption(cursor));
    while (cursor.takeIf(symbol.comma));
  }
  if (cursor.kind() === symbol.semicolon) cursor.reportUnclosed(cursor.open[cursor.open.length - 1]);
  else cursor.expect(symbol.bracketClose, `or "," after an option of the ${owner}`);
  cursor.open.pop();
  return options;
}

function parseOption(cursor: Cursor): RawOption {
  const position = cursor.positionHere();
  const name: string[] = [];
  do name.push(parseNamePart(cursor));
  while (cursor.takeIf(symbol.dot));
  const shown = shorten(name.join("."));
  const hint = cursor.kind() === symbol.colon ? 'replace ":" by "="' : undefined;
  cursor.expect(symbol.equals, `after the option name "${shown}"`, hint);
  return { name, value: parseOptionValue(cursor, `option "${shown}"`), position };
}

function parseNamePart(cursor: Cursor): string {
  if (cursor.kind() === tokenKind.word) return cursor.textOf(cursor.take());
  if (cursor.kind() !== symbol.parenOpen) return cursor.failExpecting("an option name", nameHint);
  cursor.take();
  const { name } = cursor.expectTypeName("the name of a custom option", nameHint);
  cursor.expect(symbol.parenClose, `after the option name "(${shorten(name)}"`);
  return `(${name})`;
}

export function toRawOptions(options: readonly RawOption[]): RawOptions {
  return { kind: "text", options };
}
