// Whether a stream brings the ticks it should: all are counted, some are looked at, and those tell whether one was lost before.
import assert from "node:assert/strict";
import { tick, tickBytes } from "../corpus/stream-messages.ts";

/** How a message is written: as JSON, as JSON in grpc-gateway's `{"result": …}`, as protobuf bytes. */
export type Encoding = "json" | "result" | "proto";

/** Every so many messages, beginning with the first. */
const lookEvery = 1000;

export class TickCheck {
  readonly #encoding: Encoding;
  readonly #sequenceOf: (count: number) => number;
  count = 0;

  /** `sequenceOf` the message that is the so-manyth, from 1; the number itself by default. */
  constructor(encoding: Encoding, sequenceOf: (count: number) => number = (count) => count) {
    this.#encoding = encoding;
    this.#sequenceOf = sequenceOf;
  }

  /** Throws for a message that is not the expected one. */
  take(bytes: Buffer, start: number, end: number): void {
    if (this.count++ % lookEvery === 0) this.#look(bytes.subarray(start, end));
  }

  #look(message: Buffer): void {
    const sequence = this.#sequenceOf(this.count);
    if (this.#encoding === "proto") {
      assert.ok(
        message.equals(tickBytes(sequence)),
        `message ${this.count} has other bytes: ${message.toString("hex")}`,
      );
      return;
    }
    const read = JSON.parse(message.toString()) as { readonly result?: unknown };
    const found = this.#encoding === "result" ? read.result : read;
    assert.deepEqual(found, tick(sequence), `message ${this.count} is another one: ${message.toString()}`);
  }
}
