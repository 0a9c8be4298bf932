// A WebSocket as the modes see it: messages in, messages out, bounded both ways, its clocks kept; whatever is sent in a turn leaves in one write.
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import type { Sweep, Swept } from "../stream/sweep.ts";
import { CloseCode, cutReason } from "./close-codes.ts";
import { binaryFrame, FrameBatch, textFrame } from "./frame-batch.ts";
import type { SocketLimits } from "./options.ts";
import { PeerClock } from "./peer-clock.ts";
import { RateMeter } from "./rate-meter.ts";
import { flushAtTurnEnd } from "./turn-end.ts";
import type { Flushable } from "./turn-end.ts";

/** What a mode may do with its socket. After `close` and `terminate` everything here does nothing. */
export interface StreamSocket {
  /** UTF-8. Queued, and flushed once a turn in one write; the bytes must not change meanwhile. */
  sendText(text: Uint8Array): void;
  sendBinary(bytes: Uint8Array): void;
  /** Unsent bytes are below the high mark; once they are not, `onRoom` comes when they are below the low mark. */
  readonly hasRoom: boolean;
  /**
   * Stops reading: neither messages nor the peer's close frame come, and the pong clock stands still. A client that sends too
   * fast is paused by the socket itself, which counts each message; there is no need to pause for that.
   */
  pause(): void;
  resume(): void;
  /** Counts against the client's rate what one message costs beyond itself. */
  charge(messages: number): void;
  /** Sends what is queued, then the close frame, its reason cut at 123 bytes of UTF-8. `onClose` follows. */
  close(code: number, reason: string): void;
  terminate(): void;
}

/** None of them may throw. Nothing but `onClose` comes after `close` or `terminate`. */
export interface SocketEvents {
  /** UTF-8 that was checked. The bytes are the receiver's. */
  onText(bytes: Buffer): void;
  onBinary(bytes: Buffer): void;
  onRoom(): void;
  /** Once: as soon as the peer closes or breaks the rules of WebSocket, else when the connection has ended. */
  onClose(code: number): void;
}

export interface SocketContext {
  readonly limits: SocketLimits;
  readonly sweep: Sweep;
  /** Reading was paused because the client sends too fast. */
  readonly onPause: () => void;
}

/** Whoever counts the sockets. */
export interface SocketOwner {
  /** The connection has ended; `code` is that of the first close frame, else 1006. Must not throw. */
  onGone(code: number): void;
}

/** Tells its owner at once when the peer closes, for which ws has no event: the one for the end waits for the end of the connection. */
export class OwnedWebSocket extends WebSocket {
  owner: ClientSocket | undefined;

  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason);
    this.owner?.onPeerClose(code ?? CloseCode.NO_STATUS);
  }
}

/** A connection on which ws speaks. */
export interface Accepted {
  readonly ws: OwnedWebSocket;
  readonly net: Duplex;
}

const pongFrame = 0x8a;
const pingFrame = 0x89;
const nothing = Buffer.alloc(0);
/** A client that did not take its backlog is not likely to take a close frame. */
const lastWordMs = 1000;

/** Why reading is paused, as bits. */
const byMode = 1;
const byRate = 2;

export class ClientSocket implements StreamSocket, Swept, Flushable {
  sweepIndex = -1;
  readonly #ws: OwnedWebSocket;
  readonly #net: Duplex;
  readonly #context: SocketContext;
  readonly #owner: SocketOwner;
  readonly #batch = new FrameBatch();
  readonly #meter: RateMeter;
  readonly #clock: PeerClock;
  #events: SocketEvents | undefined;
  #isScheduled = false;
  #isFull = false;
  #paused = 0;
  /** The pong that a full socket has to wait with. */
  #owedPong: Buffer | undefined;
  /** Of the first close frame, whoever sent it; 0 before. */
  #code = 0;
  #endsAt = Infinity;

  constructor({ ws, net }: Accepted, context: SocketContext, owner: SocketOwner) {
    const now = performance.now();
    this.#ws = ws;
    this.#net = net;
    this.#context = context;
    this.#owner = owner;
    this.#meter = new RateMeter(context.limits, now);
    this.#clock = new PeerClock(net, context.limits, now);
    ws.owner = this;
    // Shared functions: a closure an event and socket would be a good part of what a socket weighs.
    ws.on("message", onMessage);
    ws.on("ping", onPing);
    ws.on("error", onError);
    ws.on("close", onEnd);
    context.sweep.add(this);
  }

  /** To be called in the turn the socket is made in: messages come from the next on. */
  attach(events: SocketEvents): void {
    this.#events = events;
  }

  get hasRoom(): boolean {
    return !this.#isFull;
  }

  sendText(text: Uint8Array): void {
    this.#send(textFrame, text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send(binaryFrame, bytes);
  }

