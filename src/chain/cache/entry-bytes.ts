// An answer as Redis keeps it: what comes back from there is bytes from outside, and anything but what was put there for the same key is nothing.
import { crc32 } from "node:zlib";
import type { Reply } from "../../call.ts";
import { isMetadataName, isMetadataText } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import type { KeptReply } from "./entry-store.ts";

/**
 * Goes up whenever the same bytes, or the same key, would mean something else; it is part of the name in Redis.
 *
 *   version 1 byte · CRC-32 of the key and of all that follows · fresh · stale while revalidating · stale on errors, in milliseconds ·
 *   texts of headers · of trailers · each text, length first · message, length first
 *
 * Numbers have four bytes, the highest first.
 */
export const entryVersion = 1;

/** Lengths of time, as two machines do not agree on the time. */
export interface EntryTimes {
  readonly freshMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

export interface EntryContent extends EntryTimes {
  readonly reply: Reply;
}

/** Before the texts: version, checksum, three times, two counts. */
const headBytes = 1 + 6 * 4;
const checkedFrom = 1 + 4;
/** Of metadata, names and values. */
const maxTexts = 4096;

export function timesOf({ bornAt, freshUntil, staleUntil, errorUntil }: KeptReply): EntryTimes {
  return {
    freshMs: Math.round(freshUntil - bornAt),
    staleWhileRevalidateMs: Math.round(staleUntil - freshUntil),
    staleIfErrorMs: Math.round(errorUntil - freshUntil),
  };
}

/** From its beginning to when nobody may have it any more. */
export function spanOf({ freshMs, staleWhileRevalidateMs, staleIfErrorMs }: EntryTimes): number {
  return freshMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs);
}

export function writeEntry(key: string, kept: KeptReply): Buffer {
  const { message, headers, trailers } = kept.reply;
  const { freshMs, staleWhileRevalidateMs, staleIfErrorMs } = timesOf(kept);
  const texts = [...headers, ...trailers];
  const size = texts.reduce((sum, text) => sum + 4 + Buffer.byteLength(text), headBytes + 4 + message.length);
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.writeUInt8(entryVersion, 0) + 4;
  for (const number of [freshMs, staleWhileRevalidateMs, staleIfErrorMs, headers.length, trailers.length])
    at = bytes.writeUInt32BE(number, at);
  for (const text of texts) {
    const length = bytes.write(text, at + 4);
    at = bytes.writeUInt32BE(length, at) + length;
  }
  at = bytes.writeUInt32BE(message.length, at);
  bytes.set(message, at);
  bytes.writeUInt32BE(checksum(key, bytes), 1);
  return bytes;
}

/** Undefined for anything but what `writeEntry` made for that key. The message is a copy of its own. */
export function readEntry(key: string, bytes: Buffer): EntryContent | undefined {
  if (bytes.length < headBytes || bytes[0] !== entryVersion) return undefined;
  if (bytes.readUInt32BE(1) !== checksum(key, bytes)) return undefined;
  const [freshMs, staleWhileRevalidateMs, staleIfErrorMs, headerTexts, trailerTexts] = readNumbers(bytes);
  if (headerTexts % 2 !== 0 || trailerTexts % 2 !== 0 || headerTexts + trailerTexts > maxTexts) return undefined;
  const parts = readParts(bytes, headerTexts + trailerTexts);
  if (parts === undefined || !isMetadata(parts.texts)) return undefined;
  const message = Buffer.allocUnsafeSlow(parts.message.length);
  message.set(parts.message);
  const headers = parts.texts.slice(0, headerTexts);
  const reply = { message, headers, trailers: parts.texts.slice(headerTexts) };
  return { reply, freshMs, staleWhileRevalidateMs, staleIfErrorMs };
}

/** As many texts, then the message, and nothing behind it. */
function readParts(bytes: Buffer, count: number): { texts: string[]; message: Buffer } | undefined {
  let at = headBytes;
  const next = (): Buffer | undefined => {
    if (bytes.length - at < 4) return undefined;
    const from = at + 4;
    const length = bytes.readUInt32BE(at);
    if (length > bytes.length - from) return undefined;
    at = from + length;
    return bytes.subarray(from, at);
  };
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const text = next();
    if (text === undefined) return undefined;
    texts.push(text.toString());
  }
  const message = next();
  return message === undefined || at !== bytes.length ? undefined : { texts, message };
}

function readNumbers(bytes: Buffer): number[] {
  return [0, 1, 2, 3, 4].map((index) => bytes.readUInt32BE(checkedFrom + 4 * index));
}

/** What could not have come from a backend. */
function isMetadata(metadata: Metadata): boolean {
  return metadata.every((text, index) => (index % 2 === 0 ? isMetadataName(text) : isMetadataText(text)));
}

function checksum(key: string, bytes: Buffer): number {
  return crc32(bytes.subarray(checkedFrom), crc32(key));
}
