// `syntax = "proto3";` and `edition = "2023";`: the first statement, on which the meaning of all others depends.
import { didYouMean } from "../../diagnostic.ts";
import { shorten } from "./lex-character.ts";
import { tokenKind } from "./lex-token.ts";
import { endStatement } from "./block.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { expectText } from "./string.ts";
import type { Edition } from "../proto-file.ts";

const known = { syntax: ["proto2", "proto3"], edition: ["2023", "2024"] } as const;

export type EditionKeyword = keyof typeof known;

/** Whether `syntax = …` or `edition = …` begins here. */
export function startsEdition(cursor: Cursor): boolean {
  return (
    (cursor.isWord("syntax") || cursor.isWord("edition")) &&
    (cursor.kind(1) === symbol.equals || cursor.kind(1) === tokenKind.string)
  );
}

/** Reads the statement; the keyword may be misspelt and is reported by the caller then. */
export function parseEdition(cursor: Cursor, keyword: EditionKeyword): void {
  cursor.lenient = true;
  cursor.take();
  if (cursor.kind() === symbol.equals) cursor.take();
  else if (cursor.kind() === tokenKind.string) reportMissingEquals(cursor, keyword);
  else cursor.failExpecting(`"=" after "${keyword}"`, shapeOf(keyword));
  const token = cursor.at;
  const text = parseVersion(cursor, keyword);
  const edition = [...known.syntax, ...known.edition].find((name) => name === text);
  if (edition === undefined) reportUnknown(cursor, keyword, token, text);
  else if (!(known[keyword] as readonly string[]).includes(edition))
    reportOtherKeyword(cursor, keyword, token, edition);
  if (edition !== undefined) {
    cursor.edition = edition;
    cursor.lenient = false;
  }
  endStatement(cursor, `the ${keyword}`);
}

/** The edition of a file whose first statement is another one, so that one mistake does not become many. */
export function findEdition(cursor: Cursor): Edition | undefined {
  const { kinds, count } = cursor.tokens;
  let depth = 0;
  for (let token = 0; token < count - 2; token++) {
    if (kinds[token] === symbol.braceOpen) depth++;
    else if (kinds[token] === symbol.braceClose) depth--;
    if (depth !== 0 || kinds[token + 1] !== symbol.equals || kinds[token + 2] !== tokenKind.string) continue;
    const word = cursor.textOf(token);
    if (word !== "syntax" && word !== "edition") continue;
    const text = cursor.textOf(token + 2).slice(1, -1);
    return [...known.syntax, ...known.edition].find((name) => name === text);
  }
  return undefined;
}

function shapeOf(keyword: EditionKeyword): string {
  return `write ${keyword} = "${keyword === "syntax" ? "proto3" : "2023"}";`;
}

function reportMissingEquals(cursor: Cursor, keyword: EditionKeyword): void {
  cursor.reportHere({
    rule: "syntax",
    message: `expected "=" after "${keyword}", found ${cursor.describe()}`,
    hint: shapeOf(keyword),
  });
}

function parseVersion(cursor: Cursor, keyword: EditionKeyword): string {
  const isBare = cursor.kind() === tokenKind.word || cursor.kind() === tokenKind.integer;
  if (!isBare) return expectText(cursor, `a string after "${keyword} ="`, shapeOf(keyword));
  const text = cursor.text();
  const message = `the ${keyword} "${shorten(text)}" is not in quotes`;
  cursor.reportHere({ rule: "unquoted", message, hint: `write ${keyword} = "${shorten(text)}";` });
  cursor.take();
  return text;
}

function reportUnknown(cursor: Cursor, keyword: EditionKeyword, token: number, text: string): void {
  const list = known[keyword].map((name) => `"${name}"`).join(" or ");
  cursor.reportAt(token, {
    rule: "unknown-syntax",
    message: `unknown ${keyword} "${shorten(text)}", expected ${list}`,
    hint: didYouMean(text, known[keyword]),
  });
}

function reportOtherKeyword(cursor: Cursor, keyword: EditionKeyword, token: number, edition: Edition): void {
  const other = keyword === "syntax" ? "edition" : "syntax";
  cursor.reportAt(token, {
    rule: "unknown-syntax",
    message: `"${edition}" is ${keyword === "syntax" ? "an edition" : "a syntax"}, not ${keyword === "syntax" ? "a syntax" : "an edition"}`,
    hint: `write ${other} = "${edition}";`,
  });
}
