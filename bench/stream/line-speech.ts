// Streams over plain HTTP: newline-delimited JSON and server-sent events.
import { LineScanner } from "./line-scanner.ts";
import type { OpenOrder } from "./order.ts";
import { type Speech, targetOf } from "./speech.ts";
import { TickCheck } from "./tick-check.ts";

const mediaTypes = { ndjson: "application/x-ndjson", sse: "text/event-stream" };
/** `data: ` */
const dataField = 6;

export class LineSpeech implements Speech {
  readonly request: string;
  readonly status = 200;
  readonly closeCode = 0;
  readonly #isEvents: boolean;
  readonly #onFirst: () => void;
  readonly #check: TickCheck;
  readonly #scanner = new LineScanner((bytes, start, end) => this.#onLine(bytes, start, end));
  readonly fault = undefined;
  /** In an event that is not a message. */
  #isOtherEvent = false;

  constructor(order: OpenOrder, onFirst: () => void) {
    if (order.task === "echo") throw new Error("echo is not measured over plain HTTP");
    this.#isEvents = order.form === "sse";
    this.#onFirst = onFirst;
    this.#check = new TickCheck(order.isWrapped === true ? "result" : "json");
    const accept = mediaTypes[this.#isEvents ? "sse" : "ndjson"];
    const target = targetOf(order);
    this.request = `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${order.port}\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`;
  }

  get frames(): number {
    return this.#check.count;
  }

  begin(): void {}

  read(chunk: Buffer): void {
    this.#scanner.read(chunk);
  }

  takeLatencies(): readonly number[] {
    return [];
  }

  goodbye(): undefined {
    return undefined;
  }

  #onLine(bytes: Buffer, start: number, end: number): void {
    if (!this.#isEvents) {
      this.#take(bytes, start, end);
      return;
    }
    // WHATWG HTML section 9.2.6: `data`, `event`, an empty line at an event's end; comments and other fields have no message.
    const first = bytes[start];
    if (start === end) this.#isOtherEvent = false;
    else if (first === 0x65) this.#isOtherEvent = true;
    else if (first === 0x64 && !this.#isOtherEvent) this.#take(bytes, start + dataField, end);
    else if (first === 0x64) this.#checkStatus(bytes.toString("utf8", start + dataField, end));
  }

  #take(bytes: Buffer, start: number, end: number): void {
    this.#check.take(bytes, start, end);
    if (this.#check.count === 1) this.#onFirst();
  }

  #checkStatus(data: string): void {
    const { code } = JSON.parse(data) as { readonly code?: number };
    if (code !== 0) throw new Error(`the stream failed: ${data}`);
  }
}
