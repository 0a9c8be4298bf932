// The keys of one map, to see a second one: a hash set over bytes, since making a string of every key costs more than
// translating the entry does.
const initialSlots = 64;
const initialBytes = 1024;
/** Probes of one look-up, unless a test says otherwise, before the set stops trusting its hash and takes the runtime's, which nobody can aim at. */
const defaultProbes = 64;
// Unknown to a client, so that keys cannot be chosen to collide.
const seed = (Math.random() * 0x7fffffff) | 0;
const multiplier = ((Math.random() * 0x3fffffff) | 0) * 2 + 1;

export class KeySet {
  /** A Buffer, like what keys are added from: two kinds of arrays in one loop cost every access a check. */
  #bytes = Buffer.allocUnsafeSlow(initialBytes);
  #used = 0;
  #count = 0;
  /** Two numbers a slot: where the key starts in `#bytes` plus one (0 is an empty slot), and its length. */
  #slots = new Int32Array(initialSlots * 2);
  #fallback: Set<string> | undefined;
  readonly #maxProbes: number;

  constructor(maxProbes = defaultProbes) {
    this.#maxProbes = maxProbes;
  }

  clear(): void {
    if (this.#slots.length > initialSlots * 32) this.#slots = new Int32Array(initialSlots * 2);
    else if (this.#count > 0) this.#slots.fill(0);
    if (this.#bytes.length > 65_536) this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.#used = 0;
    this.#count = 0;
    this.#fallback = undefined;
  }

  /** Lets go of what one huge map needed: a set for every level, each of that size, would be kept otherwise. */
  release(): void {
    if (this.#slots.length > initialSlots * 32 || this.#bytes.length > 65_536 || this.#fallback !== undefined)
      this.clear();
  }

  /** Adds a key; false if it was there. */
  add(source: Uint8Array, start: number, end: number): boolean {
    if (this.#fallback !== undefined) return addText(this.#fallback, source, start, end);
    if (this.#count * 4 >= this.#slots.length) this.#grow();
    const slot = this.#fallback === undefined ? this.#find(source, start, end) : -1;
    if (slot === -1) {
      this.#fallback ??= this.#toTexts();
      return addText(this.#fallback, source, start, end);
    }
    if (this.#slots[slot] !== 0) return false;
    const length = end - start;
    if (this.#used + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const bytes = this.#bytes;
    const used = this.#used;
    for (let i = 0; i < length; i++) bytes[used + i] = source[start + i];
    this.#slots[slot] = used + 1;
    this.#slots[slot + 1] = length;
    this.#used = used + length;
    this.#count++;
    return true;
  }

  /** The slot of a key, or the empty one it would take; -1 after too many probes. */
  #find(source: Uint8Array, start: number, end: number): number {
    const slots = this.#slots;
    const bytes = this.#bytes;
    const length = end - start;
    const hash = hashOf(source, start, end);
    const mask = slots.length / 2 - 1;
    const maxProbes = this.#maxProbes;
    for (let probe = 0; probe < maxProbes; probe++) {
      const slot = ((hash + probe) & mask) * 2;
      if (slots[slot] === 0) return slot;
      if (slots[slot + 1] !== length) continue;
      const at = slots[slot] - 1;
      let i = 0;
      while (i < length && bytes[at + i] === source[start + i]) i++;
      if (i === length) return slot;
    }
    return -1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot] === 0) continue;
      const place = this.#find(this.#bytes, old[slot] - 1, old[slot] - 1 + old[slot + 1]);
      if (place === -1) {
        this.#slots = old;
        this.#fallback = this.#toTexts();
        return;
      }
      this.#slots[place] = old[slot];
      this.#slots[place + 1] = old[slot + 1];
    }
  }

  #toTexts(): Set<string> {
    const texts = new Set<string>();
    for (let slot = 0; slot < this.#slots.length; slot += 2)
      if (this.#slots[slot] !== 0)
        addText(texts, this.#bytes, this.#slots[slot] - 1, this.#slots[slot] - 1 + this.#slots[slot + 1]);
    return texts;
  }
}

/** Four bytes a multiplication, as each waits for the one before it; the shift brings what is high down again. */
function hashOf(source: Uint8Array, start: number, end: number): number {
  let hash = seed ^ (end - start);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = source[i] | (source[i + 1] << 8) | (source[i + 2] << 16) | (source[i + 3] << 24);
    hash = Math.imul(hash ^ word, multiplier);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ source[i], multiplier);
  return hash ^ (hash >>> 15);
}

function addText(texts: Set<string>, source: Uint8Array, start: number, end: number): boolean {
  const { size } = texts;
  return texts.add(Buffer.from(source.buffer, source.byteOffset + start, end - start).toString("latin1")).size > size;
}

/** Sets for maps inside maps: one a level, kept for the next message. */
const pool: KeySet[] = [];
let open = 0;

/** An empty set; `closeKeySet` gives it back. A conversion that fails in between calls `closeAllKeySets`. */
export function openKeySet(): KeySet {
  pool[open] ??= new KeySet();
  const set = pool[open++];
  set.clear();
  return set;
}

export function closeKeySet(): void {
  pool[--open].release();
}

export function closeAllKeySets(): void {
  while (open > 0) closeKeySet();
}
