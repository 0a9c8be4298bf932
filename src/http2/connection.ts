// OPEN FIRST: one HTTP/2 connection over a socket, either end. Bytes in → frames → streams → callbacks; calls → frames → one write a turn.
import type { Duplex } from "node:stream";
import type {
  ConnectionHandlers,
  ConnectionOptions,
  Http2Connection,
  Http2Stream,
  OutgoingHeaders,
  StreamHandlers,
} from "./contract.ts";
import type { HeaderList } from "./decoded-block.ts";
import { Http2Error } from "./errors.ts";
import { FrameReader } from "./frame-read.ts";
import type { Frame } from "./frame-read.ts";
import { resolveLimits } from "./limits.ts";
import { clientPreface, defaultWindow, ErrorCode, Flag, FrameType, maxStreamId } from "./protocol.ts";
import {
  receiveGoaway,
  receivePing,
  receivePriority,
  receiveReset,
  receiveSettings,
  receiveWindowUpdate,
} from "./receive-control.ts";
import { receiveData } from "./receive-data.ts";
import { receiveContinuation, receiveHeaders } from "./receive-headers.ts";
import { Phase, Session } from "./session.ts";
import type { Role } from "./settings.ts";
import { writeSettings } from "./settings.ts";
import { Side } from "./stream.ts";
import { startWatchdog } from "./watchdog.ts";

/** A peer whose SETTINGS are not known yet is taken to allow this many (RFC 9113 section 6.5.2 recommends no fewer). */
const assumedStreams = 100;
/** How long a server waits for its warning to be acknowledged before it stops taking streams. */
const warningMs = 1000;

const noHeaders: HeaderList = [];

/**
 * Speaks HTTP/2 on a connected socket (net, TLS with ALPN h2 agreed, unix, any Duplex) from now on, and owns it: its events, its
 * end. Throws RangeError on nonsense limits, and nothing later: what goes wrong is told by the callbacks.
 */
export function createHttp2Connection(
  socket: Duplex,
  options: ConnectionOptions,
  handlers: ConnectionHandlers,
): Http2Connection {
  return new Connection(socket, options, handlers);
}

class Connection implements Http2Connection {
  readonly #session: Session;
  readonly #reader: FrameReader;
  /** Server: bytes of the preface still to come. */
  #prefaceLeft: number;
  #isPaused = false;

