// Headers that a connection sends again and again: the fields that were the first of the block before are copied as they were encoded.
import type { HeaderList } from "./decoded-block.ts";
import { checkPairs, checkPlace, writeField } from "./hpack-encode.ts";

/** Kept for a connection; fields behind that are encoded each time. */
const mostBytes = 512;

/** Without a dynamic table a field is the same bytes wherever it stands. */
export class RepeatedHeaders {
  readonly #texts: string[] = [];
  /** Where each field ends in `#bytes`. */
  readonly #ends: number[] = [];
  /** How many of those hold: to cut a list takes longer than to write a field. */
  #kept = 0;
  #bytes: Uint8Array | undefined;

  /** As `writeHeaders`. */
  write(out: Uint8Array, start: number, headers: HeaderList, mayStart: boolean): number {
    checkPairs(headers);
    const same = this.#countSame(headers);
    let mayBePseudo = mayStart;
    for (let index = 0; index < same * 2; index += 2) mayBePseudo = checkPlace(headers[index], mayBePseudo);
    let at = start + this.#copy(out, start, same);
    this.#kept = same;
    for (let index = same * 2; index < headers.length; index += 2) {
      const name = headers[index];
      mayBePseudo = checkPlace(name, mayBePseudo);
      const end = writeField(out, at, name, headers[index + 1], false);
      // Where one before it was too long to be kept, neither is what follows.
      if (end - start <= mostBytes && this.#kept * 2 === index) {
        this.#texts[index] = name;
        this.#texts[index + 1] = headers[index + 1];
        this.#keepBytes(out, start, at, end);
      }
      at = end;
    }
    return at;
  }

  #countSame(headers: HeaderList): number {
    const texts = this.#texts;
    const most = Math.min(headers.length, this.#kept * 2);
    for (let index = 0; index < most; index += 2)
      if (headers[index + 1] !== texts[index + 1] || headers[index] !== texts[index]) return index / 2;
    return most / 2;
  }

  #copy(out: Uint8Array, start: number, fields: number): number {
    if (fields === 0 || this.#bytes === undefined) return 0;
    const length = this.#ends[fields - 1];
    out.set(this.#bytes.subarray(0, length), start);
    return length;
  }

  /** Of the next field, which lies between `from` and `end` in a block that begins at `start`. */
  #keepBytes(out: Uint8Array, start: number, from: number, end: number): void {
    const bytes = (this.#bytes ??= new Uint8Array(mostBytes));
    for (let at = from; at < end; at++) bytes[at - start] = out[at];
    this.#ends[this.#kept++] = end - start;
  }
}
