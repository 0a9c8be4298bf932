// The messages of the application on their way to the server: read from its iterable only while the server has granted credit.
import type { Requests } from "./contract.ts";
import { Queue } from "./queue.ts";

export interface UploadPort {
  /** Returns how many bytes that was; throws ClientError for what cannot be sent. */
  send(message: unknown): number;
  end(): void;
  /** The application's iterable has thrown, or gave what cannot be sent. */
  fail(reason: unknown): void;
}

/** What the server says of a new stream. */
export interface UploadLimits {
  readonly credit: number;
  /** With more than so many bytes on their way the next message waits. */
  readonly bytes: number;
}

export class Upload {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  readonly #port: UploadPort;
  /** Bytes of each message that the server has not taken. */
  readonly #sizes = new Queue<number>();
  #bytes = 0;
  #limits: UploadLimits | undefined;
  #credit = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(requests: Requests<unknown>, port: UploadPort) {
    this.#port = port;
    this.#iterator = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
  }

  get hasStarted(): boolean {
    return this.#limits !== undefined;
  }

  start(limits: UploadLimits): void {
    if (this.#limits !== undefined || this.#isOver) return;
    this.#limits = limits;
    this.#credit = limits.credit;
    void this.#run(limits);
  }

  /** The server has taken the oldest `count` messages. */
  grant(count: number): void {
    this.#credit += count;
    for (let left = count; left > 0 && this.#sizes.length > 0; left--) this.#bytes -= this.#sizes.shift();
    this.#wake?.();
  }

  /** Nothing more is read; the application's iterable is told so, once. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake?.();
    // A generator that waits inside itself answers when it gets there; nobody waits for that, nor for its faults.
    Promise.resolve()
      .then(() => this.#iterator.return?.())
      .catch(() => {});
  }

  async #run({ bytes }: UploadLimits): Promise<void> {
    try {
      while (!this.#isOver) {
        if (this.#credit <= 0 || this.#bytes > bytes) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          continue;
        }
        const { done, value } = await this.#iterator.next();
        if (this.#isOver) return;
        if (done === true) {
          this.#isOver = true;
          this.#port.end();
          return;
        }
        this.#send(value);
      }
    } catch (error) {
      if (!this.#isOver) this.#port.fail(error);
    }
  }

  #send(message: unknown): void {
    const size = this.#port.send(message);
    this.#credit -= 1;
    this.#sizes.push(size);
    this.#bytes += size;
  }
}