  #send(kind: number, payload: Uint8Array): void {
    if (this.#code !== 0) return;
    this.#batch.push(kind, payload);
    if (this.#unsent >= this.#context.limits.unsentHighBytes) this.#isFull = true;
    this.#schedule();
  }

  get #unsent(): number {
    return this.#batch.bytes + this.#net.writableLength;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    flushAtTurnEnd(this);
  }

  flush(): void {
    this.#isScheduled = false;
    if (this.#code !== 0) return;
    this.#batch.writeTo(this.#net, this.#onWritten);
  }

  readonly #onWritten = (): void => {
    if (!this.#isFull || this.#code !== 0 || this.#unsent > this.#context.limits.unsentLowBytes) return;
    this.#isFull = false;
    const pong = this.#owedPong;
    this.#owedPong = undefined;
    if (pong !== undefined) this.#send(pongFrame, pong);
    this.#events?.onRoom();
  };

  pause(): void {
    this.#pause(byMode);
  }

  resume(): void {
    this.#resume(byMode);
  }

  #pause(reason: number): void {
    this.#paused |= reason;
    this.#ws.pause();
  }

  #resume(reason: number): void {
    if (this.#paused === 0) return;
    this.#paused &= ~reason;
    if (this.#paused === 0) this.#ws.resume();
  }

  charge(messages: number): void {
    this.#charge(messages, 0);
  }

  #charge(messages: number, bytes: number): void {
    if (this.#meter.take(messages, bytes) || (this.#paused & byRate) !== 0) return;
    this.#pause(byRate);
    this.#context.onPause();
  }

  close(code: number, reason: string): void {
    if (this.#code !== 0) return;
    this.#net.cork();
    this.flush();
    this.#begin(code);
    this.#ws.close(code, cutReason(reason));
    this.#net.uncork();
    // The peer's close frame is behind whatever was not read.
    this.#paused = 0;
    this.#ws.resume();
  }

  terminate(): void {
    if (this.#code === 0) this.#begin(CloseCode.ABNORMAL);
    this.#ws.terminate();
  }

  #begin(code: number): void {
    this.#code = code;
    this.#batch.clear();
    this.#owedPong = undefined;
  }

  /** Of `OwnedWebSocket`: the peer has closed, or sent what is no WebSocket frame. */
  onPeerClose(code: number): void {
    if (this.#code !== 0) return;
    this.#begin(code);
    this.#tellClosed();
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#code !== 0) return;
    this.#charge(1, data.length);
    if (isBinary) this.#events?.onBinary(data);
    else this.#events?.onText(data);
  }

  /** All are answered in order; while the client does not read only the latest, once there is room (RFC 6455 section 5.5.3). */
  onPing(data: Buffer): void {
    if (this.#code !== 0) return;
    this.#charge(1, data.length);
    if (this.#isFull) this.#owedPong = data;
    else this.#send(pongFrame, data);
  }

  onEnd(code: number): void {
    const first = this.#code === 0 ? code : this.#code;
    if (this.#code === 0) this.#begin(code);
    this.#context.sweep.delete(this);
    this.#ws.owner = undefined;
    this.#tellClosed();
    this.#owner.onGone(first);
  }

  #tellClosed(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.onClose(this.#code);
  }

  check(now: number): void {
    const state = this.#clock.look(now, { isPaused: this.#paused !== 0, isClosing: this.#code !== 0 });
    if (now >= this.#endsAt || (this.#code !== 0 && state !== "alive")) {
      this.#ws.terminate();
      return;
    }
    if (this.#code !== 0) return;
    this.#checkRate(now);
    if (state === "silent") this.#ping();
    else if (state === "stalled") this.#give(now, CloseCode.SLOW_CONSUMER, "the client does not take what is sent");
    else if (state === "gone") this.#give(now, CloseCode.NO_PONG, "the client does not answer");
  }

  #ping(): void {
    this.#batch.push(pingFrame, nothing);
    this.#schedule();
  }

  #checkRate(now: number): void {
    const rate = this.#meter.refill(now);
    if (rate === "within") this.#resume(byRate);
    else if (rate === "too-long")
      this.close(CloseCode.MESSAGE_RATE, "more messages or bytes than allowed, for too long");
  }

  /** Gives the peer up, with a word it will hardly hear. */
  #give(now: number, code: number, reason: string): void {
    this.close(code, reason);
    this.#endsAt = now + lastWordMs;
  }
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  (this as OwnedWebSocket).owner?.onMessage(data as Buffer, isBinary);
}

function onPing(this: WebSocket, data: Buffer): void {
  (this as OwnedWebSocket).owner?.onPing(data);
}

/** Whatever it is, the socket is closed for it, which is told by its own event. */
function onError(): void {}

function onEnd(this: WebSocket, code: number): void {
  (this as OwnedWebSocket).owner?.onEnd(code);
}
