// A walk over the JSON text of a frame: where its values lie, without making objects of them. Messages in it stay bytes.
import type { KnownWords } from "./known-words.ts";
import { FrameFault } from "./mux-frame.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** A cursor and the ends of the last value it stepped over. One walk at a time. */
export class JsonScan {
  #bytes: Buffer = Buffer.alloc(0);
  #pos = 0;
  #end = 0;
  /** Of the last value or name, quotes included. */
  start = 0;
  stop = 0;
  /** Whether the last string has an escape in it. */
  #hasEscape = false;

  open(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
  }

  /** Lets go of the bytes. */
  close(): void {
    this.#bytes = nothing;
  }

  /** Goes into an object; answers whether it has a member. */
  enterObject(what: string): boolean {
    if (this.#peek() !== OPEN_BRACE) throw this.#fault(`${what} must be a JSON object`);
    this.#pos++;
    if (this.#peek() !== CLOSE_BRACE) return true;
    this.#pos++;
    return false;
  }

  /** The name of a member and the colon behind it; `start` and `stop` are those of the name without its quotes. */
  name(): void {
    if (this.#peek() !== QUOTE) throw this.#fault("expected a name in quotes");
    this.#string();
    const start = this.start + 1;
    const stop = this.stop - 1;
    if (this.#peek() !== COLON) throw this.#fault(`expected ":"`);
    this.#pos++;
    this.start = start;
    this.stop = stop;
  }

  /** Which of these words the name just read is; -1 for none. */
  nameIn(words: KnownWords): number {
    if (!this.#hasEscape) return words.find(this.#bytes, this.start, this.stop);
    const name = Buffer.from(this.nameText());
    return words.find(name, 0, name.length);
  }

  /** The name just read as text; what is no JSON string fails. */
  nameText(): string {
    if (!this.#hasEscape) return this.#bytes.toString("utf8", this.start, this.stop);
    return this.#parse(this.start - 1, this.stop + 1) as string;
  }

  /** After a member: whether another follows. */
  nextMember(): boolean {
    const byte = this.#peek();
    if (byte !== COMMA && byte !== CLOSE_BRACE) throw this.#fault(`expected "," or "}"`);
    this.#pos++;
    return byte === COMMA;
  }

  /** Nothing but white space may follow. */
  finish(): void {
    if (this.#peek() >= 0) throw this.#fault("unexpected text after the frame");
  }

  /**
   * Steps over a value, by its quotes and brackets alone: whoever wants it reads it. So what is wrong inside a message is the
   * message's fault, not the frame's.
   */
  value(): void {
    const byte = this.#peek();
    this.start = this.#pos;
    if (byte === QUOTE) this.#string();
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#container();
    else this.#word();
    this.stop = this.#pos;
  }

  #container(): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let depth = 0;
    while (this.#pos < end) {
      const byte = bytes[this.#pos];
      if (byte === QUOTE) {
        this.#skipString();
        continue;
      }
      this.#pos++;
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return;
    }
    throw this.#fault("the JSON ends inside a value");
  }

  /** A number, `true`, `false`, `null`, or what is none of them. */
  #word(): void {
    const from = this.#pos;
    while (this.#pos < this.#end && !isWordEnd(this.#bytes[this.#pos])) this.#pos++;
    if (this.#pos === from) throw this.#fault("expected a value");
  }

  #string(): void {
    this.start = this.#pos;
    this.#hasEscape = this.#skipString();
    this.stop = this.#pos;
  }

  /** Answers whether there is an escape in it. */
  #skipString(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let hasEscape = false;
    let pos = this.#pos + 1;
    for (; pos < end; pos++) {
      const byte = bytes[pos];
      if (byte === QUOTE) {
        this.#pos = pos + 1;
        return hasEscape;
      }
      if (byte === BACKSLASH) {
        hasEscape = true;
        pos++;
      } else if (byte < 0x20) throw this.#faultAt(pos, "a string has a control character");
    }
    throw this.#fault("the JSON ends inside a string");
  }

  /** The next byte after white space; -1 at the end. */
  #peek(): number {
    const bytes = this.#bytes;
    while (this.#pos < this.#end) {
      const byte = bytes[this.#pos];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#pos++;
    }
    return -1;
  }

  /** A range as JavaScript values: only for what is small and of the protocol's own. */
  #parse(start: number, stop: number): unknown {
    return parseJson(this.#bytes, start, stop);
  }

  #fault(problem: string): FrameFault {
    return this.#faultAt(this.#pos, problem);
  }

  #faultAt(at: number, problem: string): FrameFault {
    return new FrameFault(`${problem}, at byte ${at} of the frame`);
  }
}

const nothing = Buffer.alloc(0);

/** Everything that may stand behind a word. */
function isWordEnd(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte === COLON;
}

/** Throws FrameFault for what is no JSON. */
export function parseJson(bytes: Buffer, start: number, stop: number): unknown {
  try {
    return JSON.parse(bytes.toString("utf8", start, stop));
  } catch {
    throw new FrameFault(`what begins at byte ${start} of the frame is not JSON`);
  }
}
