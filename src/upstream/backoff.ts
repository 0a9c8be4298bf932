// How long to wait before connecting again (gRPC's connection backoff): longer after every failure, never the same for all gateways at once.

const initialMs = 1000;
const factor = 1.6;
const maxMs = 120_000;
const jitter = 0.2;

/** From the start of the attempt that failed, after so many failures in a row. `random` is from 0 to 1. */
export function backoffMs(failures: number, random: number): number {
  const base = Math.min(maxMs, initialMs * factor ** Math.max(0, failures - 1));
  return base * (1 + jitter * (random * 2 - 1));
}
