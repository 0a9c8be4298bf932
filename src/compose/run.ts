// One request to a composed method: each step begins the moment what it takes is there; the first that fails and must not ends all others.
import { Cancellation } from "../cancellation.ts";
import type { Reply, UnaryCall, UnaryHandler } from "../call.ts";
import { emptyMetadata } from "../metadata.ts";
import { Code, codeName, GatewayError } from "../status.ts";
import { Batches } from "./batches.ts";
import { Calls } from "./calls.ts";
import type { StepCounts } from "./counts.ts";
import { Meter } from "./meter.ts";
import type { ComposePlan, StepPlan } from "./plan.ts";
import { runStep } from "./run-step.ts";
import type { StepOutcome } from "./run-step.ts";
import type { Value } from "./source.ts";

export interface RunOptions {
  /** To the backends. */
  readonly outbound: UnaryHandler;
  /** Of the requests of all steps, of their replies, and of the reply that is made of them. */
  readonly maxBytes: number;
  readonly counts: StepCounts;
}

/** Rejects with GatewayError. */
export function runComposition(plan: ComposePlan, call: UnaryCall, options: RunOptions): Promise<Reply> {
  return new Promise((resolve, reject) => new Run(plan, call, { ...options, resolve, reject }).begin());
}

interface RunEnd extends RunOptions {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: GatewayError) => void;
}

class Run {
  readonly #plan: ComposePlan;
  readonly #call: UnaryCall;
  readonly #options: RunEnd;
  readonly #cancellation: Cancellation;
  readonly #calls: Calls;
  readonly #batches: Batches;
  readonly #deadline: number;
  readonly #results: Value[];
  /** By step: how many it still waits for. */
  readonly #waiting: number[];
  /** Steps without a result that were to have one. */
  readonly #lost = new Set<StepPlan>();
  #left: number;
  #isOver = false;

  constructor(plan: ComposePlan, call: UnaryCall, options: RunEnd) {
    const { steps, maxCalls, timeoutMs } = plan;
    this.#plan = plan;
    this.#cancellation = new Cancellation(call.cancellation);
    this.#call = call;
    this.#options = options;
    const { outbound, maxBytes } = options;
    this.#calls = new Calls({ call, cancellation: this.#cancellation, outbound, maxCalls, maxBytes });
    this.#batches = new Batches(this.#calls);
    this.#deadline = Math.min(call.deadline, timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs);
    this.#results = steps.map(() => undefined);
    this.#waiting = steps.map(({ needs }) => needs.length);
    this.#left = steps.length;
  }

  begin(): void {
    this.#call.cancellation.onCancel((error) => this.#fail(error));
    for (const step of this.#plan.steps) if (step.needs.length === 0) this.#begin(step);
  }

  #begin(step: StepPlan): void {
    if (this.#isOver) return;
    const { steps } = this.#plan;
    if (step.needs.some((need) => this.#results[need] === undefined)) {
      // What depends on a step that has failed has failed with it; on one that was not to be called, neither.
      if (step.needs.some((need) => this.#lost.has(steps[need]))) this.#lost.add(step);
      this.#settle(step, undefined);
      return;
    }
    const { identity, message: request } = this.#call;
    const parts = { calls: this.#calls, batches: this.#batches, deadline: this.#deadline, identity };
    const scope = { request, results: this.#results };
    runStep(step, scope, parts).then(
      (outcome) => this.#end(step, outcome),
      (error: unknown) => this.#failStep(step, GatewayError.from(error)),
    );
  }

  #end(step: StepPlan, { value, isSkipped, failure }: StepOutcome): void {
    if (failure !== undefined) this.#lose(step, failure);
    else if (!isSkipped) this.#options.counts.count(this.#plan, step, Code.OK);
    this.#settle(step, value);
  }

  #failStep(step: StepPlan, error: GatewayError): void {
    if (this.#isOver || !step.optional) {
      this.#options.counts.count(this.#plan, step, error.code);
      this.#fail(toStepError(step, error));
      return;
    }
    this.#lose(step, error);
    this.#settle(step, undefined);
  }

  #lose(step: StepPlan, { code, message }: GatewayError): void {
    this.#options.counts.count(this.#plan, step, code);
    this.#lost.add(step);
    this.#call.origin?.note("compose", `without ${step.id}: ${codeName(code)}: ${message}`);
  }

  /** Those that waited for it may begin. */
  #settle(step: StepPlan, value: Value): void {
    if (this.#isOver) return;
    this.#results[step.index] = value;
    this.#left--;
    for (const next of step.feeds) if (--this.#waiting[next] === 0) this.#begin(this.#plan.steps[next]);
    if (this.#left === 0) this.#finish();
  }

  #finish(): void {
    // Skipped steps end others on the way here.
    if (this.#isOver) return;
    this.#isOver = true;
    const { resolve, reject, maxBytes } = this.#options;
    try {
      const scope = { request: this.#call.message, results: this.#results };
      const message = this.#plan.prepare(scope)(new Meter(maxBytes, "its results"));
      const lost = this.#plan.steps.filter((step) => this.#lost.has(step)).map(({ id }) => id);
      resolve({
        message,
        headers: emptyMetadata,
        trailers: emptyMetadata,
        ...(lost.length === 0 ? {} : { partial: lost }),
      });
    } catch (error) {
      reject(GatewayError.from(error));
    }
  }

  /** The first error is the one that counts; what is still under way is given up. */
  #fail(error: GatewayError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancellation.cancel(over);
    this.#options.reject(error);
  }
}

const over = new GatewayError(Code.CANCELLED, "the call it was a part of is over");

/** In the words of the step's backend, without its details: they speak of a request that the client has not made. */
function toStepError({ id, method }: StepPlan, cause: GatewayError): GatewayError {
  const { code, message, reason, retryAfterMs } = cause;
  const metadata = { step: id, method: method.name, ...(reason === undefined ? {} : { reason }) };
  return new GatewayError(code, `${id}: ${message}`, {
    reason: "STEP_FAILED",
    metadata,
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
