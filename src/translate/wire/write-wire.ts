// Varints, fixed values and length prefixes into a sink: the wire half of what the JSON reader and the text values write.
import type { ByteSink } from "./byte-sink.ts";

/** An unsigned 32-bit varint. */
export function writeVarint32(out: ByteSink, value: number): void {
  out.reserve(5);
  const { bytes } = out;
  let { length } = out;
  let rest = value >>> 0;
  while (rest > 0x7f) {
    bytes[length++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[length++] = rest;
  out.length = length;
}

/** A 64-bit varint from its halves. */
export function writeVarint64(out: ByteSink, lo: number, hi: number): void {
  out.reserve(10);
  const { bytes } = out;
  let { length } = out;
  let low = lo >>> 0;
  let high = hi >>> 0;
  while (high > 0) {
    bytes[length++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  while (low > 0x7f) {
    bytes[length++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  bytes[length++] = low;
  out.length = length;
}

export function writeFixed32(out: ByteSink, value: number): void {
  out.reserve(4);
  out.view.setInt32(out.length, value, true);
  out.length += 4;
}

export function writeFloatBits(out: ByteSink, value: number): void {
  out.reserve(4);
  out.view.setFloat32(out.length, value, true);
  out.length += 4;
}

export function writeDoubleBits(out: ByteSink, value: number): void {
  out.reserve(8);
  out.view.setFloat64(out.length, value, true);
  out.length += 8;
}

/**
 * Opens a length-delimited value whose length is not known yet: leaves `guess` bytes for it. Returns where they are,
 * for `closeLength`.
 */
export function openLength(out: ByteSink, guess: number): number {
  out.reserve(guess);
  const at = out.length;
  out.length = at + guess;
  return at;
}

/** Fills in the length, moving the value when the guess was wrong; returns the bytes the length took, the next guess. */
export function closeLength(out: ByteSink, at: number, guess: number): number {
  const size = out.length - at - guess;
  const needed = size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x200000 ? 3 : size < 0x10000000 ? 4 : 5;
  if (needed !== guess) {
    out.reserve(needed);
    out.bytes.copyWithin(at + needed, at + guess, out.length);
    out.length += needed - guess;
  }
  const { bytes } = out;
  let rest = size;
  let place = at;
  for (; rest > 0x7f; rest >>>= 7) bytes[place++] = (rest & 0x7f) | 0x80;
  bytes[place] = rest;
  return needed;
}
