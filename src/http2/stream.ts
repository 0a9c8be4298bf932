// One stream: its state (RFC 9113 section 5.1), its windows, and the bytes that wait for room.
import type { Http2Stream, OutgoingHeaders, StreamHandlers, StreamReset } from "./contract.ts";
import type { HeaderList } from "./decoded-block.ts";
import type { ReceiveWindow } from "./flow.ts";
import type { FrameWriter } from "./frame-write.ts";
import { compileHeaders } from "./hpack-encode.ts";
import type { CompiledHeaders } from "./hpack-encode.ts";
import { FrameType } from "./protocol.ts";
import { SendQueue } from "./send-queue.ts";

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly writer: FrameWriter;
  /** What the connection's window still lets this end send. */
  sendWindow: number;
  readonly sendBufferBytes: number;
  /** The connection's window is given back as bytes arrive, the stream's as they are consumed. */
  readonly creditsOnArrival: boolean;
  /** Milliseconds, as of the last look at the clock. */
  readonly coarseNow: number;
  /** DATA may be framed at once: the socket takes it, this turn's output is not too long yet, and no other stream waits its turn. */
  canFrameAtOnce(): boolean;
  /** What was written goes out at the end of this turn. */
  scheduleFlush(): void;
  /** The stream has bytes and a window to send them in. */
  schedule(stream: StreamCore): void;
  /** Received bytes of the connection's window are dealt with. */
  credit(bytes: number): void;
  /** The credit to announce for consumed bytes of the stream. */
  streamCredit(stream: StreamCore, bytes: number): number;
  dataWritten(): void;
  forget(stream: StreamCore): void;
  /** A stream came to its proper end. */
  earnReset(): void;
  resetByUs(stream: StreamCore, code: number): void;
}

/** One side of a stream. */
export const Side = { IDLE: 0, OPEN: 1, ENDING: 2, ENDED: 3 } as const;
type Side = (typeof Side)[keyof typeof Side];

const noHeaders: HeaderList = [];

export class StreamCore implements Http2Stream {
  readonly id: number;
  handlers: StreamHandlers;
  /** IDLE: no head yet. ENDING: the end is queued behind data. */
  local: Side = Side.IDLE;
  remote: Side = Side.IDLE;
  isClosed = false;
  sendWindow: number;
  readonly receive: ReceiveWindow;
  /** Of the peer's content-length, the bytes still to come; -1 where it gave none. */
  remaining = -1;
  /** Client: the answer to HEAD has a length and no body. */
  isHead = false;
  isScheduled = false;
  idleTimeoutMs: number;
  activeAt: number;
  /** For the watchdog: when it last saw bytes move, and how many had been sent by then. */
  stallMark = 0;
  stallBytes = 0;
  sentBytes = 0;
  readonly #host: StreamHost;
  #queue: SendQueue | undefined;
  #trailers: CompiledHeaders | undefined;
  #unconsumed = 0;
  #wantsDrain = false;

  constructor(host: StreamHost, id: number, handlers: StreamHandlers, windows: StreamWindows) {
    this.#host = host;
    this.id = id;
    this.handlers = handlers;
    this.sendWindow = windows.send;
    this.receive = windows.receive;
    this.idleTimeoutMs = windows.idleTimeoutMs;
    this.activeAt = host.coarseNow;
  }

  get maxWindowBytes(): number {
    return this.receive.most;
  }

  set maxWindowBytes(bytes: number) {
    this.receive.most = bytes;
  }

  get bufferedBytes(): number {
    return this.#queue?.bytes ?? 0;
  }

  sendHeaders(headers: OutgoingHeaders, endStream: boolean, extra: HeaderList = noHeaders): void {
    if (this.isClosed) return;
    if (this.local !== Side.IDLE)
      throw new Error(`Stream ${this.id}: headers were sent before; trailers are sendTrailers`);
    this.#writeHeaders(headers, extra, endStream);
    this.local = Side.OPEN;
    if (endStream) this.#localEnded();
  }

  sendInformational(headers: OutgoingHeaders): void {
    if (this.isClosed) return;
    if (this.local !== Side.IDLE) throw new Error(`Stream ${this.id}: an informational answer after the final one`);
    this.#writeHeaders(headers, noHeaders, false);
  }

