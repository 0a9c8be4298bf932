// The tokens of the callers of the last moments, by their very text: what is found here has not to be hashed, nor even parsed.
import type { KnownIdentity } from "./token-cache.ts";

interface Entry {
  readonly text: string;
  /** Of its end, where a signature is: two texts are compared only where these agree, so that nobody learns from the time it takes. */
  readonly print: number;
  readonly known: KnownIdentity;
}

/** A power of two. */
const places = 4096;
/** In a place: with half as many callers as there is room for, one in fifty is crowded out. */
const ways = 2;
/** Longer ones are hashed, so that all together take a few megabytes. */
const maxLength = 2048;
const printed = 12;

export class RecentTokens {
  #entries: (Entry | undefined)[] = [];

  /** Whoever asks looks whether it still holds. */
  find(text: string): KnownIdentity | undefined {
    const print = printOf(text);
    const at = placeOf(print);
    for (let i = at; i < at + ways; i++) {
      const entry = this.#entries[i];
      if (entry !== undefined && entry.print === print && entry.text === text) return entry.known;
    }
    return undefined;
  }

  keep(text: string, known: KnownIdentity): void {
    if (text.length > maxLength) return;
    if (this.#entries.length === 0) this.#entries = Array.from({ length: places * ways });
    const print = printOf(text);
    const at = placeOf(print);
    // The one that came last stays: two callers in turn are both known.
    this.#entries[at + 1] = this.#entries[at];
    // A text of its own: what the client sent is a piece of its whole head.
    this.#entries[at] = { text: Buffer.from(text, "latin1").toString("latin1"), print, known };
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
