// One HTTP/2 connection of a client: its requests become exchanges, its abuse ends it, the listener's clocks hold here too.
import type { Socket } from "node:net";
import { encodeGrpcMessage } from "../front/grpc-message.ts";
import { isGrpcType } from "../front/grpc-type.ts";
import { createHttp2Connection } from "../http2/connection.ts";
import type { ConnectionHandlers, Http2Stream, StreamHandlers } from "../http2/contract.ts";
import type { HeaderList } from "../http2/decoded-block.ts";
import { Http2Error } from "../http2/errors.ts";
import type { Http2Limits } from "../http2/limits.ts";
import { GatewayError } from "../status.ts";
import { createCertificateReader } from "./client-certificate.ts";
import type { ConnectionContext, ServedConnection } from "./connection.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import type { Http2Host } from "./http2-exchange.ts";
import { createHeadReader } from "./http2-head.ts";
import type { ListenerLimits } from "./listen-limits.ts";
import { PacedBodies } from "./paced-bodies.ts";
import { headersTooLarge } from "./request-headers.ts";

/** :method, :scheme, :authority and :path. */
const pseudoFields = 4;
/** What HTTP/2 adds to each field when it counts a list (RFC 9113 section 6.5.2). */
const fieldOverhead = 32;
/** A client that has gone without a word is found out by its silence to a PING. */
const keepalive = { intervalMs: 60_000, timeoutMs: 20_000 };

/** Owns the socket from now on. `firstBytes` is what was read from it before. */
export function serveHttp2(
  socket: Socket,
  firstBytes: Buffer | undefined,
  context: ConnectionContext,
): ServedConnection {
  const { limits, front, writeError } = context;
  const host: Http2Host = {
    peer: { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    secure: "encrypted" in socket,
    readCertificate: createCertificateReader(socket),
    reading: new PacedBodies(),
  };
  const readHead = createHeadReader(limits);

  const refuse = (stream: Http2Stream, error: GatewayError, list: HeaderList, isComplete: boolean): Http2Exchange => {
    context.onMalformed?.(host.peer.address);
    // An answer to HEAD has no body, also where it is a refusal.
    const unread = { method: fieldOf(list, ":method"), target: "", headers: {}, rawHeaders: [] };
    const exchange = new Http2Exchange(host, stream, unread, isComplete);
    if (isGrpcType(fieldOf(list, "content-type"))) {
      exchange.respond(200, toTrailersOnly(error), undefined, []);
      return exchange;
    }
    const { contentType, body } = writeError(error);
    exchange.respond(error.httpStatus, ["content-type", contentType, "x-content-type-options", "nosniff"], body);
    return exchange;
  };

  const onStream = (stream: Http2Stream, headers: HeaderList, isComplete: boolean): StreamHandlers => {
    const head = readHead(headers);
    if (head instanceof GatewayError) return refuse(stream, head, headers, isComplete);
    const exchange = new Http2Exchange(host, stream, head, isComplete);
    front(exchange);
    return exchange;
  };

  const handlers: ConnectionHandlers = {
    onStream,
    onHeadersTooLarge(stream, headers) {
      const what = `more than ${limits.maxHeaderCount} header fields or ${limits.maxHeaderBytes} bytes of them`;
      refuse(stream, headersTooLarge(what), headers, false);
    },
    // Whatever it is, only the stream it happened on is lost; fronts answer their own faults.
    onFault() {},
    // The exchanges were told one by one.
    onClose(error) {
      if (error instanceof Http2Error) context.onMalformed?.(host.peer.address);
    },
  };
  const options = { role: "server", limits: toHttp2Limits(limits), keepalive } as const;
  const connection = createHttp2Connection(
    socket,
    firstBytes === undefined ? options : { ...options, firstBytes },
    handlers,
  );
  return {
    get isIdle() {
      return connection.openStreams === 0;
    },
    drain: () => connection.drain(),
    destroy: () => connection.destroy(),
    checkProgress(now) {
      for (const exchange of host.reading.values()) exchange.checkPace(now, limits);
    },
  };
}

/** Of a head that was not read, or not to its end: the first field of this name, or nothing. */
function fieldOf(list: HeaderList, name: string): string {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return list[at + 1];
  return "";
}

/** A gRPC client would take the HTTP status of another answer for UNKNOWN. */
function toTrailersOnly({ code, message }: GatewayError): string[] {
  const status = ["grpc-status", String(code), "grpc-message", encodeGrpcMessage(message)];
  return ["content-type", "application/grpc", ...status];
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
