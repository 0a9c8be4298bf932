// The answer to a call whose backend streams: the head when the first message or the failure is there, then message by message.
import type { StreamReply } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { afterOwnTime } from "../../own-time.ts";
import { Code, GatewayError } from "../../status.ts";
import type { ResponseWriter } from "../front.ts";
import { Pump } from "../stream/pump.ts";
import type { MessageSink } from "../stream/pump.ts";
import type { Swept } from "../stream/sweep.ts";
import { cutAnswer } from "./cut-answer.ts";
import { errorLine } from "./gateway-lines.ts";
import type { AnswerForm } from "./stream-form.ts";
import { refuse, toStreamHeaders, toStreamStatus } from "./stream-head.ts";
import { clientGone } from "./stream-run.ts";
import type { StreamRun, StreamSetup } from "./stream-run.ts";
import type { ReplyForm, StreamView } from "./stream-view.ts";

/** The head waits for the first message, so that a failure before it has a status of its own; but not for long. */
const headWaitMs = 1000;
/** Silence after which the client, and every proxy on the way, hears that the stream lives. */
const keepAliveMs = 15_000;

export interface AnswerSetup {
  readonly setup: StreamSetup;
  readonly form: ReplyForm;
  readonly view: StreamView;
  readonly run: StreamRun;
}

export class StreamAnswer implements MessageSink, Swept {
  sweepIndex = -1;
  readonly #answer: AnswerSetup;
  readonly #pump: Pump;
  #hasRoom = true;
  /** Undefined before they have come, and where the backend's answer has none. */
  #headers: Metadata | undefined;
  #stopHeadWait: (() => void) | undefined;
  #form: AnswerForm | undefined;
  #writer: ResponseWriter | undefined;
  #status = 0;
  #lastAt: number;
  #isEnded = false;
  /** What is to be done behind all that was written. */
  #onRoom: (() => void) | undefined;

  constructor(answer: AnswerSetup, reply: StreamReply) {
    const { context, request } = answer.setup;
    this.#answer = answer;
    this.#lastAt = context.sweep.now;
    this.#pump = new Pump({
      reply,
      sink: this,
      tally: answer.run.tally,
      sweep: context.sweep,
      overflow: request.stream.policy.overflow,
      onHead: (headers) => {
        this.#headers = headers;
      },
      onEnd: (error, trailers) => this.#end(error, trailers),
    });
  }

  start(): void {
    if (!this.#answer.view.needsFirst) this.#stopHeadWait = afterOwnTime(headWaitMs, () => this.#begin(undefined));
    this.#pump.start();
  }

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  /** The pump's. */
  send(message: Uint8Array): void {
    const { view, run } = this.#answer;
    const content = view.toContent(message);
    const form = this.#form ?? this.#begin(message);
    this.#write(form.element(content, message));
    run.onSent(message.length);
  }

  /** The client has gone. */
  abort(): void {
    this.#pump.stop();
    this.#close(Code.CANCELLED, clientGone());
  }

  /** The sweep's: after silence, a sign of life. */
  check(now: number): void {
    const keepAlive = this.#form?.keepAlive;
    if (keepAlive !== undefined && this.#hasRoom && now - this.#lastAt >= keepAliveMs) this.#write(keepAlive);
  }

  #begin(first: Uint8Array | "none" | undefined): AnswerForm {
    const { setup, view } = this.#answer;
    this.#stopHeadWait?.();
    const form = view.open(first);
    this.#form = form;
    const headers = toStreamHeaders(setup, form.contentType, this.#headers, this.#answer.run.call);
    this.#status = toStreamStatus(setup, this.#headers);
    this.#writer = setup.exchange.startResponse(this.#status, headers, this.#onDrain);
    this.#write(Buffer.from(form.opening));
    if (form.keepAlive !== undefined && !this.#isEnded) setup.context.sweep.add(this);
    return form;
  }

  #write(bytes: Uint8Array): void {
    const { setup, run } = this.#answer;
    this.#lastAt = setup.context.sweep.now;
    if (bytes.length === 0 || this.#writer?.write(bytes) !== false) return;
    this.#hasRoom = false;
    run.tally.waits++;
  }

  readonly #onDrain = (): void => {
    this.#hasRoom = true;
    this.#onRoom?.();
    try {
      this.#pump.resume();
    } catch (error) {
      // What an overflow policy had kept back cannot be written.
      this.#pump.stop();
      this.#end(GatewayError.from(error), []);
    }
  };

  #end(error: GatewayError | undefined, trailers: Metadata): void {
    if (this.#isEnded) return;
    const { setup, run } = this.#answer;
    this.#stopClocks();
    if (error !== undefined) run.cancel(error);
    if (!setup.exchange.isDone) {
      if (error === undefined) this.#finish((this.#form ?? this.#begin("none")).closing());
      else if (this.#form === undefined) this.#refuse(error);
      else this.#fail(this.#form, error, trailers);
    }
    run.end(error?.code ?? Code.OK, error, this.#status);
  }

  /** Nothing was sent yet. grpc-gateway tells what the backend says on a stream in another way than its own errors. */
  #refuse(error: GatewayError): void {
    const { setup, form } = this.#answer;
    const { context, exchange } = setup;
    const isOfBackend = error.reason === undefined && error.cause === undefined;
    if (context.options.profile === "strict" || !isOfBackend) {
      refuse(setup, form, error, this.#answer.run.call);
      return;
    }
    const headers = toStreamHeaders(setup, "application/json", this.#headers, this.#answer.run.call);
    this.#status = error.httpStatus;
    const writer = exchange.startResponse(error.httpStatus, headers, () => {});
    writer.write(Buffer.from(errorLine(context.writeStatus(error, []))));
    writer.end();
  }

  #fail(form: AnswerForm, error: GatewayError, trailers: Metadata): void {
    const { context, exchange } = this.#answer.setup;
    if (error.cause !== undefined) context.options.report(error, this.#answer.run.call);
    const last = form.failure({ code: error.code, json: context.writeStatus(error, trailers) });
    if (last !== undefined) this.#finish(last);
    else if (this.#writer !== undefined) cutAnswer(exchange, this.#writer, error, (next) => this.#whenRoom(next));
  }

  #finish(last: string): void {
    this.#write(Buffer.from(last));
    this.#writer?.end();
  }

  #whenRoom(next: () => void): void {
    if (this.#hasRoom) next();
    else this.#onRoom = next;
  }

  #close(code: Code, error: GatewayError): void {
    if (this.#isEnded) return;
    this.#stopClocks();
    this.#answer.run.end(code, error, this.#status);
  }

  #stopClocks(): void {
    this.#isEnded = true;
    const { setup, run } = this.#answer;
    this.#stopHeadWait?.();
    setup.context.sweep.delete(this);
    run.tally.dropped += this.#pump.dropped;
  }
}
