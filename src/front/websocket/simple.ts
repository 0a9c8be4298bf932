// Simple mode: one call on one socket, its messages as bare frames. From the handshake to the close code.
import type { Call, Chain } from "../../call.ts";
import type { Metadata } from "../../metadata.ts";
import { Code, GatewayError } from "../../status.ts";
import type { StreamMessages } from "../../translate/request/stream-request.ts";
import { toNamedError } from "../named-error.ts";
import { endStream, openStream } from "../stream/census.ts";
import { Inbox } from "../stream/inbox.ts";
import { Pump } from "../stream/pump.ts";
import type { MessageSink } from "../stream/pump.ts";
import { startCall } from "../stream/start-call.ts";
import { StreamClock } from "../stream/stream-clock.ts";
import type { Sweep } from "../stream/sweep.ts";
import { CloseCode, toCloseCode, toCloseReason } from "./close-codes.ts";
import type { SimpleFrames } from "./simple-frames.ts";
import type { SimplePlan } from "./simple-plan.ts";
import type { SocketEvents, StreamSocket } from "./socket.ts";

/** What all sockets in simple mode share. */
export interface SimpleContext {
  readonly chain: Chain;
  readonly sweep: Sweep;
  readonly frames: SimpleFrames;
}

/** What one came with. */
export interface SimpleOpening {
  readonly plan: SimplePlan;
  readonly messages: StreamMessages;
  /** Admitted. */
  readonly call: Call;
  readonly wantsHead: boolean;
}

/** Messages that may wait for the backend before the client is held back. */
const maxWaiting = 16;
const maxWaitingBytes = 64 * 1024;

/** Of what ends a stream by the clock; anything else is its time being over. */
const closeCodes: ReadonlyMap<string | undefined, number> = new Map([
  ["STREAM_IDLE", CloseCode.IDLE],
  ["CREDENTIALS_EXPIRED", CloseCode.AUTH_EXPIRED],
]);

/** `waiting`: for the message that makes up the call. `half-closed`: the client has nothing more to say. */
type State = "waiting" | "open" | "half-closed" | "done";

export class SimpleSession implements SocketEvents, MessageSink {
  readonly #socket: StreamSocket;
  readonly #context: SimpleContext;
  readonly #plan: SimplePlan;
  readonly #clock: StreamClock;
  readonly #inbox: Inbox;
  readonly #call: Call;
  #hasBegun = false;
  /** Until no more messages are read. */
  #messages: StreamMessages | undefined;
  #pump: Pump | undefined;
  #state: State;
  #isPaused = false;
  #wantsHead: boolean;

  constructor(socket: StreamSocket, context: SimpleContext, opening: SimpleOpening) {
    const { plan, messages, wantsHead, call } = opening;
    this.#socket = socket;
    this.#context = context;
    this.#plan = plan;
    this.#call = call;
    this.#messages = messages;
    this.#wantsHead = wantsHead;
    this.#inbox = new Inbox(() => this.#onTaken());
    this.#clock = new StreamClock(context.sweep, plan.times, (error) => this.#expire(error), call.identity);
    this.#state = plan.takes === "one" ? "waiting" : "open";
    openStream(plan.tally);
  }

