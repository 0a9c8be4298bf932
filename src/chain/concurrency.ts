// How much may be under way at once: calls of a method, and streams of one client. Given back once, when the call ends.
import type { Call, Intercept } from "../call.ts";
import { toCountedName } from "../schema/counted-name.ts";
import type { Method } from "../schema/descriptor.ts";
import type { Slots, SlotsOf } from "../slots.ts";
import { Code, GatewayError } from "../status.ts";
import type { Interceptor } from "./compose.ts";
import { compileKey } from "./limit/limit-key.ts";
import type { PolicyOf } from "./policy.ts";

export interface ConcurrencyOptions {
  readonly policyOf: PolicyOf;
  /** Open streams of a principal, or of an address where there is none; undefined for no bound. */
  readonly maxStreamsPerClient: number | undefined;
  /** Where it is counted. */
  readonly slotsOf: SlotsOf;
}

export interface Concurrency extends Interceptor {
  /** Calls under way in this process, of methods with a bound: for metrics. */
  inFlight(): readonly {
    readonly method: string;
    readonly count: number;
    readonly refused: number;
  }[];
  readonly refusedStreams: number;
}

/** Somebody else's call ends every few milliseconds: a second is a fair guess, and spreads those who come again. */
const retryAfterMs = 1000;

export function createConcurrency({ policyOf, maxStreamsPerClient, slotsOf }: ConcurrencyOptions): Concurrency {
  const methods = new Map<string, MethodCalls>();
  const streams =
    maxStreamsPerClient === undefined
      ? undefined
      : new ClientStreams(slotsOf("streams.max_per_client", maxStreamsPerClient), maxStreamsPerClient);
  const callsOf = (method: Method): MethodCalls | undefined => {
    const max = policyOf(method).maxInFlight?.value;
    if (max === undefined) return undefined;
    const name = toCountedName(method);
    const calls = methods.get(name) ?? new MethodCalls(name, slotsOf("max_in_flight", max));
    methods.set(name, calls);
    return calls;
  };
  return {
    name: "concurrency",
    compile(method): Intercept | undefined {
      const calls = callsOf(method);
      const counted = method.kind === "unary" ? undefined : streams;
      if (counted === undefined) return calls && ((call) => calls.take(call));
      if (calls === undefined) return (call) => counted.take(call);
      return (call) => {
        // Who is refused here has taken nothing yet, and whoever is refused there gives back when the call ends.
        const pending = counted.take(call);
        return pending === undefined ? calls.take(call) : pending.then(() => calls.take(call));
      };
    },
    inFlight: () => [...methods].map(([method, { count, refused }]) => ({ method, count, refused })),
    get refusedStreams() {
      return streams?.refused ?? 0;
    },
  };
}

class MethodCalls {
  count = 0;
  refused = 0;
  readonly #name: string;
  readonly #slots: Slots;
  /** One for all: it says the same each time. */
  readonly #error = new GatewayError(Code.UNAVAILABLE, "too many calls of this method are under way; try again", {
    reason: "METHOD_BUSY",
    retryAfterMs,
  });
  readonly #release = (): void => {
    this.count--;
    this.#slots.release(this.#name);
  };

  constructor(name: string, slots: Slots) {
    this.#name = name;
    this.#slots = slots;
  }

  take(call: Call): void | Promise<void> {
    const taken = this.#slots.take(this.#name);
    return taken instanceof Promise ? taken.then((isTaken) => this.#settle(call, isTaken)) : this.#settle(call, taken);
  }

  #settle(call: Call, isTaken: boolean): void {
    if (!isTaken) {
      this.refused++;
      throw this.#error;
    }
    this.count++;
    call.onEnd(this.#release);
  }
}

const clientOf = compileKey(["principal"]);

class ClientStreams {
  refused = 0;
  readonly #slots: Slots;
  readonly #max: number;

  constructor(slots: Slots, max: number) {
    this.#slots = slots;
    this.#max = max;
  }

  take(call: Call): void | Promise<void> {
    const client = clientOf(call);
    const settle = (isTaken: boolean): void => {
      if (!isTaken) {
        this.refused++;
        throw tooManyStreams(this.#max);
      }
      call.onEnd(() => this.#slots.release(client));
    };
    const taken = this.#slots.take(client);
    return taken instanceof Promise ? taken.then(settle) : settle(taken);
  }
}

/** No time to try again is named: it takes one of the client's own streams to end. */
function tooManyStreams(max: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `this client has ${max} streams open, which is all it may have`, {
    reason: "TOO_MANY_STREAMS_OF_CLIENT",
    quotas: [{ subject: "streams", description: `${max} open streams` }],
  });
}
