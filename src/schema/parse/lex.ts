// Cuts .proto text into tokens, the first step of reading a schema; every malformed token is reported, none is thrown.
import {
  asciiTwin,
  charClass,
  classOf,
  codePoint,
  isForeignSpace,
  isSmartQuote,
  isWordLike,
  numberHint,
  numberKind,
  shorten,
} from "./lex-character.ts";
import { flagComment, flagSilent, TokenBuffer, tokenKind } from "./lex-token.ts";
import type { Tokens } from "./lex-token.ts";

/** What is wrong, before it has a position. */
export interface Problem {
  readonly rule: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export type LexReport = (offset: number, problem: Problem) => void;

const newline = 10;
const hash = 35;
const star = 42;
const dot = 46;
const slash = 47;
const backslash = 92;

/** A file that is no text would otherwise give an error a byte. */
const maxErrors = 100;

/** `lossy`: the text was decoded from bytes that are not UTF-8, so U+FFFD stands for what was lost. */
export function lex(source: string, lossy: boolean, report: LexReport): Tokens {
  return new Lexer(source, lossy, report).run();
}

class Lexer {
  readonly #source: string;
  readonly #lossy: boolean;
  readonly #report: LexReport;
  #errors = 0;
  #at = 0;
  #pendingFlags = 0;
  readonly #tokens: TokenBuffer;

  constructor(source: string, lossy: boolean, report: LexReport) {
    this.#source = source;
    this.#lossy = lossy;
    this.#report = report;
    this.#tokens = new TokenBuffer(source);
  }

  run(): Tokens {
    const { length } = this.#source;
    for (;;) {
      this.#skipSpace();
      if (this.#at >= length) break;
      this.#token();
      if (this.#errors >= maxErrors) {
        this.#pendingFlags |= flagSilent;
        break;
      }
    }
    this.#push(tokenKind.end, this.#at, this.#at);
    return this.#tokens.tokens();
  }

  #token(): void {
    const start = this.#at;
    const code = this.#source.charCodeAt(start);
    const charClassHere = classOf(code);
    if (charClassHere === charClass.letter) return this.#word(start);
    if (charClassHere === charClass.digit) return this.#number(start);
    if (charClassHere === charClass.symbol) {
      if (code === dot && classOf(this.#source.charCodeAt(start + 1)) === charClass.digit) return this.#number(start);
      this.#at = start + 1;
      return this.#push(code, start, start + 1);
    }
    if (charClassHere === charClass.quote) return this.#string(start, code);
    if (code >= 128) return this.#foreign(start);
    return this.#odd(start);
  }

  #skipSpace(): void {
    const source = this.#source;
    for (;;) {
      const code = source.charCodeAt(this.#at);
      if (classOf(code) === charClass.space) {
        this.#at++;
      } else if (code === slash && source.charCodeAt(this.#at + 1) === slash) {
        this.#pendingFlags |= flagComment;
        this.#at = this.#lineEnd();
      } else if (code === slash && source.charCodeAt(this.#at + 1) === star) {
        this.#blockComment();
      } else {
        return;
      }
    }
  }

  #blockComment(): void {
    this.#pendingFlags |= flagComment;
    const end = this.#source.indexOf("*/", this.#at + 2);
    if (end >= 0) {
      this.#at = end + 2;
      return;
    }
    this.#error(this.#at, "unterminated-comment", 'the comment opened by "/*" is never closed', 'close it with "*/"');
    this.#pendingFlags |= flagSilent;
    this.#at = this.#source.length;
  }

  #word(start: number): void {
    const source = this.#source;
    let at = start;
    let foreign = false;
    for (; ; at++) {
      const code = source.charCodeAt(at);
      const charClassHere = classOf(code);
      if (charClassHere === charClass.letter || charClassHere === charClass.digit) continue;
      if (!(code >= 128) || !isWordLike(source[at])) break;
      foreign = true;
    }
    this.#at = at;
    this.#push(tokenKind.word, start, at);
    if (foreign) this.#reportForeignWord(start, at);
  }

  #reportForeignWord(start: number, end: number): void {
    const word = this.#source.slice(start, end);
    const odd = Array.from(word).find((char) => char.charCodeAt(0) >= 128);
    const lost = this.#lossy && odd === "\ufffd";
    this.#error(
      start,
      lost ? "invalid-utf8" : "identifier-character",
      `"${shorten(word)}" is not a name: "${odd}" is not one of a-z, A-Z, 0-9 and "_"`,
      lost ? "save the file as UTF-8" : undefined,
    );
  }

