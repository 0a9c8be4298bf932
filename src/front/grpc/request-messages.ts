// The messages of a streaming call as its client sends them: read one by one, the client held back while nobody reads.
import type { MessageReader } from "../../call.ts";
import { FrameReader } from "../../grpc-frame.ts";
import type { MessageSink } from "../../grpc-frame.ts";
import { GatewayError } from "../../status.ts";
import type { BodyReceiver, Exchange } from "../front.ts";
import { endedEarly, expand } from "./expand.ts";
import type { Negotiated } from "./negotiate.ts";
import type { GrpcPlan } from "./plan.ts";

interface Frame {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

interface Waiter {
  readonly resolve: (message: Uint8Array | Promise<Uint8Array> | undefined) => void;
  readonly reject: (error: GatewayError) => void;
}

export class RequestMessages implements MessageReader, BodyReceiver, MessageSink {
  readonly #exchange: Exchange;
  readonly #plan: GrpcPlan;
  readonly #negotiated: Negotiated;
  readonly #maxMessageBytes: number;
  readonly #frames: FrameReader;
  readonly #queue: Frame[] = [];
  readonly #waiters: Waiter[] = [];
  /** Received and not yet told to be dealt with. */
  #heldBytes = 0;
  /** Hears of each message that is handed on. */
  onTaken: (bytes: number) => void = () => {};
  #end: { readonly error: GatewayError | undefined } | undefined;

  constructor(exchange: Exchange, plan: GrpcPlan, negotiated: Negotiated, maxMessageBytes: number) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#negotiated = negotiated;
    this.#maxMessageBytes = maxMessageBytes;
    this.#frames = new FrameReader(this, maxMessageBytes);
  }

  onChunk(chunk: Buffer): void {
    this.#heldBytes += chunk.length;
    try {
      this.#frames.read(chunk);
    } catch (error) {
      this.onFail(GatewayError.from(error));
      return;
    }
    this.#release();
  }

  onMessage(bytes: Uint8Array, isCompressed: boolean): void {
    const frame = { bytes, isCompressed };
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#queue.push(frame);
    else this.#settle(waiter, frame);
  }

  onEnd(): void {
    this.#finish(this.#frames.isBetweenMessages ? undefined : endedEarly());
  }

  onFail(error: GatewayError): void {
    this.#finish(error);
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const frame = this.#queue.shift();
      if (frame !== undefined) {
        this.#release();
        this.#settle(waiter, frame);
      } else if (this.#end === undefined) this.#waiters.push(waiter);
      else settleEnd(waiter, this.#end.error);
    });
  }

  /** Nothing waits: the client may send as much again. A message still incomplete needs its bytes, too. */
  #release(): void {
    if (this.#queue.length > 0 || this.#heldBytes === 0) return;
    const bytes = this.#heldBytes;
    this.#heldBytes = 0;
    this.#exchange.consumed(bytes);
  }

  #settle(waiter: Waiter, frame: Frame): void {
    this.onTaken(frame.bytes.length);
    try {
      waiter.resolve(this.#decode(frame));
    } catch (error) {
      const failure = GatewayError.from(error);
      waiter.reject(failure);
      this.#finish(failure);
    }
  }

  #decode({ bytes, isCompressed }: Frame): Uint8Array | Promise<Uint8Array> {
    const { readMessage } = this.#plan;
    const message = isCompressed ? expand(bytes, this.#negotiated, this.#maxMessageBytes) : bytes;
    if (readMessage === undefined) return message;
    return message instanceof Promise ? message.then(readMessage) : readMessage(message);
  }

  #finish(error: GatewayError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const waiter of this.#waiters.splice(0)) settleEnd(waiter, error);
  }
}

function settleEnd(waiter: Waiter, error: GatewayError | undefined): void {
  if (error === undefined) waiter.resolve(undefined);
  else waiter.reject(error);
}
