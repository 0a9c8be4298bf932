// Lines of a chunked HTTP/1.1 body (RFC 9112 section 7.1) off a connection, handed on where they lie.

/** The line, without its end, lies between `start` and `end`. */
export type OnLine = (bytes: Buffer, start: number, end: number) => void;

const nothing = Buffer.alloc(0);
const newline = 0x0a;

export class LineScanner {
  readonly #onLine: OnLine;
  #begun: Buffer = nothing;
  #state: "size" | "data" | "after" = "size";
  /** Of the chunk: what its size says so far, then what is still to come of it. */
  #left = 0;
  /** The last chunk, of no length, has come. */
  isAtEnd = false;

  constructor(onLine: OnLine) {
    this.#onLine = onLine;
  }

  /** The bytes may be reused afterwards. Throws where no chunk size is. */
  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.isAtEnd) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        this.#readLines(bytes, at, end);
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#state = "after";
      } else this.#readByte(bytes[at++]);
    }
  }

  #readByte(byte: number): void {
    if (this.#state === "after") {
      if (byte === newline) this.#state = "size";
    } else if (byte === newline) {
      this.#state = "data";
      this.isAtEnd = this.#left === 0;
    } else if (byte !== 0x0d) {
      const digit = Number.parseInt(String.fromCharCode(byte), 16);
      if (Number.isNaN(digit)) throw new Error(`a chunk size with the byte ${byte}`);
      this.#left = this.#left * 16 + digit;
    }
  }

  #readLines(bytes: Buffer, from: number, to: number): void {
    let at = from;
    for (;;) {
      const end = bytes.indexOf(newline, at);
      if (end < 0 || end >= to) break;
      if (this.#begun.length === 0) this.#onLine(bytes, at, end);
      else {
        const line = Buffer.concat([this.#begun, bytes.subarray(at, end)]);
        this.#begun = nothing;
        this.#onLine(line, 0, line.length);
      }
      at = end + 1;
    }
    if (at < to) this.#begun = Buffer.concat([this.#begun, bytes.subarray(at, to)]);
  }
}
