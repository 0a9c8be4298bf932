// A caller's credentials while somebody else looks at them: not longer than the caller waits, nor for ever.
import type { Call } from "../call.ts";
import type { Identity } from "../caller.ts";
import { Code, deadlineExceeded, GatewayError } from "../status.ts";
import type { Timed, Timer } from "./identified-streams.ts";

export interface JudgementOptions {
  readonly timer: Timer;
  /** In `performance.now()` milliseconds. */
  readonly until: number;
  /** Whose deadline and end count as well; undefined where there is no call yet. */
  readonly call: Call | undefined;
}

export class Judgement implements Timed {
  sweepIndex = -1;
  /** Rejects with GatewayError only. */
  readonly result: Promise<Identity | undefined>;
  readonly #options: JudgementOptions;
  #reject: (error: GatewayError) => void = () => {};

  constructor(judged: Promise<Identity | undefined>, options: JudgementOptions) {
    this.#options = options;
    this.result = new Promise((resolve, reject) => {
      this.#reject = reject;
      judged.then(
        (identity) => {
          this.#stop();
          resolve(identity);
        },
        (error: unknown) => this.#fail(GatewayError.from(error)),
      );
    });
    options.timer.add(this);
    options.call?.cancellation.onCancel((error) => this.#fail(error));
  }

  check(now: number): void {
    const { until, call } = this.#options;
    if (call !== undefined && now >= call.deadline) this.#fail(deadlineExceeded());
    else if (now >= until) this.#fail(tookTooLong());
  }

  #fail(error: GatewayError): void {
    this.#stop();
    this.#reject(error);
  }

  #stop(): void {
    this.#options.timer.delete(this);
  }
}

function tookTooLong(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the credentials could not be checked in time; try again", {
    reason: "AUTHENTICATION_TIMEOUT",
  });
}
