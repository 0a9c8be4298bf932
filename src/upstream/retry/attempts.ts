// One call of a method with a retry policy: whether it is made again when an attempt fails, when, and what is counted of that.
import type { StreamCall, UnaryCall } from "../../call.ts";
import { codeName } from "../../status.ts";
import type { Code, GatewayError } from "../../status.ts";
import type { RetryRule } from "../../schema/retry-rule.ts";
import { backoffMs } from "../backoff.ts";
import type { RetryBudget } from "./budget.ts";
import { readPushback } from "./pushback.ts";

/** Why a call was not made again that might have been. */
export const omissions = ["attempts", "pushback", "begun", "budget", "deadline"] as const;
export type Omission = (typeof omissions)[number];

/** Of one method; the counts only grow. */
export interface RetryTally {
  readonly method: string;
  /** Attempts after the first one that were answered, and that were not. */
  answered: number;
  failed: number;
  readonly omitted: Record<Omission, number>;
}

/** What all calls of a method share. */
export interface RetriedMethod {
  readonly rule: RetryRule;
  readonly codes: ReadonlySet<Code>;
  /** Of its target. */
  readonly budget: RetryBudget;
  readonly tally: RetryTally;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Failures of a backend or of the way to it. With any other reason the gateway itself has ended the call. */
const backendReasons: ReadonlySet<string | undefined> = new Set([
  undefined,
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_RESET",
  "UPSTREAM_PROTOCOL",
]);

export class Attempts<T extends UnaryCall | StreamCall> {
  readonly #method: RetriedMethod;
  readonly #call: T;
  #made = 0;
  /** Attempts that failed since the backend last said when to come again. */
  #failures = 0;

  constructor(method: RetriedMethod, call: T) {
    this.#method = method;
    this.#call = call;
  }

  /** The call as the next attempt makes it. */
  next(): T {
    const call = this.#call;
    if (this.#made++ === 0) return call;
    const metadata = [...call.metadata, "grpc-previous-rpc-attempts", String(this.#made - 1)];
    return { ...call, metadata };
  }

  /** The backend has answered. */
  succeed(): void {
    const { budget, tally } = this.#method;
    budget.earn();
    if (this.#made > 1) tally.answered++;
  }

  /**
   * In how many milliseconds the call is to be made again; undefined for never. `isLate`: the attempt has had its time. `canRepeat`:
   * nothing of an answer has gone to the client, and all that the client has sent is still there.
   */
  fail(error: GatewayError, isLate: boolean, canRepeat: boolean): number | undefined {
    const { budget, tally } = this.#method;
    if (this.#made > 1) tally.failed++;
    if (this.#call.cancellation.error !== undefined) return undefined;
    const isRepeatable = isLate || this.#isRepeatable(error);
    const pushback = readPushback(error.backendTrailers);
    if (isRepeatable || pushback === "stop") budget.spend();
    if (!isRepeatable) return undefined;
    this.#failures = typeof pushback === "number" ? 0 : this.#failures + 1;
    const delayMs = typeof pushback === "number" ? pushback : this.#backoffMs();
    const omission = this.#findOmission({ pushback, canRepeat, delayMs });
    const after = omission === undefined ? `again in ${Math.round(delayMs)} ms` : `not again: ${omission}`;
    this.#note(`attempt ${this.#made}: ${codeName(error.code)}, ${after}`);
    if (omission === undefined) return delayMs;
    tally.omitted[omission]++;
    return undefined;
  }

  /** The answer had begun and came to a bad end. */
  breakOff(error: GatewayError): void {
    if (this.#call.cancellation.error !== undefined || !this.#isRepeatable(error)) return;
    this.#method.budget.spend();
    this.#method.tally.omitted.begun++;
  }

  /** Of several methods where the client's call is composed of them. */
  #note(text: string): void {
    const { origin, method } = this.#call;
    origin?.note("retry", origin.method === method ? text : `${method.name}: ${text}`);
  }

  #isRepeatable({ code, reason }: GatewayError): boolean {
    return this.#method.codes.has(code) && backendReasons.has(reason);
  }

  #backoffMs(): number {
    const { rule, random } = this.#method;
    const { initialBackoffMs: initialMs, maxBackoffMs: maxMs, multiplier: factor } = rule;
    return backoffMs(this.#failures, random(), { initialMs, factor, maxMs });
  }

  #findOmission({ pushback, canRepeat, delayMs }: Outlook): Omission | undefined {
    const { rule, budget } = this.#method;
    if (this.#made >= rule.maxAttempts) return "attempts";
    if (pushback === "stop") return "pushback";
    if (!canRepeat) return "begun";
    if (budget.isSpent) return "budget";
    return performance.now() + delayMs >= this.#call.deadline ? "deadline" : undefined;
  }
}

interface Outlook {
  readonly pushback: number | "stop" | undefined;
  readonly canRepeat: boolean;
  readonly delayMs: number;
}