  #number(start: number): void {
    const source = this.#source;
    const isHex = source.charCodeAt(start) === 48 && (source.charCodeAt(start + 1) | 32) === 120;
    let at = start;
    for (; ; at++) {
      const code = source.charCodeAt(at);
      const charClassHere = classOf(code);
      if (charClassHere === charClass.letter || charClassHere === charClass.digit || code === dot) continue;
      const isSign = code === 43 || code === 45;
      if (isSign && !isHex && (source.charCodeAt(at - 1) | 32) === 101) continue;
      break;
    }
    this.#at = at;
    const text = source.slice(start, at);
    const kind = tokenKind[numberKind(text)];
    this.#push(kind, start, at);
    if (kind === tokenKind.bad) {
      this.#error(start, "number", `"${shorten(text)}" is not a number`, numberHint(text));
    }
  }

  #string(start: number, quote: number): void {
    const source = this.#source;
    for (let at = start + 1; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        this.#push(tokenKind.string, start, at + 1);
        return this.#checkText(start, at + 1);
      }
      if (code === newline) break;
      if (code === backslash && source.charCodeAt(at + 1) !== newline) at++;
    }
    this.#unterminated(start);
  }

  #unterminated(start: number): void {
    this.#at = this.#lineEnd();
    const text = this.#source.slice(start, this.#at).trimEnd();
    this.#push(tokenKind.string, start, this.#at);
    this.#pendingFlags |= flagSilent;
    const smart = Array.from(text).find(isSmartQuote);
    const close = text.startsWith("'") ? "'" : '"';
    this.#error(
      start,
      "unterminated-string",
      `the string ${shorten(text)} is not closed before the end of its line`,
      smart === undefined ? `add ${close} where it ends` : `replace ${smart} by ${close}`,
    );
  }

  /** What a string may hold by its bytes but not by its meaning. */
  #checkText(start: number, end: number): void {
    if (!this.#lossy) return;
    const lost = this.#source.slice(start, end).indexOf("\ufffd");
    if (lost >= 0) {
      this.#error(
        start + lost,
        "invalid-utf8",
        "a string holds bytes that are not UTF-8",
        "save the file as UTF-8, or write the bytes as \\x escapes",
      );
    }
  }

  /** Something beyond ASCII where a token starts. */
  #foreign(start: number): void {
    const source = this.#source;
    const char = source[start];
    if (isSmartQuote(char)) return this.#smartString(start);
    if (isForeignSpace(char)) {
      let end = start + 1;
      while (end < source.length && isForeignSpace(source[end])) end++;
      this.#at = end;
      return this.#error(
        start,
        "control-character",
        `unexpected invisible character ${codePoint(char)}`,
        "replace it by a space",
      );
    }
    const ascii = asciiTwin(char);
    if (ascii !== undefined) {
      this.#at = start + 1;
      this.#push(ascii.charCodeAt(0), start, start + 1);
      return this.#error(start, "unexpected-character", `unexpected character "${char}"`, `replace it by "${ascii}"`);
    }
    return this.#word(start);
  }

  #smartString(start: number): void {
    const source = this.#source;
    let at = start + 1;
    for (; at < source.length && source.charCodeAt(at) !== newline; at++) {
      if (!isSmartQuote(source[at]) && classOf(source.charCodeAt(at)) !== charClass.quote) continue;
      this.#at = at + 1;
      this.#push(tokenKind.string, start, at + 1);
      const text = shorten(source.slice(start, at + 1));
      return this.#error(
        start,
        "smart-quote",
        `the string ${text} is in typographic quotes`,
        `write it in plain quotes: "`,
      );
    }
    this.#unterminated(start);
  }

  #odd(start: number): void {
    const source = this.#source;
    const code = source.charCodeAt(start);
    let end = start + 1;
    while (source.charCodeAt(end) === code) end++;
    this.#at = end;
    if (code < 32 || code === 127) {
      return this.#error(
        start,
        "control-character",
        `unexpected control character ${codePoint(source[start])}`,
        "remove it",
      );
    }
    if (code === hash) {
      this.#at = this.#lineEnd();
      return this.#error(start, "unexpected-character", 'unexpected character "#"', 'a comment starts with "//"');
    }
    this.#push(tokenKind.bad, start, end);
    this.#error(start, "unexpected-character", `unexpected character "${shorten(source.slice(start, end))}"`);
  }

  #error(offset: number, rule: string, message: string, hint?: string): void {
    if (this.#errors++ < maxErrors) this.#report(offset, { rule, message, hint });
  }

  #lineEnd(): number {
    const end = this.#source.indexOf("\n", this.#at);
    return end < 0 ? this.#source.length : end;
  }

  #push(kind: number, start: number, end: number): void {
    this.#tokens.push(kind, this.#pendingFlags, start, end);
    this.#pendingFlags = 0;
  }
}
