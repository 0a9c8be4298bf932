// How fast a client sends: so many messages and bytes a second and as much at once, then reading pauses, then it is enough.
import type { SocketLimits } from "./options.ts";

type Rate = Pick<SocketLimits, "messagesPerSecond" | "bytesPerSecond" | "rateExcessMs">;

/** Filled up when the clocks are looked at, not with every message: there are fewer of those. */
export class RateMeter {
  readonly #rate: Rate;
  #messages: number;
  #bytes: number;
  #filledAt: number;
  /** When the excess began that has not had a break since; Infinity without one. */
  #excessSince = Infinity;
  #wasOver = false;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#messages = rate.messagesPerSecond;
    this.#bytes = rate.bytesPerSecond;
    this.#filledAt = now;
  }

  /** False: that was too much, read no further before `refill` says so. */
  take(messages: number, bytes: number): boolean {
    this.#messages -= messages;
    this.#bytes -= bytes;
    if (this.#messages >= 0 && this.#bytes >= 0) return true;
    this.#wasOver = true;
    return false;
  }

  /** Whether the client may go on, must wait, or has been over its rate for too long. */
  refill(now: number): "within" | "over" | "too-long" {
    const { messagesPerSecond, bytesPerSecond, rateExcessMs } = this.#rate;
    const seconds = (now - this.#filledAt) / 1000;
    this.#filledAt = now;
    this.#messages = Math.min(messagesPerSecond, this.#messages + messagesPerSecond * seconds);
    this.#bytes = Math.min(bytesPerSecond, this.#bytes + bytesPerSecond * seconds);
    if (!this.#wasOver) this.#excessSince = Infinity;
    else if (this.#excessSince === Infinity) this.#excessSince = now;
    if (now - this.#excessSince >= rateExcessMs) return "too-long";
    const isWithin = this.#messages > 0 && this.#bytes > 0;
    // A client that still has to wait was over the rate in the time to come, too.
    this.#wasOver = !isWithin;
    return isWithin ? "within" : "over";
  }
}
