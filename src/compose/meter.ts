// Counts bytes against a bound, so that one request cannot gather or multiply more than one message may have.
import { Code, GatewayError } from "../status.ts";

export class Meter {
  readonly #limit: number;
  readonly #what: string;
  #sum = 0;

  /** `what` is said of what is too much: "its replies". */
  constructor(limit: number, what: string) {
    this.#limit = limit;
    this.#what = what;
  }

  /** Throws GatewayError once there is too much. */
  add(bytes: number): void {
    this.#sum += bytes;
    if (this.#sum > this.#limit) throw tooLarge(`${this.#what} have more than ${this.#limit} bytes`);
  }
}

export function tooLarge(message: string): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, message, { reason: "COMPOSITION_TOO_LARGE" });
}
