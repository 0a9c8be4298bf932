// What is refused when the gateway cannot keep up: some calls, before anything is spent on them, so that the others are answered in time.
import type { Intercept } from "../call.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import type { Interceptor } from "./compose.ts";
import type { LoadWatch } from "./load-watch.ts";

export interface ShedOptions {
  readonly watch: LoadWatch;
  /** Methods by which others learn whether the gateway is well: these are always answered. */
  readonly isSpared: (method: Method) => boolean;
}

export interface Shed extends Interceptor {
  readonly refused: number;
}

export function createShed({ watch, isSpared }: ShedOptions): Shed {
  let refused = 0;
  // One for all: nothing is cheaper, and it says the same each time.
  const error = new GatewayError(Code.UNAVAILABLE, "the gateway is overloaded; try again", {
    reason: "OVERLOADED",
    retryAfterMs: 1000,
  });
  const intercept: Intercept = () => {
    if (!watch.isOverloaded || !watch.picks()) return;
    refused++;
    throw error;
  };
  return {
    name: "shed",
    compile: (method) => (isSpared(method) ? undefined : intercept),
    get refused() {
      return refused;
    },
  };
}
