// Whose turn it is to send: streams with bytes and a window take turns, one DATA frame each.
import type { StreamCore } from "./stream.ts";

export class Scheduler {
  #ready: StreamCore[] = [];
  #first = 0;

  add(stream: StreamCore): void {
    if (stream.isScheduled) return;
    stream.isScheduled = true;
    this.#ready.push(stream);
  }

  get isEmpty(): boolean {
    return this.#first === this.#ready.length;
  }

  /** Takes turns while `mayGoOn` allows. `afterTurn` may add streams. */
  run(mayGoOn: () => boolean, afterTurn: (stream: StreamCore) => void): void {
    while (!this.isEmpty && mayGoOn()) {
      const stream = this.#take();
      stream.writeTurn();
      if (stream.isSendable) this.add(stream);
      afterTurn(stream);
    }
  }

  clear(): void {
    this.#ready = [];
    this.#first = 0;
  }

  #take(): StreamCore {
    const stream = this.#ready[this.#first++];
    stream.isScheduled = false;
    if (this.#first === this.#ready.length) {
      this.clear();
    } else if (this.#first === 256) {
      this.#ready.splice(0, 256);
      this.#first = 0;
    }
    return stream;
  }
}
