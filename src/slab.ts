// Memory for what is made of one message and soon sent: a few kilobytes cut from a slab instead of an ArrayBuffer of their own,
// which would cost a fifth of a whole translation (bench codec, numbers).

/** Node pools buffers below this itself. */
const pooledBytes = 4096;
const slabBytes = 128 * 1024;
let slab = Buffer.allocUnsafeSlow(slabBytes);
let slabUsed = 0;

/** Uninitialised. Whoever keeps it keeps its slab, at most 32 times its size. */
export function allocate(count: number): Buffer {
  if (count < pooledBytes || count > slabBytes / 4) return Buffer.allocUnsafe(count);
  if (slabUsed + count > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabUsed = 0;
  }
  const result = slab.subarray(slabUsed, slabUsed + count);
  // The next one starts at a multiple of eight, as an array of its own would.
  slabUsed = (slabUsed + count + 7) & ~7;
  return result;
}
