// Keeps the way to one target open: connects again after every loss, gives up on attempts that hang, tells who listens.
import type { ConnectionState } from "./transport.ts";

/** One attempt at a lasting connection, as a client library offers it; it retries refused connects by itself. */
export interface Link {
  state(): ConnectionState;
  /** Starts connecting when idle. */
  connect(): void;
  /** Calls back once, at the next change of state; never after `close`. */
  onceChanged(listener: () => void): void;
  /** Why it fails, for the log. */
  explain(): Promise<string>;
  /** Ends what waits for a connection; running calls go on. */
  close(): void;
}

export type StateListener = (state: ConnectionState, reason: string) => void;

/** A lost connection is opened again after this, so that a backend which accepts and closes at once is not hammered. */
const reopenDelayMs = 250;
const maxAttemptMs = 20_000;

export class Connection<L extends Link> {
  readonly #open: () => L;
  readonly #connectTimeoutMs: number;
  readonly #listeners: StateListener[] = [];
  #link: L;
  #state: ConnectionState = "idle";
  #attemptMs: number;
  /** Not ready since a connect failed: shown as failing until it is ready, whatever the next attempt does meanwhile. */
  #hasFailed = false;
  #isStalled = false;
  #watchdog: NodeJS.Timeout | undefined;
  #reopen: NodeJS.Timeout | undefined;

  constructor(open: () => L, connectTimeoutMs: number) {
    this.#open = open;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#attemptMs = connectTimeoutMs;
    this.#link = this.#openLink();
  }

  get link(): L {
    return this.#link;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The last attempt hung until it was given up; a call would only wait for the next one to hang as well. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  onStateChange(listener: StateListener): void {
    this.#listeners.push(listener);
  }

  connect(timeoutMs: number): Promise<boolean> {
    if (this.#state === "ready" || this.#state === "closed") return Promise.resolve(this.#state === "ready");
    this.#link.connect();
    return untilReady(this.#listeners, timeoutMs);
  }

  close(): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#watchdog);
    clearTimeout(this.#reopen);
    this.#show("closed", "closed");
    this.#link.close();
  }

  #openLink(): L {
    const link = this.#open();
    const watch = (): void => {
      link.onceChanged(() => {
        if (link !== this.#link || this.#state === "closed") return;
        watch();
        this.#update();
      });
    };
    watch();
    return link;
  }

  #update(): void {
    const state = this.#link.state();
    if (state === "ready") {
      clearTimeout(this.#watchdog);
      this.#watchdog = undefined;
      this.#attemptMs = this.#connectTimeoutMs;
      this.#hasFailed = false;
      this.#isStalled = false;
      this.#show("ready", "connected");
      return;
    }
    if (state === "idle") this.#scheduleReopen();
    if (state === "connecting" || state === "failing") this.#startWatchdog();
    if (state === "failing") this.#fail();
    else if (!this.#hasFailed) this.#show(state, state === "idle" ? "connection closed" : "connecting");
  }

  #fail(): void {
    this.#hasFailed = true;
    if (this.#state === "failing") return;
    this.#state = "failing";
    void this.#link.explain().then((reason) => {
      if (this.#state === "failing") this.#notify("failing", reason);
    });
  }

  #scheduleReopen(): void {
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => this.#link.connect(), reopenDelayMs).unref();
  }

  #startWatchdog(): void {
    this.#watchdog ??= setTimeout(() => this.#giveUp(), this.#attemptMs).unref();
  }

  /** No client library here limits a connect in time: a packet filter that drops, or a server that never speaks, would hang it for minutes. */
  #giveUp(): void {
    const stalled = this.#link;
    const waited = this.#attemptMs;
    this.#watchdog = undefined;
    this.#attemptMs = Math.min(this.#attemptMs * 2, maxAttemptMs);
    this.#isStalled = stalled.state() === "connecting";
    this.#hasFailed = true;
    this.#link = this.#openLink();
    stalled.close();
    this.#show("failing", `no connection after ${waited} ms`);
    this.#link.connect();
    this.#startWatchdog();
  }

  #show(state: ConnectionState, reason: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#notify(state, reason);
  }

  #notify(state: ConnectionState, reason: string): void {
    for (const listener of this.#listeners.slice()) listener(state, reason);
  }
}

/** Whether it becomes ready within the time; a listener among `listeners` only while it waits. */
export function untilReady(listeners: StateListener[], timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(false), timeoutMs);
    const listener: StateListener = (state) => {
      if (state === "ready" || state === "closed") finish(state === "ready");
    };
    const finish = (isReady: boolean): void => {
      clearTimeout(timer);
      const index = listeners.indexOf(listener);
      if (index !== -1) listeners.splice(index, 1);
      resolve(isReady);
    };
    listeners.push(listener);
  });
}
