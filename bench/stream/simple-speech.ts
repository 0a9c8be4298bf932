// Simple mode: one call on a socket, a frame is a message.
import { echoFrames, echoSequence } from "./echo-frames.ts";
import { clientFrame } from "./frame-scanner.ts";
import type { OpenOrder } from "./order.ts";
import { opcodes, SocketSpeech } from "./socket-speech.ts";
import { handshake, type Speech, targetOf } from "./speech.ts";
import { TickCheck } from "./tick-check.ts";

export class SimpleSpeech extends SocketSpeech implements Speech {
  readonly request: string;
  readonly #order: OpenOrder;
  readonly #opcode: number;
  readonly #check: TickCheck;
  readonly #onFirst: () => void;
  readonly #echo: readonly Buffer[] | undefined;
  #sent = 0;
  /** When the messages under way were sent, oldest first. */
  readonly #sentAt: number[] = [];
  #latencies: number[] = [];
  #batch: Buffer[] = [];

  constructor(order: OpenOrder, send: (bytes: Buffer) => void, onFirst: () => void) {
    super(send);
    const isProto = order.form === "simple-proto";
    this.#order = order;
    this.#onFirst = onFirst;
    this.#opcode = isProto ? opcodes.binary : opcodes.text;
    this.request = handshake(targetOf(order), order);
    const isEcho = order.task === "echo";
    const encoding = isProto ? "proto" : order.isWrapped === true ? "result" : "json";
    this.#check = new TickCheck(encoding, isEcho ? echoSequence : undefined);
    if (isEcho) this.#echo = echoFrames(order.form, (message) => clientFrame(this.#opcode, message), isProto);
  }

  get frames(): number {
    return this.#check.count;
  }

  begin(): void {
    if (this.#echo === undefined) return;
    for (let sent = 0; sent < (this.#order.inFlight ?? 1); sent++) this.#next(this.#echo);
    this.#flush();
  }

  override read(chunk: Buffer): void {
    super.read(chunk);
    this.#flush();
  }

  protected onData(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode !== this.#opcode || (opcode === opcodes.text && isStatus(bytes, start, end))) {
      throw new Error(`an unexpected frame: ${bytes.toString("utf8", start, Math.min(end, start + 300))}`);
    }
    this.#check.take(bytes, start, end);
    if (this.#check.count === 1) this.#onFirst();
    if (this.#echo === undefined) return;
    this.#latencies.push(performance.now() - (this.#sentAt.shift() ?? 0));
    this.#next(this.#echo);
  }

  takeLatencies(): readonly number[] {
    const taken = this.#latencies;
    this.#latencies = [];
    return taken.map((milliseconds) => milliseconds * 1000);
  }

  #next(frames: readonly Buffer[]): void {
    this.#batch.push(frames[this.#sent++ % frames.length]);
    this.#sentAt.push(performance.now());
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    this.send(this.#batch.length === 1 ? this.#batch[0] : Buffer.concat(this.#batch));
    this.#batch = [];
  }
}

/** `{"@status":…`: the call has failed. */
function isStatus(bytes: Buffer, start: number, end: number): boolean {
  return end - start > 3 && bytes[start + 2] === 0x40;
}
