// The tokens of the callers of the last moments, by their very text: what is found here has not to be hashed, nor even parsed.
import type { KnownIdentity } from "./token-cache.ts";

interface Entry {
  readonly text: string;
  readonly known: KnownIdentity;
}

/** A power of two. */
const places = 2048;
/** In a place: with a thousand callers hardly any is crowded out, with two thousand one in seventy. */
const ways = 4;
/** Longer ones are hashed, so that all together take a few megabytes. */
const maxLength = 2048;
const printed = 12;

export class RecentTokens {
  #entries: (Entry | undefined)[] = [];
  /** Of the ends of their texts, where a signature is: texts are compared only where these agree, so that nobody learns from the time it takes. */
  readonly #prints = new Int32Array(places * ways);

  /** Whoever asks looks whether it still holds. */
  find(text: string): KnownIdentity | undefined {
    const print = printOf(text);
    const at = placeOf(print);
    for (let i = at; i < at + ways; i++) {
      if (this.#prints[i] !== print) continue;
      const entry = this.#entries[i];
      if (entry?.text === text) return entry.known;
    }
    return undefined;
  }

  keep(text: string, known: KnownIdentity): void {
    if (text.length > maxLength) return;
    if (this.#entries.length === 0) this.#entries = Array.from({ length: places * ways });
    const print = printOf(text);
    const at = placeOf(print);
    // Those that came last stay.
    this.#entries.copyWithin(at + 1, at, at + ways - 1);
    this.#prints.copyWithin(at + 1, at, at + ways - 1);
    // A text of its own: what the client sent is a piece of its whole head.
    this.#entries[at] = { text: Buffer.from(text, "latin1").toString("latin1"), known };
    this.#prints[at] = print;
  }

  clear(): void {
    this.#entries = [];
  }
}

function printOf(text: string): number {
  let print = text.length;
  for (let at = Math.max(0, text.length - printed); at < text.length; at++)
    print = (Math.imul(print, 31) + text.charCodeAt(at)) | 0;
  return print;
}

function placeOf(print: number): number {
  return ((print ^ (print >>> 15)) & (places - 1)) * ways;
}
