// What has gone on for too long: handshakes, header blocks, stalled writes, idle streams and connections, silent peers.
import type { KeepaliveOptions } from "./contract.ts";
import { ErrorCode, FrameType } from "./protocol.ts";
import { Phase } from "./session.ts";
import type { Session } from "./session.ts";
import { resetOf } from "./stream.ts";
import type { StreamCore } from "./stream.ts";

/** Fewer bytes than this in a stall timeout are no progress. */
const progressBytes = 1024;
const finestMs = 10;
const coarsestMs = 1000;

/** Looks after a connection until it is closed. One timer; it does not keep the process alive. Answers how to stop it. */
export function startWatchdog(
  session: Session,
  keepalive: KeepaliveOptions | undefined,
  drain: () => void,
): () => void {
  const { limits } = session;
  const times = [
    limits.handshakeTimeoutMs,
    limits.headersTimeoutMs,
    limits.streamIdleTimeoutMs,
    limits.idleTimeoutMs,
    limits.stallTimeoutMs,
    limits.streamStallTimeoutMs,
    keepalive?.intervalMs ?? 0,
    keepalive?.timeoutMs ?? 0,
  ].filter((time) => time > 0);
  const shortest = Math.min(...times) / 4;
  const pinger = keepalive === undefined ? undefined : createPinger(session, keepalive);
  const timer = setInterval(
    () => {
      look(session, drain);
      pinger?.();
    },
    Math.max(finestMs, Math.min(coarsestMs, shortest)),
  );
  timer.unref();
  return () => clearInterval(timer);
}

function look(session: Session, drain: () => void): void {
  if (session.phase !== Phase.OPEN) return;
  const { limits, block } = session;
  const now = session.now();
  const isReady = session.hasPeerSettings && session.isAcknowledged;
  if (!isReady && now - session.startedAt > limits.handshakeTimeoutMs) {
    const message = `no preface and SETTINGS within ${limits.handshakeTimeoutMs} ms`;
    session.end(ErrorCode.SETTINGS_TIMEOUT, message, new Error(message));
    return;
  }
  if (block !== undefined && now - block.startedAt > limits.headersTimeoutMs) {
    const message = `a header block took longer than ${limits.headersTimeoutMs} ms`;
    session.end(ErrorCode.ENHANCE_YOUR_CALM, message, new Error(message));
    return;
  }
  if (session.writer.isBlocked && now - session.blockedSince > limits.stallTimeoutMs) {
    session.closed(new Error(`the peer read nothing for ${limits.stallTimeoutMs} ms`));
    return;
  }
  for (const stream of session.streams.values()) lookAtStream(session, stream, now);
  const isIdle = session.streams.size === 0 && limits.idleTimeoutMs > 0;
  if (isIdle && now - session.idleSince > limits.idleTimeoutMs) drain();
}

function lookAtStream(session: Session, stream: StreamCore, now: number): void {
  const { streamStallTimeoutMs } = session.limits;
  if (streamStallTimeoutMs > 0 && stream.bufferedBytes > 0) {
    if (stream.sentBytes - stream.stallBytes >= progressBytes) {
      stream.stallMark = now;
      stream.stallBytes = stream.sentBytes;
    } else if (now - stream.stallMark > streamStallTimeoutMs) {
      cut(session, stream, `the peer took nothing for ${streamStallTimeoutMs} ms`);
      return;
    }
  }
  if (stream.idleTimeoutMs > 0 && now - stream.activeAt > stream.idleTimeoutMs) {
    cut(session, stream, `nothing happened for ${stream.idleTimeoutMs} ms`);
  }
}

function cut(session: Session, stream: StreamCore, message: string): void {
  session.writeReset(stream.id, ErrorCode.CANCEL);
  try {
    stream.abort(resetOf(ErrorCode.CANCEL, "timeout", message));
  } catch (error) {
    session.fault(error, stream);
  }
}

/** RFC 9113 section 6.7: a PING where nothing was heard, an end where it is not answered. */
function createPinger(session: Session, keepalive: KeepaliveOptions): () => void {
  let askedAt = 0;
  return () => {
    if (session.phase !== Phase.OPEN) return;
    const now = session.coarseNow;
    if (askedAt > 0 && session.readAt >= askedAt) askedAt = 0;
    if (askedAt > 0) {
      if (now - askedAt <= keepalive.timeoutMs) return;
      session.closed(new Error(`the peer did not answer a PING within ${keepalive.timeoutMs} ms`));
      return;
    }
    if (session.streams.size === 0 && keepalive.withoutStreams !== true) return;
    // Servers take pings for an attack that come more often, whoever asked with them.
    if (now - Math.max(session.readAt, session.pings.sentAt) < keepalive.intervalMs) return;
    askedAt = now;
    session.writer.writeFrame(
      FrameType.PING,
      0,
      0,
      session.pings.open(now, () => undefined),
    );
    session.scheduleFlush();
  };
}
