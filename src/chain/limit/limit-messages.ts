// How often clients send messages: on a stream one that comes too early waits its turn, so that the client is slowed down by
// backpressure and loses nothing; only what would wait for long is refused.
import type { Call, MessageTap } from "../../call.ts";
import type { Method } from "../../schema/descriptor.ts";
import type { LimitSet } from "./limit-set.ts";
import type { Taken } from "./limit.ts";

/** A message that would wait longer ends its stream; STREAMING's measure of a client that is over its rate for good. */
const patienceMs = 10_000;

/** The one message of a unary or server-streaming call is the call: nobody gains from keeping it waiting. */
export function limitMessages(set: LimitSet, method: Method): (call: Call) => void {
  const isStream = method.kind === "client-streaming" || method.kind === "bidi-streaming";
  return (call) => {
    const keys = set.keysOf(call);
    call.onRequest(isStream ? slowDown(set, keys, call) : refuse(set, keys));
  };
}

function refuse(set: LimitSet, keys: readonly string[]): MessageTap {
  const settle = (taken: Taken): void => {
    if (!taken.admitted) throw set.refuse(taken);
  };
  return () => {
    const taken = set.take(keys, 0);
    return taken instanceof Promise ? taken.then(settle) : settle(taken);
  };
}

/** A message's place is taken when it comes, not when its turn is: however many streams share the key, none of them starves. */
function slowDown(set: LimitSet, keys: readonly string[], call: Call): MessageTap {
  const settle = (taken: Taken): void | Promise<void> => {
    if (!taken.admitted) throw set.refuse(taken);
    return taken.waitMs > 0 ? wait(taken.waitMs, call) : undefined;
  };
  return () => {
    const left = call.deadline === Infinity ? patienceMs : Math.min(patienceMs, call.deadline - performance.now());
    const taken = set.take(keys, Math.max(0, left));
    return taken instanceof Promise ? taken.then(settle) : settle(taken);
  };
}

/** Not beyond the end of the call. */
function wait(ms: number, { cancellation }: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.ceil(ms));
    cancellation.onCancel((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
