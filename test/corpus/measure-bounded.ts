// Run by bounded.ts as a process of its own: measures one case, and prints what it costs.
//
// Time: the processor time of sixteen times the input over that of the input, both the least of several rounds that take turns,
// without what the smallest input costs already. Sixteen times because linear work then costs 16 and quadratic work 256: what other
// work on the machine adds is far from either. There is room for all garbage of a run, so that none is collected meanwhile: small
// inputs leave nothing to collect, and would seem cheap. Memory: what is left after each full collection while it runs, of which
// there is one for every tenth that the heap grows, and at the end.
import { GCProfiler } from "node:v8";
import type { Bounded, Cost } from "./bounded.ts";

const factor = 16;
const smallestBytes = 64;
const leastMicroseconds = 2000;
/** The larger input is grown to this: enough to see, not more than can be waited for if it is quadratic. */
const enoughMicroseconds = 30_000;
/** Less, or less than a part of the fixed cost, says nothing about growth: and it does not matter. */
const unseenMicroseconds = 50;
const rounds = 4;
const mostRounds = 8;
const doubtful = 1.35;

const collect = globalThis.gc as () => void;

function timeOf(run: (input: Buffer) => unknown, input: Buffer): number {
  let runs = 0;
  const started = process.cpuUsage();
  for (;;) {
    run(input);
    runs++;
    const { user, system } = process.cpuUsage(started);
    if (user + system >= leastMicroseconds) return (user + system) / runs;
  }
}

function exponentOf({ make, run, maxBytes }: Bounded): number {
  const base = timeOf(run, make(smallestBytes));
  let size = Math.min(4096, maxBytes);
  while (size * 2 <= maxBytes && timeOf(run, make(size)) < enoughMicroseconds + base * 8) size *= 2;
  const inputs = [smallestBytes, size / factor, size].map((bytes) => make(bytes));
  const least = inputs.map(() => Infinity);
  let exponent = Infinity;
  // Without a collection in between: after each, code is slow for a while.
  for (let round = 0; round < rounds || (round < mostRounds && exponent > doubtful); round++) {
    inputs.forEach((input, at) => {
      least[at] = Math.min(least[at], timeOf(run, input));
    });
    const [fixed, small, large] = least;
    const seen = Math.max(small - fixed, fixed / 10, unseenMicroseconds);
    exponent = Math.log(Math.max(1, (large - fixed) / seen)) / Math.log(factor);
  }
  return exponent;
}

function memoryOf({ make, run, maxBytes }: Bounded): Pick<Cost, "memory" | "remembered"> {
  const size = Math.min(1024 * 1024, maxBytes);
  const small = make(Math.min(1024, size / factor));
  const large = make(size);
  run(small);
  collect();
  const before = used();
  run(large);
  collect();
  const remembered = Math.max(0, used() - before) / large.length;
  return { memory: Math.max(0, peakOf(run, large) - peakOf(run, small)) / large.length, remembered };
}

function peakOf(run: (input: Buffer) => unknown, input: Buffer): number {
  collect();
  const before = used();
  const profiler = new GCProfiler();
  profiler.start();
  held = run(input);
  collect();
  const samples = profiler
    .stop()
    .statistics.filter(({ gcType }) => gcType === "MarkSweepCompact")
    .map(({ afterGC: { heapStatistics } }) => heapStatistics.usedHeapSize + heapStatistics.externalMemory);
  const highest = Math.max(used(), ...samples);
  held = undefined;
  return highest - before;
}

/** So that nobody can say the result is not needed. */
let held: unknown;

export function isHeld(): boolean {
  return held !== undefined;
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const [, , what, module, name] = process.argv;
const { cases } = (await import(module)) as { readonly cases: readonly Bounded[] };
const bounded = cases.find((one) => one.name === name);
if (bounded === undefined) throw new Error(`there is no case "${name}"`);
// Memory first: what the first input leaves behind is there only once.
const figures = what === "time" ? { exponent: exponentOf(bounded) } : memoryOf(bounded);
console.log(JSON.stringify(figures));
