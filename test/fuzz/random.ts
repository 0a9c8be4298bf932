// The source of chance of the fuzz tests: small, fast, and the same for the same seed on every machine.

/** Runs of a property: `FUZZ_RUNS` multiplies them, `FUZZ_SEED` starts elsewhere. */
export function fuzzParameters(runs: number): {
  readonly seed: number;
  readonly numRuns: number;
  readonly endOnFailure: boolean;
} {
  return {
    endOnFailure: true,
    seed: Number(process.env.FUZZ_SEED ?? 20_261_121),
    numRuns: Math.ceil(runs * Number(process.env.FUZZ_RUNS ?? 1)),
  };
}

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** 32 bits (mulberry32). */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 to `limit - 1`. */
  below(limit: number): number {
    return this.bits() % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  bigint(): bigint {
    const bits = (BigInt(this.bits()) << 32n) | BigInt(this.bits());
    // Small numbers, powers of two and their neighbours are where mistakes are.
    if (this.chance(30)) return bits & 0xffn;
    if (this.chance(40)) return ((1n << BigInt(this.below(64))) + BigInt(this.below(3)) - 1n) & 0xffff_ffff_ffff_ffffn;
    return bits >> BigInt(this.below(64));
  }

  /** Any double but NaN with a payload. */
  double(): number {
    const choice = this.below(8);
    if (choice === 0)
      return this.pick([0, -0, 1, -1, 0.1, 1.5, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53, 2 ** 53 + 2]);
    if (choice === 1) return this.pick([NaN, Infinity, -Infinity]);
    if (choice < 4) return (this.below(2_000_000) - 1_000_000) / 10 ** this.below(10);
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, this.bits());
    view.setUint32(4, this.bits());
    const value = view.getFloat64(0);
    return Number.isNaN(value) ? NaN : value;
  }

  float(): number {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, this.bits());
    const value = this.chance(40) ? Math.fround(this.double()) : view.getFloat32(0);
    return Number.isNaN(value) ? NaN : value;
  }

  text(): string {
    const length = this.chance(10) ? this.below(200) : this.below(8);
    let text = "";
    for (let i = 0; i < length; i++) text += this.pick(characters);
    return text;
  }

  bytes(): Uint8Array {
    return Uint8Array.from({ length: this.below(10) }, () => this.below(256));
  }
}

const characters: readonly string[] = [
  ...Array.from("abcdefgXYZ0129 _-.,:/<>{}[]'+="),
  '"',
  "\\",
  "\n",
  "\t",
  "\u0000",
  "\u001f",
  "\u007f",
  "é",
  "ß",
  "€",
  "\u2028",
  "日",
  "😀",
  "\ufffd",
];
