// How much may be under way at once: calls of a method in this process, and streams of one client. Given back once, when the call ends.
import type { Call, Intercept } from "../call.ts";
import { toCountedName } from "../schema/counted-name.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import type { Interceptor } from "./compose.ts";
import { compileKey } from "./limit/limit-key.ts";
import type { PolicyOf } from "./policy.ts";

export interface ConcurrencyOptions {
  readonly policyOf: PolicyOf;
  /** Open streams of a principal, or of an address where there is none; undefined for no bound. */
  readonly maxStreamsPerClient: number | undefined;
}

export interface Concurrency extends Interceptor {
  /** Calls under way, of methods with a bound: for metrics. */
  inFlight(): readonly {
    readonly method: string;
    readonly count: number;
    readonly max: number;
    readonly refused: number;
  }[];
  /** Clients that have streams open, where streams are bounded. */
  readonly clients: number;
  readonly refusedStreams: number;
}

/** Somebody else's call ends every few milliseconds: a second is a fair guess, and spreads those who come again. */
const retryAfterMs = 1000;

export function createConcurrency({ policyOf, maxStreamsPerClient }: ConcurrencyOptions): Concurrency {
  const methods = new Map<string, MethodSlots>();
  const streams = new ClientStreams(maxStreamsPerClient ?? Infinity);
  const compileSlots = (method: Method): MethodSlots | undefined => {
    const max = policyOf(method).maxInFlight?.value;
    if (max === undefined) return undefined;
    const name = toCountedName(method);
    const slots = methods.get(name) ?? new MethodSlots(max);
    methods.set(name, slots);
    return slots;
  };
  return {
    name: "concurrency",
    compile(method): Intercept | undefined {
      const slots = compileSlots(method);
      const isCounted = maxStreamsPerClient !== undefined && method.kind !== "unary";
      if (slots === undefined) return isCounted ? (call) => streams.take(call) : undefined;
      if (!isCounted) return (call) => slots.take(call);
      return (call) => {
        // Who is refused here has taken nothing yet, and whoever is refused there gives back when the call ends.
        streams.take(call);
        slots.take(call);
      };
    },
    inFlight: () => [...methods].map(([method, { count, max, refused }]) => ({ method, count, max, refused })),
    get clients() {
      return streams.size;
    },
    get refusedStreams() {
      return streams.refused;
    },
  };
}

class MethodSlots {
  readonly max: number;
  count = 0;
  refused = 0;
  /** One for all: it says the same each time. */
  readonly #error = new GatewayError(Code.UNAVAILABLE, "too many calls of this method are under way; try again", {
    reason: "METHOD_BUSY",
    retryAfterMs,
  });
  readonly #release = (): void => {
    this.count--;
  };

  constructor(max: number) {
    this.max = max;
  }

  take(call: Call): void {
    if (this.count >= this.max) {
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
  readonly #max: number;
  /** As many entries as there are open streams at most. */
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  take(call: Call): void {
    const client = clientOf(call);
    const count = this.#open.get(client) ?? 0;
    if (count >= this.#max) {
      this.refused++;
      throw tooManyStreams(this.#max);
    }
    this.#open.set(client, count + 1);
    call.onEnd(() => this.#release(client));
  }

  #release(client: string): void {
    const count = (this.#open.get(client) ?? 1) - 1;
    if (count === 0) this.#open.delete(client);
    else this.#open.set(client, count);
  }
}

/** No time to try again is named: it takes one of the client's own streams to end. */
function tooManyStreams(max: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `this client has ${max} streams open, which is all it may have`, {
    reason: "TOO_MANY_STREAMS_OF_CLIENT",
    quotas: [{ subject: "streams", description: `${max} open streams` }],
  });
}
