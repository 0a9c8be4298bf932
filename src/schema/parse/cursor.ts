// The place in a .proto file's tokens that the parse-* functions share: what is here, what it should be, what is wrong.
import type { Diagnostic, Position, Severity } from "../../diagnostic.ts";
import { shorten } from "./lex-character.ts";
import { flagSilent, tokenKind } from "./lex-token.ts";
import type { Tokens } from "./lex-token.ts";
import type { Problem } from "./lex.ts";
import type { Edition } from "../proto-file.ts";

/** Leaves a statement after its error was reported; `runStatement` catches it and goes on behind. */
export class SyntaxFailure extends Error {}

export const maxDiagnostics = 100;

/** A `{` or `[` not closed yet, and whose it is: `message "Foo"`. */
export interface OpenBracket {
  readonly token: number;
  readonly owner: string;
}

export interface Named {
  readonly name: string;
  readonly position: Position;
}

/** ASCII codes of the symbols, by a name to read. */
export const symbol = {
  braceOpen: 123,
  braceClose: 125,
  bracketOpen: 91,
  bracketClose: 93,
  parenOpen: 40,
  parenClose: 41,
  less: 60,
  greater: 62,
  equals: 61,
  semicolon: 59,
  comma: 44,
  colon: 58,
  dot: 46,
  minus: 45,
  slash: 47,
} as const;

export class Cursor {
  readonly path: string;
  readonly source: string;
  readonly tokens: Tokens;
  /** What the file's `syntax` or `edition` line says. */
  edition: Edition = "proto2";
  /** The file's edition is not known: nothing that depends on it is an error. */
  lenient = false;
  /** Index of the token to read next. */
  at = 0;
  /** First token of the statement begun last. */
  statement = 0;
  /** Innermost last. */
  readonly open: OpenBracket[] = [];
  readonly #found: { readonly offset: number; readonly diagnostic: Diagnostic }[] = [];
  readonly #lineStarts: number[];
  #failedAt = -1;
  #overflown = false;

  constructor(path: string, tokens: Tokens, lineStarts: number[]) {
    this.path = path;
    this.source = tokens.source;
    this.tokens = tokens;
    this.#lineStarts = lineStarts;
  }

  kind(ahead = 0): number {
    return this.tokens.kinds[Math.min(this.at + ahead, this.tokens.count - 1)];
  }

  text(ahead = 0): string {
    return this.textOf(Math.min(this.at + ahead, this.tokens.count - 1));
  }

  textOf(token: number): string {
    return this.source.slice(this.tokens.starts[token], this.tokens.ends[token]);
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.at + ahead;
    const { kinds, starts, ends, count } = this.tokens;
    if (token >= count || kinds[token] !== tokenKind.word || ends[token] - starts[token] !== word.length) return false;
    return this.source.startsWith(word, starts[token]);
  }

  atEnd(): boolean {
    return this.kind() === tokenKind.end;
  }

  /** Takes the token here, whatever it is; the end of the file is never passed. */
  take(): number {
    const token = this.at;
    if (token < this.tokens.count - 1) this.at = token + 1;
    return token;
  }

  takeIf(kind: number): boolean {
    if (this.kind() !== kind) return false;
    this.take();
    return true;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.take();
    return true;
  }

  /** `what` completes the sentence: `expected "=" after the field name "x"`. */
  expect(kind: number, what: string, hint?: string): number {
    if (this.kind() === kind) return this.take();
    return this.failExpecting(`"${String.fromCharCode(kind)}" ${what}`, hint);
  }

  /** A simple name; `what` is e.g. `a field name`. */
  expectName(what: string, hint?: string): Named {
    if (this.kind() !== tokenKind.word) this.failExpecting(what, hint);
    const position = this.positionHere();
    return { name: this.textOf(this.take()), position };
  }

