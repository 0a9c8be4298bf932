// JSON text → a frame of the client. The message in it stays the bytes it is, for the reader of its type: 64-bit integers and duplicate keys survive.
import { emptyMetadata } from "../../metadata.ts";
import type { Metadata } from "../../metadata.ts";
import { KnownWords } from "./known-words.ts";
import { FrameFault, largestInteger, longestAuth, longestPing } from "./mux-frame.ts";
import type { ClientFrame, OpenFrame } from "./mux-frame.ts";
import { JsonScan, parseJson } from "./mux-json-scan.ts";

/** The keys there are, and where their values are noted. */
const keys = [
  "t",
  "id",
  "m",
  "n",
  "d",
  "end",
  "auth",
  "path",
  "method",
  "credit",
  "client",
  "timeout",
  "metadata",
] as const;
type Key = (typeof keys)[number];

const keyWords = new KnownWords(keys);
const at = Object.fromEntries(keys.map((key, index) => [key, index])) as Readonly<Record<Key, number>>;

const kinds = ["msg", "credit", "open", "end", "cancel", "init", "auth", "ping", "pong"] as const;
const kindWords = new KnownWords(kinds);

const scan = new JsonScan();
const nested = new JsonScan();

/** One frame's members: where each known value begins and ends, -1 where there is none. One frame at a time. */
class Members {
  bytes: Buffer = Buffer.alloc(0);
  readonly #starts = new Int32Array(keys.length);
  readonly #stops = new Int32Array(keys.length);

  read(bytes: Buffer): void {
    this.bytes = bytes;
    this.#starts.fill(-1);
    scan.open(bytes, 0, bytes.length);
    let more = scan.enterObject("a frame");
    while (more) {
      scan.name();
      const index = scan.nameIn(keyWords);
      scan.value();
      if (index >= 0) this.#note(index);
      more = scan.nextMember();
    }
    scan.finish();
  }

  #note(index: number): void {
    if (this.#starts[index] >= 0) throw new FrameFault(`"${keys[index]}" occurs twice in a frame`);
    this.#starts[index] = scan.start;
    this.#stops[index] = scan.stop;
  }

  has(key: Key): boolean {
    return this.#starts[at[key]] >= 0;
  }

