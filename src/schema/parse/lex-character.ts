// What single characters and numbers of .proto text are; tables and words for lex.ts.

export const charClass = { other: 0, space: 1, letter: 2, digit: 3, symbol: 4, quote: 5 } as const;

const classes = new Uint8Array(128);
for (const [name, chars] of [
  ["space", " \t\n\r\v\f"],
  ["letter", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"],
  ["digit", "0123456789"],
  ["symbol", "{}[]()<>=;,:.-/"],
  ["quote", `"'`],
] as const) {
  for (const char of chars) classes[char.charCodeAt(0)] = charClass[name];
}

/** One of `charClass`; NaN, what `charCodeAt` says past the end, is `other`. */
export function classOf(code: number): number {
  return code < 128 ? classes[code] : charClass.other;
}

export function isSmartQuote(char: string): boolean {
  return "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb".includes(char);
}

const foreignSpace = /^[\u0080-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]$/;

/** A space or an invisible character beyond ASCII, as pasted from a web page. */
export function isForeignSpace(char: string): boolean {
  return foreignSpace.test(char);
}

const twins = new Map([
  ["\u2013", "-"],
  ["\u2014", "-"],
  ["\u2212", "-"],
  ["\u3002", "."],
  ["\u3001", ","],
]);

/** The symbol an input method or a word processor has replaced: `；` is `;`, a dash is `-`. */
export function asciiTwin(char: string): string | undefined {
  const code = char.charCodeAt(0);
  const ascii = code > 0xff00 && code < 0xff5f ? String.fromCharCode(code - 0xfee0) : twins.get(char);
  return ascii !== undefined && classOf(ascii.charCodeAt(0)) === charClass.symbol ? ascii : undefined;
}

/** Beyond ASCII, and most likely meant as part of a word. */
export function isWordLike(char: string): boolean {
  return char.charCodeAt(0) >= 128 && !isSmartQuote(char) && !isForeignSpace(char) && asciiTwin(char) === undefined;
}

const decimal = /^(?:0|[1-9][0-9]*)$/;
const octal = /^0[0-7]+$/;
const hex = /^0[xX][0-9a-fA-F]+$/;
const float = /^(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

export function numberKind(text: string): "integer" | "float" | "bad" {
  if (decimal.test(text) || octal.test(text) || hex.test(text)) return "integer";
  return float.test(text) ? "float" : "bad";
}

/** How a malformed number is put right. */
export function numberHint(text: string): string {
  if (/^0[xX]/.test(text)) return 'hexadecimal digits follow "0x"';
  if (/^0[0-9]+$/.test(text)) return "a leading 0 makes it octal, whose digits are 0 to 7; remove the 0";
  if (/^[0-9.]+[fF]$/.test(text)) return 'remove the "f"';
  if (/[eE][+-]?$/.test(text)) return 'digits follow "e"';
  if (/^[0-9]+[A-Za-z_]/.test(text))
    return "a name starts with a letter, and a space stands between a number and a word";
  return "write it like 12, 0x1F, 017, 1.5 or 1e3";
}

/** `U+00A0`. */
export function codePoint(char: string): string {
  return `U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

const shown = 48;

/** Text to quote in a message: never longer than a line, never cut inside a surrogate pair. */
export function shorten(text: string): string {
  if (text.length <= shown) return text;
  return `${text.slice(0, shown).replace(/[\ud800-\udbff]$/, "")}…`;
}
