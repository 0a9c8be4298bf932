// One HTTP/2 connection to a target, from the first packet to its end.
import type { Http2Connection, KeepaliveOptions } from "../http2/contract.ts";
import { createHttp2Connection } from "../http2/connection.ts";
import type { Http2Limits } from "../http2/limits.ts";
import { afterOwnTime } from "../own-time.ts";
import { type ConnectPhase, explainConnectFailure } from "./connect-failure.ts";
import { dial, type Dialing, type DialOptions } from "./dial.ts";
import type { TransportLimits } from "./transport.ts";

export interface LinkOptions {
  readonly dial: DialOptions;
  readonly limits: Partial<Http2Limits>;
  readonly keepalive: KeepaliveOptions;
  /** From the first packet to the server's SETTINGS. */
  readonly timeoutMs: number;
}

/** Who is told what becomes of a link; never from within `openLink`. */
export interface LinkOwner {
  /** Requests can be made. Once, first. */
  onReady(link: Link): void;
  /** Instead of `onReady`: it came to nothing. */
  onFailed(link: Link, error: Error, isTimeout: boolean): void;
  /** After `onReady`: no more requests on it; those under way may go on. Before the requests the server did not begin are told. */
  onDraining(link: Link, reason: string): void;
  /** Last, after `onDraining`: the socket is closed, and every call on it has been told. */
  onGone(link: Link): void;
  /** A request ended: another may be made. */
  onAvailable(): void;
}

export interface Link {
  /** Undefined until it is ready. */
  readonly connection: Http2Connection | undefined;
  /** A call on it had no answer in time: asks whether anybody is there at all, and ends the connection when nobody is. */
  suspect(): void;
  /** Ends it at once, with what runs on it. */
  close(): void;
}

/** Metadata over the gateway's limit is still read, so that the status beside it is not lost. */
const metadataSlack = 65_536;
const maxHeaderFields = 4096;
/** Unread bytes a stream may come to hold: 64 KiB at first, more while they are read fast. */
const maxStreamWindowBytes = 524_288;
/** For a server of which a call has had no answer, whatever keepalive allows. */
const longestPingMs = 10_000;
const connectionWindowBytes = 4_194_304;

/** The HTTP/2 limits towards a backend: calls have deadlines of their own, and a stream may rest for as long as these let it. */
export function toHttp2Limits(limits: TransportLimits, idleTimeoutMs: number): Partial<Http2Limits> {
  const maxHeaderListBytes = limits.maxMetadataBytes * 2 + metadataSlack;
  return {
    maxHeaderListBytes,
    maxHeaderFields,
    // So that a list over its limit costs the call, not the connection.
    maxHeaderBlockBytes: maxHeaderListBytes * 2,
    maxStreamWindowBytes,
    connectionWindowBytes,
    streamIdleTimeoutMs: 0,
    streamStallTimeoutMs: 0,
    idleTimeoutMs,
    drainTimeoutMs: 0,
  };
}

export function openLink(options: LinkOptions, owner: LinkOwner): Link {
  return new DialledLink(options, owner);
}

class DialledLink implements Link {
  readonly #options: LinkOptions;
  readonly #owner: LinkOwner;
  #connection: Http2Connection | undefined;
  #dialing: Dialing | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReady = false;
  /** No requests on it any more, or none ever. */
  #isOver = false;

  constructor(options: LinkOptions, owner: LinkOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#timer = setTimeout(() => {
      this.#giveUp(new Error(`no connection after ${options.timeoutMs} ms`), true);
    }, options.timeoutMs);
    this.#dialing = dial(
      options.dial,
      (socket) => this.#speak(socket),
      (error) => this.#fail(error, "dial"),
    );
  }

  get connection(): Http2Connection | undefined {
    return this.#isReady ? this.#connection : undefined;
  }

  suspect(): void {
    const connection = this.#connection;
    const { intervalMs, timeoutMs } = this.#options.keepalive;
    // Servers take pings for an attack that come more often than keepalive's would; those count, too.
    if (connection === undefined || performance.now() - connection.pingedAt < intervalMs) return;
    const waitMs = Math.min(timeoutMs, longestPingMs);
    const stopWaiting = afterOwnTime(waitMs, () => {
      connection.destroy(new Error(`the server did not answer a PING within ${waitMs} ms`));
    });
    connection.ping(stopWaiting);
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#dialing?.cancel();
    if (this.#isReady) this.#connection?.close();
    else this.#connection?.destroy();
  }

  #speak(socket: Parameters<typeof createHttp2Connection>[0]): void {
    const { limits, keepalive } = this.#options;
    this.#dialing = undefined;
    this.#connection = createHttp2Connection(
      socket,
      { role: "client", limits, keepalive, creditsOnArrival: true },
      {
        onSettings: () => this.#ready(),
        onGoaway: (code, _, debugData) => this.#drain(goawayReason(code, debugData)),
        onAvailable: () => this.#owner.onAvailable(),
        // Their stream has ended, and with it the call.
        onFault: () => {},
        onClose: (error) => {
          if (!this.#isReady) {
            this.#fail(error ?? new Error("the server closed the connection"), "speak");
            return;
          }
          this.#drain(error === undefined ? "connection closed" : error.message);
          this.#owner.onGone(this);
        },
      },
    );
  }

  #ready(): void {
    if (this.#isReady || this.#isOver) return;
    this.#isReady = true;
    clearTimeout(this.#timer);
    this.#owner.onReady(this);
  }

  #drain(reason: string): void {
    if (this.#isOver) return;
    if (!this.#isReady) {
      this.#giveUp(new Error(reason), false);
      return;
    }
    this.#isOver = true;
    this.#owner.onDraining(this, reason);
  }

  #fail(error: Error, phase: ConnectPhase): void {
    this.#giveUp(explainConnectFailure(error, phase, this.#options.dial.security !== undefined), false);
  }

  #giveUp(error: Error, isTimeout: boolean): void {
    if (this.#isOver) return;
    this.close();
    this.#owner.onFailed(this, error, isTimeout);
  }
}

function goawayReason(code: number, debugData: Buffer): string {
  const said = debugData.toString("latin1", 0, 200).replaceAll(/[^ -~]/g, "?");
  return `the server sent GOAWAY with code ${code}${said === "" ? "" : `: ${said}`}`;
}
