// The connections to one target: opened when calls need them, again after every loss, and one more before calls would have to queue.
import type { Http2Connection } from "../http2/contract.ts";
import { Code, GatewayError } from "../status.ts";
import { backoffMs } from "./backoff.ts";
import { type StateListener, untilReady } from "./connection.ts";
import { type Link, type LinkOptions, type LinkOwner, openLink } from "./native-link.ts";
import type { ConnectionState } from "./transport.ts";
import { upstreamUnavailable } from "./upstream-status.ts";

/** A call that wants a stream. Its methods must not throw. */
export interface Waiting {
  /** The connection is ready and has a stream to spare. */
  open(connection: Http2Connection, link: Link): void;
  /** There will be no stream. */
  fail(error: GatewayError): void;
}

export interface ChannelOptions {
  /** What each connection is made with, `timeoutMs` apart. */
  readonly link: Omit<LinkOptions, "timeoutMs" | "limits">;
  /** The first connection stays; those opened for a rush may end when they rest. */
  readonly lastingLimits: LinkOptions["limits"];
  readonly passingLimits: LinkOptions["limits"];
  readonly connectTimeoutMs: number;
  readonly maxConnections: number;
}

/** Calls have a failing backend looked for this often, whatever the backoff has come to: it is back soon after it is up. */
const askedBackoffMs = 1000;
/** A backend that accepts connections and closes them at once is not hammered. */
const reopenDelayMs = 250;
/** One more connection is opened when fewer streams are left than this part of those open. */
const spareFraction = 8;
const maxAttemptMs = 20_000;

export class NativeChannel implements LinkOwner {
  readonly #options: ChannelOptions;
  readonly #listeners: StateListener[] = [];
  /** Ready, in the order they came: the first with a stream to spare is taken. */
  readonly #links: Link[] = [];
  /** No new calls; those under way end in their time. */
  readonly #draining = new Set<Link>();
  readonly #waiting = new Set<Waiting>();
  #state: ConnectionState = "idle";
  #attempt: Link | undefined;
  #attemptedAt = -Infinity;
  #attemptMs: number;
  /** In a row. */
  #failures = 0;
  #failure: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #plannedAt = Infinity;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#attemptMs = options.connectTimeoutMs;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Calls that have no stream yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  onStateChange(listener: StateListener): void {
    this.#listeners.push(listener);
  }

  /** Gives the call a stream, now or when there is one, or fails it. */
  start(call: Waiting): void {
    if (this.#waiting.size === 0 && this.#open(call)) return;
    if (this.#state === "closed") {
      call.fail(upstreamUnavailable(new Error("the transport is closed")));
      return;
    }
    if (this.#links.length === 0 && this.#failure !== undefined) {
      this.#attemptSoon();
      call.fail(upstreamUnavailable(this.#failure));
      return;
    }
    this.#waiting.add(call);
    this.#attemptSoon();
  }

  /** The call does not want a stream any more. */
  forget(call: Waiting): void {
    this.#waiting.delete(call);
  }

  connect(timeoutMs: number): Promise<boolean> {
    if (this.#state === "ready") return Promise.resolve(true);
    if (this.#state === "closed") return Promise.resolve(false);
    this.#attemptSoon();
    return untilReady(this.#listeners, timeoutMs);
  }

  close(): void {
    if (this.#state === "closed") return;
    clearTimeout(this.#timer);
    this.#show("closed", "closed");
    this.#failWaiting(shuttingDown());
    this.#attempt?.close();
    for (const link of [...this.#links, ...this.#draining]) link.close();
    this.#links.length = 0;
    this.#draining.clear();
  }

  onReady(link: Link): void {
    this.#attempt = undefined;
    this.#attemptMs = this.#options.connectTimeoutMs;
    this.#failures = 0;
    this.#failure = undefined;
    this.#links.push(link);
    this.#show("ready", "connected");
    this.onAvailable();
  }

  onFailed(_link: Link, error: Error, isTimeout: boolean): void {
    this.#attempt = undefined;
    this.#failures++;
    // A network that is slower than the limit is not out of reach for ever.
    if (isTimeout) this.#attemptMs = Math.min(this.#attemptMs * 2, Math.max(maxAttemptMs, this.#attemptMs));
    if (this.#links.length === 0) {
      const isFirst = this.#failure === undefined;
      this.#failure = error;
      if (isFirst) this.#show("failing", error.message);
      this.#failWaiting(upstreamUnavailable(error));
    }
    this.#plan(backoffMs(this.#failures, Math.random()));
  }

  onDraining(link: Link, reason: string): void {
    const index = this.#links.indexOf(link);
    if (index === -1) return;
    this.#links.splice(index, 1);
    this.#draining.add(link);
    if (this.#links.length > 0) return;
    this.#show("idle", `connection closed: ${reason}`);
    this.#plan(reopenDelayMs);
  }

  onGone(link: Link): void {
    this.#draining.delete(link);
  }

  onAvailable(): void {
    if (this.#waiting.size === 0) return;
    for (const call of this.#waiting) {
      if (!this.#open(call)) {
        this.#attemptSoon();
        return;
      }
      this.#waiting.delete(call);
    }
  }

  /** On the first with a stream to spare; when that is the last there is, and nearly full, another is on its way before it is. */
  #open(call: Waiting): boolean {
    const links = this.#links;
    for (let i = 0; i < links.length; i++) {
      const { connection } = links[i];
      const available = connection?.availableStreams ?? 0;
      if (connection === undefined || available === 0) continue;
      if (i === links.length - 1 && available * spareFraction < connection.openStreams) this.#attemptSoon();
      call.open(connection, links[i]);
      return true;
    }
    return false;
  }

  /** One attempt at a time; at once if the last one was no failure, or is long enough ago. */
  #attemptSoon(): void {
    if (this.#attempt !== undefined || this.#links.length >= this.#options.maxConnections) return;
    if (this.#failures > 0) this.#plan(askedBackoffMs);
    else if (this.#links.length === 0) this.#plan(reopenDelayMs);
    else this.#begin();
  }

  /** An attempt so long after the last one began, unless one is planned before. */
  #plan(delayMs: number): void {
    const at = this.#attemptedAt + delayMs;
    if (at >= this.#plannedAt || this.#attempt !== undefined || this.#state === "closed") return;
    clearTimeout(this.#timer);
    const wait = at - performance.now();
    if (wait <= 0) {
      this.#begin();
      return;
    }
    this.#plannedAt = at;
    this.#timer = setTimeout(() => {
      this.#plannedAt = Infinity;
      // Some other connection may do by now.
      if (this.#links.length === 0 || this.#waiting.size > 0) this.#begin();
    }, wait).unref();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#plannedAt = Infinity;
    this.#attemptedAt = performance.now();
    if (this.#links.length === 0 && this.#failure === undefined) this.#show("connecting", "connecting");
    const limits = this.#links.length === 0 ? this.#options.lastingLimits : this.#options.passingLimits;
    this.#attempt = openLink({ ...this.#options.link, limits, timeoutMs: this.#attemptMs }, this);
  }

  #failWaiting(error: GatewayError): void {
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call.fail(error);
  }

  #show(state: ConnectionState, reason: string): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    for (const listener of this.#listeners.slice()) listener(state, reason);
  }
}

export function shuttingDown(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the gateway is shutting down", { reason: "SHUTTING_DOWN" });
}
