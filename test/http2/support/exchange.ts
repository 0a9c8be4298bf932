// One request on a stream of the engine, gathered into a promise.
import type {
  Http2Connection,
  Http2Stream,
  OutgoingHeaders,
  StreamHandlers,
  StreamReset,
} from "../../../src/http2/contract.ts";
import type { HeaderList } from "../../../src/http2/decoded-block.ts";

export interface Answer {
  readonly headers: HeaderList;
  readonly body: Buffer;
  readonly trailers: HeaderList | undefined;
}

export class ResetError extends Error {
  readonly reset: StreamReset;

  constructor(reset: StreamReset) {
    super(reset.message);
    this.reset = reset;
  }
}

export class Exchange implements StreamHandlers {
  readonly answer: Promise<Answer>;
  readonly stream: Http2Stream;
  readonly #chunks: Buffer[] = [];
  #headers: HeaderList = [];
  #resolve!: (answer: Answer) => void;
  #reject!: (error: Error) => void;
  #drained: () => void = () => undefined;

  constructor(connection: Http2Connection, headers: OutgoingHeaders, endStream = true) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.answer.catch(() => undefined);
    const stream = connection.request(headers, this, endStream);
    if (stream === undefined) throw new Error("no stream available");
    this.stream = stream;
  }

  onHeaders(headers: HeaderList): void {
    this.#headers = headers;
  }

  onData(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk));
    this.stream.consume(chunk.length);
  }

  onEnd(trailers: HeaderList | undefined): void {
    this.#resolve({ headers: this.#headers, body: Buffer.concat(this.#chunks), trailers });
  }

  onReset(reset: StreamReset): void {
    this.#reject(new ResetError(reset));
  }

  onDrain(): void {
    this.#drained();
  }

  /** Sends in pieces, waiting whenever there is no room. */
  async send(bytes: Buffer, pieceBytes: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const end = at + pieceBytes >= bytes.length;
      const drained = new Promise<void>((resolve) => (this.#drained = resolve));
      if (!this.stream.sendData(bytes.subarray(at, at + pieceBytes), end) && !end) await drained;
    }
  }
}

export function get(path: string): HeaderList {
  return [":method", "GET", ":scheme", "http", ":authority", "test", ":path", path];
}

export function post(path: string): HeaderList {
  return [":method", "POST", ":scheme", "http", ":authority", "test", ":path", path];
}
