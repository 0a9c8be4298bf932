// Measures what a parser costs on hostile input: how its CPU time grows with the input, and how much memory it needs.
import { expect } from "chai";
import { GCProfiler, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

export interface Bounded {
  readonly name: string;
  /** Hostile input of about `size` bytes. */
  readonly make: (size: number) => Buffer;
  readonly run: (input: Buffer) => unknown;
  /** The largest input this parser takes. */
  readonly maxBytes: number;
  /** Bytes of memory a byte of input, where what the operator wrote is read by a library that keeps more. */
  readonly maxRatio?: number;
  /** The smaller sample takes at least this long; longer where the collector of garbage would else come in between the two. */
  readonly sampleMicroseconds?: number;
}

const minBytes = 1024;
/** A sample shorter than this says nothing about growth. */
const shortestSample = 2500;
/** Four times the input may cost this many times as much: 4 for linear work, 16 for quadratic. */
const maxGrowth = 12;
const attempts = 6;

/** Four times the input costs about four times as much. Measured again before it is believed: other work on the machine counts too. */
export function expectLinear(bounded: Bounded): void {
  for (let attempt = 1; attempt < attempts; attempt++) if (growthOf(bounded).ratio < maxGrowth) return;
  const { ratio, size } = growthOf(bounded);
  expect(ratio, `times the cost for four times ${size} bytes`).to.be.below(maxGrowth);
}

function growthOf({ make, run, maxBytes, sampleMicroseconds = shortestSample }: Bounded): {
  readonly ratio: number;
  readonly size: number;
} {
  const cost = (input: Buffer): number => Math.min(...Array.from({ length: 2 }, () => measure(run, input)));
  let size = Math.min(minBytes, maxBytes / 4);
  while (size * 8 <= maxBytes && cost(make(size)) < sampleMicroseconds) size *= 2;
  const before = cost(make(size));
  // Too little to see: even the largest input is done in no time.
  if (before < sampleMicroseconds / 4) return { ratio: 0, size };
  return { ratio: cost(make(size * 4)) / before, size };
}

function measure(run: (input: Buffer) => unknown, input: Buffer): number {
  const started = process.cpuUsage();
  run(input);
  const { user, system } = process.cpuUsage(started);
  return user + system;
}

/** What lives while it runs, beyond what the smallest input needs: sampled after each collection of garbage, and at the end. */
export function expectSmall({ make, run, maxBytes, maxRatio = 100 }: Bounded): void {
  const small = make(minBytes);
  const large = make(Math.min(1024 * 1024, maxBytes));
  run(large);
  // The lowest of several: garbage that is not collected yet only ever adds.
  const lowest = (input: Buffer): number => Math.min(...Array.from({ length: attempts }, () => peak(run, input)));
  const growth = lowest(large) - lowest(small);
  expect(growth / large.length, "bytes of memory a byte of input").to.be.below(maxRatio);
}

function peak(run: (input: Buffer) => unknown, input: Buffer): number {
  collect();
  const before = used();
  const profiler = new GCProfiler();
  profiler.start();
  const result = run(input);
  collect();
  const samples = profiler
    .stop()
    .statistics.map(({ afterGC: { heapStatistics } }) => heapStatistics.usedHeapSize + heapStatistics.externalMemory);
  held = result;
  const highest = Math.max(used(), ...samples);
  held = undefined;
  return highest - before;
}

/** So that nobody can say the result is not needed. */
let held: unknown;

export function isHeld(): boolean {
  return held !== undefined;
}

/** Bytes that are still there after `run`. */
export function keptAfter(run: () => void): number {
  collect();
  const before = used();
  run();
  collect();
  return used() - before;
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