  sendData(bytes: Uint8Array, endStream: boolean): boolean {
    if (this.isClosed) return false;
    this.#mustBeOpen();
    const host = this.#host;
    const { length } = bytes;
    if (length === 0 && !endStream) return !this.#wantsDrain;
    if (this.bufferedBytes === 0 && (length === 0 || (length <= this.#room() && host.canFrameAtOnce()))) {
      this.#writeData(bytes, 0, length, endStream);
      host.scheduleFlush();
      if (endStream) this.#localEnded();
      return true;
    }
    const queue = (this.#queue ??= new SendQueue());
    if (queue.bytes === 0) this.#markStall();
    if (length > 0) queue.add(bytes);
    if (endStream) this.local = Side.ENDING;
    if (this.sendWindow > 0) host.schedule(this);
    if (queue.bytes < host.sendBufferBytes) return true;
    this.#wantsDrain = true;
    return false;
  }

  sendTrailers(headers: OutgoingHeaders): void {
    if (this.isClosed) return;
    this.#mustBeOpen();
    if (this.bufferedBytes > 0) {
      this.local = Side.ENDING;
      // Checked now: later there would be nobody to tell.
      this.#trailers = isCompiled(headers) ? headers : compileHeaders(headers);
      return;
    }
    this.#writeHeaders(headers, noHeaders, true);
    this.#localEnded();
  }

  reset(code: number): void {
    if (!this.isClosed) this.#host.resetByUs(this, code);
  }

  consume(bytes: number): void {
    const counted = Math.min(bytes, this.#unconsumed);
    if (!(counted > 0)) return;
    this.#unconsumed -= counted;
    const host = this.#host;
    if (!host.creditsOnArrival) host.credit(counted);
    if (this.remote !== Side.OPEN) return;
    const credit = host.streamCredit(this, counted);
    if (credit === 0) return;
    host.writer.writeNumber(FrameType.WINDOW_UPDATE, this.id, credit);
    host.scheduleFlush();
  }

  /** Received bytes that the application gets to see. */
  received(chunk: Buffer): void {
    this.#arrived(chunk.length);
    this.handlers.onData(chunk);
  }

  /** Received bytes that it does not see: padding. */
  receivedPadding(bytes: number): void {
    this.#arrived(bytes);
    this.consume(bytes);
  }

  #arrived(bytes: number): void {
    this.#unconsumed += bytes;
    if (this.#host.creditsOnArrival) this.#host.credit(bytes);
  }

  /** The peer's side is over. */
  remoteEnded(trailers: HeaderList | undefined): void {
    this.remote = Side.ENDED;
    if (this.local === Side.ENDED) this.#ended();
    this.handlers.onEnd(trailers);
  }

  /** Ends the stream without a frame and without a word to its owner. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#queue = undefined;
    this.#trailers = undefined;
    // Nobody has to read on from a stream that is over for its bytes not to hold up the others.
    if (!this.#host.creditsOnArrival) this.#host.credit(this.#unconsumed);
    this.#unconsumed = 0;
    this.#host.forget(this);
  }

  abort(reset: StreamReset): void {
    if (this.isClosed) return;
    this.close();
    this.handlers.onReset(reset);
  }

  /** Called in turn with other streams: one DATA frame, at most. */
  writeTurn(): void {
    const queue = this.#queue;
    if (this.isClosed || queue === undefined || queue.bytes === 0) return;
    const room = this.#room();
    if (room <= 0) return;
    queue.take(room, (chunk, start, end) => {
      const isLast = queue.bytes === 0 && this.local === Side.ENDING && this.#trailers === undefined;
      this.#writeData(chunk, start, end, isLast);
    });
    if (queue.bytes === 0 && this.local === Side.ENDING) this.#writeEnd();
  }

  /** There is something to send, and room in the stream's window. */
  get isSendable(): boolean {
    return !this.isClosed && this.sendWindow > 0 && this.bufferedBytes > 0;
  }

  /** Tells the owner that there is room, once for each time it was told that there is none. */
  tellDrain(): void {
    if (!this.#wantsDrain || this.isClosed || this.bufferedBytes * 2 > this.#host.sendBufferBytes) return;
    this.#wantsDrain = false;
    if (this.local === Side.OPEN) this.handlers.onDrain?.();
  }

  #writeEnd(): void {
    const trailers = this.#trailers;
    if (trailers !== undefined) this.#writeHeaders(trailers, noHeaders, true);
    this.#localEnded();
  }

  /** What the windows and the peer's frame size let a frame carry now. */
  #room(): number {
    const host = this.#host;
    return Math.min(this.sendWindow, host.sendWindow, host.writer.maxFrameBytes);
  }

  #writeData(bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const host = this.#host;
    const length = end - start;
    host.writer.writeData(this.id, bytes, start, end, endStream);
    host.dataWritten();
    this.sendWindow -= length;
    host.sendWindow -= length;
    this.sentBytes += length;
    this.activeAt = host.coarseNow;
  }

  #writeHeaders(headers: OutgoingHeaders, extra: HeaderList, endStream: boolean): void {
    const host = this.#host;
    if (isCompiled(headers)) host.writer.writeHeaders(this.id, headers, extra, endStream);
    else host.writer.writeHeaders(this.id, undefined, extra.length === 0 ? headers : [...headers, ...extra], endStream);
    this.activeAt = host.coarseNow;
    host.scheduleFlush();
  }

  #localEnded(): void {
    this.local = Side.ENDED;
    if (this.remote === Side.ENDED) this.#ended();
  }

  /** Both sides are over, as they should be. */
  #ended(): void {
    this.close();
    this.#host.earnReset();
  }

  #mustBeOpen(): void {
    if (this.local === Side.OPEN) return;
    throw new Error(`Stream ${this.id}: ${this.local === Side.IDLE ? "data before headers" : "data after the end"}`);
  }

  #markStall(): void {
    this.stallMark = this.#host.coarseNow;
    this.stallBytes = this.sentBytes;
  }
}

export interface StreamWindows {
  readonly send: number;
  readonly receive: ReceiveWindow;
  readonly idleTimeoutMs: number;
}

function isCompiled(headers: OutgoingHeaders): headers is CompiledHeaders {
  return !Array.isArray(headers);
}

/** Handlers of a stream nobody listens to. */
export const silentHandlers: StreamHandlers = Object.freeze({
  onData: () => undefined,
  onEnd: () => undefined,
  onReset: () => undefined,
});

export function resetOf(
  code: number,
  cause: StreamReset["cause"],
  message: string,
  isUnprocessed = false,
): StreamReset {
  return { code, cause, message, isUnprocessed };
}
