// A worker's side of the channel to the process that started it.
import type { LimitLink } from "../chain/limit/limit-link.ts";
import type { Address } from "../config/config.ts";
import type { Readiness } from "../serve/admin.ts";
import type { FromPrimary, FromWorker, Question } from "./messages.ts";

export interface Channel {
  send(message: FromWorker): void;
  onMessage(listener: (message: FromPrimary) => void): void;
  /** The primary is gone. */
  onEnd(listener: () => void): void;
}

export interface Worker {
  /** For createGateway: the primary counts. */
  readonly limits: LimitLink;
  tellListening(address: Address): void;
  /** What the admin listener is told of this worker. */
  answerWith(state: () => { readonly metrics: string; readonly readiness: Readiness }): void;
  /** Resolves with the signal when the primary says so, or is gone. */
  readonly stopped: Promise<string>;
  /** Resolves when all workers listen and people have been told. */
  readonly started: Promise<void>;
}

export function createWorker(channel: Channel): Worker {
  const link = new PrimaryLink(channel);
  let state: (() => { readonly metrics: string; readonly readiness: Readiness }) | undefined;
  let stop = (_signal: string): void => {};
  const stopped = new Promise<string>((resolve) => (stop = resolve));
  let start = (): void => {};
  const started = new Promise<void>((resolve) => (start = resolve));
  channel.onMessage((message) => {
    if (message.kind === "answers") link.settle(message.list);
    else if (message.kind === "stop") stop(message.signal);
    else if (message.kind === "started") start();
    else if (message.kind === "ask" && state !== undefined) channel.send({ kind: "state", id: message.id, ...state() });
  });
  channel.onEnd(() => {
    link.close();
    stop("the process that started it is gone");
  });
  return {
    limits: link,
    tellListening: (address) => channel.send({ kind: "listening", address }),
    answerWith: (asked) => (state = asked),
    stopped,
    started,
  };
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The questions of one turn go out in one message. */
class PrimaryLink implements LimitLink {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  #questions: Question[] = [];
  #lastId = 0;
  #isOpen = true;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get isReady(): boolean {
    return this.#isOpen;
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  run(keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (!this.#isOpen) return Promise.reject(new Error("the process that counts is gone"));
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      if (this.#questions.push([id, keys, args]) === 1) setImmediate(() => this.#flush());
    });
  }

  settle(answers: readonly (readonly [id: number, answer: readonly number[]])[]): void {
    for (const [id, answer] of answers) {
      this.#waiting.get(id)?.resolve(answer);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#isOpen = false;
    for (const { reject } of this.#waiting.values()) reject(new Error("the process that counts is gone"));
    this.#waiting.clear();
  }

  #flush(): void {
    const list = this.#questions;
    this.#questions = [];
    if (this.#isOpen) this.#channel.send({ kind: "questions", list });
  }
}
