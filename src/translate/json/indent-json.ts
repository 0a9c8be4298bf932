// Compact JSON → JSON with line breaks. A second pass, since people ask for it with curl and machines never do.
import { ByteSink } from "../wire/byte-sink.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Where lines stop moving right, so that deep nesting cannot make a short message a hundred times longer. */
const maxIndent = 64;

/** Spaces a level of `?$pretty`. */
export const prettyIndent = 2;

/** `json` must be valid and compact, as the writer makes it. */
export function indentJson(json: Uint8Array, width: number): Buffer {
  const out = new ByteSink();
  let depth = 0;
  const breakLine = (): void => out.appendAscii(`\n${" ".repeat(Math.min(depth * width, maxIndent))}`);
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) {
      const end = stringEnd(json, i);
      out.appendRange(json, i, end);
      i = end - 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      out.appendByte(byte);
      // Both closing characters are two past their opening ones.
      if (json[i + 1] === byte + 2) out.appendByte(json[++i]);
      else {
        depth++;
        breakLine();
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      breakLine();
      out.appendByte(byte);
    } else {
      out.appendByte(byte);
      if (byte === COMMA) breakLine();
      else if (byte === COLON) out.appendByte(0x20);
    }
  }
  return out.take(0);
}

function stringEnd(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}
