// What is to be changed in a message, gathered as it is read and made in one go: nothing is copied twice, and a message without changes not at all.
import { toBuffer } from "../translate/wire/byte-sink.ts";

/** In place of what is cut out. Below it are texts: -2 for the first, -3 for the second; above it lengths, which are written as varints. */
const nothing = -1;

export class Edits {
  readonly #bytes: Uint8Array;
  // An edit is an entry in each: what it takes the place of, and what it puts there. Numbers only, as a message may be all edits.
  readonly #from: number[] = [];
  readonly #until: number[] = [];
  readonly #puts: number[] = [];
  /** The few that there are. */
  readonly #texts: Uint8Array[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Returns by how much the message grows. */
  cut(from: number, until: number): number {
    const last = this.#from.length - 1;
    if (this.#until[last] === from && this.#puts[last] === nothing) this.#until[last] = until;
    else this.#add(from, until, nothing);
    return from - until;
  }

  /** Returns by how much the message grows. */
  put(from: number, until: number, text: Uint8Array): number {
    const known = this.#texts.indexOf(text);
    const index = known < 0 ? this.#texts.push(text) - 1 : known;
    this.#add(from, until, nothing - 1 - index);
    return text.length - (until - from);
  }

  /** The length of what is read next, which may change; for `closeLength`. */
  openLength(from: number, until: number): number {
    return this.#add(from, until, 0);
  }

  /** Returns by how much the message grows. */
  closeLength(edit: number, length: number): number {
    if (edit === this.#from.length - 1) {
      this.#from.pop();
      this.#until.pop();
      this.#puts.pop();
      return 0;
    }
    this.#puts[edit] = length;
    return sizeOfVarint(length) - (this.#until[edit] - this.#from[edit]);
  }

  /** The message as it was where nothing is to be changed. `growth` is what all edits have returned. */
  apply(growth: number): Uint8Array {
    const count = this.#from.length;
    if (count === 0) return this.#bytes;
    const bytes = toBuffer(this.#bytes);
    const result = Buffer.allocUnsafe(bytes.length + growth);
    let read = 0;
    let written = 0;
    for (let edit = 0; edit < count; edit++) {
      written += bytes.copy(result, written, read, this.#from[edit]);
      written += this.#write(result, written, this.#puts[edit]);
      read = this.#until[edit];
    }
    written += bytes.copy(result, written, read);
    // What was not written would be whatever the memory held before.
    if (written !== result.length) throw new Error(`${written} bytes where ${result.length} were expected`);
    return result;
  }

  /** Returns how many bytes it took. */
  #write(result: Buffer, at: number, put: number): number {
    if (put === nothing) return 0;
    if (put > nothing) return writeVarint(result, at, put);
    const text = this.#texts[nothing - 1 - put];
    result.set(text, at);
    return text.length;
  }

  #add(from: number, until: number, put: number): number {
    this.#from.push(from);
    this.#until.push(until);
    return this.#puts.push(put) - 1;
  }
}

function sizeOfVarint(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Returns how many bytes it took. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  let place = at;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes[place++] = (rest & 0x7f) | 0x80;
  bytes[place++] = rest;
  return place - at;
}
