// What of a request becomes the messages of a client that streams: its path and query once, its body message by message.
import type { BodyReceiver, Exchange } from "../front.ts";
import { Code, GatewayError } from "../../status.ts";
import { isTakenForJson } from "../../translate/request/body-format.ts";
import { toStreamFormat } from "../../translate/request/media-type.ts";
import type { StreamMessages } from "../../translate/request/stream-request.ts";
import { Inbox } from "../stream/inbox.ts";
import { toContentEncoding } from "./decompress.ts";
import { InflatingBody, streamedEncodings } from "./inflating-body.ts";
import { JsonCutter, RawCutter } from "./message-cutter.ts";
import { hasBody } from "./request-body.ts";
import { StreamBody } from "./stream-body.ts";
import type { MessageCutter } from "./stream-body.ts";
import type { StreamRun, StreamSetup } from "./stream-run.ts";

/** The messages of a request before its call is there to take them. */
export interface RequestStream {
  /** Where the messages come out. To be called once; the body is not read before `read`. */
  readonly open: (run: StreamRun) => Inbox;
  /** Lets the body come. */
  readonly read: () => void;
}

/** Throws GatewayError: 400 for path and query, 415 for a body that is no stream of messages. */
export function readRequestStream(setup: StreamSetup): RequestStream {
  const { exchange, request } = setup;
  const { captures, query, plan, stream } = request;
  const messages = stream.readStream({ captures, query, method: exchange.method });
  return plan.body === "none" ? readUrlOnly(exchange, messages) : readBody(setup, toCutter(setup, messages));
}

/** A rule without a body: one message, and no more. */
function readUrlOnly(exchange: Exchange, messages: StreamMessages): RequestStream {
  const message = messages.withoutBody();
  return {
    open: (run) => oneMessage(message, run),
    read: () => {
      if (hasBody(exchange)) exchange.discardBody();
    },
  };
}

export function oneMessage(message: Uint8Array, run: StreamRun): Inbox {
  const inbox = new Inbox(run.onTaken);
  inbox.push(message);
  inbox.end();
  return inbox;
}

function readBody({ context, exchange, request }: StreamSetup, cutter: MessageCutter): RequestStream {
  let body: BodyReceiver | undefined;
  const isBidi = request.plan.method.kind === "bidi-streaming";
  const endsAtFault = isBidi && context.options.profile === "grpc-gateway";
  const encoding = toStreamedEncoding(exchange);
  return {
    open: (run) => {
      if (encoding === undefined) {
        const plain = new StreamBody({ exchange, cutter, onTaken: run.onTaken, endsAtFault });
        body = plain;
        return plain.inbox;
      }
      const grantedBytes = context.options.maxBodyBytes;
      const inflating = new InflatingBody({ encoding, exchange, grantedBytes });
      const plain = new StreamBody({ exchange: inflating, cutter, onTaken: run.onTaken, endsAtFault });
      inflating.pipe(plain);
      run.call.onEnd(() => inflating.destroy());
      body = inflating;
      return plain.inbox;
    },
    read: () => {
      if (body !== undefined && !exchange.isDone) exchange.receiveBody(body, false);
    },
  };
}

/** Throws 415 for an encoding that is not read here, or not in pieces. */
function toStreamedEncoding({ headers }: Exchange): string | undefined {
  const encoding = toContentEncoding(headers["content-encoding"] as string | undefined);
  if (encoding === undefined || streamedEncodings.includes(encoding)) return encoding;
  throw notStreamed(encoding);
}

function toCutter({ context, exchange, request }: StreamSetup, messages: StreamMessages): MessageCutter {
  const { profile, json, maxBodyBytes } = context.options;
  const contentType = exchange.headers["content-type"] as string | undefined;
  const isStrict = profile === "strict";
  if (request.plan.body === "raw" && (isStrict || !isTakenForJson(contentType)))
    return new RawCutter(messages, contentType);
  const format = isStrict && hasBody(exchange) ? toStreamFormat(contentType) : "lines";
  return new JsonCutter(messages, {
    unwrapsArray: format === "values",
    maxValueBytes: maxBodyBytes,
    maxDepth: json.maxDepth,
    sendsHeadAlone: isStrict,
  });
}

function notStreamed(encoding: string): GatewayError {
  return new GatewayError(
    Code.INVALID_ARGUMENT,
    `a streamed request body cannot be read in ${encoding}; compress it with gzip or deflate, or not at all`,
    { reason: "CONTENT_ENCODING_UNSUPPORTED", httpStatus: 415, headers: { "accept-encoding": "gzip, deflate" } },
  );
}
