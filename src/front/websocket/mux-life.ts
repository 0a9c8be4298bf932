// The life of a multiplexed socket by the clock: what is told to its client in time, and how it ends without a fault of anybody's.
import { Code, GatewayError } from "../../status.ts";
import type { Sweep, Swept } from "../stream/sweep.ts";
import { CloseCode } from "./close-codes.ts";
import { MuxClock } from "./mux-clock.ts";
import type { MuxEvent, MuxTimes } from "./mux-clock.ts";
import type { GoAway, MuxCodec } from "./mux-frame.ts";
import type { MuxStreams } from "./mux-streams.ts";

/** The socket that lives. */
export interface LifeHost {
  readonly codec: MuxCodec;
  readonly streams: MuxStreams;
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
  /** What is open ends with the error, then the socket with the code. */
  end(error: GatewayError, code: number, reason: string): void;
}

const lifetimeDrainMs = 30_000;
/** A client is asked to spread its coming back over so long. */
const spreadMs = { shutdown: 5000, lifetime: 1000 } as const;

export class MuxLife implements Swept {
  sweepIndex = -1;
  readonly #host: LifeHost;
  readonly #sweep: Sweep;
  readonly #times: MuxTimes;
  readonly #clock: MuxClock;
  #leaving: GoAway["reason"] | undefined;

  constructor(host: LifeHost, sweep: Sweep, times: MuxTimes) {
    this.#host = host;
    this.#sweep = sweep;
    this.#times = times;
    this.#clock = new MuxClock(times, performance.now());
    sweep.add(this);
  }

  get isReady(): boolean {
    return this.#clock.isReady;
  }

  /** What is left of it; undefined for no end. */
  get lifetimeMs(): number | undefined {
    const { endsAt } = this.#clock;
    return endsAt === Infinity ? undefined : Math.max(0, Math.round(endsAt - performance.now()));
  }

  /** Why no more streams are taken on; undefined as long as they are. */
  get leaving(): GatewayError | undefined {
    return this.#leaving === undefined ? undefined : errorOf(this.#leaving);
  }

  /** It may take time to judge what it brought. */
  initCame(): void {
    this.#clock.initCame();
  }

  /** `init` or new credentials were accepted. */
  ready(authExpiresAt: number | undefined): void {
    this.#clock.isReady = true;
    this.#clock.authenticated(authExpiresAt);
  }

  /** A frame came. */
  touch(): void {
    this.#clock.touch(this.#sweep.now);
  }

  onStreamEnd(): void {
    this.touch();
    if (this.#leaving !== undefined && this.#host.streams.size === 0) this.#leave();
  }

  stop(): void {
    this.#sweep.delete(this);
  }

  check(now: number): void {
    const event = this.#clock.next(now, this.#host.streams.size === 0);
    if (event !== undefined) this.#act(event);
  }

  #act(event: MuxEvent): void {
    const host = this.#host;
    switch (event) {
      case "init-missing":
        host.close(CloseCode.BAD_INIT, `no "init" within ${this.#times.initMs} ms`);
        break;
      case "idle":
        host.close(CloseCode.IDLE, `no stream and no frame for ${this.#times.idleMs} ms`);
        break;
      case "lifetime-soon":
        host.send(host.codec.expiring("lifetime", Math.round(Date.now() + this.#clock.endsAt - performance.now())));
        break;
      case "lifetime-over":
        this.goAway("lifetime", lifetimeDrainMs);
        break;
      case "auth-soon":
        host.send(host.codec.expiring("auth", this.#clock.authExpiresAt));
        break;
      case "auth-over":
        host.end(unauthenticated(), CloseCode.AUTH_EXPIRED, "the credentials have ended");
        break;
      case "drain-over":
        this.#leave();
    }
  }

  /** No new streams; those that are open have so long. */
  goAway(reason: GoAway["reason"], deadlineMs: number): void {
    if (this.#leaving === reason || this.#leaving === "shutdown") return;
    this.#leaving = reason;
    const { codec, streams } = this.#host;
    if (this.isReady) {
      const retryAfterMs = Math.round(Math.random() * spreadMs[reason]);
      this.#clock.drain(performance.now(), deadlineMs);
      this.#host.send(codec.goaway({ reason, lastId: streams.lastId, deadlineMs, retryAfterMs }));
    }
    if (streams.size === 0) this.#leave();
  }

  #leave(): void {
    const reason = this.#leaving ?? "lifetime";
    // The last stream to end must not come here again.
    this.#leaving = undefined;
    if (reason === "shutdown") this.#host.end(errorOf(reason), CloseCode.RESTART, "the gateway is stopping");
    else this.#host.end(errorOf(reason), CloseCode.LIFETIME, "the socket's time is over");
  }
}

function errorOf(reason: GoAway["reason"]): GatewayError {
  return reason === "shutdown"
    ? new GatewayError(Code.UNAVAILABLE, "the gateway is stopping; connect again", { reason: "SHUTTING_DOWN" })
    : new GatewayError(Code.UNAVAILABLE, "the socket's time is over; connect again", { reason: "STREAM_LIFETIME" });
}

function unauthenticated(): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, `the credentials have ended; bring new ones with "auth" in time`, {
    reason: "CREDENTIALS_EXPIRED",
  });
}
