// How long to wait before something is tried again: longer after every failure, never the same for all gateways at once.

export interface Backoff {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Before connecting again (gRPC's connection backoff). */
const connecting: Backoff = Object.freeze({ initialMs: 1000, factor: 1.6, maxMs: 120_000 });
const jitter = 0.2;

/** After so many failures in a row; when connecting from the start of the attempt that failed. `random` is from 0 to 1. */
export function backoffMs(
  failures: number,
  random: number,
  { initialMs, factor, maxMs }: Backoff = connecting,
): number {
  const base = Math.min(maxMs, initialMs * factor ** Math.max(0, failures - 1));
  return base * (1 + jitter * (random * 2 - 1));
}
