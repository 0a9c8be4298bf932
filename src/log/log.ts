// Where log lines go: standard output, standard error or a file; written behind the calls' backs, bounded in memory, flushed at the end.
import type { DestinationStream } from "pino";
import { lazily } from "../lazily.ts";
import { escapeAscii } from "../json-line.ts";
import { formatLineForPeople } from "./line-for-people.ts";
import { lineEnd, Outlet } from "./outlet.ts";

const loadPino = lazily(import.meta.url, "pino") as () => typeof import("pino");

export type Level = "debug" | "info" | "warn" | "error";

export interface LogOptions {
  /** `stdout`, `stderr`, or the path of a file that is appended to. */
  readonly output: string;
  readonly level: Level;
  /** `text` is for people. */
  readonly format: "json" | "text";
  /** Lines that wait to be written; what is more is dropped and counted. */
  readonly maxWaitingBytes: number;
}

/** Values that are undefined are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** A line of JSON, whole, in printable ASCII, without its end. Never throws. */
  writeLine(line: string): void;
  /** A line of its own making, if `level` is not below that of the log. Never throws. */
  tell(level: Level, message: string, fields?: LogFields): void;
  /** Lines that there was no room for, or no way to write. */
  readonly dropped: number;
  /** Whether it is written to a file of its own. */
  readonly isFile: boolean;
  /** Opens the file anew, when it has been moved away; nothing for other outputs. */
  reopen(): void;
  /** Writes what waits, but not for longer than the time. Never rejects. */
  close(timeoutMs?: number): Promise<void>;
  /** Writes what waits while everything else stands still: for a process that ends in the next moment. Never throws. */
  flushNow(): void;
}

/** A line is seen at the latest after this. */
const gatherMs = 20;
/** Each write is handed to another thread and back, which costs as much as writing 64 KiB to a file does. A pipe takes not more at once. */
const gatherBytes = { file: 256 * 1024, pipe: 64 * 1024 };

/** Throws the system's error for a file that cannot be written. */
export function createLog({ output, level, format, maxWaitingBytes }: LogOptions): Log {
  const written = new Output(output, maxWaitingBytes);
  const writeLine =
    format === "json"
      ? (line: string): void => written.add(line)
      : (line: string): void => written.add(formatLineForPeople(line));
  const teller = createTeller(level, writeLine);
  return {
    writeLine,
    tell: (at, message, fields = {}) => teller[at](fields, message),
    get dropped() {
      return written.dropped;
    },
    isFile: written.isFile,
    reopen: () => written.reopen(),
    close: (timeoutMs = 1000) => written.close(timeoutMs),
    flushNow: () => written.flushNow(),
  };
}

/** Lines as pino makes them, of the same form as those of calls. */
function createTeller(level: Level, writeLine: (line: string) => void) {
  const stream: DestinationStream = { write: (line) => writeLine(escapeAscii(line.trimEnd())) };
  return loadPino().pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

/** Those of this process: when it ends, each writes what it has. */
const outputs = new Set<Output>();
const flushAll = (): void => {
  for (const output of outputs) output.flushNow();
};

/** Gathers lines, so that many are written at once. */
class Output {
  dropped = 0;
  readonly isFile: boolean;
  readonly #outlet: Outlet;
  /**
   * What is written at once; what is dropped, too, so it is not much of what may wait. Lines are copied as they come: thousands
   * of pieces of text, left for later, are what a garbage collection has to carry around.
   */
  #gathered: Buffer;
  #length = 0;
  /** Another one like it, while nobody writes from it. */
  #spare: Buffer | undefined;
  /** The one that is written from. */
  #lent: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: string, maxWaitingBytes: number) {
    this.isFile = output !== "stdout" && output !== "stderr";
    const gathered = this.isFile ? gatherBytes.file : gatherBytes.pipe;
    this.#gathered = Buffer.allocUnsafeSlow(Math.floor(Math.min(gathered, maxWaitingBytes / 4)));
    this.#outlet = new Outlet({
      target: this.isFile ? output : output === "stdout" ? 1 : 2,
      maxWaitingBytes,
      onWritten: (lines) => this.#takeBack(lines),
      onLost: (lines) => this.#drop(lines),
    });
    if (outputs.size === 0) process.once("exit", flushAll);
    outputs.add(this);
  }

  /** Without its end. */
  add(line: string): void {
    const room = this.#gathered.length;
    if (line.length >= room - this.#length) this.#write();
    if (line.length >= room) {
      this.#hand(Buffer.from(`${line}\n`, "latin1"));
      return;
    }
    this.#length += this.#gathered.write(line, this.#length, "latin1");
    this.#gathered[this.#length++] = lineEnd;
    this.#timer ??= setTimeout(() => this.#write(), gatherMs).unref();
  }

  reopen(): void {
    this.#outlet.reopen();
  }

  async close(timeoutMs: number): Promise<void> {
    this.#write();
    await this.#outlet.close(timeoutMs);
    outputs.delete(this);
    if (outputs.size === 0) process.off("exit", flushAll);
  }

  flushNow(): void {
    const lines = this.#gathered.subarray(0, this.#length);
    this.#length = 0;
    this.#outlet.flushNow(lines);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#length === 0) return;
    const lines = this.#gathered.subarray(0, this.#length);
    this.#length = 0;
    // While the one before is being written, which may take for ever, not more is kept than there is to write.
    if (this.#lent !== undefined) {
      this.#hand(Buffer.from(lines));
      return;
    }
    this.#lent = this.#gathered;
    this.#gathered = this.#spare ?? Buffer.allocUnsafeSlow(this.#gathered.length);
    this.#spare = undefined;
    this.#hand(lines);
  }

  #hand(lines: Buffer): void {
    if (this.#outlet.write(lines)) return;
    this.#drop(lines);
    this.#takeBack(lines);
  }

  #takeBack(lines: Buffer): void {
    if (lines.buffer !== this.#lent?.buffer) return;
    this.#spare ??= this.#lent;
    this.#lent = undefined;
  }

  #drop(lines: Buffer): void {
    for (const byte of lines) if (byte === lineEnd) this.dropped++;
  }
}
