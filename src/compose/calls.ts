// The calls of one request to a composed method: each only once, no more than it may come to, and not too many at a time.
import type { UnaryCall, UnaryHandler } from "../call.ts";
import type { Cancellation } from "../cancellation.ts";
import type { Method } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { Meter, tooLarge } from "./meter.ts";

export interface CallsOptions {
  readonly call: UnaryCall;
  /** Ends all that is under way. */
  readonly cancellation: Cancellation;
  readonly outbound: UnaryHandler;
  readonly maxCalls: number;
  /** Of all requests together, and of all replies. */
  readonly maxBytes: number;
}

/** What a step's calls have in common. */
export interface Lane {
  /** Absolute, in `performance.now()` milliseconds. */
  readonly deadline: number;
  /** Calls of steps with different times are not the same. */
  readonly timeoutMs: number;
  readonly run: Limiter;
}

type Limiter = <T>(start: () => Promise<T>) => Promise<T>;

export class Calls {
  readonly #options: CallsOptions;
  readonly #known = new Map<string, Promise<Uint8Array>>();
  readonly #replies: Meter;
  readonly requests: Meter;
  #made = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.requests = new Meter(options.maxBytes, "the requests of its steps");
    this.#replies = new Meter(options.maxBytes, "the replies to its steps");
  }

  /** Throws GatewayError where there would be too many: before the first of them is made. */
  check(method: Method, requests: readonly Uint8Array[], { timeoutMs }: Lane): void {
    const keys = isRepeatable(method) ? requests.map((request) => toKey(method, request, timeoutMs)) : undefined;
    const count = keys === undefined ? requests.length : new Set(keys.filter((key) => !this.#known.has(key))).size;
    const { maxCalls } = this.#options;
    if (this.#made + count > maxCalls) throw tooLarge(`it would come to more than ${maxCalls} calls`);
  }

  /** The reply's bytes. Rejects with GatewayError. */
  ask(method: Method, request: Uint8Array, lane: Lane): Promise<Uint8Array> {
    const key = isRepeatable(method) ? toKey(method, request, lane.timeoutMs) : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    if (++this.#made > this.#options.maxCalls)
      return Promise.reject(tooLarge(`it would come to more than ${this.#options.maxCalls} calls`));
    const reply = lane.run(() => this.#send(method, request, lane.deadline));
    if (key !== undefined) this.#known.set(key, reply);
    return reply;
  }

  async #send(method: Method, message: Uint8Array, deadline: number): Promise<Uint8Array> {
    const { call, cancellation, outbound } = this.#options;
    if (cancellation.error !== undefined) throw cancellation.error;
    if (deadline <= performance.now())
      throw new GatewayError(Code.DEADLINE_EXCEEDED, "deadline exceeded", { reason: "DEADLINE_EXCEEDED" });
    const reply = await outbound({ ...call, method, message, deadline, cancellation });
    this.#replies.add(reply.message.length);
    return reply.message;
  }
}

/** Asking once is as good as asking twice. */
function isRepeatable({ idempotency }: Method): boolean {
  return idempotency !== "unknown";
}

function toKey({ path }: Method, request: Uint8Array, timeoutMs: number): string {
  return `${path} ${timeoutMs} ${Buffer.from(request).toString("latin1")}`;
}

/** Begins what is asked of it in order, so many at a time. */
export function createLimiter(max: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  const next = (): void => {
    running--;
    waiting.shift()?.();
  };
  return (start) =>
    new Promise((resolve, reject) => {
      const begin = (): void => {
        running++;
        start().then(resolve, reject).finally(next);
      };
      if (running < max) begin();
      else waiting.push(begin);
    });
}
