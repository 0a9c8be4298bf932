// Accept-Encoding: which encoding an answer gets, and the answer in it.
import * as zlib from "node:zlib";
import type { RequestHeaders } from "../front.ts";
import { compileOriginList } from "../origins.ts";
import { memoize, parseWeighted } from "../../weighted.ts";

/** Up to here compressing at once is cheaper than the way to a thread and back. */
const maxSyncBytes = 8 * 1024;

type Done = (error: Error | null, result: Buffer) => void;

interface Encoder {
  readonly sync: (body: Uint8Array) => Buffer;
  readonly async: (body: Uint8Array, done: Done) => void;
}

// Levels for answers made once and sent once: most of the size for a fraction of the time.
const gzipOptions: zlib.ZlibOptions = { level: 4 };
const brotliOptions: zlib.BrotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };

/** In the order of preference among what the client likes equally. */
const encoders = new Map<string, Encoder>([
  [
    "br",
    {
      sync: (body) => zlib.brotliCompressSync(body, brotliOptions),
      async: (body, done) => zlib.brotliCompress(body, brotliOptions, done),
    },
  ],
  [
    "gzip",
    { sync: (body) => zlib.gzipSync(body, gzipOptions), async: (body, done) => zlib.gzip(body, gzipOptions, done) },
  ],
  [
    "deflate",
    {
      sync: (body) => zlib.deflateSync(body, gzipOptions),
      async: (body, done) => zlib.deflate(body, gzipOptions, done),
    },
  ],
]);

const { zstdCompress, zstdCompressSync } = zlib as typeof zlib & {
  zstdCompress?: Encoder["async"];
  zstdCompressSync?: Encoder["sync"];
};
if (zstdCompress !== undefined && zstdCompressSync !== undefined)
  encoders.set("zstd", { sync: zstdCompressSync, async: zstdCompress });

const choose = memoize((header: string): string => {
  const items = parseWeighted(header, (value) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(value));
  if (items === undefined) return "identity";
  const weights = new Map(items.map((item) => [item.value.replace(/^x-gzip$/, "gzip"), item.weight]));
  const rest = weights.get("*") ?? 0;
  let best = "identity";
  let bestWeight = weights.get("identity") ?? 0;
  for (const name of encoders.keys()) {
    const weight = weights.get(name) ?? rest;
    // Better than identity where they tie: that is what the client listed it for.
    if (weight > 0 && (weight > bestWeight || (best === "identity" && weight === bestWeight))) {
      best = name;
      bestWeight = weight;
    }
  }
  return best;
});

/** The encoding for an answer, `identity` for none: also where the header forbids everything, an answer being better than none. */
export function chooseEncoding(acceptEncoding: string | undefined): string {
  return acceptEncoding === undefined || acceptEncoding === "" ? "identity" : choose(acceptEncoding);
}

/**
 * Whether an answer may be compressed at all. Not for the pages of another site, unless their origin is listed: whoever can make a browser
 * ask, and sees how long the encrypted answer is, could guess at what is in it (BREACH, CVE-2013-3587). Browsers say so themselves; programs
 * are not concerned.
 */
export type MayCompress = (headers: RequestHeaders) => boolean;

/** Throws RangeError for what is no origin. */
export function compileMayCompress(trustedOrigins: readonly string[]): MayCompress {
  const isTrusted = compileOriginList(trustedOrigins);
  return (headers) => {
    if (headers["sec-fetch-site"] !== "cross-site") return true;
    const { origin } = headers;
    return typeof origin === "string" && isTrusted(origin);
  };
}

/** Text, JSON and protobuf; images, archives and unknown types are left alone. */
export function isCompressible(contentType: string): boolean {
  if (contentType === "application/json" || contentType === "application/x-protobuf") return true;
  const essence = contentType.split(";", 1)[0].trim().toLowerCase();
  return /^(?:text\/.*|.*\+(?:json|xml|text)|application\/(?:json|xml|javascript|x-ndjson|yaml|x-protobuf|protobuf|wasm)|image\/bmp|font\/(?:ttf|otf))$/.test(
    essence,
  );
}

/** Calls back at once for small bodies; with `undefined` when compressing failed and the body should go as it is. */
export function compress(body: Uint8Array, encoding: string, done: (compressed: Buffer | undefined) => void): void {
  const encoder = encoders.get(encoding);
  if (encoder === undefined) done(undefined);
  else if (body.length > maxSyncBytes)
    encoder.async(body, (error, result) => done(error === null ? result : undefined));
  else done(encoder.sync(body));
}
