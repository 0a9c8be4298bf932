// One connection of the bench's clients: a handshake, then whatever comes is counted by what speaks on it.
import { connect, type Socket } from "node:net";
import { speak } from "./speak.ts";
import type { Speech } from "./speech.ts";
import type { OpenOrder } from "./order.ts";

/** All connections read into the same memory, one after the other. */
const memory = Buffer.allocUnsafeSlow(64 * 1024);
const endOfHead = Buffer.from("\r\n\r\n");
const nothing = Buffer.alloc(0);

export class ClientSocket {
  readonly #order: OpenOrder;
  readonly #socket: Socket;
  readonly #settle: (error: Error | undefined) => void;
  #speech: Speech | undefined;
  #head: Buffer | undefined = nothing;
  #isSettled = false;
  #wasClosedByUs = false;
  bytes = 0;

  /** `onOpen`: the handshake is done, and the first message of each stream is there; or it went wrong. `onEnd`: the connection has ended. */
  constructor(
    order: OpenOrder,
    onOpen: (error: Error | undefined) => void,
    onEnd: (code: number, error: Error | undefined) => void,
  ) {
    this.#order = order;
    this.#settle = (error) => {
      if (this.#isSettled) return;
      this.#isSettled = true;
      // Otherwise those that are open would be in the way of those that are not.
      if (error === undefined && order.task === "flood") this.#socket.pause();
      onOpen(error);
    };
    let fault: Error | undefined;
    this.#socket = connect({
      port: order.port,
      host: "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: memory,
        callback: (length) => {
          try {
            this.#read(memory.subarray(0, length));
          } catch (error) {
            fault ??= error as Error;
            this.#socket.destroy();
          }
          return true;
        },
      },
    });
    this.#socket.on("connect", () => this.#begin());
    this.#socket.on("error", (error) => (fault ??= error));
    this.#socket.on("end", () => this.#socket.end());
    this.#socket.on("close", () => {
      const cause = fault ?? this.#speech?.fault;
      this.#settle(cause ?? new Error("the connection ended before its first message"));
      onEnd(this.#speech?.closeCode ?? 0, this.#wasClosedByUs ? undefined : cause);
    });
  }

  get frames(): number {
    return this.#speech?.frames ?? 0;
  }

  /** µs each echo took since the last time they were taken. */
  takeLatencies(): readonly number[] {
    return this.#speech?.takeLatencies() ?? [];
  }

  /** A flood is not read before this. */
  resume(): void {
    this.#socket.resume();
  }

  /** As a client does that has had enough. */
  close(): void {
    this.#wasClosedByUs = true;
    this.#socket.resume();
    const goodbye = this.#speech?.goodbye();
    if (goodbye === undefined) this.#socket.destroy();
    else this.#socket.write(goodbye);
  }

  #begin(): void {
    this.#speech = speak(
      this.#order,
      (bytes) => this.#socket.write(bytes),
      () => this.#settle(undefined),
    );
    this.#socket.write(this.#speech.request);
  }

  #read(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.#head === undefined) {
      this.#speech?.read(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(endOfHead);
    if (end < 0) return;
    const head = this.#head.toString("latin1", 0, end);
    const rest = this.#head.subarray(end + endOfHead.length);
    if (!head.startsWith(`HTTP/1.1 ${this.#speech?.status} `))
      throw new Error(`the handshake was answered with ${head.split("\r\n")[0]} ${rest.toString("latin1", 0, 200)}`);
    this.#head = undefined;
    this.#speech?.begin();
    if (rest.length > 0) this.#speech?.read(rest);
  }
}
