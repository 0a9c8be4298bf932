// DATA as it arrives: counted against the windows and the content-length, then handed on without a copy.
import { Http2Error } from "./errors.ts";
import type { Frame } from "./frame-read.ts";
import { ErrorCode, Flag } from "./protocol.ts";
import type { Session } from "./session.ts";
import { Side } from "./stream.ts";
import type { StreamCore } from "./stream.ts";

export function receiveData(session: Session, frame: Frame): void {
  const { streamId } = frame;
  if (streamId === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "DATA on stream 0");
  const length = frame.end - frame.start;
  const padding = paddingOf(frame);
  if (!session.receive.take(length)) {
    throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "More DATA than the connection's window allows");
  }
  const stream = session.streams.get(streamId);
  if (stream === undefined) {
    receiveLate(session, streamId, length);
    return;
  }
  const endStream = (frame.flags & Flag.END_STREAM) !== 0;
  const wrong = check(session, stream, frame, padding);
  if (wrong !== undefined) {
    session.credit(length);
    session.violate(streamId, wrong.code, wrong.message);
    return;
  }
  stream.activeAt = session.coarseNow;
  deliver(stream, frame, padding);
  if (endStream && !stream.isClosed) stream.remoteEnded(undefined);
}

/** Padding and the byte that says how much: 0 without. */
function paddingOf(frame: Frame): number {
  if ((frame.flags & Flag.PADDED) === 0) return 0;
  const length = frame.end - frame.start;
  const padding = length === 0 ? 1 : frame.bytes[frame.start] + 1;
  if (padding > length) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "DATA with more padding than it has bytes");
  return padding;
}

/** For a stream that is over. Its bytes count against the connection's window all the same. */
function receiveLate(session: Session, id: number, length: number): void {
  const isServer = session.role === "server";
  const isIdle = id % 2 === 0 || (isServer ? id > session.lastPeerId : id >= session.nextId);
  if (isIdle) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `DATA on stream ${id}, which was never opened`);
  if (isServer && !session.resetIds.has(id)) {
    throw new Http2Error(ErrorCode.STREAM_CLOSED, `DATA on stream ${id}, which is closed`);
  }
  session.credit(length);
  if (length === 0) session.spendControl();
}

interface Wrong {
  readonly code: number;
  readonly message: string;
}

function check(session: Session, stream: StreamCore, frame: Frame, padding: number): Wrong | undefined {
  const length = frame.end - frame.start;
  if (stream.remote !== Side.OPEN) {
    return stream.remote === Side.IDLE
      ? { code: ErrorCode.PROTOCOL_ERROR, message: "DATA before the answer's headers" }
      : { code: ErrorCode.STREAM_CLOSED, message: "DATA after the end of the stream" };
  }
  if (!stream.receive.take(length)) {
    return { code: ErrorCode.FLOW_CONTROL_ERROR, message: "more DATA than the stream's window allows" };
  }
  const endStream = (frame.flags & Flag.END_STREAM) !== 0;
  const content = length - padding;
  if (content === 0 && !endStream) session.spendControl();
  if (stream.remaining < 0) return undefined;
  stream.remaining -= content;
  if (stream.remaining < 0 || (endStream && stream.remaining > 0)) {
    return { code: ErrorCode.PROTOCOL_ERROR, message: "the body is not as long as its content-length" };
  }
  return undefined;
}

function deliver(stream: StreamCore, frame: Frame, padding: number): void {
  if (padding > 0) stream.receivedPadding(padding);
  const isPadded = padding > 0 ? 1 : 0;
  const start = frame.start + isPadded;
  const end = frame.end - Math.max(0, padding - 1);
  if (end > start) stream.received(frame.bytes.subarray(start, end));
}
