// Which of a few known words stands in a range of bytes: the names in a frame, told apart without making strings of them.

interface Word {
  readonly bytes: Buffer;
  readonly index: number;
}

export class KnownWords {
  /** By length. */
  readonly #words: (readonly Word[] | undefined)[] = [];

  /** ASCII. */
  constructor(words: readonly string[]) {
    for (const [index, word] of words.entries())
      this.#words[word.length] = [...(this.#words[word.length] ?? []), { bytes: Buffer.from(word), index }];
  }

  /** Its place in the list; -1 for another word. */
  find(bytes: Uint8Array, start: number, stop: number): number {
    const candidates = this.#words[stop - start];
    if (candidates === undefined) return -1;
    for (const { bytes: word, index } of candidates) if (isAt(bytes, start, word)) return index;
    return -1;
  }
}

function isAt(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
