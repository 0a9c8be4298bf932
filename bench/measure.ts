// Times functions against each other in one process, in turns: what disturbs the machine disturbs all of them.

/** Median µs per call of each, over alternated rounds after a warm-up; the results are summed so that no call can be optimised away. */
export function measureAlternating(runs: readonly (() => number)[], { quick }: { readonly quick: boolean }): number[] {
  const roundMs = quick ? 20 : 120;
  const rounds = quick ? 3 : 9;
  for (const run of runs) timeRound(run, roundMs * 3);
  const samples: number[][] = runs.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, run] of runs.entries()) samples[index].push(timeRound(run, roundMs));
  return samples.map(median);
}

let sum = 0;

function timeRound(run: () => number, milliseconds: number): number {
  const start = process.hrtime.bigint();
  const stop = start + BigInt(milliseconds) * 1_000_000n;
  let calls = 0;
  let now = start;
  while (now < stop) {
    for (let i = 0; i < 16; i++) sum += run();
    calls += 16;
    now = process.hrtime.bigint();
  }
  if (sum === -1) throw new Error("impossible");
  return Number(now - start) / 1000 / calls;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
