// What a parser costs on hostile input, measured in a process of its own: see measure-bounded.ts for how.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

export interface Bounded {
  readonly name: string;
  /** Hostile input of about `size` bytes. */
  readonly make: (size: number) => Buffer;
  readonly run: (input: Buffer) => unknown;
  /** The largest input this parser takes. */
  readonly maxBytes: number;
}

export interface Cost {
  /** The power of its size that the time of the input grows with: 1 for linear work, 2 for quadratic. */
  readonly exponent: number;
  /** Bytes of memory for each byte of input, while it runs and at its end. */
  readonly memory: number;
  /** Bytes of memory for each byte of the first input, after everything about it has been forgotten. */
  readonly remembered: number;
}

const bounds: Cost = {
  /** Halfway to quadratic; what noise does to the exponent is a tenth of that. */
  exponent: 1.5,
  memory: 100,
  /** Code that was compiled meanwhile is in it; a table of what was in the input is much more. */
  remembered: 30,
};

/** Nothing runs beside: no thread of the collector's or the compiler's. */
const alone = ["--expose-gc", "--single-threaded"];
const flags = {
  time: [...alone, "--min-semi-space-size=512", "--max-semi-space-size=512"],
  memory: [...alone, "--min-semi-space-size=1", "--max-semi-space-size=1", "--heap-growing-percent=10"],
};
/** Large buffers come from memory that is there, as small ones do: new pages from the system cost more than their use. */
const allocator = { MALLOC_MMAP_THRESHOLD_: "33554432", MALLOC_TRIM_THRESHOLD_: "1073741824" };
const figures = { time: ["exponent"], memory: ["memory", "remembered"] } as const;
const measurer = fileURLToPath(new URL("measure-bounded.js", import.meta.url));

/** What the machine or the engine does beside is rarely in three measurements in a row; what the work costs is in each. */
const attempts = 3;

/** `module` exports `cases`. */
export function costOf(module: URL, name: string): Cost {
  const least = { exponent: Infinity, memory: Infinity, remembered: Infinity };
  for (const what of ["time", "memory"] as const)
    for (
      let attempt = 0;
      attempt < attempts && figures[what].some((figure) => least[figure] >= bounds[figure]);
      attempt++
    ) {
      const measured = measure(what, module, name);
      for (const figure of figures[what]) least[figure] = Math.min(least[figure], measured[figure]);
    }
  return least;
}

/** Of one thing: its figures, and no others. */
function measure(what: keyof typeof flags, module: URL, name: string): Cost {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags[what], measurer, what, module.href, name], {
    encoding: "utf8",
    env: { ...process.env, ...allocator },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Cost;
}

export function expectBounded({ exponent, memory, remembered }: Cost): void {
  expect(exponent, "the power of its size that its time grows with").to.be.below(bounds.exponent);
  expect(memory, "bytes of memory a byte of input").to.be.below(bounds.memory);
  expect(remembered, "bytes remembered a byte of input").to.be.below(bounds.remembered);
}
