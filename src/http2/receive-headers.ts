// HEADERS and CONTINUATION as they arrive: requests, answers and trailers, each checked before anyone sees it.
import { checkTrailers, requestHead, responseHead } from "./check-headers.ts";
import type { StreamHandlers } from "./contract.ts";
import type { DecodedBlock } from "./decoded-block.ts";
import { Http2Error } from "./errors.ts";
import type { Frame } from "./frame-read.ts";
import { HeaderAssembly, tooLarge } from "./header-assembly.ts";
import { ErrorCode, Flag } from "./protocol.ts";
import type { Session } from "./session.ts";
import { Side, silentHandlers } from "./stream.ts";
import type { StreamCore } from "./stream.ts";

const priorityBytes = 5;

export function receiveHeaders(session: Session, frame: Frame): void {
  const { streamId, flags, bytes } = frame;
  if (streamId === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream 0");
  let { start, end } = frame;
  if ((flags & Flag.PADDED) !== 0) {
    const padding = start < end ? bytes[start] : 0;
    start++;
    end -= padding;
  }
  const hasPriority = (flags & Flag.PRIORITY) !== 0;
  if (hasPriority) start += priorityBytes;
  if (start > end) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "HEADERS with more padding than it has bytes");
  const dependsOn = hasPriority ? bytes.readUInt32BE(start - priorityBytes) & 0x7fff_ffff : 0;
  const endStream = (flags & Flag.END_STREAM) !== 0;
  const { maxHeaderBlockBytes } = session.limits;
  if ((flags & Flag.END_HEADERS) === 0) {
    session.block = new HeaderAssembly(streamId, endStream, maxHeaderBlockBytes, session.coarseNow);
    session.block.add(frame, start, end);
    return;
  }
  if (end - start > maxHeaderBlockBytes) throw tooLarge(maxHeaderBlockBytes);
  const block = session.decoder.decode(bytes, start, end);
  if (dependsOn === streamId) {
    noteRequest(session, streamId);
    session.violate(streamId, ErrorCode.PROTOCOL_ERROR, "the stream depends on itself");
    return;
  }
  receiveBlock(session, streamId, block, endStream);
}

/** Of the block under way: the caller has seen to that. */
export function receiveContinuation(session: Session, assembly: HeaderAssembly, frame: Frame): void {
  assembly.add(frame, frame.start, frame.end);
  if ((frame.flags & Flag.END_HEADERS) === 0) return;
  session.block = undefined;
  const bytes = assembly.whole();
  const block = session.decoder.decode(bytes, 0, bytes.length);
  receiveBlock(session, assembly.streamId, block, assembly.endStream);
}

function receiveBlock(session: Session, id: number, block: DecodedBlock, endStream: boolean): void {
  const stream = session.streams.get(id);
  if (stream === undefined) {
    if (session.role === "server") receiveRequest(session, id, block, endStream);
    else receiveLate(session, id);
    return;
  }
  stream.activeAt = session.coarseNow;
  if (stream.remote === Side.IDLE) receiveResponse(session, stream, block, endStream);
  else receiveTrailers(session, stream, block, endStream);
}

/** An answer to a request that is over, or that was never made. */
function receiveLate(session: Session, id: number): void {
  if (id % 2 === 0 || id >= session.nextId) {
    throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `HEADERS on stream ${id}, which was never opened`);
  }
  session.spendControl();
}

/** False where the request is on a stream that is over, reset by this end: then it is passed over. Throws where no stream can be. */
function noteRequest(session: Session, id: number): boolean {
  if (id % 2 === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, `A request on stream ${id}, an even number`);
  if (id > session.lastPeerId) {
    session.lastPeerId = id;
    return true;
  }
  if (session.streams.has(id)) return true;
  if (!session.resetIds.has(id))
    throw new Http2Error(ErrorCode.STREAM_CLOSED, `HEADERS on stream ${id}, which is closed`);
  session.spendControl();
  return false;
}

