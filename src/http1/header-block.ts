// What the headers of a request say about the connection and the body: read once per block of headers, kept as long as a client repeats it.
import { failure } from "./failure.ts";
import type { Http1Failure } from "./failure.ts";

export interface HeaderBlock {
  /** `[name, value, …]` as received. Shared by all requests with the same bytes: never change it. */
  readonly rawHeaders: readonly string[];
  /** Bytes of the body by Content-Length; `chunked`; 0 for none. */
  readonly bodyLength: number;
  readonly expect: "none" | "continue" | "unknown";
  readonly connection: "close" | "keep-alive" | undefined;
  /** `Connection: upgrade` and the value of `Upgrade`. */
  readonly upgrade: string | undefined;
  readonly hasUpgradeHeader: boolean;
  /** For the user of the engine: what it made of this list, e.g. the result of its own checks. */
  note: unknown;
}

export const chunked = -1;

const noOptions: ReadonlySet<string> = new Set();

/** Digits enough for 1 PB, few enough to be an exact number. */
const contentLength = /^\d{1,15}$/;

/** The body's length must be said once and in one way, else two readers see two requests (RFC 9112 section 6.3). */
export function readHeaderBlock(rawHeaders: readonly string[]): HeaderBlock | Http1Failure {
  let bodyLength: number | undefined;
  let expect = "none" as HeaderBlock["expect"];
  let connection = "";
  let upgrade: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1];
    switch (framingName(rawHeaders[i])) {
      case "content-length": {
        if (bodyLength !== undefined) return failure("content-length-not-alone");
        if (!contentLength.test(value)) return failure("content-length");
        bodyLength = Number(value);
        break;
      }
      case "transfer-encoding": {
        const coding = value.toLowerCase();
        if (bodyLength !== undefined || /^chunked[ \t]*,/.test(coding)) return failure("transfer-encoding-not-alone");
        if (coding !== "chunked") return failure("transfer-encoding");
        bodyLength = chunked;
        break;
      }
      case "expect":
        expect = value.toLowerCase() === "100-continue" && expect !== "unknown" ? "continue" : "unknown";
        break;
      case "connection":
        connection += `,${value.toLowerCase()}`;
        break;
      case "upgrade":
        upgrade = upgrade === undefined ? value : `${upgrade}, ${value}`;
    }
  }
  const options = connection === "" ? noOptions : new Set(connection.split(",").map((option) => option.trim()));
  return {
    rawHeaders,
    bodyLength: bodyLength ?? 0,
    expect,
    // Both at once: close is the one that costs nothing when it was not meant.
    connection: options.has("close") ? "close" : options.has("keep-alive") ? "keep-alive" : undefined,
    upgrade: options.has("upgrade") ? upgrade : undefined,
    hasUpgradeHeader: upgrade !== undefined,
    note: undefined,
  };
}

const framingNames: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "expect",
  "connection",
  "upgrade",
]);
const framingLengths: ReadonlySet<number> = new Set([...framingNames].map((name) => name.length));

export function framesBody(name: string): boolean {
  return bodyFraming(name) !== undefined;
}

/** Which of the two that say where the body ends. */
export function bodyFraming(name: string): "content-length" | "transfer-encoding" | undefined {
  const framing = framingName(name);
  return framing === "content-length" || framing === "transfer-encoding" ? framing : undefined;
}

/** The name in lower case when it is one of those; by their lengths most others are told without a look. */
function framingName(name: string): string | undefined {
  if (!framingLengths.has(name.length)) return undefined;
  const lower = name.toLowerCase();
  return framingNames.has(lower) ? lower : undefined;
}
