// HPACK's dynamic table (RFC 7541 section 2.3.2): the newest field first, the oldest pushed out when room is short.
import type { HeaderField } from "./hpack-static.ts";
import { defaultHeaderTable } from "./protocol.ts";

export class HpackTable {
  /** Changes with every change of the table: what was decoded under one version means the same as long as it lasts. */
  version = 0;
  /** A ring: a power of two of places, the newest at `#next - 1`. */
  #ring: (HeaderField | undefined)[] = Array.from({ length: 16 });
  #next = 0;
  #count = 0;
  #size = 0;
  #maxSize = defaultHeaderTable;
  readonly #allowed: number;

  /** `allowed` is what SETTINGS_HEADER_TABLE_SIZE offers; until the peer has read that, it may use the default. */
  constructor(allowed: number) {
    this.#allowed = Math.max(allowed, defaultHeaderTable);
  }

  /** 0 is the newest. */
  at(index: number): HeaderField | undefined {
    if (index >= this.#count) return undefined;
    return this.#ring[(this.#next - 1 - index) & (this.#ring.length - 1)];
  }

  /** A field larger than the whole table empties it (section 4.4). */
  add(field: HeaderField): void {
    this.version++;
    this.#evict(this.#maxSize - field.size);
    if (field.size > this.#maxSize) return;
    if (this.#count === this.#ring.length) this.#widen();
    this.#ring[this.#next & (this.#ring.length - 1)] = field;
    this.#next++;
    this.#count++;
    this.#size += field.size;
  }

  /** False where the size was not offered. */
  resize(maxSize: number): boolean {
    if (maxSize > this.#allowed) return false;
    this.version++;
    this.#maxSize = maxSize;
    this.#evict(maxSize);
    return true;
  }

  #evict(room: number): void {
    const mask = this.#ring.length - 1;
    while (this.#count > 0 && this.#size > room) {
      const at = (this.#next - this.#count) & mask;
      this.#size -= (this.#ring[at] as HeaderField).size;
      this.#ring[at] = undefined;
      this.#count--;
    }
  }

  #widen(): void {
    const fields = Array.from({ length: this.#count }, (_, index) => this.at(this.#count - 1 - index));
    this.#ring = [...fields, ...Array.from({ length: fields.length }, () => undefined)];
    this.#next = this.#count;
  }
}