  constructor(socket: Duplex, options: ConnectionOptions, handlers: ConnectionHandlers) {
    const { role, keepalive, firstBytes } = options;
    const limits = resolveLimits(options.limits);
    const session = new Session(socket, options, limits, handlers);
    this.#session = session;
    this.#reader = new FrameReader(limits.maxFrameBytes, (frame) => this.#onFrame(frame));
    this.#prefaceLeft = role === "server" ? clientPreface.length : 0;
    const stopWatchdog = startWatchdog(session, keepalive, () => this.drain());
    // Frames are put together here already: Nagle's algorithm would only hold them back.
    if ("setNoDelay" in socket && typeof socket.setNoDelay === "function") socket.setNoDelay(true);
    if (role === "client") session.writer.writeBytes(clientPreface);
    session.writer.writeFrame(FrameType.SETTINGS, 0, 0, writeSettings(limits, role));
    const more = limits.connectionWindowBytes - defaultWindow;
    if (more > 0) session.writer.writeNumber(FrameType.WINDOW_UPDATE, 0, more);
    session.scheduleFlush();
    if (firstBytes !== undefined && firstBytes.length > 0) process.nextTick(() => this.#onBytes(firstBytes));
    socket.on("data", (chunk: Buffer) => this.#onBytes(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.on("error", (error: Error) => session.closed(error));
    socket.on("end", () => this.#onEnd());
    socket.on("close", () => {
      stopWatchdog();
      session.closed(new Error("the connection was cut"));
    });
  }

  get role(): Role {
    return this.#session.role;
  }

  get openStreams(): number {
    return this.#session.streams.size;
  }

  get availableStreams(): number {
    const session = this.#session;
    if (session.role !== "client" || session.isDraining || session.phase !== Phase.OPEN) return 0;
    if (session.nextId > maxStreamId) return 0;
    const most = session.hasPeerSettings ? session.peer.maxConcurrentStreams : assumedStreams;
    return Math.max(0, Math.min(most, session.limits.maxOpenRequests) - session.streams.size);
  }

  get isDraining(): boolean {
    return this.#session.isDraining || this.#session.phase !== Phase.OPEN;
  }

  get isClosed(): boolean {
    return this.#session.phase === Phase.CLOSED;
  }

  get roundTripMs(): number {
    return this.#session.roundTripMs;
  }

  get pingedAt(): number {
    return this.#session.pings.sentAt;
  }

  request(
    headers: OutgoingHeaders,
    handlers: StreamHandlers,
    endStream: boolean,
    extra: HeaderList = noHeaders,
  ): Http2Stream | undefined {
    if (this.availableStreams === 0) return undefined;
    const session = this.#session;
    const id = session.nextId;
    const isCompiled = "bytes" in headers;
    const added = isCompiled || extra.length === 0 ? extra : [...headers, ...extra];
    if (isCompiled) session.writer.writeHeaders(id, headers, added, endStream);
    else session.writer.writeHeaders(id, undefined, extra.length === 0 ? headers : added, endStream);
    session.nextId = id + 2;
    const stream = session.openStream(id, handlers);
    stream.local = endStream ? Side.ENDED : Side.OPEN;
    stream.isHead = isHead(isCompiled ? headers.headers : headers) || isHead(extra);
    session.scheduleFlush();
    return stream;
  }

  ping(answered: (roundTripMs: number | undefined) => void): void {
    const session = this.#session;
    if (session.phase !== Phase.OPEN) {
      answered(undefined);
      return;
    }
    session.writer.writeFrame(FrameType.PING, 0, 0, session.pings.open(session.now(), answered));
    session.scheduleFlush();
  }

  drain(): void {
    const session = this.#session;
    if (session.phase !== Phase.OPEN || session.isDraining) return;
    session.isDraining = true;
    const { drainTimeoutMs } = session.limits;
    if (drainTimeoutMs > 0) setTimeout(() => session.end(ErrorCode.NO_ERROR, "", undefined), drainTimeoutMs).unref();
    if (session.role === "client") {
      this.#settle();
      return;
    }
    // A warning first: requests already under way are still taken (RFC 9113 section 6.8).
    session.writeGoaway(maxStreamId, ErrorCode.NO_ERROR, "");
    const timer = setTimeout(() => this.#settle(), warningMs).unref();
    this.ping(() => {
      clearTimeout(timer);
      this.#settle();
    });
  }

  /** From now on no stream can come. */
  #settle(): void {
    const session = this.#session;
    if (session.phase !== Phase.OPEN || session.isFinal) return;
    session.isFinal = true;
    if (session.role === "server") {
      session.acceptedId = session.lastPeerId;
      session.writeGoaway(session.lastPeerId, ErrorCode.NO_ERROR, "");
      session.scheduleFlush();
    }
    setImmediate(() => session.endIfDrained());
  }

  close(code: number = ErrorCode.NO_ERROR): void {
    this.#session.end(code, "", undefined);
  }

  destroy(error?: Error): void {
    this.#session.closed(error);
  }

  #onBytes(chunk: Buffer): void {
    const session = this.#session;
    if (session.phase !== Phase.OPEN) return;
    session.readAt = session.coarseNow;
    try {
      const rest = this.#prefaceLeft === 0 ? chunk : this.#readPreface(chunk);
      if (rest.length > 0) this.#reader.read(rest);
    } catch (error) {
      this.#fail(error);
    }
    this.#holdBack();
  }

  /** Answers what follows the preface. */
  #readPreface(chunk: Buffer): Buffer {
    const from = clientPreface.length - this.#prefaceLeft;
    const length = Math.min(this.#prefaceLeft, chunk.length);
    if (clientPreface.compare(chunk, 0, length, from, from + length) !== 0) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "The connection does not begin with the HTTP/2 preface");
    }
    this.#prefaceLeft -= length;
    return chunk.subarray(length);
  }

