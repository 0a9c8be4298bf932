// Answers as the cache keeps them, for tests.
import type { KeptReply } from "../../../src/chain/cache/entry-store.ts";

export interface KeptTimes {
  readonly bornAt?: number;
  readonly fresh?: number;
  readonly stale?: number;
  readonly error?: number;
}

/** Born at 0 and fresh for a minute where nothing is said. */
export function keptOf(
  text: string,
  { bornAt = 0, fresh = 60_000, stale = 0, error = 0 }: KeptTimes = {},
  headers: readonly string[] = ["x-kept", "1"],
): KeptReply {
  const freshUntil = bornAt + fresh;
  const reply = { message: Buffer.from(text), headers, trailers: ["x-trailer-bin", "AAEC"] };
  return { kind: "reply", reply, bornAt, freshUntil, staleUntil: freshUntil + stale, errorUntil: freshUntil + error };
}
