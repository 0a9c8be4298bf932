// How many messages the server may send on a stream: granted anew when the application has used half, widened for one that keeps up.

const firstSize = 256;
const lastSize = 4096;
/** Half a window used within this time is a window that holds a fast stream up. */
const quickMs = 100;

/** More than the protocol has is a fault of the whole socket. */
function clamp(least: number, count: number): number {
  return Math.min(Math.max(least, Math.floor(count) || 0), 2 ** 31 - 1);
}

export class CreditWindow {
  #size: number;
  readonly #most: number;
  /** Granted and not yet received. */
  #outstanding = 0;
  #taken = 0;
  #grantedAt = 0;

  constructor(size = firstSize, most = Math.max(lastSize, size)) {
    this.#size = clamp(1, size);
    this.#most = clamp(this.#size, most);
  }

  /** The credit of a stream that is opened while `waiting` messages have not been taken. */
  open(waiting: number, now: number): number {
    this.#taken = 0;
    this.#grantedAt = now;
    this.#outstanding = Math.max(0, this.#size - waiting);
    return this.#outstanding;
  }

  /** A message came; false for one too many. */
  receive(): boolean {
    return --this.#outstanding >= 0;
  }

  /** The application took a message; `isDry` when none waits behind it. Returns what to grant, mostly 0. */
  take(isDry: boolean, now: number): number {
    this.#taken += 1;
    const isHalf = this.#taken * 2 >= this.#size;
    if (!isHalf) return 0;
    const growth = isDry && now - this.#grantedAt < quickMs ? Math.min(this.#size, this.#most - this.#size) : 0;
    this.#size += growth;
    const grant = this.#taken + growth;
    this.#taken = 0;
    this.#grantedAt = now;
    this.#outstanding += grant;
    return grant;
  }
}
