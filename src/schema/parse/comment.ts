// Which comment belongs to a declaration, decided as protoc decides it, and its text without the markers.
import { flagComment, tokenKind } from "./lex-token.ts";
import { symbol } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";

/**
 * The comment of the declaration whose first token is `first` and whose `;` or `{` is `last`: the one just before it,
 * else the one just behind.
 */
export function commentOf(cursor: Cursor, first: number, last: number): string {
  const leading = commentsBefore(cursor, first).leading;
  return leading === "" ? cleanComment(commentsBefore(cursor, last + 1).trailing) : cleanComment(leading);
}

/**
 * The text of a comment as source info of descriptors has it (markers gone, one newline a line), without the common
 * indentation and the blank lines around.
 */
export function cleanComment(raw: string): string {
  const newline = raw.indexOf("\n");
  if (newline < 0 || newline === raw.length - 1) return raw.trim();
  const lines = raw.split("\n").map((line) => line.trimEnd());
  let indent = Infinity;
  for (const line of lines) {
    if (line !== "") indent = Math.min(indent, line.length - line.trimStart().length);
  }
  return lines
    .map((line) => line.slice(indent))
    .join("\n")
    .trim();
}

interface GapComments {
  /** Of the token before the gap. */
  readonly trailing: string;
  /** Of the token behind it. */
  readonly leading: string;
}

const none: GapComments = { trailing: "", leading: "" };

function commentsBefore(cursor: Cursor, token: number): GapComments {
  const { flags, starts, ends, kinds, count } = cursor.tokens;
  if (token >= count || (flags[token] & flagComment) === 0) return none;
  const kind = kinds[token];
  const closes =
    kind === tokenKind.end || kind === symbol.braceClose || kind === symbol.bracketClose || kind === symbol.parenClose;
  const from = token === 0 ? 0 : ends[token - 1];
  return new GapReader(cursor.source, from, starts[token]).read(token === 0, closes);
}

/**
 * The gap between two tokens. A comment on the line of the token before is its trailing one. Of the others, the first
 * is still trailing if a blank line or another comment separates it from the token behind; the last is leading if
 * nothing does. All others are detached. A block comment with tokens on both sides of its line belongs to neither.
 */
class GapReader {
  readonly #source: string;
  readonly #end: number;
  #at: number;
  #trailing = "";
  #pending = "";
  #pendingKind: "none" | "line" | "block" = "none";
  #mayTrail = true;
  /** Whether nothing followed the last block comment on its line. */
  #endedLine = false;

  constructor(source: string, from: number, end: number) {
    this.#source = source;
    this.#at = from;
    this.#end = end;
  }

  read(atStart: boolean, closes: boolean): GapComments {
    if (atStart) this.#mayTrail = false;
    else if (!this.#sameLine()) return none;
    for (;;) {
      this.#skipBlanks();
      if (this.#takeComment()) continue;
      if (!this.#takeNewline()) break;
      this.#flush();
      this.#mayTrail = false;
    }
    if (closes) this.#flush();
    return { trailing: this.#trailing, leading: this.#pending };
  }

  /** The rest of the line of the token before; false when the token behind is on it too. */
  #sameLine(): boolean {
    this.#skipBlanks();
    if (!this.#takeComment()) return this.#takeNewline();
    if (this.#pendingKind === "block" && !this.#endedLine) return false;
    this.#flush();
    return true;
  }

  #takeComment(): boolean {
    if (this.#at >= this.#end) return false;
    return this.#source.startsWith("//", this.#at)
      ? this.#line()
      : this.#source.startsWith("/*", this.#at) && this.#block();
  }

  /** Lines that follow each other are one comment. */
  #line(): boolean {
    if (this.#pendingKind === "block") this.#flush();
    const newline = this.#source.indexOf("\n", this.#at);
    const end = newline < 0 || newline >= this.#end ? this.#end : newline;
    this.#pending += `${this.#source.slice(this.#at, end).replace(/^\/+/, "")}\n`;
    this.#pendingKind = "line";
    this.#at = Math.min(end + 1, this.#end);
    return true;
  }

  #block(): boolean {
    this.#flush();
    const close = this.#source.indexOf("*/", this.#at + 2);
    const end = close < 0 ? this.#end : close;
    const lines = this.#source.slice(this.#at + 2, end).split("\n");
    this.#pending = lines
      .map((line, index) => (index === 0 ? line.replace(/^\*+/, "") : line.replace(/^\s*\*?/, "")))
      .join("\n");
    this.#pendingKind = "block";
    this.#at = Math.min(end + 2, this.#end);
    this.#skipBlanks();
    this.#endedLine = this.#takeNewline();
    return true;
  }

  #flush(): void {
    if (this.#pendingKind !== "none" && this.#mayTrail) {
      this.#trailing = this.#pending;
      this.#mayTrail = false;
    }
    this.#pending = "";
    this.#pendingKind = "none";
  }

  #skipBlanks(): void {
    while (this.#at < this.#end && " \t\r\v\f".includes(this.#source[this.#at])) this.#at++;
  }

  #takeNewline(): boolean {
    if (this.#at >= this.#end || this.#source[this.#at] !== "\n") return false;
    this.#at++;
    return true;
  }
}
