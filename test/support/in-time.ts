// Calls that come so far before their time is over: where a machine stood still meanwhile, another one has twice as long.
import type { StreamHandle } from "./stream-client.ts";

export interface Begun {
  readonly call: StreamHandle;
  /** Resolves when the call is where the test wants it; may reject, or never settle, when it ends before. */
  readonly arrived: Promise<unknown>;
}

/** The first that was there before it ended. */
export async function arriveInTime<B extends Begun>(
  firstTimeoutMs: number,
  begin: (timeoutMs: number) => Promise<B>,
): Promise<B> {
  for (let timeoutMs = firstTimeoutMs; ; timeoutMs *= 2) {
    const begun = await begin(timeoutMs);
    const arrived = begun.arrived.then(
      () => true,
      () => false,
    );
    if (await Promise.race([arrived, begun.call.ended.then(() => false)])) return begun;
  }
}
