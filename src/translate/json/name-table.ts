// Names → values looked up by the bytes of a JSON text, without making a string of them.

interface Slot<T> {
  readonly name: Uint8Array;
  readonly value: T;
}

export class NameTable<T> {
  readonly #slots: (Slot<T>[] | undefined)[];
  readonly #mask: number;
  readonly #byText = new Map<string, T>();
  readonly #fold: boolean;

  /** Later entries of the same name are ignored. `foldCase` compares ASCII letters without case. */
  constructor(entries: readonly (readonly [string, T])[], foldCase = false) {
    let size = 8;
    while (size < entries.length * 2) size *= 2;
    this.#slots = Array.from({ length: size }, () => undefined);
    this.#mask = size - 1;
    this.#fold = foldCase;
    for (const [text, value] of entries) {
      const key = foldCase ? text.toLowerCase() : text;
      if (this.#byText.has(key)) continue;
      this.#byText.set(key, value);
      const name = Buffer.from(text);
      (this.#slots[hash(name, 0, name.length) & this.#mask] ??= []).push({ name, value });
    }
  }

  /** The value of the name at `bytes[start…end]`. */
  find(bytes: Uint8Array, start: number, end: number): T | undefined {
    if (this.#fold) return this.get(Buffer.from(bytes.subarray(start, end)).toString());
    const bucket = this.#slots[hash(bytes, start, end) & this.#mask];
    if (bucket === undefined) return undefined;
    for (const { name, value } of bucket) if (isSame(name, bytes, start, end)) return value;
    return undefined;
  }

  get(text: string): T | undefined {
    return this.#byText.get(this.#fold ? text.toLowerCase() : text);
  }

  names(): Iterable<string> {
    return this.#byText.keys();
  }
}

/** Names come from protos, so a client can make this collide with one bucket at most, never make a bucket longer. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let result = end - start;
  for (let i = start; i < end; i++) result = (Math.imul(result, 31) + bytes[i]) | 0;
  return result ^ (result >>> 15);
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
