// What both WebSocket modes have in common: control frames, the close, an error that the server tells.
import { clientFrame, FrameScanner } from "./frame-scanner.ts";

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export abstract class SocketSpeech {
  readonly status = 101;
  readonly #scanner = new FrameScanner((opcode, bytes, start, end) => this.#onFrame(opcode, bytes, start, end));
  readonly #send: (bytes: Buffer) => void;
  #isClosing = false;
  closeCode = 0;
  fault: Error | undefined;

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send;
  }

  /** A text or binary frame. */
  protected abstract onData(opcode: number, bytes: Buffer, start: number, end: number): void;

  protected send(frames: Buffer): void {
    if (!this.#isClosing) this.#send(frames);
  }

  /** Goes as a client does that has had all it wanted. */
  protected leave(): void {
    this.#send(this.goodbye());
  }

  read(chunk: Buffer): void {
    this.#scanner.read(chunk);
  }

  goodbye(): Buffer {
    this.#isClosing = true;
    return clientFrame(opcodes.close, Buffer.from([0x03, 0xe8]));
  }

  #onFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === opcodes.text || opcode === opcodes.binary) {
      this.onData(opcode, bytes, start, end);
      return;
    }
    const payload = bytes.subarray(start, end);
    if (opcode === opcodes.ping) this.send(clientFrame(opcodes.pong, payload));
    if (opcode !== opcodes.close) return;
    this.closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
    if (this.closeCode !== 1000)
      this.fault ??= new Error(`closed with ${this.closeCode} ${payload.toString("utf8", 2)}`);
    // The answer, unless this is the answer.
    this.send(clientFrame(opcodes.close, payload.subarray(0, 2)));
    this.#isClosing = true;
  }
}
