// Writes the heads of answers, and their chunks, as text and bytes for the socket.
import { STATUS_CODES } from "node:http";
import { allocate } from "../slab.ts";
import type { HeaderList } from "./contract.ts";

const statusLines: string[] = [];

export function statusLine(status: number): string {
  return (statusLines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`);
}

const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// oxlint-disable-next-line no-control-regex -- control characters are what it finds
const notInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Names once found right; answers have few. */
const rightNames = new Set<string>();
const mostNames = 1024;

interface Line {
  readonly name: string;
  readonly value: string;
  /** All lines from the first to this one. */
  upToHere: string;
}

/** Most answers have the headers of the one before, or all but the last: what is the same is written, and checked, once. */
const lastLines: Line[] = [];

/** The lines of a list; undefined where a name or value is not allowed, or could split the answer. */
export function headerLines(headers: HeaderList): string | undefined {
  let text = "";
  let isNew = false;
  for (let at = 0; at * 2 < headers.length; at++) {
    const name = headers[at * 2];
    const value = headers[at * 2 + 1];
    const last = at < lastLines.length ? lastLines[at] : undefined;
    if (last !== undefined && last.value === value && last.name === name) {
      if (isNew) last.upToHere = `${text}${name}: ${value}\r\n`;
      text = last.upToHere;
      continue;
    }
    isNew = true;
    if (!isName(name) || notInValue.test(value)) {
      lastLines.length = at;
      return undefined;
    }
    text = `${text}${name}: ${value}\r\n`;
    lastLines[at] = { name, value, upToHere: text };
  }
  // What a longer list before it had behind is written up to there with other lines.
  if (isNew) lastLines.length = headers.length >> 1;
  return text;
}

function isName(text: string): boolean {
  if (rightNames.has(text)) return true;
  if (!namePattern.test(text)) return false;
  if (rightNames.size < mostNames) rightNames.add(text);
  return true;
}

/** Without a body, and without a Content-Length, whatever the answer (RFC 9110 section 6.4.1). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 304 || status < 200;
}

let date = "";
let dateSecond = -1;

/** The Date line, made anew once a second. */
export function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = `Date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return date;
}

export function connectionLines(isLast: boolean, keepAliveLines: string): string {
  return isLast ? "Connection: close\r\n" : keepAliveLines;
}

/** The beginning of an answer's head, which many have in common: all but its length. */
export interface HeadStart {
  readonly status: number;
  readonly lines: string;
  readonly connection: string;
}

interface LastStart extends HeadStart {
  readonly date: string;
  /** From the second time on. */
  bytes: Buffer | undefined;
}

let lastStart: LastStart | undefined;

/** As bytes where the answer before had the same: to copy them costs less than to put the text together and write it. */
export function headStart({ status, lines, connection }: HeadStart): string | Buffer {
  const now = dateLine();
  const last = lastStart;
  const isSame = last?.lines === lines && last.status === status && last.date === now && last.connection === connection;
  if (isSame) return (last.bytes ??= Buffer.from(statusLine(status) + lines + now + connection, "latin1"));
  lastStart = { status, lines, connection, date: now, bytes: undefined };
  return statusLine(status) + lines + now + connection;
}

/** Bodies up to this size are copied behind their head: one system call with one buffer. */
const longestCopied = 16 * 1024;

interface Sink {
  cork(): void;
  uncork(): void;
  write(data: string | Uint8Array, encoding?: BufferEncoding): boolean;
}

/** Head and body in one write. */
export function writeAnswer(sink: Sink, start: string | Buffer, end: string, body: Uint8Array | undefined): boolean {
  if (typeof start === "string") return writeTogether(sink, start + end, body);
  const bodyLength = body === undefined ? 0 : body.length;
  const isCopied = bodyLength <= longestCopied;
  const whole = allocate(start.length + end.length + (isCopied ? bodyLength : 0));
  whole.set(start);
  whole.write(end, start.length, "latin1");
  if (body === undefined) return sink.write(whole);
  if (isCopied) {
    whole.set(body, start.length + end.length);
    return sink.write(whole);
  }
  return writeBoth(sink, whole, body);
}

/** As `writeAnswer`, of a head that is like no other. */
export function writeTogether(sink: Sink, head: string, body: Uint8Array | undefined): boolean {
  if (body === undefined || body.length === 0) return sink.write(head, "latin1");
  if (body.length <= longestCopied) {
    const whole = allocate(head.length + body.length);
    whole.write(head, "latin1");
    whole.set(body, head.length);
    return sink.write(whole);
  }
  return writeBoth(sink, Buffer.from(head, "latin1"), body);
}

function writeBoth(sink: Sink, head: Buffer, body: Uint8Array): boolean {
  sink.cork();
  sink.write(head);
  const hasRoom = sink.write(body);
  sink.uncork();
  return hasRoom;
}

const chunkEnd = Buffer.from("\r\n");

export function writeChunk(sink: Sink, chunk: Uint8Array): boolean {
  const size = `${chunk.length.toString(16)}\r\n`;
  if (chunk.length <= longestCopied) {
    const whole = allocate(size.length + chunk.length + 2);
    whole.write(size, "latin1");
    whole.set(chunk, size.length);
    whole.write("\r\n", size.length + chunk.length, "latin1");
    return sink.write(whole);
  }
  sink.write(size, "latin1");
  sink.write(chunk);
  return sink.write(chunkEnd);
}
