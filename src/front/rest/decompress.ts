// Content-Encoding of requests: the body as it was before, bounded while it grows, so a bomb costs its limit and no more.
import * as zlib from "node:zlib";
import { Code, GatewayError } from "../../status.ts";

/** A body this small inflates to at most a megabyte: not worth a thread. */
const maxSyncBytes = 1024;

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

type Done = (error: NodeJS.ErrnoException | null, result: unknown) => void;
type SizeLimit = zlib.ZlibOptions & zlib.BrotliOptions;

interface Decoder {
  readonly sync: (body: Buffer, options: SizeLimit) => unknown;
  readonly async: (body: Buffer, options: SizeLimit, done: Done) => void;
}

const decoders = new Map<string, Decoder>([
  ["gzip", { sync: zlib.gunzipSync, async: zlib.gunzip }],
  ["x-gzip", { sync: zlib.gunzipSync, async: zlib.gunzip }],
  ["br", { sync: zlib.brotliDecompressSync, async: zlib.brotliDecompress }],
  ["deflate", { sync: zlib.inflateSync, async: zlib.inflate }],
]);

// Some clients take "deflate" at its word and leave out zlib's header (RFC 9110 section 8.4.1.2 notes it).
const rawDeflate: Decoder = { sync: zlib.inflateRawSync, async: zlib.inflateRaw };

const { zstdDecompress, zstdDecompressSync } = zlib as typeof zlib & {
  zstdDecompress?: Decoder["async"];
  zstdDecompressSync?: Decoder["sync"];
};
if (zstdDecompress !== undefined && zstdDecompressSync !== undefined && refusesCut(zstdDecompressSync)) {
  decoders.set("zstd", { sync: zstdDecompressSync, async: zstdDecompress });
}

/** Node 22 takes a frame that was cut for what there is of it. */
function refusesCut(decode: Decoder["sync"]): boolean {
  try {
    decode(Buffer.from("28b52ffd", "hex"), {});
    return false;
  } catch {
    return true;
  }
}

const supported = [...decoders.keys()].filter((name) => !name.startsWith("x-")).join(", ");

/** The normalised Content-Encoding, undefined for none; throws 415 for one that is not read here. */
export function toContentEncoding(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const name = header.trim().toLowerCase();
  if (name === "" || name === "identity") return undefined;
  if (decoders.has(name)) return name;
  throw new GatewayError(
    Code.INVALID_ARGUMENT,
    `Content-Encoding ${JSON.stringify(name.slice(0, 40))} is not supported; send one of ${supported}`,
    {
      reason: "CONTENT_ENCODING_UNSUPPORTED",
      httpStatus: 415,
      headers: { "accept-encoding": supported },
    },
  );
}

/** Rejects with 413 beyond `limit` bytes and 400 for bytes that are not in that encoding, or not only. */
export function inflate(body: Buffer, encoding: string, limit: number): Promise<Buffer> {
  const decoder = encoding === "deflate" && !hasZlibHeader(body) ? rawDeflate : decoders.get(encoding);
  if (decoder === undefined || body.length === 0) return Promise.resolve(body);
  const options = { maxOutputLength: limit, info: true } as SizeLimit;
  return new Promise((resolve, reject) => {
    const done: Done = (error, result) => {
      if (error !== null) reject(toError(error, encoding, limit));
      else if (!isWhole(result as Inflated, body)) reject(encodingTrailing(encoding));
      else resolve((result as Inflated).buffer);
    };
    if (body.length > maxSyncBytes) decoder.async(body, options, done);
    else runSync(decoder, body, options, done);
  });
}

function runSync(decoder: Decoder, body: Buffer, options: SizeLimit, done: Done): void {
  let result: unknown;
  try {
    result = decoder.sync(body, options);
  } catch (error) {
    done(error as NodeJS.ErrnoException, undefined);
    return;
  }
  done(null, result);
}

function isWhole(result: Inflated, body: Buffer): boolean {
  return result.engine.bytesWritten === body.length;
}

/** RFC 1950 section 2.2: method 8, and the first two bytes a multiple of 31. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0] & 0x0f) === 8 && ((body[0] << 8) | body[1]) % 31 === 0;
}

function toError(error: NodeJS.ErrnoException, encoding: string, limit: number): GatewayError {
  if (error.code === "ERR_BUFFER_TOO_LARGE") {
    return new GatewayError(
      Code.RESOURCE_EXHAUSTED,
      `the request body is larger than ${limit} bytes once decompressed`,
      {
        reason: "BODY_TOO_LARGE",
        httpStatus: 413,
      },
    );
  }
  return encodingInvalid(encoding);
}

export function encodingInvalid(encoding: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the request body is not valid ${encoding}`, {
    reason: "BODY_ENCODING_INVALID",
  });
}

export function encodingTrailing(encoding: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `the request body goes on after the end of its ${encoding} data`, {
    reason: "BODY_ENCODING_INVALID",
  });
}
