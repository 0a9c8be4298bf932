// HPACK encoding (RFC 7541) without a dynamic table: what a list encodes to never changes, so it can be kept and sent again.
import type { HeaderList } from "./decoded-block.ts";
import { HeaderError } from "./errors.ts";
import { isHeaderName, isHeaderValue } from "./header-text.ts";
import { staticFieldIndex, staticNameIndex, staticTable } from "./hpack-static.ts";
import { huffmanLength, writeHuffman } from "./huffman.ts";

/** Headers encoded once, to be sent many times. */
export interface CompiledHeaders {
  readonly headers: HeaderList;
  readonly bytes: Uint8Array;
  /** All of them are pseudo-headers: what is added may begin with more. */
  readonly isOpen: boolean;
}

export interface CompileOptions {
  /** Fewer bytes where the Huffman code is shorter; the peer pays for decoding them. Default false. */
  readonly huffman?: boolean;
}

/** RFC 9113 section 8.2.2. */
const connectionNames = ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"];
/** Never to be kept in the table of an intermediary (RFC 7541 section 7.1.3). */
const secretNames = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);

interface KnownName {
  readonly index: number;
  readonly isRefused: boolean;
  readonly isSecret: boolean;
}

const known = new Map<string, KnownName>();
for (const name of [...staticTable.map((field) => field.name), ...connectionNames]) {
  known.set(name, {
    index: staticNameIndex(name),
    isRefused: connectionNames.includes(name),
    isSecret: secretNames.has(name),
  });
}

/** Whether HTTP/2 messages must not have the header: `connection` and what it governs. */
export function isConnectionHeader(name: string): boolean {
  return known.get(name)?.isRefused ?? false;
}

/** Throws HeaderError. */
export function compileHeaders(headers: HeaderList, options: CompileOptions = {}): CompiledHeaders {
  const out = Buffer.allocUnsafe(headersBound(headers));
  const end = writeHeaders(out, 0, headers, true, options.huffman);
  const isOpen = headers.every((name, at) => at % 2 === 1 || name.charCodeAt(0) === colon);
  return Object.freeze({ headers: Object.freeze([...headers]), bytes: new Uint8Array(out.subarray(0, end)), isOpen });
}

/** No encoding of the list takes more bytes than this. */
export function headersBound(headers: HeaderList): number {
  let bound = 0;
  // A byte for the kind of field, and up to five for each length.
  for (const text of headers) bound += text.length + 6;
  return bound;
}

const colon = 0x3a;

/**
 * Writes the fields and returns where they end. The list is checked as it is written: HeaderError, and what was written so far is
 * to be forgotten. `mayStart` says that pseudo-headers are still allowed.
 */
export function writeHeaders(
  out: Uint8Array,
  start: number,
  headers: HeaderList,
  mayStart: boolean,
  huffman = false,
): number {
  checkPairs(headers);
  let at = start;
  let isHead = mayStart;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index];
    isHead = checkPlace(name, isHead);
    at = writeField(out, at, name, headers[index + 1], huffman);
  }
  return at;
}

/** Throws HeaderError. */
export function checkPairs(headers: HeaderList): void {
  if (headers.length % 2 !== 0) throw new HeaderError("A header list has a name without a value");
}

/** Whether pseudo-headers are still allowed behind the field. Throws HeaderError for one that is not where it may be. */
export function checkPlace(name: string, mayBePseudo: boolean): boolean {
  if (name.charCodeAt(0) !== colon) return false;
  if (!mayBePseudo) throw new HeaderError(`Pseudo-header ${name} stands after other headers or in trailers`);
  return true;
}

/** Where the field ends. Throws HeaderError. */
export function writeField(out: Uint8Array, start: number, name: string, value: string, huffman: boolean): number {
  const info = known.get(name);
  if (info === undefined) {
    if (!isHeaderName(name)) throw new HeaderError(`${JSON.stringify(name)} is no header name in lower case`);
    out[start] = 0;
    return writeValue(out, writeText(out, start + 1, name, huffman), name, value, huffman);
  }
  if (info.isRefused) throw new HeaderError(`Header ${name} does not exist in HTTP/2 (RFC 9113 section 8.2.2)`);
  if (info.isSecret) return writeValue(out, writeInteger(out, start, 0x10, 0x0f, info.index), name, value, huffman);
  const whole = staticFieldIndex(info.index, value);
  if (whole !== 0) {
    out[start] = 0x80 | whole;
    return start + 1;
  }
  return writeValue(out, writeInteger(out, start, 0, 0x0f, info.index), name, value, huffman);
}

/** Checks the value in the loop that writes it: values are most of the bytes and rarely wrong. */
function writeValue(out: Uint8Array, start: number, name: string, value: string, huffman: boolean): number {
  const { length } = value;
  if (huffman || length >= 0x7f) {
    if (!isHeaderValue(value)) throw wrongValue(name);
    return writeText(out, start, value, huffman);
  }
  out[start] = length;
  let at = start + 1;
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return writeRareValue(out, start, name, value);
    out[at++] = code;
  }
  if (length > 0 && (value.charCodeAt(0) === 0x20 || out[at - 1] === 0x20)) throw wrongValue(name);
  return at;
}

function writeRareValue(out: Uint8Array, start: number, name: string, value: string): number {
  if (!isHeaderValue(value)) throw wrongValue(name);
  return writeText(out, start, value, false);
}

function wrongValue(name: string): HeaderError {
  return new HeaderError(
    `The value of header ${name} has a control character, one above 0xff, or white space at its start or end`,
  );
}

function writeText(out: Uint8Array, start: number, text: string, huffman: boolean): number {
  if (huffman) {
    const length = huffmanLength(text);
    if (length < text.length) return writeHuffman(out, writeInteger(out, start, 0x80, 0x7f, length), text);
  }
  let at = writeInteger(out, start, 0, 0x7f, text.length);
  for (let index = 0; index < text.length; index++) out[at++] = text.charCodeAt(index);
  return at;
}

/** RFC 7541 section 5.1. */
function writeInteger(out: Uint8Array, start: number, first: number, mask: number, value: number): number {
  if (value < mask) {
    out[start] = first | value;
    return start + 1;
  }
  out[start] = first | mask;
  let at = start + 1;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) out[at++] = 0x80 | (rest & 0x7f);
  out[at] = rest;
  return at + 1;
}
