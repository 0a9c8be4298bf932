// Values of options: scalars, and aggregates in the text format.
//
//   Message = "{" Entry* "}" | "<" Entry* ">"
//   Entry   = Name (":" Value | [":"] Message | [":"] "[" [Message ("," Message)*] "]") [","|";"]
//   Name    = WORD | "[" Path "]"                  (an extension, or the URL of an Any's type)
//   Value   = ["-"] (NUMBER | WORD) | STRING+ | Message | "[" [Value ("," Value)*] "]"
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { maxNesting } from "./block.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { expectString } from "./string.ts";
import type { RawEntry, RawValue } from "../proto-file.ts";

/** The value after `name =`; `owner` is e.g. `option "deprecated"`. */
export function parseOptionValue(cursor: Cursor, owner: string): RawValue {
  if (cursor.kind() === symbol.braceOpen) return parseAggregate(cursor, owner, 1);
  if (cursor.kind() === symbol.less) return failValue(cursor, owner, 'a message value is written in braces: "{ … }"');
  if (cursor.kind() === symbol.bracketOpen) {
    return failValue(cursor, owner, "a repeated option is set once an element, or inside the braces of its message");
  }
  const value = parseScalar(cursor, owner);
  if (value.kind === "identifier" && cursor.kind() === symbol.dot) {
    return failValue(cursor, owner, "an enum value is written by its short name; text is written in quotes");
  }
  return value;
}

function failValue(cursor: Cursor, owner: string, hint?: string): never {
  return cursor.fail({
    rule: "option-value",
    message: `expected a value for the ${owner}, found ${cursor.describe()}`,
    hint,
  });
}

function parseScalar(cursor: Cursor, owner: string): RawValue {
  const position = cursor.positionHere();
  if (cursor.kind() === tokenKind.string) return { kind: "string", bytes: expectString(cursor, "a string"), position };
  const sign = cursor.takeIf(symbol.minus) ? "-" : "";
  switch (cursor.kind()) {
    case tokenKind.integer:
    case tokenKind.float:
      return { kind: "number", text: sign + cursor.textOf(cursor.take()), position };
    case tokenKind.word: {
      const word = cursor.text();
      if (sign !== "" && !/^(?:inf|infinity|nan)$/i.test(word)) {
        return failValue(cursor, owner, 'a number, "inf" or "nan" follows "-"');
      }
      cursor.take();
      return { kind: "identifier", text: sign + word, position };
    }
    default:
      return failValue(cursor, owner);
  }
}

function parseAggregate(cursor: Cursor, owner: string, depth: number): RawValue {
  const position = cursor.positionHere();
  if (depth > maxNesting) {
    cursor.fail({
      rule: "nesting-too-deep",
      message: `the value of the ${owner} is nested more than ${maxNesting} levels deep`,
    });
  }
  const close = cursor.kind() === symbol.less ? symbol.greater : symbol.braceClose;
  cursor.open.push({ token: cursor.take(), owner: `value of the ${owner}` });
  const fields: RawEntry[] = [];
  while (!cursor.takeIf(close)) {
    fields.push(parseEntry(cursor, depth));
    if (!cursor.takeIf(symbol.comma)) cursor.takeIf(symbol.semicolon);
  }
  cursor.open.pop();
  return { kind: "message", fields, position };
}

function parseEntry(cursor: Cursor, depth: number): RawEntry {
  const position = cursor.positionHere();
  const name = parseEntryName(cursor);
  const owner = `field "${shorten(name)}"`;
  const hasColon = cursor.takeIf(symbol.colon);
  const kind = cursor.kind();
  if (kind === symbol.braceOpen || kind === symbol.less) {
    return { name, value: parseAggregate(cursor, owner, depth + 1), position };
  }
  if (kind === symbol.bracketOpen) return { name, value: parseList(cursor, owner, depth, hasColon), position };
  if (!hasColon) {
    const hint = kind === symbol.equals ? 'replace "=" by ":"' : undefined;
    cursor.failExpecting(`":" after the ${owner}`, hint);
  }
  return { name, value: parseScalar(cursor, owner), position };
}

function parseEntryName(cursor: Cursor): string {
  if (cursor.kind() === tokenKind.word) return cursor.textOf(cursor.take());
  if (cursor.kind() !== symbol.bracketOpen) return cursor.failExpecting('a field name or the "}" of the value');
  cursor.take();
  let name = "";
  while (cursor.kind() !== symbol.bracketClose) {
    const kind = cursor.kind();
    const isPart =
      kind === tokenKind.word ||
      kind === tokenKind.integer ||
      kind === symbol.dot ||
      kind === symbol.slash ||
      kind === symbol.minus;
    if (!isPart) cursor.failExpecting('an extension name or a type URL and "]"');
    name += cursor.textOf(cursor.take());
  }
  if (!/^(?:[^/]+\/)*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(name)) {
    cursor.failExpecting(`an extension name or a type URL before "]" instead of "${shorten(name)}"`);
  }
  cursor.take();
  return `[${name}]`;
}

function parseList(cursor: Cursor, owner: string, depth: number, hasColon: boolean): RawValue {
  const position = cursor.positionHere();
  cursor.open.push({ token: cursor.take(), owner: `list of the ${owner}` });
  const values: RawValue[] = [];
  while (cursor.kind() !== symbol.bracketClose || values.length > 0) {
    const isMessage = cursor.kind() === symbol.braceOpen || cursor.kind() === symbol.less;
    if (!isMessage && !hasColon) cursor.failExpecting(`":" before the list of the ${owner}`);
    values.push(isMessage ? parseAggregate(cursor, owner, depth + 1) : parseScalar(cursor, owner));
    if (!cursor.takeIf(symbol.comma)) break;
  }
  cursor.expect(symbol.bracketClose, `or "," in the list of the ${owner}`);
  cursor.open.pop();
  return { kind: "list", values, position };
}
