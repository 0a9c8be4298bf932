// The messages of a stream's client, kept from the first one on until the backend answers, so that another attempt can begin with them.
import type { MessageReader } from "../../call.ts";

/** Of one stream, as much as transports keep for a call that the backend refused. */
const maxKeptBytes = 65_536;
/** Of all streams together. */
const maxPooledBytes = 16_777_216;
/** A message counts for no less: one without bytes takes memory, too. */
const leastBytes = 128;

/** What all streams keep. */
export class ReplayPool {
  #bytes = 0;

  /** False when there is no room. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > maxPooledBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

export class Replay {
  readonly #source: MessageReader;
  readonly #pool: ReplayPool;
  /** From the first message on; once they are released, only those that the attempt has not read. */
  readonly #messages: Uint8Array[] = [];
  #bytes = 0;
  /** The attempt that reads, and how far it has come. */
  #attempt = 0;
  #at = 0;
  #isReleased = false;
  #hasEnded = false;
  #failure: { readonly error: unknown } | undefined = undefined;
  /** Under way: an attempt that fails leaves its question to the next. */
  #pulling: Promise<void> | undefined = undefined;

  constructor(source: MessageReader, pool: ReplayPool) {
    this.#source = source;
    this.#pool = pool;
  }

  /** Whether another attempt would get all that there was, from a client that goes on. */
  get canRepeat(): boolean {
    return !this.#isReleased && this.#failure === undefined;
  }

  /** All messages from the first one on, for another attempt; for the one before it is over. */
  open(): MessageReader {
    const attempt = ++this.#attempt;
    this.#at = 0;
    return { read: () => this.#read(attempt) };
  }

  /** There will be no other attempt: what was read is kept no longer. Idempotent. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#pool.give(this.#bytes);
    this.#messages.splice(0, this.#at);
    this.#at = 0;
  }

  async #read(attempt: number): Promise<Uint8Array | undefined> {
    while (attempt === this.#attempt) {
      if (this.#at < this.#messages.length)
        return this.#isReleased ? this.#messages.shift() : this.#messages[this.#at++];
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#hasEnded) return undefined;
      await (this.#pulling ??= this.#pull());
    }
    return undefined;
  }

  async #pull(): Promise<void> {
    try {
      const message = await this.#source.read();
      if (message === undefined) this.#hasEnded = true;
      else this.#keep(message);
    } catch (error) {
      this.#failure = { error };
    }
    this.#pulling = undefined;
  }

  #keep(message: Uint8Array): void {
    const bytes = Math.max(leastBytes, message.length);
    if (!this.#isReleased) {
      if (this.#bytes + bytes <= maxKeptBytes && this.#pool.take(bytes)) this.#bytes += bytes;
      else this.release();
    }
    this.#messages.push(message);
  }
}
