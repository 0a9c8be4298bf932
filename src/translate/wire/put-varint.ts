// Varints into memory that is reserved, four bytes a store: what lists of numbers are encoded with. Each function takes where
// to write and returns where it stopped; its last store may reach three bytes beyond.

/** The continuation bits of four bytes. */
const all = 0x80808080 | 0;

/** The lowest 28 bits, seven to a byte. */
function spread(value: number): number {
  return (value & 0x7f) | ((value << 1) & 0x7f00) | ((value << 2) & 0x7f0000) | ((value << 3) & 0x7f000000);
}

/** A number below 2^28. */
function putVarint28(view: DataView, at: number, value: number): number {
  if (value < 0x80) {
    view.setInt8(at, value);
    return at + 1;
  }
  if (value < 0x4000) {
    view.setInt16(at, spread(value) | 0x80, true);
    return at + 2;
  }
  const isShort = value < 0x200000;
  view.setInt32(at, spread(value) | (isShort ? 0x8080 : 0x808080), true);
  return isShort ? at + 3 : at + 4;
}

/** An unsigned 32-bit integer, kept signed by `|0`. */
export function putVarint32(view: DataView, at: number, value: number): number {
  if (value >>> 28 === 0) return putVarint28(view, at, value);
  view.setInt32(at, spread(value) | all, true);
  view.setInt8(at + 4, value >>> 28);
  return at + 5;
}

/** An unsigned 64-bit integer from its halves. */
export function putVarint64(view: DataView, at: number, lo: number, hi: number): number {
  if (hi === 0) return putVarint32(view, at, lo);
  view.setInt32(at, spread(lo) | all, true);
  const middle = ((lo >>> 28) | (hi << 4)) & 0xfffffff;
  const top = hi >>> 24;
  if (top === 0) return putVarint28(view, at + 4, middle);
  view.setInt32(at + 4, spread(middle) | all, true);
  // The top byte and, where its highest bit is set, a last one.
  view.setInt16(at + 8, top < 0x80 ? top : top | 0x100, true);
  return top < 0x80 ? at + 9 : at + 10;
}
