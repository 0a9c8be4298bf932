// What all parts of a connection share: its streams, windows, budgets and output, and how it ends.
import type { Duplex } from "node:stream";
import { Budget } from "./budget.ts";
import type { ConnectionHandlers, ConnectionOptions, StreamHandlers, StreamReset } from "./contract.ts";
import { Http2Error } from "./errors.ts";
import { ReceiveWindow } from "./flow.ts";
import type { Clock } from "./flow.ts";
import { FrameWriter } from "./frame-write.ts";
import type { HeaderAssembly } from "./header-assembly.ts";
import { isAnswerField, isRequestField } from "./header-text.ts";
import { HpackDecoder } from "./hpack-decode.ts";
import type { Http2Limits } from "./limits.ts";
import { PingBook } from "./ping-book.ts";
import { defaultWindow, ErrorCode, FrameType, maxStreamId } from "./protocol.ts";
import { RecentIds } from "./recent-ids.ts";
import { Scheduler } from "./scheduler.ts";
import { defaultPeerSettings } from "./settings.ts";
import type { PeerSettings, Role } from "./settings.ts";
import { resetOf, StreamCore } from "./stream.ts";
import type { StreamHost } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

/** CLOSING: GOAWAY is sent and the socket is ending; nothing is read any more. */
export const Phase = { OPEN: 0, CLOSING: 1, CLOSED: 2 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** One turn puts no more DATA than this into the output: other connections want their turn too. */
const bytesPerTurn = 131_072;
/** How long the last frames have to reach the peer before the socket is cut. */
const lingerMs = 1000;
/** Control frames an honest peer may answer a frame of ours with: window updates of stream and connection, a ping, a spare. */
const earnedPerFrame = 4;

export class Session implements StreamHost, Clock {
  readonly role: Role;
  readonly socket: Duplex;
  readonly limits: Http2Limits;
  readonly handlers: ConnectionHandlers;
  readonly writer: FrameWriter;
  readonly decoder: HpackDecoder;
  readonly streams = new StreamTable();
  readonly scheduler = new Scheduler();
  readonly receive: ReceiveWindow;
  readonly peer: PeerSettings = defaultPeerSettings();
  readonly pings = new PingBook();
  readonly resetIds = new RecentIds();
  readonly resets: Budget;
  readonly control: Budget;
  readonly sendBufferBytes: number;
  readonly creditsOnArrival: boolean;
  phase: Phase = Phase.OPEN;
  sendWindow = defaultWindow;
  /** The highest stream the peer has opened; the next one this end opens. */
  lastPeerId = 0;
  nextId = 1;
  /** Streams above are not taken: what our GOAWAY said. */
  acceptedId = maxStreamId;
  /** No new streams; `isFinal`: and none can be under way any more. */
  isDraining = false;
  isFinal = false;
  hasPeerSettings = false;
  isAcknowledged = false;
  block: HeaderAssembly | undefined;
  readonly startedAt = performance.now();
  coarseNow = this.startedAt;
  blockedSince = 0;
  idleSince = this.coarseNow;
  readAt = this.coarseNow;
  /** What new streams are raised to: the largest window a stream has grown to. */
  #grownWindow: number;
  #isFlushPlanned = false;
  #error: Error | undefined;

  constructor(socket: Duplex, options: ConnectionOptions, limits: Http2Limits, handlers: ConnectionHandlers) {
    this.role = options.role;
    this.creditsOnArrival = options.creditsOnArrival ?? false;
    this.socket = socket;
    this.limits = limits;
    this.handlers = handlers;
    this.writer = new FrameWriter(socket);
    this.decoder = new HpackDecoder(limits, options.role === "client" ? isAnswerField : isRequestField);
    this.receive = new ReceiveWindow(limits.connectionWindowBytes, limits.maxConnectionWindowBytes, 0);
    this.resets = new Budget(limits.maxResets, limits.abuseWindowMs, this.coarseNow);
    this.control = new Budget(limits.maxControlFrames, limits.abuseWindowMs, this.coarseNow);
    this.sendBufferBytes = limits.sendBufferBytes;
    this.#grownWindow = limits.streamWindowBytes;
  }

  get roundTripMs(): number {
    return this.pings.roundTripMs;
  }

  readonly now = (): number => {
    this.coarseNow = performance.now();
    return this.coarseNow;
  };

  openStream(id: number, handlers: StreamHandlers): StreamCore {
    const { limits } = this;
    const tolerated = this.isAcknowledged ? 0 : defaultWindow;
    const stream = new StreamCore(this, id, handlers, {
      send: this.peer.initialWindowSize,
      receive: new ReceiveWindow(limits.streamWindowBytes, limits.maxStreamWindowBytes, tolerated),
      idleTimeoutMs: limits.streamIdleTimeoutMs,
    });
    this.streams.add(stream);
    return stream;
  }

  forget(stream: StreamCore): void {
    this.streams.delete(stream.id);
    if (this.streams.size === 0) {
      this.idleSince = this.coarseNow;
      if (this.isFinal) setImmediate(() => this.endIfDrained());
    }
    if (this.role === "client" && !this.isDraining) this.handlers.onAvailable?.();
  }

  /** No stream left and none to come: the end. */
  endIfDrained(): void {
    if (this.phase !== Phase.OPEN || !this.isFinal || this.streams.size > 0) return;
    this.end(ErrorCode.NO_ERROR, "", undefined);
  }

  canFrameAtOnce(): boolean {
    return this.scheduler.isEmpty && this.#canFrame();
  }

  #canFrame(): boolean {
    return !this.writer.isBlocked && this.writer.pendingBytes < bytesPerTurn;
  }

  schedule(stream: StreamCore): void {
    this.scheduler.add(stream);
    this.scheduleFlush();
  }

  dataWritten(): void {
    this.control.earn(earnedPerFrame);
  }

  credit(bytes: number): void {
    if (bytes === 0 || this.phase !== Phase.OPEN) return;
    const credit = this.receive.release(bytes, this);
    if (credit === 0) return;
    this.writer.writeNumber(FrameType.WINDOW_UPDATE, 0, credit);
    this.scheduleFlush();
  }

  streamCredit(stream: StreamCore, bytes: number): number {
    const credit = stream.receive.release(bytes, this);
    if (credit === 0) return 0;
    const raised = stream.receive.raise(this.#grownWindow);
    this.#grownWindow = stream.receive.size;
    return credit + raised;
  }

  scheduleFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(this.#flushPlanned);
  }

  readonly #flushPlanned = (): void => {
    this.#isFlushPlanned = false;
    this.flush();
  };

  /** Hands this turn's frames to the socket, and as much queued data as the windows and the socket take. */
  flush(): void {
    if (this.phase === Phase.CLOSED || this.writer.isBlocked) return;
    if (!this.scheduler.isEmpty) this.scheduler.run(this.#mayGoOn, this.#afterTurn);
    this.writer.flush();
    if (this.writer.isBlocked) this.blockedSince = this.coarseNow;
    else if (!this.scheduler.isEmpty && this.sendWindow > 0) this.scheduleFlush();
  }

  readonly #mayGoOn = (): boolean => this.sendWindow > 0 && this.#canFrame();

  readonly #afterTurn = (stream: StreamCore): void => {
    try {
      stream.tellDrain();
    } catch (error) {
      this.fault(error, stream);
    }
  };

  /** Resets a stream by this end's own wish. */
  resetByUs(stream: StreamCore, code: number): void {
    stream.close();
    this.writeReset(stream.id, code);
  }

  writeReset(id: number, code: number): void {
    this.resetIds.add(id);
    this.writer.writeNumber(FrameType.RST_STREAM, id, code);
    this.scheduleFlush();
  }

  /** The peer broke a rule of one stream (RFC 9113 section 5.4.2). Throws where it does so too often. */
  violate(id: number, code: number, message: string, cause: StreamReset["cause"] = "violation"): void {
    this.writeReset(id, code);
    this.streams.get(id)?.abort(resetOf(code, cause, message));
    this.spendReset();
  }

  /** A stream went wrong by the peer's doing, by its RST_STREAM or ours: rapid reset and its relatives. */
  spendReset(): void {
    if (this.resets.spend(this.now)) return;
    throw new Http2Error(
      ErrorCode.ENHANCE_YOUR_CALM,
      `More than ${this.limits.maxResets} streams in ${this.limits.abuseWindowMs} ms were reset by the peer or for its mistakes`,
    );
  }

  /**
   * A peer may reset as many streams as it lets end, beyond its budget: deadlines that expire by the dozen while a backend is
   * slow are no attack, and must not cost the calls beside them their connection.
   */
  earnReset(): void {
    this.resets.earn(1);
  }

  /** A frame that asks for work and carries none. */
  spendControl(): void {
    if (this.control.spend(this.now)) return;
    throw new Http2Error(
      ErrorCode.ENHANCE_YOUR_CALM,
      `More than ${this.limits.maxControlFrames} frames without content in ${this.limits.abuseWindowMs} ms`,
    );
  }

  /** A callback threw: its stream ends, the connection goes on if somebody takes note. */
  fault(error: unknown, stream: StreamCore | undefined): void {
    if (stream !== undefined && this.handlers.onFault !== undefined) {
      if (!stream.isClosed) this.resetByUs(stream, ErrorCode.INTERNAL_ERROR);
      this.handlers.onFault(error);
      return;
    }
    const cause = error instanceof Error ? error : new Error(String(error));
    this.end(ErrorCode.INTERNAL_ERROR, "internal error", cause);
  }

  /** GOAWAY with the reason, then the end of the socket; open streams are told. */
  end(code: number, message: string, error: Error | undefined): void {
    if (this.phase !== Phase.OPEN) return;
    this.phase = Phase.CLOSING;
    this.#error = error;
    this.abortAll(
      resetOf(code === ErrorCode.NO_ERROR ? ErrorCode.CANCEL : code, "connection", message || "the connection ended"),
    );
    this.writeGoaway(this.lastPeerId, code, message);
    this.writer.flush();
    this.socket.end();
    this.#linger();
  }

  /** The last bytes get some time to leave, and no more. */
  #linger(): void {
    setTimeout(() => this.socket.destroy(), lingerMs).unref();
  }

  writeGoaway(lastId: number, code: number, message: string): void {
    const payload = Buffer.alloc(8 + Buffer.byteLength(message));
    payload.writeUInt32BE(lastId, 0);
    payload.writeUInt32BE(code, 4);
    payload.write(message, 8);
    this.writer.writeFrame(FrameType.GOAWAY, 0, 0, payload);
  }

  /** The socket is gone, or is to go now. */
  closed(error: Error | undefined): void {
    if (this.phase === Phase.CLOSED) return;
    const wasOpen = this.phase === Phase.OPEN;
    this.phase = Phase.CLOSED;
    const cause = wasOpen ? error : (this.#error ?? error);
    this.writer.discard();
    this.scheduler.clear();
    if (error === undefined && this.socket.writableEnded) this.#linger();
    else this.socket.destroy();
    this.pings.close();
    this.abortAll(resetOf(ErrorCode.CANCEL, "connection", cause?.message ?? "the connection closed"));
    this.handlers.onClose(cause);
  }

  abortAll(reset: StreamReset): void {
    for (const stream of this.streams.values()) {
      try {
        stream.abort(reset);
      } catch (error) {
        this.handlers.onFault?.(error);
      }
    }
  }
}
