// The life of one streaming call over gRPC, whichever side streams: messages pass one by one, each side as fast as the other takes them.
import { Call } from "../../call.ts";
import { Cancellation } from "../../cancellation.ts";
import type { StreamReply } from "../../call.ts";
import type { MessageEncoding } from "../../compression.ts";
import { framePrefix, joinFrame } from "../../grpc-frame.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { Exchange, ResponseWriter } from "../front.ts";
import { endStream, openStream } from "../stream/census.ts";
import type { WaitTally } from "../stream/census.ts";
import { StreamClock } from "../stream/stream-clock.ts";
import type { Sweep } from "../stream/sweep.ts";
import { contentTypes } from "./codec.ts";
import { answerError, endWithError, toOkTrailers } from "./error-answer.ts";
import { appendReplyMetadata } from "./metadata.ts";
import type { Negotiated } from "./negotiate.ts";
import type { GrpcContext, GrpcPlan } from "./plan.ts";
import { forward } from "./forward.ts";
import type { Client } from "./forward.ts";
import { toReplyFrame } from "./reply-frame.ts";
import { RequestMessages } from "./request-messages.ts";

/** Longer messages are sent beside their prefix. */
const largestJoined = 4096;

/** Throws GatewayError for what the head alone forbids; later faults are answered here. */
export function serveStream(context: GrpcContext, exchange: Exchange, plan: GrpcPlan, negotiated: Negotiated): void {
  const cancellation = new Cancellation();
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
    cancellation,
  });
  const messages = new RequestMessages(exchange, plan, negotiated, context.options.maxMessageBytes);
  const stop = (error: GatewayError): void => {
    messages.onFail(error);
    cancellation.cancel(error);
  };
  const clock = new StreamClock(context.sweep, plan.times, stop);
  messages.onTaken = (bytes) => {
    clock.touch();
    plan.tally.messagesIn++;
    call.countIn(bytes);
  };
  exchange.onAbort(() => stop(new GatewayError(Code.CANCELLED, "the client went away", { reason: "CLIENT_GONE" })));
  const reply = context.chain.stream(call, messages);
  void answer({ context, exchange, plan, accepts: negotiated.accepts, call, clock }, reply);
  if (!exchange.isDone) exchange.receiveBody(messages, false);
}

interface Answering {
  readonly context: GrpcContext;
  readonly exchange: Exchange;
  readonly plan: GrpcPlan;
  readonly accepts: readonly MessageEncoding[];
  readonly call: Call;
  readonly clock: StreamClock;
}

async function answer(answering: Answering, reply: StreamReply): Promise<void> {
  const { context, exchange, plan, accepts, call, clock } = answering;
  const { cancellation } = call;
  const encoding = toPromised(plan, accepts);
  const { tally } = plan;
  openStream(tally);
  let error: GatewayError | undefined;
  let writer: ResponseWriter | undefined;
  // A call that fails before its end fails there, too, where nobody looks any more.
  reply.trailers.catch(() => {});
  try {
    const client = new GrpcClient(answering, encoding);
    // Whoever cancels: a client that takes nothing must not keep the end waiting.
    cancellation.onCancel(() => client.makeRoom());
    writer = exchange.startResponse(200, toHead(answering, encoding, await reply.headers), () => client.makeRoom());
    client.writer = writer;
    writer.end(toOkTrailers(await forward(reply, client, plan.overflow)));
  } catch (cause) {
    error = GatewayError.from(cause);
    if (writer === undefined) answerError({ options: context.options, exchange, codec: plan.codec, call }, error);
    else endWithError(context.options, exchange, writer, error);
    // Where the backend did not end the call itself.
    cancellation.cancel(error);
  }
  clock.stop();
  const code = error?.code ?? Code.OK;
  endStream(tally, code);
  call.end(code, error, exchange.isDone && writer === undefined ? 0 : 200);
}

class GrpcClient implements Client {
  writer: ResponseWriter | undefined;
  readonly #answering: Answering;
  readonly #encoding: MessageEncoding | undefined;
  #onRoom: () => void = () => {};

  constructor(answering: Answering, encoding: MessageEncoding | undefined) {
    this.#answering = answering;
    this.#encoding = encoding;
  }

  get isGone(): boolean {
    return this.#answering.exchange.isDone;
  }

  get tally(): WaitTally {
    return this.#answering.plan.tally;
  }

  get sweep(): Sweep {
    return this.#answering.context.sweep;
  }

  send(message: Uint8Array): boolean {
    const { plan, call, clock } = this.#answering;
    clock.touch();
    plan.tally.messagesOut++;
    call.countOut(message.length);
    return this.writer === undefined || send(this.writer, plan, message, this.#encoding);
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  onDropped(count: number): void {
    this.#answering.plan.tally.dropped += count;
  }

  makeRoom(): void {
    this.#onRoom();
  }
}

/**
 * The head goes before the first message, so it says what compressed messages would be compressed with, if some come; each
 * message says for itself whether it is.
 */
function toPromised(plan: GrpcPlan, accepts: readonly MessageEncoding[]): MessageEncoding | undefined {
  if (plan.writeMessage !== undefined) return undefined;
  return accepts.includes("gzip") ? "gzip" : accepts[0];
}

function toHead({ plan, call }: Answering, encoding: MessageEncoding | undefined, metadata: Metadata): string[] {
  const head = ["content-type", contentTypes[plan.codec]];
  if (encoding !== undefined) head.push("grpc-encoding", encoding);
  if (metadata.length > 0) appendReplyMetadata(metadata, head);
  head.push(...call.replyHeaders);
  return head;
}

/** False: wait for room. */
function send(
  writer: ResponseWriter,
  plan: GrpcPlan,
  message: Uint8Array,
  encoding: MessageEncoding | undefined,
): boolean {
  const { bytes, isCompressed } = toReplyFrame(plan, message, encoding);
  if (bytes.length <= largestJoined) return writer.write(joinFrame(bytes, isCompressed));
  writer.write(framePrefix(bytes.length, isCompressed));
  return writer.write(bytes);
}