  /** Begins the call, where it does not wait for a message. */
  start(): void {
    if (this.#plan.takes === "many") this.#begin();
    else if (this.#plan.takes === "none") this.#take((messages) => messages.withoutBody());
  }

  onText(bytes: Buffer): void {
    if (bytes.length === 0) this.#halfClose();
    else if (this.#plan.takesText) this.#receive(bytes);
    else this.#refuseFrame("a text frame, and this call's messages are binary; use $alt=json for text");
  }

  onBinary(bytes: Buffer): void {
    if (this.#plan.takesBinary) this.#receive(bytes);
    else this.#refuseFrame("a binary frame, and this call's messages are JSON; use $alt=proto for protobuf");
  }

  #receive(bytes: Buffer): void {
    if (this.#state === "done") return;
    this.#clock.touch();
    const { takes, binding } = this.#plan;
    const { method } = binding;
    if (this.#state === "waiting") this.#take((messages) => this.#plan.readMessage(messages, bytes));
    else if (takes === "none") this.#fail(tooManyMessages(`${method.name} takes its request from the URL alone`));
    else if (takes === "one") this.#fail(tooManyMessages(`${method.name} takes one message`));
    else if (this.#state === "half-closed") this.#fail(tooManyMessages("the half-close was the end of the messages"));
    else this.#push(bytes);
  }

  /** The one message of the call. */
  #take(read: (messages: StreamMessages) => Uint8Array): void {
    const messages = this.#messages;
    if (messages === undefined) return;
    try {
      const message = read(messages);
      this.#messages = undefined;
      this.#state = "half-closed";
      this.#plan.tally.messagesIn++;
      this.#call.countIn(message.length);
      this.#inbox.push(message);
      this.#inbox.end();
      this.#begin();
    } catch (error) {
      this.#fail(GatewayError.from(error));
    }
  }

  #push(bytes: Buffer): void {
    const messages = this.#messages;
    if (messages === undefined) return;
    try {
      const message = this.#plan.readMessage(messages, bytes);
      this.#call.countIn(message.length);
      this.#inbox.push(message);
    } catch (error) {
      this.#fail(GatewayError.from(error));
      return;
    }
    this.#plan.tally.messagesIn++;
    if (this.#isPaused || this.#hasRoomUpwards) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  get #hasRoomUpwards(): boolean {
    return this.#inbox.waiting < maxWaiting && this.#inbox.waitingBytes < maxWaitingBytes;
  }

  /** The backend has taken a message. */
  #onTaken(): void {
    if (!this.#isPaused || !this.#hasRoomUpwards) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  #halfClose(): void {
    if (this.#state === "done") return;
    this.#clock.touch();
    if (this.#state === "waiting") this.#take((messages) => messages.withoutBody());
    else if (this.#state === "open" && this.#plan.takes === "many") {
      this.#state = "half-closed";
      this.#messages = undefined;
      this.#inbox.end();
    }
  }

  #begin(): void {
    if (this.#hasBegun || this.#state === "done") return;
    this.#hasBegun = true;
    const call = this.#call;
    // What the client took to send the message that makes up the call is not taken from its time.
    call.deadline += performance.now() - call.startedAt;
    const sendHead = (headers: Metadata): void => {
      this.#socket.sendText(this.#context.frames.head(headers, call.replyHeaders));
    };
    this.#pump = new Pump({
      reply: startCall(this.#context.chain, call, this.#inbox),
      sink: this,
      tally: this.#plan.tally,
      sweep: this.#context.sweep,
      overflow: this.#plan.overflow,
      onHead: this.#wantsHead ? sendHead : undefined,
      onEnd: (error, trailers) => this.#end(error, trailers),
    });
    this.#pump.start();
  }

  get hasRoom(): boolean {
    return this.#socket.hasRoom;
  }

  send(message: Uint8Array): void {
    const { isText, bytes } = this.#plan.writeReply(message);
    this.#clock.touch();
    this.#plan.tally.messagesOut++;
    this.#call.countOut(message.length);
    if (isText) this.#socket.sendText(bytes);
    else this.#socket.sendBinary(bytes);
  }

  onRoom(): void {
    this.#plan.tally.waits++;
    this.#pump?.resume();
  }

  /** However the client closes before the end: nobody is left to read an answer. */
  onClose(): void {
    const gone = clientGone();
    if (this.#finish(gone.code, gone)) this.#cancel(gone);
  }

  /** The gateway is stopping. */
  drain(): void {
    const stopping = new GatewayError(Code.UNAVAILABLE, "the gateway is stopping", { reason: "SHUTTING_DOWN" });
    if (!this.#finish(stopping.code, stopping)) return;
    this.#cancel(new GatewayError(Code.CANCELLED, stopping.message, { reason: stopping.reason }));
    this.#socket.close(CloseCode.GOING_AWAY, "the gateway is stopping");
  }

  revoke(error: GatewayError): number {
    const isOpen = this.#state !== "done";
    this.#fail(error);
    return isOpen ? 1 : 0;
  }

  #end(error: GatewayError | undefined, trailers: Metadata): void {
    if (error !== undefined) this.#fail(error, toCloseCode(error.code), trailers);
    else if (this.#finish(Code.OK, undefined)) {
      this.#inbox.fail(clientGone());
      this.#socket.close(CloseCode.OK, "OK");
    }
  }

  #expire(error: GatewayError): void {
    this.#fail(error, closeCodes.get(error.reason) ?? CloseCode.LIFETIME);
  }

  /** Tells the client, in a frame and in the close code, and gives the call up where it is not over. */
  #fail(error: GatewayError, code: number = toCloseCode(error.code), trailers: Metadata = []): void {
    if (!this.#finish(error.code, error)) return;
    this.#cancel(error);
    const told = toNamedError(error, this.#call.requestId);
    this.#socket.sendText(this.#context.frames.status(told, trailers, this.#call));
    this.#socket.close(code, toCloseReason(told));
  }

  #refuseFrame(found: string): void {
    const refused = new GatewayError(Code.INVALID_ARGUMENT, found);
    if (!this.#finish(refused.code, refused)) return;
    this.#cancel(clientGone());
    this.#socket.close(CloseCode.UNSUPPORTED_DATA, found);
  }

  /** False when the end came before. */
  #finish(code: Code, error: GatewayError | undefined): boolean {
    if (this.#state === "done") return false;
    this.#state = "done";
    this.#clock.stop();
    this.#messages = undefined;
    const { tally } = this.#plan;
    tally.dropped += this.#pump?.dropped ?? 0;
    endStream(tally, code);
    this.#call.end(code, error);
    return true;
  }

  #cancel(error: GatewayError): void {
    this.#pump?.stop();
    this.#inbox.fail(error);
    this.#call.cancellation.cancel(error);
  }
}

function clientGone(): GatewayError {
  return new GatewayError(Code.CANCELLED, "the client closed the WebSocket", { reason: "CLIENT_GONE" });
}

function tooManyMessages(why: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `a message too many: ${why}`, { reason: "MESSAGE_COUNT" });
}