function receiveRequest(session: Session, id: number, block: DecodedBlock, endStream: boolean): void {
  const { limits } = session;
  if (!noteRequest(session, id)) return;
  if (id > session.acceptedId) {
    session.spendControl();
    session.writeReset(id, ErrorCode.REFUSED_STREAM);
    return;
  }
  if (session.streams.size >= limits.maxConcurrentStreams) {
    refuse(session, id);
    return;
  }
  if (block.isTooLarge) {
    answerTooLarge(session, id, block, endStream);
    return;
  }
  const head = requestHead(block);
  if (typeof head === "string") {
    session.violate(id, ErrorCode.PROTOCOL_ERROR, head);
    return;
  }
  if (endStream && head.contentLength > 0) {
    session.violate(id, ErrorCode.PROTOCOL_ERROR, "content-length without a body");
    return;
  }
  const stream = session.openStream(id, silentHandlers);
  stream.remote = endStream ? Side.ENDED : Side.OPEN;
  stream.remaining = head.contentLength;
  const handlers = session.handlers.onStream?.(stream, block.headers, endStream) ?? discarding(stream);
  stream.handlers = handlers;
  // Over because it was answered already, it still ended; over because it was reset, it did not.
  if (endStream && (!stream.isClosed || stream.local === Side.ENDED)) handlers.onEnd(undefined);
}

/** More streams than offered. Before the peer can have read the offer that is no fault of its. */
function refuse(session: Session, id: number): void {
  if (session.isAcknowledged) {
    session.violate(id, ErrorCode.REFUSED_STREAM, "more streams than offered");
    return;
  }
  session.spendControl();
  session.writeReset(id, ErrorCode.REFUSED_STREAM);
}

const tooLargeAnswer = [":status", "431", "content-length", "0"];

function answerTooLarge(session: Session, id: number, block: DecodedBlock, endStream: boolean): void {
  const stream = session.openStream(id, silentHandlers);
  stream.handlers = discarding(stream);
  stream.remote = endStream ? Side.ENDED : Side.OPEN;
  if (session.handlers.onHeadersTooLarge !== undefined) {
    session.handlers.onHeadersTooLarge(stream, block.headers);
    return;
  }
  stream.sendHeaders(tooLargeAnswer, true);
  if (!endStream) stream.reset(ErrorCode.NO_ERROR);
}

/** Reads a body nobody wants. */
function discarding(stream: StreamCore): StreamHandlers {
  return { ...silentHandlers, onData: (chunk) => stream.consume(chunk.length) };
}

function receiveResponse(session: Session, stream: StreamCore, block: DecodedBlock, endStream: boolean): void {
  if (block.isTooLarge) {
    session.violate(stream.id, ErrorCode.ENHANCE_YOUR_CALM, "the answer's headers are over the limit", "limit");
    return;
  }
  const head = responseHead(block);
  if (typeof head === "string") {
    session.violate(stream.id, ErrorCode.PROTOCOL_ERROR, `the answer is malformed: ${head}`);
    return;
  }
  const { status, contentLength } = head;
  if (status < 200) {
    session.spendControl();
    if (endStream) session.violate(stream.id, ErrorCode.PROTOCOL_ERROR, `the stream ends with status ${status}`);
    return;
  }
  const hasNoBody = stream.isHead || status === 204 || status === 304;
  if (endStream && contentLength > 0 && !hasNoBody) {
    session.violate(stream.id, ErrorCode.PROTOCOL_ERROR, "content-length without a body");
    return;
  }
  stream.remaining = hasNoBody ? 0 : contentLength;
  stream.remote = Side.OPEN;
  stream.handlers.onHeaders?.(block.headers, endStream);
  if (endStream && !stream.isClosed) stream.remoteEnded(undefined);
}

function receiveTrailers(session: Session, stream: StreamCore, block: DecodedBlock, endStream: boolean): void {
  if (stream.remote === Side.ENDED) {
    session.violate(stream.id, ErrorCode.STREAM_CLOSED, "HEADERS after the end of the stream");
    return;
  }
  if (block.isTooLarge) {
    session.violate(stream.id, ErrorCode.ENHANCE_YOUR_CALM, "trailers are over the limit", "limit");
    return;
  }
  const wrong = wrongTrailers(stream, block, endStream);
  if (wrong !== undefined) {
    session.violate(stream.id, ErrorCode.PROTOCOL_ERROR, wrong);
    return;
  }
  stream.remoteEnded(block.headers);
}

function wrongTrailers(stream: StreamCore, block: DecodedBlock, endStream: boolean): string | undefined {
  if (!endStream) return "trailers do not end the stream";
  if (stream.remaining > 0) return `the body is ${stream.remaining} bytes shorter than its content-length`;
  const checked = checkTrailers(block);
  return checked === true ? undefined : checked;
}
