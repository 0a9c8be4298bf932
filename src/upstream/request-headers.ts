// The header lists of requests: what is the same for every call of a method is encoded once, what differs is added.
import { readFileSync } from "node:fs";
import { type CompiledHeaders, compileHeaders } from "../http2/hpack-encode.ts";
import type { MessageEncoding } from "../compression.ts";
import type { Metadata } from "../metadata.ts";
import type { Method } from "../schema/descriptor.ts";
import { deadlineExceeded } from "../status.ts";

export interface RequestHeaders {
  /** Throws HeaderError for a path no request can have. */
  of(method: Method, encoding: MessageEncoding | undefined): CompiledHeaders;
}

/** Kept with the methods, and gone with them when the schema is replaced. */
export function createRequestHeaders(scheme: "http" | "https", authority: string): RequestHeaders {
  const plain = new WeakMap<Method, CompiledHeaders>();
  const encoded = { gzip: new WeakMap<Method, CompiledHeaders>(), deflate: new WeakMap<Method, CompiledHeaders>() };
  const compile = (method: Method, encoding: MessageEncoding | undefined): CompiledHeaders =>
    compileHeaders(
      Object.entries({
        ":method": "POST",
        ":scheme": scheme,
        ":path": method.path,
        ":authority": authority,
        te: "trailers",
        "content-type": "application/grpc",
        "user-agent": userAgent,
        "grpc-accept-encoding": "identity,gzip,deflate",
        ...(encoding !== undefined && { "grpc-encoding": encoding }),
      }).flat(),
    );
  return {
    of: (method, encoding) => {
      const known = encoding === undefined ? plain : encoded[encoding];
      let headers = known.get(method);
      if (headers === undefined) {
        headers = compile(method, encoding);
        known.set(method, headers);
      }
      return headers;
    },
  };
}

/** What a call adds: its timeout and its metadata. Throws GatewayError when the deadline has passed. */
export function callHeaders(deadline: number, metadata: Metadata): readonly string[] {
  if (deadline === Infinity) return metadata;
  const remaining = deadline - performance.now();
  if (remaining <= 0) throw deadlineExceeded();
  const timeout = formatTimeout(remaining);
  return metadata.length === 0 ? ["grpc-timeout", timeout] : ["grpc-timeout", timeout, ...metadata];
}

/** Eight digits at most (gRPC over HTTP/2, "Timeout"). Never shorter than what is left: it is this side that ends a call at its deadline. */
export function formatTimeout(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1e8) return `${whole}m`;
  if (whole < 9e10) return `${Math.ceil(whole / 1000)}S`;
  return `${Math.min(99_999_999, Math.ceil(whole / 3_600_000))}H`;
}

const userAgent = `sluice/${readVersion()}`;

/** Of this package; its package.json lies three folders above the compiled file. */
function readVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}
