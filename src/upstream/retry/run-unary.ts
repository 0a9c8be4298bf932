// A unary call of a method with a retry policy, attempt by attempt.
import type { Reply, UnaryCall, UnaryHandler } from "../../call.ts";
import { GatewayError } from "../../status.ts";
import { Attempts } from "./attempts.ts";
import type { RetriedMethod } from "./attempts.ts";
import type { Sleep } from "./sleep.ts";

export interface UnaryRetry {
  readonly method: RetriedMethod;
  readonly ask: UnaryHandler;
  readonly sleep: Sleep;
}

/** Rejects with GatewayError only: that of the last attempt. */
export async function runUnary({ method, ask, sleep }: UnaryRetry, call: UnaryCall): Promise<Reply> {
  const attempts = new Attempts(method, call);
  for (;;) {
    const attempt = within(attempts.next(), method.rule.perTryTimeoutMs);
    try {
      const reply = await ask(attempt);
      attempts.succeed();
      return reply;
    } catch (cause) {
      const error = GatewayError.from(cause);
      const delayMs = attempts.fail(error, isLate(error, attempt, call), true);
      if (delayMs === undefined) throw error;
      await sleep(delayMs, call.cancellation);
    }
  }
}

/** With a deadline of its own, which the backend hears of, too. */
function within(call: UnaryCall, timeoutMs: number | undefined): UnaryCall {
  if (timeoutMs === undefined) return call;
  const deadline = performance.now() + timeoutMs;
  return deadline < call.deadline ? { ...call, deadline } : call;
}

/** The attempt has had its time, and the call has some left. */
function isLate({ reason }: GatewayError, attempt: UnaryCall, call: UnaryCall): boolean {
  return reason === "DEADLINE_EXCEEDED" && attempt.deadline < call.deadline;
}
