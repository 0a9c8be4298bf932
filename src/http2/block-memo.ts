// Header blocks seen before, found by their bytes: most calls of a connection send the same ones again and again.
import type { DecodedBlock } from "./decoded-block.ts";

const slots = 128;
/** Longer blocks rarely repeat and cost more to compare. */
const longestBlock = 256;

interface Entry {
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly block: DecodedBlock;
}

/**
 * A block means the same as long as the dynamic table is the same, if it neither adds to the table nor resizes it; the decoder
 * sees to that. One place per hash, and a block is kept only when it is seen for the second time: values that never repeat
 * (paths with numbers, trace ids) cost the hash and no memory.
 */
export class BlockMemo {
  readonly #entries: (Entry | undefined)[] = Array.from({ length: slots });
  readonly #seen = new Int32Array(slots);
  #bytes: Buffer | undefined;
  #start = 0;
  #end = 0;
  #hash = 0;

  find(bytes: Buffer, start: number, end: number, version: number): DecodedBlock | undefined {
    const length = end - start;
    this.#bytes = undefined;
    if (length > longestBlock || length === 0) return undefined;
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]) | 0;
    const entry = this.#entries[slotOf(hash)];
    if (entry !== undefined && entry.version === version && isEqual(entry.bytes, bytes, start, length)) {
      return entry.block;
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#hash = hash;
    return undefined;
  }

  /** Of the bytes last looked for. */
  remember(block: DecodedBlock, version: number): void {
    const bytes = this.#bytes;
    if (bytes === undefined) return;
    this.#bytes = undefined;
    const slot = slotOf(this.#hash);
    if (this.#seen[slot] !== this.#hash) {
      this.#seen[slot] = this.#hash;
      return;
    }
    this.#entries[slot] = { bytes: new Uint8Array(bytes.subarray(this.#start, this.#end)), version, block };
  }
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (slots - 1);
}

function isEqual(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
