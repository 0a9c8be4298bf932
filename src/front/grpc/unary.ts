// The life of one unary call over gRPC: one message in, call, one message out. Whatever fails becomes the trailers.
import { Cancellation } from "../../call.ts";
import type { Reply } from "../../call.ts";
import { FrameReader, framePrefix, joinFrame } from "../../grpc-frame.ts";
import type { MessageSink } from "../../grpc-frame.ts";
import { Code, GatewayError } from "../../status.ts";
import type { BodyReceiver, Exchange } from "../front.ts";
import { contentTypes } from "./codec.ts";
import { answerError, toOkTrailers } from "./error-answer.ts";
import { endedEarly, expand } from "./expand.ts";
import { appendReplyMetadata } from "./metadata.ts";
import type { Negotiated } from "./negotiate.ts";
import type { GrpcContext, GrpcPlan } from "./plan.ts";
import { encodingOf, toReplyFrame } from "./reply-frame.ts";

/** Longer replies are sent in pieces, not copied behind their prefix. */
const largestJoined = 16_384;

/** Throws GatewayError for what the head alone forbids; later faults are answered here. */
export function serveUnary(context: GrpcContext, exchange: Exchange, plan: GrpcPlan, negotiated: Negotiated): void {
  const call = new UnaryExchange(context, exchange, plan, negotiated);
  exchange.onAbort(() => call.abort());
  exchange.receiveBody(call, true);
}

/** One object for a call's callbacks: closures for each would be most of what a small call allocates. */
class UnaryExchange implements BodyReceiver, MessageSink {
  readonly #context: GrpcContext;
  readonly #exchange: Exchange;
  readonly #plan: GrpcPlan;
  readonly #negotiated: Negotiated;
  readonly #frames: FrameReader;
  readonly #cancellation = new Cancellation();
  #message: Uint8Array | undefined;
  #isCompressed = false;

  constructor(context: GrpcContext, exchange: Exchange, plan: GrpcPlan, negotiated: Negotiated) {
    this.#context = context;
    this.#exchange = exchange;
    this.#plan = plan;
    this.#negotiated = negotiated;
    this.#frames = new FrameReader(this, context.options.maxMessageBytes);
  }

  abort(): void {
    this.#cancellation.cancel(new GatewayError(Code.CANCELLED, "the client went away", { reason: "CLIENT_GONE" }));
  }

  onChunk(chunk: Buffer): void {
    // The reader keeps no more than one message, whose size is bounded.
    this.#exchange.consumed(chunk.length);
    try {
      this.#frames.read(chunk);
    } catch (error) {
      this.onFail(error);
    }
  }

  onMessage(message: Uint8Array, isCompressed: boolean): void {
    if (this.#message !== undefined) throw cardinality("more than one message");
    this.#message = message;
    this.#isCompressed = isCompressed;
  }

  onEnd(): void {
    try {
      if (!this.#frames.isBetweenMessages) throw endedEarly();
      if (this.#message === undefined) throw cardinality("no message");
      if (!this.#isCompressed) this.#call(this.#message);
      else this.#decompress(this.#message);
    } catch (error) {
      this.onFail(error);
    }
  }

  readonly onFail = (error: unknown): void => {
    answerError(this.#context.options, this.#exchange, this.#plan.codec, error);
  };

  #decompress(bytes: Uint8Array): void {
    const message = expand(bytes, this.#negotiated, this.#context.options.maxMessageBytes);
    if (message instanceof Promise) message.then((whole) => this.#call(whole)).catch(this.onFail);
    else this.#call(message);
  }

  #call(bytes: Uint8Array): void {
    if (this.#exchange.isDone) return;
    const { method, readMessage } = this.#plan;
    const forwarded = this.#context.forwardedOf(this.#exchange);
    this.#context.handler
      .unary({
        kind: "unary",
        method,
        metadata: this.#context.requestMetadata(this.#exchange, forwarded),
        deadline: this.#negotiated.deadline,
        cancellation: this.#cancellation,
        peer: forwarded.client,
        message: readMessage === undefined ? bytes : readMessage(bytes),
      })
      .then(this.#answer, this.onFail);
  }

  readonly #answer = (reply: Reply): void => {
    if (this.#exchange.isDone) return;
    try {
      this.#send(reply);
    } catch (error) {
      this.onFail(error);
    }
  };

  #send({ message, headers, trailers }: Reply): void {
    const exchange = this.#exchange;
    const plan = this.#plan;
    const encoding = encodingOf(plan, message, this.#negotiated.accepts);
    const { bytes, isCompressed } = toReplyFrame(plan, message, encoding);
    const head = ["content-type", contentTypes[plan.codec]];
    if (encoding !== undefined) head.push("grpc-encoding", encoding);
    if (headers.length > 0) appendReplyMetadata(headers, head);
    if (bytes.length <= largestJoined) {
      exchange.respond(200, head, joinFrame(bytes, isCompressed), toOkTrailers(trailers));
      return;
    }
    const writer = exchange.startResponse(200, head, () => {});
    writer.write(framePrefix(bytes.length, isCompressed));
    writer.write(bytes);
    writer.end(toOkTrailers(trailers));
  }
}

/** gRPC's own table of statuses says UNIMPLEMENTED. */
function cardinality(what: string): GatewayError {
  return new GatewayError(Code.UNIMPLEMENTED, `a unary method takes one message, and the request has ${what}`, {
    reason: "MESSAGE_COUNT_INVALID",
  });
}
