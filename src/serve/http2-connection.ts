// One HTTP/2 connection of a client: its requests become exchanges, its abuse ends it, the listener's clocks hold here too.
import type { Socket } from "node:net";
import type { Front } from "../front/front.ts";
import { createHttp2Connection } from "../http2/connection.ts";
import type { ConnectionHandlers, Http2Stream, StreamHandlers } from "../http2/contract.ts";
import type { HeaderList } from "../http2/decoded-block.ts";
import type { Http2Limits } from "../http2/limits.ts";
import { GatewayError } from "../status.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import type { Http2Host } from "./http2-exchange.ts";
import { createHeadReader } from "./http2-head.ts";
import type { ErrorWriter } from "./listen-error.ts";
import type { ListenerLimits } from "./listen-limits.ts";
import { headersTooLarge } from "./request-headers.ts";

/** What all connections of a listener share. */
export interface Http2Context {
  readonly limits: ListenerLimits;
  readonly front: Front;
  readonly writeError: ErrorWriter;
}

/** A connection as the listener watches it. */
export interface Http2Served {
  /** No request is under way. */
  readonly isIdle: boolean;
  /** Takes no new requests, lets the running ones end. */
  drain(): void;
  destroy(): void;
  /** Looks at the clocks of request bodies. */
  checkProgress(now: number): void;
}

/** :method, :scheme, :authority and :path. */
const pseudoFields = 4;
/** What HTTP/2 adds to each field when it counts a list (RFC 9113 section 6.5.2). */
const fieldOverhead = 32;
/** A client that has gone without a word is found out by its silence to a PING. */
const keepalive = { intervalMs: 60_000, timeoutMs: 20_000 };

/** Owns the socket from now on. `firstBytes` is what was read from it before. */
export function serveHttp2(socket: Socket, firstBytes: Buffer | undefined, context: Http2Context): Http2Served {
  const { limits, front, writeError } = context;
  const host: Http2Host = {
    peer: { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    secure: "encrypted" in socket,
    reading: new Set(),
  };
  const readHead = createHeadReader(limits);

  const refuse = (stream: Http2Stream, error: GatewayError, isComplete: boolean): Http2Exchange => {
    const unread = { method: "", target: "", headers: {}, rawHeaders: [] };
    const exchange = new Http2Exchange(host, stream, unread, isComplete);
    const { contentType, body } = writeError(error);
    exchange.respond(error.httpStatus, ["content-type", contentType, "x-content-type-options", "nosniff"], body);
    return exchange;
  };

  const onStream = (stream: Http2Stream, headers: HeaderList, isComplete: boolean): StreamHandlers => {
    const head = readHead(headers);
    if (head instanceof GatewayError) return refuse(stream, head, isComplete);
    const exchange = new Http2Exchange(host, stream, head, isComplete);
    front(exchange);
    return exchange;
  };

  const handlers: ConnectionHandlers = {
    onStream,
    onHeadersTooLarge(stream) {
      refuse(
        stream,
        headersTooLarge(`more than ${limits.maxHeaderCount} header fields or ${limits.maxHeaderBytes} bytes of them`),
        false,
      );
    },
    // Whatever it is, only the stream it happened on is lost; fronts answer their own faults.
    onFault() {},
    onClose() {
      host.reading.clear();
    },
  };
  const connection = createHttp2Connection(
    socket,
    {
      role: "server",
      limits: toHttp2Limits(limits),
      keepalive,
      ...(firstBytes !== undefined && { firstBytes }),
    },
    handlers,
  );
  const pace = {
    graceMs: limits.bodyGraceMs,
    minBytesPerSecond: limits.minBodyBytesPerSecond,
    mostMs: limits.requestTimeoutMs,
  };

  return {
    get isIdle() {
      return connection.openStreams === 0;
    },
    drain: () => connection.drain(),
    destroy: () => connection.destroy(),
    checkProgress(now) {
      for (const exchange of host.reading) exchange.checkPace(now, pace);
    },
  };
}

function toHttp2Limits(limits: ListenerLimits): Partial<Http2Limits> {
  const fields = limits.maxHeaderCount + pseudoFields;
  return {
    maxConcurrentStreams: limits.maxStreams,
    maxHeaderFields: fields,
    // What counts are the listener's own limits, which the head is held against; here only a bound for the decoder.
    maxHeaderListBytes: limits.maxHeaderBytes + limits.maxUrlBytes + fields * fieldOverhead,
    handshakeTimeoutMs: limits.headersTimeoutMs,
    headersTimeoutMs: limits.headersTimeoutMs,
    idleTimeoutMs: limits.keepAliveTimeoutMs,
    stallTimeoutMs: limits.stallTimeoutMs,
    // The listener ends what does not end by itself.
    drainTimeoutMs: 0,
  };
}