  /** A dotted name, with a leading dot when absolute. */
  expectTypeName(what: string, hint?: string): Named {
    const position = this.positionHere();
    let name = "";
    if (this.takeIf(symbol.dot)) name = ".";
    for (;;) {
      if (this.kind() !== tokenKind.word)
        this.failExpecting(name === "" ? what : `a name after "${shorten(name)}"`, hint);
      name += this.textOf(this.take());
      if (!this.takeIf(symbol.dot)) return { name, position };
      name += ".";
    }
  }

  /** Whether the token here is the first of its line. */
  startsLine(token = this.at): boolean {
    if (token === 0) return true;
    return this.#lineOf(this.tokens.starts[token]) > this.#lineOf(this.tokens.ends[token - 1]);
  }

  positionHere(): Position {
    return this.positionOf(this.at);
  }

  positionOf(token: number): Position {
    return this.positionAt(this.tokens.starts[token]);
  }

  positionAt(offset: number): Position {
    const line = this.#lineOf(offset);
    return { file: this.path, line: line + 1, column: offset - this.#lineStarts[line] + 1 };
  }

  offsetOf({ line, column }: Position): number {
    return this.#lineStarts[line - 1] + column - 1;
  }

  /** `"x"`, `the string "x"` or `the end of the file`. */
  describe(token = this.at): string {
    const kind = this.tokens.kinds[token];
    if (kind === tokenKind.end) return "the end of the file";
    const text = shorten(this.textOf(token));
    return kind === tokenKind.string ? `the string ${text}` : `"${text}"`;
  }

  /** An error that does not disturb the reading. */
  reportAt(token: number, problem: Problem, severity: Severity = "error"): void {
    this.reportOffset(this.tokens.starts[token], problem, severity);
  }

  reportOffset(offset: number, { rule, message, hint }: Problem, severity: Severity = "error"): void {
    if (this.#found.length >= maxDiagnostics) {
      this.#overflown = true;
      this.at = this.tokens.count - 1;
      return;
    }
    this.#found.push({
      offset,
      diagnostic: { severity, position: this.positionAt(offset), message, hint, rule },
    });
  }

  reportPosition(position: Position, problem: Problem): void {
    this.reportOffset(this.offsetOf(position), problem);
  }

  /** Reports what is wrong with the structure here, once a token, and never what a bad token has caused. */
  reportHere(problem: Problem, offset = this.tokens.starts[this.at]): void {
    const { kinds, flags } = this.tokens;
    const caused =
      kinds[this.at] === tokenKind.bad || this.#failedAt === this.at || (flags[this.at] & flagSilent) !== 0;
    this.#failedAt = this.at;
    if (!caused) this.reportOffset(offset, problem);
  }

  fail(problem: Problem): never {
    const innermost = this.open.at(-1);
    if (this.atEnd() && innermost !== undefined) this.reportUnclosed(innermost);
    else this.reportHere(problem);
    throw new SyntaxFailure(problem.message);
  }

  failExpecting(expected: string, hint?: string): never {
    return this.fail({
      rule: "syntax",
      message: `expected ${expected}, found ${this.describe()}`,
      hint,
    });
  }

  reportUnclosed({ token, owner }: OpenBracket): void {
    const open = this.textOf(token);
    const close = open === "{" ? "}" : open === "[" ? "]" : ">";
    const { line, column } = this.positionOf(token);
    this.reportHere({
      rule: "unclosed",
      message: `expected "${close}" to close the ${owner} opened at ${line}:${column}, found ${this.describe()}`,
      hint: `add "${close}"`,
    });
  }

  /** In the order of the file. */
  diagnostics(): readonly Diagnostic[] {
    const sorted = this.#found.toSorted((a, b) => a.offset - b.offset).map(({ diagnostic }) => diagnostic);
    if (!this.#overflown) return sorted;
    const position = sorted[maxDiagnostics - 1].position;
    const message = `stopped after ${maxDiagnostics - 1} errors in this file`;
    return [...sorted.slice(0, -1), { severity: "error", position, message, rule: "too-many-errors" }];
  }

  #lineOf(offset: number): number {
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

export function lineStartsOf(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
