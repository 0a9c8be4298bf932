// The life of one unary call over gRPC: one message in, call, one message out. Whatever fails becomes the trailers.
import { Call } from "../../call.ts";
import { Cancellation } from "../../cancellation.ts";
import type { Reply } from "../../call.ts";
import { FrameReader, framePrefix, joinFrame } from "../../grpc-frame.ts";
import type { MessageSink } from "../../grpc-frame.ts";
import { Code, GatewayError } from "../../status.ts";
import type { BodyReceiver, Exchange } from "../front.ts";
import { whenAdmitted } from "../when-admitted.ts";
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
  const forwarded = context.forwardedOf(exchange);
  const call = new Call({
    method: plan.method,
    front: "grpc",
    source: exchange,
    headers: exchange.headers,
    peer: forwarded.client,
    metadata: context.requestMetadata(exchange, forwarded),
    deadline: negotiated.deadline,
    startedAt: negotiated.startedAt,
    cancellation: new Cancellation(),
  });
  const unary = new UnaryExchange(context, { exchange, plan, negotiated, call });
  exchange.onAbort(() => unary.abort());
  whenAdmitted(context.chain, call, () => exchange.receiveBody(unary, true), unary.onFail);
}

interface Asked {
  readonly exchange: Exchange;
  readonly plan: GrpcPlan;
  readonly negotiated: Negotiated;
  readonly call: Call;
}

/** One object for a call's callbacks: closures for each would be most of what a small call allocates. */
class UnaryExchange implements BodyReceiver, MessageSink {
  readonly #context: GrpcContext;
  readonly #exchange: Exchange;
  readonly #plan: GrpcPlan;
  readonly #negotiated: Negotiated;
  readonly #frames: FrameReader;
  readonly #call: Call;
  #message: Uint8Array | undefined;
  #isCompressed = false;

  constructor(context: GrpcContext, { exchange, plan, negotiated, call }: Asked) {
    this.#context = context;
    this.#call = call;
    this.#exchange = exchange;
    this.#plan = plan;
    this.#negotiated = negotiated;
    this.#frames = new FrameReader(this, context.options.maxMessageBytes);
  }

  abort(): void {
    const gone = new GatewayError(Code.CANCELLED, "the client went away", { reason: "CLIENT_GONE" });
    this.#call.cancellation.cancel(gone);
    this.#call.end(gone.code, gone);
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
      if (!this.#isCompressed) this.#send(this.#message);
      else this.#decompress(this.#message);
    } catch (error) {
      this.onFail(error);
    }
  }

  readonly onFail = (error: unknown): void => {
    const { options } = this.#context;
    answerError({ options, exchange: this.#exchange, codec: this.#plan.codec, call: this.#call }, error);
  };

  #decompress(bytes: Uint8Array): void {
    const message = expand(bytes, this.#negotiated, this.#context.options.maxMessageBytes);
    if (message instanceof Promise) message.then((whole) => this.#send(whole)).catch(this.onFail);
    else this.#send(message);
  }

  #send(bytes: Uint8Array): void {
    if (this.#exchange.isDone) return;
    const { readMessage } = this.#plan;
    const message = readMessage === undefined ? bytes : readMessage(bytes);
    this.#call.countIn(message.length);
    this.#context.chain.unary(this.#call, message).then(this.#answer, this.onFail);
  }

  readonly #answer = (reply: Reply): void => {
    if (this.#exchange.isDone) return;
    try {
      this.#reply(reply);
    } catch (error) {
      this.onFail(error);
    }
  };

  #reply({ message, headers, trailers }: Reply): void {
    const exchange = this.#exchange;
    const call = this.#call;
    const plan = this.#plan;
    const encoding = encodingOf(plan, message, this.#negotiated.accepts);
    const { bytes, isCompressed } = toReplyFrame(plan, message, encoding);
    const head = ["content-type", contentTypes[plan.codec]];
    if (encoding !== undefined) head.push("grpc-encoding", encoding);
    if (headers.length > 0) appendReplyMetadata(headers, head);
    head.push(...call.replyHeaders);
    call.countOut(message.length);
    if (bytes.length <= largestJoined) {
      exchange.respond(200, head, joinFrame(bytes, isCompressed), toOkTrailers(trailers));
      call.end(Code.OK, undefined, 200);
      return;
    }
    const writer = exchange.startResponse(200, head, () => {});
    writer.write(framePrefix(bytes.length, isCompressed));
    writer.write(bytes);
    writer.end(toOkTrailers(trailers));
    call.end(Code.OK, undefined, 200);
  }
}

/** gRPC's own table of statuses says UNIMPLEMENTED. */
function cardinality(what: string): GatewayError {
  return new GatewayError(Code.UNIMPLEMENTED, `a unary method takes one message, and the request has ${what}`, {
    reason: "MESSAGE_COUNT_INVALID",
  });
}
