// Questions of a worker to the process that started it: those of one turn go out in one message, and none waits for ever.
import type { Numbered } from "./messages.ts";

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  /** The tick at which it was asked. */
  readonly since: number;
}

/**
 * After so many ticks nobody waits any more. On the same machine late is what the whole machine is: one that stood still makes one tick
 * of that, in which neither process did anything.
 */
const patience = 5;
const tickMs = 200;

export class Questions<Question, Answer> {
  readonly #send: (list: readonly Numbered<Question>[]) => void;
  /** In the order they were asked. */
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #asked: Numbered<Question>[] = [];
  #lastId = 0;
  #isOpen = true;
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;

  constructor(send: (list: readonly Numbered<Question>[]) => void) {
    this.#send = send;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Rejects at once when nobody is there to be asked, and within two seconds when nobody answers. */
  ask(question: Question): Promise<Answer> {
    if (!this.#isOpen) return Promise.reject(gone());
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject, since: this.#tick });
      this.#timer ??= setInterval(() => this.#giveUp(++this.#tick - patience), tickMs).unref();
      if (this.#asked.push([id, question]) === 1) setImmediate(() => this.#flush());
    });
  }

  settle(answers: readonly Numbered<Answer>[]): void {
    for (const [id, answer] of answers) {
      this.#waiting.get(id)?.resolve(answer);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#isOpen = false;
    clearInterval(this.#timer);
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }

  #flush(): void {
    const list = this.#asked;
    this.#asked = [];
    if (this.#isOpen) this.#send(list);
  }

  #giveUp(tick: number): void {
    for (const [id, { reject, since }] of this.#waiting) {
      if (since >= tick) return;
      this.#waiting.delete(id);
      reject(new Error("the process that started the workers does not answer"));
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function gone(): Error {
  return new Error("the process that started the workers is gone");
}
