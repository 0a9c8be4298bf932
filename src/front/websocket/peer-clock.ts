// Whether a client is still there: from the byte counts of its socket, so that no message costs a look at the clock.
import type { Duplex } from "node:stream";
import { takenBytes } from "../../taken-bytes.ts";
import type { SocketLimits } from "./options.ts";

/** `silent`: it should be asked; the clock then counts on its answer. */
export type PeerState = "alive" | "silent" | "stalled" | "gone";

interface Counts {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
}

type Times = Pick<SocketLimits, "pingMs" | "pongMs" | "slowConsumerMs" | "closeMs">;

/** Fewer than this in `slowConsumerMs` are no progress, as over HTTP. */
const progressBytes = 1024;

export class PeerClock {
  readonly #net: Duplex & Counts;
  readonly #times: Times;
  #read = 0;
  #written = 0;
  #taken = 0;
  #readAt: number;
  #writtenAt: number;
  #takenAt: number;
  /** Since when an answer is expected; 0 when none is. */
  #askedAt = 0;
  /** Since when nothing but the peer's close frame is missing; 0 before. */
  #closedAt = 0;

  constructor(net: Duplex, times: Times, now: number) {
    this.#net = net;
    this.#times = times;
    this.#readAt = this.#writtenAt = this.#takenAt = now;
  }

  /** To be called now and then, each time with a later time. While reading is paused no answer can come, and none is missed. */
  look(now: number, { isPaused, isClosing }: { readonly isPaused: boolean; readonly isClosing: boolean }): PeerState {
    const isHeard = this.#count(now);
    if (this.#net.writableLength > 0) {
      // What was asked has not left, either.
      if (this.#askedAt > 0) this.#askedAt = now;
      return now - this.#takenAt >= this.#times.slowConsumerMs ? "stalled" : "alive";
    }
    this.#takenAt = now;
    if (isClosing) return this.#awaitClose(now);
    if (isHeard || isPaused) this.#askedAt = 0;
    if (this.#askedAt > 0) return now - this.#askedAt >= this.#times.pongMs ? "gone" : "alive";
    return this.#isSilent(now, isPaused) ? this.#ask(now, isPaused) : "alive";
  }

  /** True when bytes have come since the last look. */
  #count(now: number): boolean {
    const { bytesRead = 0, bytesWritten = 0 } = this.#net;
    const isHeard = bytesRead !== this.#read;
    if (isHeard) {
      this.#read = bytesRead;
      this.#readAt = now;
    }
    if (bytesWritten !== this.#written) {
      this.#written = bytesWritten;
      this.#writtenAt = now;
    }
    const taken = takenBytes(this.#net);
    if (taken - this.#taken >= progressBytes) {
      this.#taken = taken;
      this.#takenAt = now;
    }
    return isHeard;
  }

  /** Proxies count silence either way. */
  #isSilent(now: number, isPaused: boolean): boolean {
    const { pingMs } = this.#times;
    return (!isPaused && now - this.#readAt >= pingMs) || now - this.#writtenAt >= pingMs;
  }

  #ask(now: number, isPaused: boolean): PeerState {
    this.#writtenAt = now;
    if (!isPaused) this.#askedAt = now;
    return "silent";
  }

  #awaitClose(now: number): PeerState {
    if (this.#closedAt === 0) this.#closedAt = now;
    return now - this.#closedAt >= this.#times.closeMs ? "gone" : "alive";
  }
}
