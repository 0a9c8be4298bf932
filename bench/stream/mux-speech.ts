// Multiplexed mode: many calls on a socket, each with credit that is given back as a client library does.
import { floodMethod, holdMethod } from "../corpus/stream-messages.ts";
import { jsonForm, type MuxForm, protoForm } from "./mux-frames.ts";
import type { OpenOrder } from "./order.ts";
import { SocketSpeech } from "./socket-speech.ts";
import { handshake, type Speech } from "./speech.ts";
import { TickCheck } from "./tick-check.ts";

/** docs/websocket.md, "Credit": what the window of a client that reads fast has grown to. */
const credit = 4096;
const portion = credit / 2;

export class MuxSpeech extends SocketSpeech implements Speech {
  readonly request: string;
  readonly #form: MuxForm;
  readonly #order: OpenOrder;
  readonly #onFirst: () => void;
  /** By id, from 1. */
  readonly #streams: readonly TickCheck[];
  #begun = 0;
  #ended = 0;

  constructor(order: OpenOrder, send: (bytes: Buffer) => void, onFirst: () => void) {
    super(send);
    if (order.task === "echo") throw new Error("echo is not measured in multiplexed mode");
    const form = order.form === "mux-proto" ? protoForm : jsonForm;
    this.#form = form;
    this.#order = order;
    this.#onFirst = onFirst;
    this.#streams = Array.from({ length: order.streams ?? 1 }, () => new TickCheck(form.encoding));
    this.request = handshake("/-/stream", order, form.protocol);
  }

  get frames(): number {
    return this.#streams.reduce((sum, stream) => sum + stream.count, 0);
  }

  takeLatencies(): readonly number[] {
    return [];
  }

  /** All in one flight, as the protocol allows. */
  begin(): void {
    const { task, count = 0 } = this.#order;
    const open = { method: task === "flood" ? floodMethod : holdMethod, credit, count };
    const opens = this.#streams.map((_, at) => this.#form.open(at + 1, open));
    this.send(Buffer.concat([this.#form.init(), ...opens]));
  }

  protected onData(_: number, bytes: Buffer, start: number, end: number): void {
    const message = this.#form.readMessage(bytes, start, end);
    if (message !== undefined) {
      this.#take(bytes, message);
      return;
    }
    if (this.#form.isEnd(bytes, start, end) && ++this.#ended === this.#streams.length) this.leave();
  }

  #take(
    bytes: Buffer,
    { id, start, end }: { readonly id: number; readonly start: number; readonly end: number },
  ): void {
    const stream = this.#streams[id - 1];
    if (stream === undefined) throw new Error(`a message for the stream ${id}, which was not opened`);
    stream.take(bytes, start, end);
    if (stream.count === 1 && ++this.#begun === this.#streams.length) this.#onFirst();
    if (stream.count % portion === 0) this.send(this.#form.credit(id, portion));
  }
}
