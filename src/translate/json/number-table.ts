// Numbers → values: small ones, which most enums have, by index, since a look-up in a map costs as much as the writing.

/** Numbers below this have a place of their own. */
const denseNumbers = 256;

export class NumberTable<T> {
  readonly #dense: (T | undefined)[] = [];
  readonly #all: ReadonlyMap<number, T>;

  constructor(all: ReadonlyMap<number, T>) {
    this.#all = all;
    const largest = Math.max(-1, ...[...all.keys()].filter((number) => number < denseNumbers));
    for (let number = 0; number <= largest; number++) this.#dense.push(all.get(number));
  }

  get(number: number): T | undefined {
    return number >= 0 && number < this.#dense.length ? this.#dense[number] : this.#all.get(number);
  }

  has(number: number): boolean {
    return this.get(number) !== undefined;
  }
}