  /** A peer that does not read what it makes us write is not read from either. */
  #holdBack(): void {
    const session = this.#session;
    if (this.#isPaused || session.phase !== Phase.OPEN) return;
    const { writer } = session;
    if (writer.pendingBytes <= session.limits.maxOutputBytes) return;
    if (!writer.isBlocked) {
      session.flush();
      return;
    }
    // No DATA is framed while the socket is blocked, so this is not two peers waiting for each other's bodies.
    this.#isPaused = true;
    this.#reader.stop();
    session.socket.pause();
  }

  /** The peer sends nothing more. Without open streams that is how it says goodbye. */
  #onEnd(): void {
    const session = this.#session;
    if (session.phase === Phase.OPEN && session.streams.size > 0)
      session.closed(new Error("the peer ended the connection"));
    else if (session.socket.writable) session.end(ErrorCode.NO_ERROR, "", undefined);
    else session.closed(undefined);
  }

  #onDrain(): void {
    const session = this.#session;
    session.writer.drained();
    session.flush();
    if (!this.#isPaused || session.writer.isBlocked || session.phase !== Phase.OPEN) return;
    this.#isPaused = false;
    try {
      this.#reader.resume();
    } catch (error) {
      this.#fail(error);
    }
    this.#holdBack();
    if (!this.#isPaused) session.socket.resume();
  }

  #onFrame(frame: Frame): void {
    const session = this.#session;
    if (session.phase !== Phase.OPEN) return;
    const { streamId } = frame;
    try {
      this.#dispatch(frame);
    } catch (error) {
      if (error instanceof Http2Error) this.#fail(error);
      else session.fault(error, session.streams.get(streamId));
    }
    if (session.writer.pendingBytes > session.limits.maxOutputBytes) this.#holdBack();
  }

  #dispatch(frame: Frame): void {
    const session = this.#session;
    const { block } = session;
    if (block !== undefined) {
      if (frame.type !== FrameType.CONTINUATION || frame.streamId !== block.streamId) {
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "A frame in the middle of a header block");
      }
      receiveContinuation(session, block, frame);
      return;
    }
    if (!session.hasPeerSettings && (frame.type !== FrameType.SETTINGS || (frame.flags & Flag.ACK) !== 0)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "The first frame is not SETTINGS");
    }
    switch (frame.type) {
      case FrameType.DATA:
        return receiveData(session, frame);
      case FrameType.HEADERS:
        return receiveHeaders(session, frame);
      case FrameType.PRIORITY:
        return receivePriority(session, frame);
      case FrameType.RST_STREAM:
        return receiveReset(session, frame);
      case FrameType.SETTINGS:
        return receiveSettings(session, frame);
      case FrameType.PING:
        return receivePing(session, frame);
      case FrameType.GOAWAY:
        return receiveGoaway(session, frame);
      case FrameType.WINDOW_UPDATE:
        return receiveWindowUpdate(session, frame);
      case FrameType.PUSH_PROMISE:
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE, which is not enabled");
      case FrameType.CONTINUATION:
        throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "CONTINUATION outside a header block");
      default:
        // Types unknown are to be ignored (RFC 9113 section 4.1), not to be had for nothing.
        return session.spendControl();
    }
  }

  #fail(error: unknown): void {
    const session = this.#session;
    if (error instanceof Http2Error) session.end(error.code, error.message, error);
    else session.fault(error, undefined);
  }
}

function isHead(headers: HeaderList): boolean {
  for (let at = 0; at < headers.length && headers[at].startsWith(":"); at += 2) {
    if (headers[at] === ":method") return headers[at + 1] === "HEAD";
  }
  return false;
}
