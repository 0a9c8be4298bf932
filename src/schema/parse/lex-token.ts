// The tokens of a .proto file: four typed arrays, as a file may have millions.

/** A symbol has its ASCII code as its kind; those are all above 32. */
export const tokenKind = { end: 0, word: 1, integer: 2, float: 3, string: 4, bad: 5 } as const;

/** After an unterminated string or comment the parser stays silent: what follows is a consequence. */
export const flagSilent = 1;
/** There is a comment between this token and the one before. */
export const flagComment = 2;

/** Token `i` is `source.slice(starts[i], ends[i])`; the last one, `count - 1`, is the end of the file. */
export interface Tokens {
  readonly source: string;
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly flags: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Where lex.ts puts them. */
export class TokenBuffer {
  readonly #source: string;
  #count = 0;
  #kinds: Uint8Array;
  #flags: Uint8Array;
  #starts: Int32Array;
  #ends: Int32Array;

  constructor(source: string) {
    this.#source = source;
    const capacity = (source.length >> 2) + 16;
    this.#kinds = new Uint8Array(capacity);
    this.#flags = new Uint8Array(capacity);
    this.#starts = new Int32Array(capacity);
    this.#ends = new Int32Array(capacity);
  }

  push(kind: number, flags: number, start: number, end: number): void {
    if (this.#count === this.#kinds.length) this.#grow();
    this.#kinds[this.#count] = kind;
    this.#flags[this.#count] = flags;
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count++;
  }

  tokens(): Tokens {
    return {
      source: this.#source,
      count: this.#count,
      kinds: this.#kinds,
      flags: this.#flags,
      starts: this.#starts,
      ends: this.#ends,
    };
  }

  #grow(): void {
    const capacity = this.#kinds.length * 2;
    const grown = <T extends Uint8Array | Int32Array>(from: T, into: T): T => {
      into.set(from);
      return into;
    };
    this.#kinds = grown(this.#kinds, new Uint8Array(capacity));
    this.#flags = grown(this.#flags, new Uint8Array(capacity));
    this.#starts = grown(this.#starts, new Int32Array(capacity));
    this.#ends = grown(this.#ends, new Int32Array(capacity));
  }
}
