// PINGs sent and not yet answered, and what their round trips say about the link.

type Answered = (roundTripMs: number | undefined) => void;

interface SentPing {
  readonly sentAt: number;
  readonly answered: Answered;
}

export class PingBook {
  /** The shortest seen; 0 while unknown. */
  roundTripMs = 0;
  /** When the last one left, answered or not. */
  sentAt = -Infinity;
  #sent: Map<number, SentPing> | undefined;
  #next = 1;

  /** The payload to send. */
  open(now: number, answered: Answered): Buffer {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(this.#next, 4);
    this.sentAt = now;
    (this.#sent ??= new Map()).set(this.#next, { sentAt: now, answered });
    this.#next = (this.#next + 1) >>> 0;
    return payload;
  }

  /** False where nothing was asked with this payload. */
  answer(bytes: Buffer, start: number, now: number): boolean {
    const key = bytes.readUInt32BE(start) === 0 ? bytes.readUInt32BE(start + 4) : -1;
    const ping = this.#sent?.get(key);
    if (ping === undefined) return false;
    this.#sent?.delete(key);
    this.observe(now - ping.sentAt);
    ping.answered(now - ping.sentAt);
    return true;
  }

  observe(roundTripMs: number): void {
    if (this.roundTripMs === 0 || roundTripMs < this.roundTripMs) this.roundTripMs = roundTripMs;
  }

  close(): void {
    const sent = this.#sent;
    this.#sent = undefined;
    for (const ping of sent?.values() ?? []) ping.answered(undefined);
  }
}