  /** The value of `t`. */
  kind(): string | undefined {
    const start = this.#starts[at.t];
    const isText = start >= 0 && this.bytes[start] === 0x22;
    const index = isText ? kindWords.find(this.bytes, start + 1, this.#stops[at.t] - 1) : -1;
    return index >= 0 ? kinds[index] : this.text("t", 16);
  }

  /** As it stands. */
  range(key: Key): Buffer | undefined {
    const start = this.#starts[at[key]];
    return start < 0 ? undefined : this.bytes.subarray(start, this.#stops[at[key]]);
  }

  text(key: Key, longest: number): string | undefined {
    const start = this.#starts[at[key]];
    if (start < 0) return undefined;
    const stop = this.#stops[at[key]];
    const value = this.bytes[start] === 0x22 ? this.#textAt(start, stop) : undefined;
    if (typeof value !== "string") throw new FrameFault(`"${key}" must be a string`);
    if (value.length > longest) throw new FrameFault(`"${key}" is longer than ${longest} characters`);
    return value;
  }

  #textAt(start: number, stop: number): unknown {
    // The names of frames and methods have no escapes, and JSON.parse costs more than all the rest of a small frame.
    const { bytes } = this;
    for (let i = start + 1; i < stop - 1; i++)
      if (bytes[i] === 0x5c || bytes[i] > 0x7e) return parseJson(bytes, start, stop);
    return bytes.toString("latin1", start + 1, stop - 1);
  }

  integer(key: Key, least: number): number | undefined {
    const start = this.#starts[at[key]];
    if (start < 0) return undefined;
    const stop = this.#stops[at[key]];
    let value = 0;
    let isDigits = stop - start <= 10 && (this.bytes[start] !== 0x30 || stop - start === 1);
    for (let i = start; i < stop && isDigits; i++) {
      const digit = this.bytes[i] - 0x30;
      isDigits = digit >= 0 && digit <= 9;
      value = value * 10 + digit;
    }
    if (!isDigits || value < least || value > largestInteger)
      throw new FrameFault(`"${key}" must be an integer from ${least} to ${largestInteger}, in digits alone`);
    return value;
  }

  flag(key: Key): boolean {
    const value = this.range(key)?.toString("latin1");
    if (value !== undefined && value !== "true" && value !== "false")
      throw new FrameFault(`"${key}" must be true or false`);
    return value === "true";
  }

  /** `[name, value, …]`; whether they may be metadata is judged later. */
  metadata(): Metadata {
    const start = this.#starts[at.metadata];
    if (start < 0) return emptyMetadata;
    const metadata: string[] = [];
    nested.open(this.bytes, start, this.#stops[at.metadata]);
    let more = nested.enterObject(`"metadata"`);
    while (more) {
      nested.name();
      const name = nested.nameText();
      nested.value();
      const value = parseJson(this.bytes, nested.start, nested.stop);
      for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
        if (typeof one !== "string")
          throw new FrameFault(`"metadata" must have strings or arrays of strings as its values`);
        metadata.push(name, one);
      }
      more = nested.nextMember();
    }
    return metadata;
  }
}

const members = new Members();

export function readJsonFrame(bytes: Buffer): ClientFrame {
  try {
    members.read(bytes);
    return toFrame();
  } finally {
    members.bytes = nothing;
    scan.close();
    nested.close();
  }
}

const nothing = Buffer.alloc(0);

function toFrame(): ClientFrame {
  const kind = members.kind();
  switch (kind) {
    case "msg":
      return { kind, id: id(kind), message: members.range("m") ?? missing(kind, "m") };
    case "credit":
      return { kind, id: id(kind), n: members.integer("n", 1) ?? missing(kind, "n") };
    case "open":
      return toOpen();
    case "end":
    case "cancel":
      return { kind, id: id(kind) };
    case "init":
      checkClient();
      return { kind, auth: members.text("auth", longestAuth), metadata: members.metadata() };
    case "auth":
      return { kind, auth: members.text("auth", longestAuth) ?? missing(kind, "auth") };
    case "ping":
      return { kind, d: toEcho() };
    case "pong":
      return { kind };
    case undefined:
      throw new FrameFault(`a frame without "t"`);
    default:
      throw new FrameFault(`${JSON.stringify(kind)} is no frame of a client; see "t" in docs/websocket.md`);
  }
}

function toOpen(): OpenFrame {
  return {
    kind: "open",
    id: id("open"),
    method: members.text("method", Infinity),
    path: members.text("path", Infinity),
    credit: members.integer("credit", 0) ?? 1,
    metadata: members.metadata(),
    timeout: members.text("timeout", Infinity),
    message: members.range("m"),
    end: members.flag("end"),
  };
}

function id(kind: string): number {
  return members.integer("id", 1) ?? missing(kind, "id");
}

function missing(kind: string, key: Key): never {
  throw new FrameFault(`"${kind}" without "${key}"`);
}

/** It is for people who look at the traffic; only its form matters here. */
function checkClient(): void {
  const client = members.range("client");
  if (client === undefined) return;
  const value = parseJson(client, 0, client.length);
  if (!isClient(value)) throw new FrameFault(`"client" must be an object with the strings "name" and "version"`);
}

function isClient(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { name, version } = value as { readonly name?: unknown; readonly version?: unknown };
  return typeof name === "string" && typeof version === "string";
}

/** The JSON text of it, copied: it may be kept longer than the frame. */
function toEcho(): Uint8Array | undefined {
  const text = members.text("d", longestPing);
  if (text === undefined) return undefined;
  if (Buffer.byteLength(text) > longestPing) throw new FrameFault(`"d" is longer than ${longestPing} bytes`);
  return Buffer.from(JSON.stringify(text));
}
