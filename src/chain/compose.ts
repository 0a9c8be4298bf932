// Puts the interceptors around the end of the chain, once, when the gateway is wired: an absent one costs nothing per call.
import type { Handler } from "../call.ts";

/**
 * Wraps whatever comes after it, for unary and streaming calls alike. It answers by itself, or hands the call (as it is
 * or changed) to `next`; what it does not care about it leaves as it is: `{ ...next, unary: … }`.
 */
export type Interceptor = (next: Handler) => Handler;

/** The first interceptor sees a call first and its reply last. Without any, the result is `end` itself. */
export function composeChain(interceptors: readonly Interceptor[], end: Handler): Handler {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), end);
}
