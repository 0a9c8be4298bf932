// Percent-decoding of path text whose raw characters are ASCII, as the scan has made sure of.
import type { UrlUnescape } from "../schema/binding.ts";

const hexValue = new Int8Array(128).fill(-1);
for (const [value, digit] of "0123456789abcdef".split("").entries()) {
  hexValue[digit.charCodeAt(0)] = value;
  hexValue[digit.toUpperCase().charCodeAt(0)] = value;
}

/** What stays encoded: a table of character codes for the quick way, a pattern of escapes for the thorough one. */
interface Kept {
  readonly codes: Uint8Array;
  readonly escapes: RegExp | undefined;
}

const keptBy: Readonly<Record<UrlUnescape, Kept>> = {
  // The reserved set of RFC 6570 section 1.5.
  except_reserved: keep(":/?#[]@!$&'()*+,;="),
  except_slash: keep("/"),
  all: keep(""),
};

/** Decodes once. Throws URIError on a wrong escape and on bytes that are not UTF-8. */
export function decodeAll(raw: string): string {
  return decodeAscii(raw, keptBy.all.codes) ?? decodeURIComponent(raw);
}

/** The same, but what `mode` keeps stays as it was written: `%2f` is still `%2f`, and `%252f` becomes `%2f`. */
export function decodeKeeping(raw: string, mode: UrlUnescape): string {
  const { codes, escapes } = keptBy[mode];
  return decodeAscii(raw, codes) ?? decodeURIComponent(escapes === undefined ? raw : raw.replace(escapes, "%25$1"));
}

/** Undefined unless every escape is one of ASCII: most are, and for them decodeURIComponent takes three times as long. */
function decodeAscii(raw: string, kept: Uint8Array): string | undefined {
  let text = "";
  let from = 0;
  for (let at = raw.indexOf("%"); at >= 0; at = raw.indexOf("%", at + 3)) {
    const high = hexValue[raw.charCodeAt(at + 1)];
    const low = hexValue[raw.charCodeAt(at + 2)];
    // Past the end of the text both are undefined, which is not in the range either.
    if (!(high >= 0 && high < 8 && low >= 0)) return undefined;
    const code = high * 16 + low;
    if (kept[code] === 1) continue;
    text += raw.slice(from, at) + String.fromCharCode(code);
    from = at + 3;
  }
  return from === 0 ? raw : text + raw.slice(from);
}

function keep(characters: string): Kept {
  const codes = new Uint8Array(128);
  const hex: string[] = [];
  for (const character of characters) {
    codes[character.charCodeAt(0)] = 1;
    hex.push(character.charCodeAt(0).toString(16));
  }
  return { codes, escapes: hex.length === 0 ? undefined : new RegExp(`%(${hex.join("|")})`, "gi") };
}
