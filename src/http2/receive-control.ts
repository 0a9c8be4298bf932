// Frames without content as they arrive: SETTINGS, PING, GOAWAY, RST_STREAM, WINDOW_UPDATE, PRIORITY. Each costs the peer from a budget.
import { Http2Error } from "./errors.ts";
import type { Frame } from "./frame-read.ts";
import { ErrorCode, Flag, FrameType, maxWindow } from "./protocol.ts";
import type { Session } from "./session.ts";
import { readSettings } from "./settings.ts";
import { resetOf, Side } from "./stream.ts";
import type { StreamCore } from "./stream.ts";

/** However large the peer's frames may be: other streams want their turn. */
const longestSentFrame = 65_536;
const noPayload = new Uint8Array(0);

export function receiveSettings(session: Session, frame: Frame): void {
  mustBeConnection(frame, "SETTINGS");
  if ((frame.flags & Flag.ACK) !== 0) {
    if (frame.end > frame.start)
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "An acknowledgement of SETTINGS with content");
    if (session.isAcknowledged) session.spendControl();
    else session.pings.observe(session.now() - session.startedAt);
    session.isAcknowledged = true;
    return;
  }
  session.spendControl();
  const before = session.peer.initialWindowSize;
  readSettings(frame, session.peer, session.role);
  session.hasPeerSettings = true;
  session.writer.maxFrameBytes = Math.min(session.peer.maxFrameSize, longestSentFrame);
  session.writer.writeFrame(FrameType.SETTINGS, Flag.ACK, 0, noPayload);
  session.scheduleFlush();
  const change = session.peer.initialWindowSize - before;
  if (change !== 0) for (const stream of session.streams.values()) widen(session, stream, change);
  session.handlers.onSettings?.();
}

/** A change of INITIAL_WINDOW_SIZE moves every stream's window, below zero if need be (RFC 9113 section 6.9.2). */
function widen(session: Session, stream: StreamCore, change: number): void {
  stream.sendWindow += change;
  if (stream.sendWindow > maxWindow) {
    throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE takes stream ${stream.id} beyond 2^31-1`);
  }
  if (stream.isSendable) session.schedule(stream);
}

export function receivePing(session: Session, frame: Frame): void {
  mustBeConnection(frame, "PING");
  mustHaveBytes(frame, "PING", 8);
  const isAnswer = (frame.flags & Flag.ACK) !== 0;
  if (isAnswer && session.pings.answer(frame.bytes, frame.start, session.now())) return;
  session.spendControl();
  if (isAnswer) return;
  session.writer.writeFrame(FrameType.PING, Flag.ACK, 0, frame.bytes.subarray(frame.start, frame.end));
  session.scheduleFlush();
}

export function receiveGoaway(session: Session, frame: Frame): void {
  mustBeConnection(frame, "GOAWAY");
  const { bytes, start, end } = frame;
  if (end - start < 8) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `GOAWAY of ${end - start} bytes`);
  session.spendControl();
  const lastId = bytes.readUInt32BE(start) & 0x7fff_ffff;
  const code = bytes.readUInt32BE(start + 4);
  session.isDraining = true;
  session.isFinal = true;
  session.handlers.onGoaway?.(code, lastId, Buffer.from(bytes.subarray(start + 8, end)));
  if (session.role === "client") {
    const reset = resetOf(
      ErrorCode.REFUSED_STREAM,
      "connection",
      "the peer takes no more requests on this connection",
      true,
    );
    for (const stream of session.streams.values()) if (stream.id > lastId) stream.abort(reset);
  }
  setImmediate(() => session.endIfDrained());
}

export function receiveReset(session: Session, frame: Frame): void {
  mustHaveBytes(frame, "RST_STREAM", 4);
  const stream = session.streams.get(frame.streamId);
  if (stream === undefined) {
    mustNotBeIdle(session, frame, "RST_STREAM");
    session.spendControl();
    return;
  }
  const code = frame.bytes.readUInt32BE(frame.start);
  // The answer is whole and the peer does not want the rest of the request (RFC 9113 section 8.1).
  if (code === ErrorCode.NO_ERROR && session.role === "client" && stream.remote === Side.ENDED) stream.close();
  else stream.abort(resetOf(code, "peer", "the peer reset the stream", code === ErrorCode.REFUSED_STREAM));
  // With our side ended the work was done and the answer is whole: the peer only spares itself the end of its request.
  if (session.role === "client" || stream.local === Side.ENDED) session.spendControl();
  else session.spendReset();
}

export function receiveWindowUpdate(session: Session, frame: Frame): void {
  mustHaveBytes(frame, "WINDOW_UPDATE", 4);
  session.spendControl();
  const increment = frame.bytes.readUInt32BE(frame.start) & 0x7fff_ffff;
  if (frame.streamId === 0) {
    if (increment === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE by 0");
    session.sendWindow += increment;
    if (session.sendWindow > maxWindow) {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "WINDOW_UPDATE takes the connection beyond 2^31-1");
    }
    if (!session.scheduler.isEmpty) session.scheduleFlush();
    return;
  }
  const stream = session.streams.get(frame.streamId);
  if (stream === undefined) {
    mustNotBeIdle(session, frame, "WINDOW_UPDATE");
    return;
  }
  if (increment === 0) {
    session.violate(stream.id, ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE by 0");
    return;
  }
  stream.sendWindow += increment;
  if (stream.sendWindow > maxWindow) {
    session.violate(stream.id, ErrorCode.FLOW_CONTROL_ERROR, "WINDOW_UPDATE takes the stream beyond 2^31-1");
    return;
  }
  if (stream.isSendable) session.schedule(stream);
}

/** Priorities are read only to find mistakes (RFC 9113 section 5.3.2). */
export function receivePriority(session: Session, frame: Frame): void {
  const { streamId, bytes, start, end } = frame;
  if (streamId === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0");
  session.spendControl();
  if (end - start !== 5) {
    streamMistake(session, streamId, ErrorCode.FRAME_SIZE_ERROR, `PRIORITY of ${end - start} bytes`);
  } else if ((bytes.readUInt32BE(start) & 0x7fff_ffff) === streamId) {
    streamMistake(session, streamId, ErrorCode.PROTOCOL_ERROR, "the stream depends on itself");
  }
}

/** A stream that is not open cannot be reset: then the mistake is the connection's. */
function streamMistake(session: Session, id: number, code: number, message: string): void {
  if (!session.streams.has(id)) throw new Http2Error(code, message);
  session.violate(id, code, message);
}

function mustBeConnection(frame: Frame, name: string): void {
  if (frame.streamId !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `${name} on stream ${frame.streamId}`);
}

function mustHaveBytes(frame: Frame, name: string, bytes: number): void {
  const length = frame.end - frame.start;
  if (length !== bytes)
    throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `${name} of ${length} bytes instead of ${bytes}`);
}

function mustNotBeIdle(session: Session, frame: Frame, name: string): void {
  const { streamId } = frame;
  const isOwn = streamId % 2 === 1;
  const next = session.role === "server" ? session.lastPeerId + 1 : session.nextId;
  if (streamId === 0 || !isOwn || streamId >= next) {
    throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `${name} on stream ${streamId}, which was never opened`);
  }
}
