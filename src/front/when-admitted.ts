// The step from the head of a request to its messages: the chain is asked first.
import type { Call, Chain } from "../call.ts";

/** Goes on once the chain lets the call pass; `fail` is for what the chain refuses and for what goes wrong in going on. */
export function whenAdmitted(
  chain: Chain,
  call: Call,
  goOn: () => void | Promise<void>,
  fail: (error: unknown) => void,
): void {
  try {
    const pending = chain.admit(call);
    if (pending === undefined) goOn()?.catch(fail);
    else pending.then(goOn).catch(fail);
  } catch (error) {
    fail(error);
  }
}
