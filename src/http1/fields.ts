// Reads header lines, and the trailer lines of a chunked body, byte by byte where they lie; goes on where it stopped when more has come.
import { colon, cr, flags, lf, space, tab, tokenFlag, valueFlag } from "./characters.ts";
import { failure } from "./failure.ts";
import type { Http1Failure } from "./failure.ts";

export interface FieldLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
}

const Phase = { name: 0, space: 1, value: 2, lineEnd: 3, lastLineEnd: 4 } as const;

/** Strict: `name ":" OWS value OWS CR LF`, nothing else ends a line, no folding (RFC 9112 section 5). One reader reads one section. */
export class FieldReader {
  /** Which fields have a tab behind their value: white space that not every parser takes off. */
  tabbed: number[] | undefined;
  /** Bytes of the section, with the empty line, once it is complete. */
  length = 0;
  #phase: number = Phase.name;
  /** Offsets from the start of the section. */
  #at = 0;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;
  /** For each field: start and end of the name, start and end of the value. */
  readonly #marks: number[] = [];

  get count(): number {
    return this.#marks.length / 4;
  }

  /** True when the section is complete, false when more is needed. `start` is always where the section starts. */
  read(bytes: Uint8Array, start: number, end: number, limits: FieldLimits): Http1Failure | boolean {
    const done = this.#scan(bytes, start, end);
    if (typeof done !== "boolean") return done;
    // The empty line at the end is nobody's header.
    if (this.#at - 2 > limits.maxHeaderBytes) return failure("headers-too-large");
    if (this.count > limits.maxHeaderCount) return failure("too-many-headers");
    return done;
  }

  /** `[name, value, …]` of the complete section. */
  toList(bytes: Buffer, start: number): string[] {
    const text = bytes.toString("latin1", start, start + this.length);
    const list: string[] = [];
    const marks = this.#marks;
    for (let i = 0; i < marks.length; i += 4)
      list.push(text.slice(marks[i], marks[i + 1]), text.slice(marks[i + 2], marks[i + 3]));
    return list;
  }

  #scan(bytes: Uint8Array, start: number, end: number): Http1Failure | boolean {
    let at = start + this.#at;
    while (at < end) {
      switch (this.#phase) {
        case Phase.name:
          while (at < end && (flags[bytes[at]] & tokenFlag) !== 0) at++;
          if (at === end) break;
          if (bytes[at] === colon && at - start > this.#nameStart) {
            this.#nameEnd = at - start;
            this.#phase = Phase.space;
          } else if (bytes[at] === cr && at - start === this.#nameStart) this.#phase = Phase.lastLineEnd;
          else return failure(bytes[at] === lf ? "line-end" : "header");
          at++;
          break;
        case Phase.space:
          while (at < end && (bytes[at] === space || bytes[at] === tab)) at++;
          if (at === end) break;
          this.#valueStart = at - start;
          this.#phase = Phase.value;
          break;
        case Phase.value:
          while (at < end && (flags[bytes[at]] & valueFlag) !== 0) at++;
          if (at === end) break;
          if (bytes[at] !== cr) return failure(bytes[at] === lf ? "line-end" : "header");
          this.#mark(bytes, start, at);
          at++;
          break;
        case Phase.lineEnd:
          if (bytes[at] !== lf) return failure("line-end");
          at++;
          this.#nameStart = at - start;
          this.#phase = Phase.name;
          break;
        default:
          if (bytes[at] !== lf) return failure("line-end");
          this.#at = this.length = at + 1 - start;
          return true;
      }
    }
    this.#at = at - start;
    return false;
  }

  /** A field is complete but for its line feed; white space at the end is not of the value. */
  #mark(bytes: Uint8Array, start: number, end: number): void {
    const valueStart = this.#valueStart;
    let valueEnd = end - start;
    let hasTab = false;
    for (; valueEnd > valueStart; valueEnd--) {
      const byte = bytes[start + valueEnd - 1];
      if (byte === tab) hasTab = true;
      else if (byte !== space) break;
    }
    if (hasTab) (this.tabbed ??= []).push(this.count);
    this.#marks.push(this.#nameStart, this.#nameEnd, valueStart, valueEnd);
    this.#phase = Phase.lineEnd;
  }
}
