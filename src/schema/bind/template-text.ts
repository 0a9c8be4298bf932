// Literal text in a path template: checked character by character, decoded, and what to say when it is wrong.

/** RFC 3986 pchar without `*`, `%` and the braces, which mean something here. */
const literalChar = /[A-Za-z0-9\-._~!$&'()+,;=:@]/;

/** Thrown while a template is read, caught by parseTemplate. */
export class Malformed extends Error {
  readonly offset: number;
  readonly hint: string;

  constructor(offset: number, message: string, hint: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

/** The decoded text of a literal; every character in it is checked, so an error names the first wrong one. */
export function readText(text: string, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    if (text[at] === "%") {
      if (!/^[0-9A-Fa-f]{2}$/.test(text.slice(at + 1, Math.min(at + 3, end)))) {
        throw new Malformed(
          at,
          `"${text.slice(at, Math.min(at + 3, end))}" is no percent-encoding`,
          `write two hexadecimal digits after "%", or "%25" for the character itself`,
        );
      }
      at += 2;
    } else if (!literalChar.test(text[at])) throw wrongCharacter(text, at);
  }
  const value = decodeUtf8(text, start, end);
  if (value === "." || value === "..") {
    throw new Malformed(
      start,
      `the segment "${value}" can never be requested`,
      "such paths are refused; remove the segment",
    );
  }
  if (value.includes("\0")) throw new Malformed(start, "a NUL in a literal can never be requested", `remove the "%00"`);
  return value;
}

function decodeUtf8(text: string, start: number, end: number): string {
  try {
    return decodeURIComponent(text.slice(start, end));
  } catch {
    throw new Malformed(
      start,
      `"${text.slice(start, end)}" does not decode to UTF-8`,
      "percent-encode the bytes of UTF-8 text",
    );
  }
}

function wrongCharacter(text: string, at: number): Malformed {
  const character = charAt(text, at);
  if (character === "?")
    return new Malformed(at, `"?" in a path`, "query parameters are bound by name; the template ends before them");
  if (character === "*")
    return new Malformed(
      at,
      `"${wholeSegment(text, at)}" mixes "*" with text`,
      `"*" and "**" are whole segments: write "/*" or "/**"`,
    );
  if (character === "{")
    return new Malformed(at, "a variable starts inside a segment", `a variable is a whole segment: put "/" before "{"`);
  const encoded = [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
  return new Malformed(
    at,
    `${JSON.stringify(character)} is not allowed in a path`,
    `write it percent-encoded: "${encoded}"`,
  );
}

/** The segment around an offset, as written. */
export function wholeSegment(text: string, offset: number): string {
  const end = text.indexOf("/", offset);
  return text.slice(text.lastIndexOf("/", offset) + 1, end < 0 ? text.length : end);
}

export function charAt(text: string, offset: number): string {
  return String.fromCodePoint(text.codePointAt(offset) ?? 0xfffd);
}
