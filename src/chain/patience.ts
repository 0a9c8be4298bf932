// How long a call waits for code that may never answer: until its deadline, and without one not for ever.
import type { Call } from "../call.ts";
import { deadlineExceeded, GatewayError } from "../status.ts";

/** Of calls without a deadline. */
const patienceMs = 30_000;

/** As `pending` settles; rejects with GatewayError for what takes too long: `what` names it for the log. */
export function untilDeadline<T>({ deadline }: Pick<Call, "deadline">, pending: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void =>
      reject(
        deadline === Infinity
          ? GatewayError.from(new Error(`${what} has not answered in ${patienceMs / 1000} s`))
          : deadlineExceeded(),
      );
    const timer = setTimeout(giveUp, deadline === Infinity ? patienceMs : Math.max(0, deadline - performance.now()));
    timer.unref();
    pending.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
