// The receiving side of flow control (RFC 9113 section 5.2): what the peer may still send, and when it is told that it may send more.

/** How fast the link is, for the windows of a connection to grow by. */
export interface Clock {
  /** Milliseconds; only looked at when credit is given. */
  now(): number;
  /** A round trip in milliseconds, the shortest seen; 0 while unknown. */
  readonly roundTripMs: number;
}

/** A round trip shorter than this is taken for this long: timers and turns of the loop are no finer. */
const shortestRoundTripMs = 1;

export class ReceiveWindow {
  /** What the peer may send before it must wait. Below zero it has sent more than it may. */
  #available: number;
  /** Consumed here and not yet given back to the peer. */
  #owed = 0;
  /** What `#available` returns to when everything is consumed. */
  #size: number;
  /** How far it may grow. */
  most: number;
  #creditedAt = 0;

  /** `tolerated` is what the peer may believe it has before it has read our SETTINGS. */
  constructor(size: number, most: number, tolerated: number) {
    this.#size = size;
    this.most = most;
    this.#available = Math.max(size, tolerated);
  }

  get size(): number {
    return this.#size;
  }

  /** Counts received bytes; false where the peer has sent more than it was allowed. */
  take(bytes: number): boolean {
    this.#available -= bytes;
    return this.#available >= 0;
  }

  /** Counts consumed bytes. Answers the credit to announce: none until half the window is owed, then all of it at once. */
  release(bytes: number, clock: Clock): number {
    this.#owed += bytes;
    if (this.#owed * 2 < this.#size) return 0;
    const credit = this.#owed + this.#grow(clock);
    this.#owed = 0;
    this.#available += credit;
    return credit;
  }

  /** Raises the window to what other streams of the connection have grown to. Answers the credit to announce. */
  raise(size: number): number {
    const more = Math.min(size, this.most) - this.#size;
    if (more <= 0) return 0;
    this.#size += more;
    this.#available += more;
    return more;
  }

  /** Half a window in less than two round trips: the window is what holds the sender back, not the link or the consumer. */
  #grow(clock: Clock): number {
    const now = clock.now();
    const elapsed = now - this.#creditedAt;
    const isFirst = this.#creditedAt === 0;
    this.#creditedAt = now;
    if (isFirst || this.#size >= this.most) return 0;
    if (elapsed > 2 * Math.max(clock.roundTripMs, shortestRoundTripMs)) return 0;
    const before = this.#size;
    this.#size = Math.min(this.#size * 2, this.most);
    return this.#size - before;
  }
}
