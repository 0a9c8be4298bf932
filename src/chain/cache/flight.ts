// One question to the backend that several calls wait for. Each leaves when it has to; the last one to leave ends the question.
import { Cancellation } from "../../cancellation.ts";
import type { UnaryCall } from "../../call.ts";
import { Code, deadlineExceeded, GatewayError } from "../../status.ts";

/** What setTimeout takes. */
const longestTimer = 2_147_483_647;

export class Flight<T> {
  readonly cancellation: Cancellation;
  readonly #result: Promise<T>;
  readonly #onLeft: () => void;
  #waiting = 0;
  #isOver = false;

  /** `onLeft`: nobody waits any more, and it was cancelled. */
  constructor(ask: (cancellation: Cancellation) => Promise<T>, onLeft: () => void) {
    this.cancellation = new Cancellation();
    this.#onLeft = onLeft;
    this.#result = ask(this.cancellation);
    const over = (): void => {
      this.#isOver = true;
    };
    this.#result.then(over, over);
  }

  /** For what has no deadline: the cache itself. */
  get result(): Promise<T> {
    this.#waiting++;
    return this.#result;
  }

  /** Rejects when the call is cancelled or its deadline passes, which is nobody else's business. */
  join({ deadline, cancellation }: Pick<UnaryCall, "deadline" | "cancellation">): Promise<T> {
    this.#waiting++;
    return new Promise<T>((resolve, reject) => {
      let hasLeft = false;
      const leave = (): boolean => {
        if (hasLeft) return false;
        hasLeft = true;
        clearTimeout(timer);
        this.#leave();
        return true;
      };
      const fail = (error: GatewayError): void => {
        if (leave()) reject(error);
      };
      const timer =
        deadline === Infinity
          ? undefined
          : setTimeout(
              () => fail(deadlineExceeded()),
              Math.min(longestTimer, Math.max(0, deadline - performance.now())),
            );
      this.#result.then(
        (value) => {
          if (leave()) resolve(value);
        },
        (error: unknown) => fail(GatewayError.from(error)),
      );
      cancellation.onCancel(fail);
    });
  }

  #leave(): void {
    this.#waiting--;
    if (this.#waiting > 0 || this.#isOver) return;
    this.#isOver = true;
    this.#onLeft();
    this.cancellation.cancel(
      new GatewayError(Code.CANCELLED, "nobody waits for the answer any more", { reason: "CLIENT_GONE" }),
    );
  }
}
