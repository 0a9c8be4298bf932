// Reads the head of a request: the request line here, the headers by their reader, or not at all when they are those of the request before.
import { METHODS } from "node:http";
import { cr, flags, lf, slash, space, targetFlag, tokenFlag } from "./characters.ts";
import { failure } from "./failure.ts";
import type { Http1Failure } from "./failure.ts";
import { FieldReader } from "./fields.ts";
import type { FieldLimits } from "./fields.ts";
import { bodyFraming, chunked, readHeaderBlock } from "./header-block.ts";
import type { HeaderBlock } from "./header-block.ts";
import type { Input } from "./input.ts";

export interface HeadLimits extends FieldLimits {
  readonly maxUrlBytes: number;
  /** Known beside those of Node's own parser, in capitals; `*` stands for every one. */
  readonly methods?: ReadonlySet<string> | undefined;
}

/** The methods Node's own parser knows, by name: anything else that nobody asked for is more often garbage than an extension. */
const methods: ReadonlyMap<string, string> = new Map(METHODS.map((name) => [name, name]));
const longestMethod = 64;

/** `http://host…` as a client of a proxy sends it (RFC 9112 section 3.2.2); whether it names this host is not known here. */
const absoluteForm = /^[A-Za-z]+:\/\/[A-Za-z0-9\-_.!~*'()%;:&=+$,@[\]]*(?:[/?].*)?$/;
const authorityForm = /^[A-Za-z0-9\-_.!~*'()%;&=+$,[\]]*:\d*$/;

/** The first byte of a TLS connection (RFC 8446 section 5.1). */
const tlsHandshake = 22;

const version = Buffer.from(" HTTP/");
/** With `1.1`, CR and LF. */
const restOfLine = version.length + 5;

/** A block longer than this is read anew each time rather than kept. */
const longestKept = 4096;
const mostMisses = 8;

const Phase = { start: 0, target: 1, version: 2, fields: 3 } as const;

/** One reader reads the heads of a connection, one after the other. */
export class HeadReader {
  method = "";
  target = "";
  minor: 0 | 1 = 1;
  block: HeaderBlock | undefined;
  readonly #limits: HeadLimits;
  #phase: number = Phase.start;
  /** Offsets from the first unread byte of the input, which stays put until the head is complete. */
  #at = 0;
  #targetStart = 0;
  #fields: FieldReader | undefined;
  #keptBytes: Buffer | undefined;
  #kept: HeaderBlock | undefined;
  /** Blocks read since the last that was like the one before. */
  #misses = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** True when a head was read from the input, false when more is needed: call again, with all that was there, when more has come. */
  read(input: Input): Http1Failure | boolean {
    if (this.#phase !== Phase.fields) {
      const line = this.#readLine(input);
      if (line !== true) return line;
    }
    const done = this.#readFields(input);
    if (done !== true) return done;
    input.at += this.#at;
    this.#at = 0;
    this.#phase = Phase.start;
    return this.#check();
  }

  #readLine(input: Input): Http1Failure | boolean {
    const { bytes, at: base, end } = input;
    if (this.#phase === Phase.start) {
      const found = this.#readMethod(input);
      if (found !== true) return found;
    }
    let at = base + this.#at;
    if (this.#phase === Phase.target) {
      while (at < end && (flags[bytes[at]] & targetFlag) !== 0) at++;
      this.#at = at - base;
      if (this.#at - this.#targetStart > this.#limits.maxUrlBytes) return failure("url-too-long");
      if (at === end) return false;
      const wrong = bytes[at] === cr || bytes[at] === lf ? "method" : "target";
      if (bytes[at] !== space || this.#at === this.#targetStart) return failure(wrong);
      this.target = bytes.toString("latin1", base + this.#targetStart, at);
      if (!this.#isTarget()) return failure("target");
      this.#phase = Phase.version;
    }
    return this.#readVersion(bytes, at, end);
  }

  /** `METHOD SP`, after one empty line at most: some clients send one behind a body, some only half of it (RFC 9112 section 2.2). */
  #readMethod(input: Input): Http1Failure | boolean {
    const { bytes, at: base, end } = input;
    let at = base;
    if (bytes[at] === cr) {
      if (end - at < 2) return false;
      if (bytes[at + 1] !== lf) return failure("line-end");
      at += 2;
    } else if (bytes[at] === lf) at++;
    const start = at;
    while (at < end && isMethodByte(bytes[at])) at++;
    const length = at - start;
    if (length > longestMethod) return failure("method");
    if (at === end) return false;
    if (bytes[at] !== space) return failure(bytes[base] === tlsHandshake ? "tls" : "method");
    // The most frequent one needs no string made.
    const isGet = length === 3 && bytes[start] === 0x47 && bytes[start + 1] === 0x45;
    const name = isGet && bytes[start + 2] === 0x54 ? "GET" : this.#knownMethod(bytes.toString("latin1", start, at));
    if (name === undefined) return failure(bytes.toString("latin1", start, at) === "PRI" ? "http2" : "method");
    this.method = name;
    this.#at = this.#targetStart = at + 1 - base;
    this.#phase = Phase.target;
    return true;
  }

  #knownMethod(name: string): string | undefined {
    const { methods: more } = this.#limits;
    if (more === undefined || name === "PRI") return methods.get(name);
    return methods.get(name) ?? (more.has(name) || more.has("*") ? name : undefined);
  }

  #isTarget(): boolean {
    const { target } = this;
    if (target.charCodeAt(0) === slash || target === "*") return true;
    return (this.method === "CONNECT" ? authorityForm : absoluteForm).test(target);
  }

  /** Told wrong at the first wrong byte, so that a peer that waits for its answer gets one. */
  #readVersion(bytes: Uint8Array, at: number, end: number): Http1Failure | boolean {
    for (let i = 0; i < restOfLine && at + i < end; i++) {
      const byte = bytes[at + i];
      const digit = version.length;
      const isRight =
        i < digit
          ? byte === version[i]
          : i === digit + 1
            ? byte === 0x2e
            : i < digit + 3
              ? byte >= 0x30 && byte <= 0x39
              : byte === (i === digit + 3 ? cr : lf);
      if (!isRight) return failure("version");
    }
    if (end - at < restOfLine) return false;
    const [major, minor] = [bytes[at + version.length] - 0x30, bytes[at + version.length + 2] - 0x30];
    if (major !== 1 || minor > 1) {
      const exists = (major === 0 && minor === 9) || (major === 2 && minor === 0);
      return failure(exists ? "version-unsupported" : "version");
    }
    this.minor = minor === 0 ? 0 : 1;
    this.#at += restOfLine;
    this.#phase = Phase.fields;
    return true;
  }

  #readFields(input: Input): Http1Failure | boolean {
    const { bytes, at: base, end } = input;
    const start = base + this.#at;
    const kept = this.#keptBytes;
    if (this.#fields === undefined && kept !== undefined && end - start >= kept.length) {
      // The same bytes mean the same: neither read nor checked again.
      if (bytes.compare(kept, 0, kept.length, start, start + kept.length) === 0) {
        this.block = this.#kept;
        this.#misses = 0;
        this.#at += kept.length;
        return true;
      }
    }
    this.#fields ??= new FieldReader();
    const fields = this.#fields;
    const done = fields.read(bytes, start, end, this.#limits);
    if (done !== true) return done;
    this.#fields = undefined;
    const list = fields.toList(bytes, start);
    for (const field of fields.tabbed ?? []) {
      const framing = bodyFraming(list[field * 2]);
      if (framing !== undefined) return failure(framing);
    }
    const block = readHeaderBlock(list);
    if ("code" in block) return block;
    this.block = block;
    this.#at += fields.length;
    this.#keep(block, bytes, start, start + fields.length);
    return true;
  }

  /** A client whose heads never repeat (trace ids) is tried again only now and then: a copy of each would be for nothing. */
  #keep(block: HeaderBlock, bytes: Buffer, start: number, end: number): void {
    const misses = this.#misses++;
    if (end - start > longestKept || (misses > mostMisses && misses % mostMisses !== 0)) return;
    this.#kept = block;
    this.#keptBytes = Buffer.from(bytes.subarray(start, end));
  }

  /** What only line and headers together tell. */
  #check(): Http1Failure | true {
    if (this.method === "CONNECT") return failure("connect");
    if (this.minor === 0 && this.block?.bodyLength === chunked) return failure("transfer-encoding-in-1-0");
    return true;
  }
}

/** Of a token (RFC 9110 section 9.1), but no small letter: methods heed their case, and those who write `get` mean no other method. */
function isMethodByte(byte: number): boolean {
  return (flags[byte] & tokenFlag) !== 0 && (byte < 0x61 || byte > 0x7a);
}
