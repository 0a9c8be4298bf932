// The log's way out: writes one piece after the other behind the calls' backs, bounded in what waits; a full disk is waited for, not an end.
import { close, open, openSync, write, writeSync } from "node:fs";

export interface OutletOptions {
  /** The path of a file that is appended to, or what is open for good. */
  readonly target: string | number;
  /** What is more is not taken. */
  readonly maxWaitingBytes: number;
  /** The piece is written to its end: its memory may be used again. */
  readonly onWritten: (piece: Buffer) => void;
  /** What was taken, and will not be written any more. */
  readonly onLost: (lines: Buffer) => void;
}

/** Where there is no room, as on a full disk or in a pipe that is read slowly, it is tried again after this. */
const retryMs = 100;
export const lineEnd = 0x0a;
/** Whom calls name is not for everybody on the machine. */
const fileMode = 0o640;

export class Outlet {
  readonly #options: OutletOptions;
  #fd: number;
  /** Whole lines each. The first is being written, and the others are after it. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Bytes of the first that are. */
  #written = 0;
  /** Ends by calling back. */
  #underWay: "write" | "open" | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isToOpenAnew = false;
  #onEnd: (() => void) | undefined;
  #isOver = false;

  /** Throws the system's error for a file that cannot be written. */
  constructor(options: OutletOptions) {
    const { target } = options;
    this.#options = options;
    this.#fd = typeof target === "number" ? target : openSync(target, "a", fileMode);
  }

  /** Whole lines; they are not to be changed before `onWritten`. Answers whether they were taken. */
  write(lines: Buffer): boolean {
    if (this.#isOver || this.#waitingBytes + lines.length > this.#options.maxWaitingBytes) return false;
    this.#waiting.push(lines);
    this.#waitingBytes += lines.length;
    this.#go();
    return true;
  }

  /** For a file that was moved away. Where it cannot be opened, lines go on to the one before. */
  reopen(): void {
    if (this.#isOver || typeof this.#options.target === "number") return;
    this.#isToOpenAnew = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#go();
  }

  /** Writes what waits, but not for longer than the time. Takes nothing more after it. */
  close(timeoutMs: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#end(), timeoutMs);
      this.#onEnd = () => {
        clearTimeout(cut);
        resolve();
      };
      this.#go();
    });
  }

  /** Writes what waits, and `last` after it. Tries once; what is being written at this moment is left to who writes it. Never throws. */
  flushNow(last: Buffer): void {
    if (this.#isOver) {
      this.#options.onLost(last);
      return;
    }
    const isWriting = this.#underWay === "write";
    const rest = [...this.#waiting.splice(isWriting ? 1 : 0), last];
    let at = isWriting ? 0 : this.#written;
    try {
      for (const lines of rest) {
        while (at < lines.length) at += writeSync(this.#fd, lines, at);
        at = 0;
      }
    } catch {
      // There is nobody left to tell.
    }
    if (!isWriting) this.#written = 0;
    this.#waitingBytes = isWriting ? this.#waiting[0].length - this.#written : 0;
  }

  /** What is next, unless something is under way. */
  #go(): void {
    if (this.#underWay !== undefined || this.#isOver || this.#retry !== undefined) return;
    if (this.#isToOpenAnew) this.#open();
    else if (this.#waiting.length > 0) this.#writeFirst(this.#waiting[0]);
    else if (this.#onEnd !== undefined) this.#end();
  }

  #writeFirst(lines: Buffer): void {
    this.#underWay = "write";
    write(this.#fd, lines, this.#written, lines.length - this.#written, null, (error, bytes) => {
      this.#underWay = undefined;
      if (this.#isOver) this.#closeFile();
      else if (error === null) this.#advance(lines, bytes);
      else this.#fail(error);
    });
  }

  #advance(lines: Buffer, bytes: number): void {
    this.#written += bytes;
    this.#waitingBytes -= bytes;
    if (this.#written === lines.length) {
      this.#waiting.shift();
      this.#written = 0;
      this.#options.onWritten(lines);
    }
    this.#go();
  }

  #fail(error: NodeJS.ErrnoException): void {
    // Nobody reads any more, and nobody will.
    if (error.code === "EPIPE") {
      this.#end();
      return;
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#go();
    }, retryMs).unref();
    if (this.#isToOpenAnew) this.reopen();
  }

  #open(): void {
    this.#underWay = "open";
    this.#isToOpenAnew = false;
    open(String(this.#options.target), "a", fileMode, (error, fd) => {
      this.#underWay = undefined;
      if (error === null) {
        this.#closeFile();
        this.#fd = fd;
        this.#rewind();
      }
      if (this.#isOver) this.#closeFile();
      else this.#go();
    });
  }

  /** A line that is half in the file before is whole in the one after it. */
  #rewind(): void {
    if (this.#written === 0) return;
    const start = this.#waiting[0].lastIndexOf(lineEnd, this.#written - 1) + 1;
    this.#waitingBytes += this.#written - start;
    this.#written = start;
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#retry);
    const lost = this.#waiting.splice(0);
    lost.forEach((lines, index) => this.#options.onLost(index === 0 ? lines.subarray(this.#written) : lines));
    this.#written = 0;
    if (this.#underWay === undefined) this.#closeFile();
    this.#onEnd?.();
  }

  #closeFile(): void {
    if (typeof this.#options.target === "string") close(this.#fd, () => {});
  }
}
