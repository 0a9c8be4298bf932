// Compressed gRPC messages: undone within a bound, and remembered, so that a hop that speaks the same encoding sends the same bytes on.
import {
  deflate,
  deflateSync,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  inflate,
  inflateSync,
  type InputType,
  type ZlibOptions,
} from "node:zlib";
import { Code, GatewayError } from "./status.ts";

/** As `grpc-encoding` names them; `deflate` is the zlib format (RFC 1950), as gRPC says. */
export type MessageEncoding = "gzip" | "deflate";

/** A job for a thread costs more than this much input does. */
const largestInline = 4096;
/** What a short input may grow to before it goes to a thread after all. */
const largestInlineOutput = 65_536;
/** What zlib allocates at a time: its default of 16 KiB would be most of the memory of a short message. */
const smallestChunk = 1024;
const largestChunk = 65_536;

interface Codec {
  readonly expandInline: (bytes: InputType, options: ZlibOptions) => Buffer;
  readonly expand: (bytes: InputType, options: ZlibOptions, done: Done) => void;
  readonly shrinkInline: (bytes: InputType, options: ZlibOptions) => Buffer;
  readonly shrink: (bytes: InputType, options: ZlibOptions, done: Done) => void;
}

type Done = (error: Error | null, result: Buffer) => void;

const codecs: Readonly<Record<MessageEncoding, Codec>> = {
  gzip: { expandInline: gunzipSync, expand: gunzip, shrinkInline: gzipSync, shrink: gzip },
  deflate: { expandInline: inflateSync, expand: inflate, shrinkInline: deflateSync, shrink: deflate },
};

interface CompressedForm {
  readonly encoding: MessageEncoding;
  readonly bytes: Uint8Array;
}

/** Keyed by the message: gone when nobody holds it any more. */
const compressedForms = new WeakMap<Uint8Array, CompressedForm>();

export function isMessageEncoding(name: string): name is MessageEncoding {
  return name === "gzip" || name === "deflate";
}

/**
 * The message in `bytes`, at once when it is short. Throws, or rejects with, GatewayError: RESOURCE_EXHAUSTED (MESSAGE_TOO_LARGE)
 * beyond `limit` bytes, INTERNAL (MESSAGE_ENCODING_INVALID) when the bytes are not what the encoding says.
 */
export function decompressMessage(
  bytes: Uint8Array,
  encoding: MessageEncoding,
  limit: number,
): Uint8Array | Promise<Uint8Array> {
  if (bytes.length <= largestInline) {
    const message = expandInline(bytes, encoding, limit);
    if (message !== undefined) return remember(message, encoding, bytes);
  }
  const options = { maxOutputLength: outputBound(limit), chunkSize: chunkFor(bytes.length * 4) };
  return new Promise((resolve, reject) => {
    codecs[encoding].expand(bytes, options, (error, message) => {
      if (error !== null) reject(toError(error, limit));
      else if (message.length > limit) reject(tooLarge(limit));
      else resolve(remember(message, encoding, bytes));
    });
  });
}

/** The message compressed, at once when it is short or was compressed before. */
export function compressMessage(message: Uint8Array, encoding: MessageEncoding): Uint8Array | Promise<Uint8Array> {
  const known = compressedForm(message, encoding);
  if (known !== undefined) return known;
  const codec = codecs[encoding];
  const options = { chunkSize: chunkFor(message.length) };
  if (message.length <= largestInline) {
    const bytes = codec.shrinkInline(message, options);
    remember(message, encoding, bytes);
    return bytes;
  }
  return new Promise((resolve, reject) => {
    codec.shrink(message, options, (error, bytes) => {
      if (error !== null) {
        reject(GatewayError.from(error));
        return;
      }
      remember(message, encoding, bytes);
      resolve(bytes);
    });
  });
}

/** The bytes that `message` was decompressed from, or compressed to, if it was. */
export function compressedForm(message: Uint8Array, encoding: MessageEncoding): Uint8Array | undefined {
  const form = compressedForms.get(message);
  return form?.encoding === encoding ? form.bytes : undefined;
}

function remember(message: Uint8Array, encoding: MessageEncoding, bytes: Uint8Array): Uint8Array {
  compressedForms.set(message, { encoding, bytes });
  return message;
}

/** Undefined when it is too much for this thread: a few bytes can become megabytes. */
function expandInline(bytes: Uint8Array, encoding: MessageEncoding, limit: number): Uint8Array | undefined {
  const bound = Math.min(limit, largestInlineOutput);
  try {
    const options = { maxOutputLength: outputBound(bound), chunkSize: chunkFor(bytes.length * 4) };
    const message = codecs[encoding].expandInline(bytes, options);
    if (message.length <= bound) return message;
  } catch (error) {
    if (!isTooLarge(error)) throw toError(error, limit);
  }
  if (bound < limit) return undefined;
  throw tooLarge(limit);
}

function chunkFor(length: number): number {
  return Math.max(smallestChunk, Math.min(largestChunk, length));
}

/** Node takes no bound of 0. */
function outputBound(limit: number): number {
  return Math.max(1, limit);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function toError(error: unknown, limit: number): GatewayError {
  if (isTooLarge(error)) return tooLarge(limit);
  return new GatewayError(Code.INTERNAL, "the compressed message could not be decompressed", {
    reason: "MESSAGE_ENCODING_INVALID",
    cause: error,
  });
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError(Code.RESOURCE_EXHAUSTED, `the message is larger than ${limit} bytes once decompressed`, {
    reason: "MESSAGE_TOO_LARGE",
  });
}
