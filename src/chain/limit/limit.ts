// A limit as the stores count it: the virtual scheduling form of GCRA (ITU-T I.371), times in milliseconds as floating-point numbers.
//
// A key's state is one number, its theoretical arrival time: when everything it has used would have been spent at the even rate.
// A call of cost c at `now` moves it from max(tat, now) to that plus c intervals, and may do so if it then is at most a burst ahead
// of now. Doubles keep a millionth of a millisecond over years of `performance.now()`; see `slackMs`.
import type { LimitRule } from "../../schema/limit-rule.ts";

export interface Limit {
  readonly rule: LimitRule;
  /** Between two calls at the even rate. */
  readonly intervalMs: number;
  /** How far a key may be ahead. */
  readonly burstMs: number;
  /** How far one call moves it. */
  readonly costMs: number;
}

/**
 * A nanosecond, for what rounding has taken off: three times a third of a second is not more than a second. It is given once, not for
 * each call, as the state itself is never rounded in the client's favour.
 */
export const slackMs = 1e-6;

export function toLimit(rule: LimitRule): Limit {
  const intervalMs = rule.periodMs / rule.count;
  return { rule, intervalMs, burstMs: rule.burst * intervalMs, costMs: rule.cost * intervalMs };
}

/** The part of a limit that one of so many gateways keeps to when they cannot count together. */
export function toShareOf(limit: Limit, instances: number): Limit {
  if (instances === 1) return limit;
  const intervalMs = limit.intervalMs * instances;
  const { cost, burst } = limit.rule;
  // What one call takes must fit.
  return { ...limit, intervalMs, burstMs: Math.max(burst / instances, cost) * intervalMs, costMs: cost * intervalMs };
}

/** How one limit stands for a key. */
export interface LimitState {
  /** Calls, or messages, of cost 1 that would pass now. */
  readonly remaining: number;
  /** Until nothing is used up any more. */
  readonly resetMs: number;
  /** Until this limit would have let the call pass; 0 when it did. */
  readonly waitMs: number;
}

/** `ahead`: of the theoretical arrival time, in milliseconds from now. */
export function toState(limit: Limit, aheadMs: number, waitMs: number): LimitState {
  const state = createState();
  setState(state, limit, aheadMs, waitMs);
  return state;
}

export function setState(
  state: Writable<LimitState>,
  { burstMs, intervalMs }: Limit,
  aheadMs: number,
  waitMs: number,
): void {
  const remaining = Math.floor((burstMs - aheadMs + slackMs) / intervalMs);
  state.remaining = remaining > 0 ? remaining : 0;
  state.resetMs = aheadMs;
  state.waitMs = waitMs > slackMs ? waitMs : 0;
}

/** What a store says about one call. */
export interface Taken {
  /** Nothing was used up of any limit when not. */
  readonly admitted: boolean;
  /** Admitted: when it is its turn, from now, never longer than asked for. Else when it is worth trying again. */
  readonly waitMs: number;
  /** In the order of the limits. */
  readonly states: readonly LimitState[];
}

export type Writable<T> = { -readonly [name in keyof T]: T[name] };

/** Taken to be written into, again and again: what is made anew for every call is a good part of what limits cost. */
export interface TakenSlot extends Writable<Taken> {
  readonly states: readonly Writable<LimitState>[];
}

export function createSlot(limits: number): TakenSlot {
  return { admitted: false, waitMs: Number.NaN, states: Array.from({ length: limits }, createState) };
}

/** With fractions from the start, so that all are of one shape. */
function createState(): Writable<LimitState> {
  return { remaining: 0, resetMs: Number.NaN, waitMs: Number.NaN };
}

/** Where limits are counted. */
export interface LimitStore {
  /**
   * All of the limits or none, each for the key of the same place. Somebody with patience is given a place so far in the future at most.
   * Rejects, or throws, GatewayError only. `slot`: what is answered at once may be written there, and stands until it is asked again.
   */
  take(limits: readonly Limit[], keys: readonly string[], patienceMs: number, slot?: TakenSlot): Taken | Promise<Taken>;
}
