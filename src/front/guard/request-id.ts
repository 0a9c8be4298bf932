// What a request is called by: taken over from whom that is believed, or made here.
import { randomBytes } from "node:crypto";
import type { RequestHeaders } from "../front.ts";

/** 128 bits in base64url. */
const idBytes = 16;
const poolBytes = idBytes * 256;

/**
 * Ids that nobody can guess or make collide. Random bytes are drawn for 256 ids at a time, which is what makes one cost a fraction
 * of a microsecond.
 */
export function createIds(): () => string {
  let pool = randomBytes(poolBytes);
  let at = 0;
  return () => {
    if (at === poolBytes) {
      pool = randomBytes(poolBytes);
      at = 0;
    }
    const id = pool.toString("base64url", at, at + idBytes);
    at += idBytes;
    return id;
  };
}

/** What may stand in a log line, a header and a search box: one word of at most 128 characters. */
export function isRequestId(text: string): boolean {
  return text.length <= 128 && /^[A-Za-z0-9][A-Za-z0-9._:=+/@-]*$/.test(text);
}

export interface RequestIdOptions {
  /** Lower case. */
  readonly header: string;
  readonly accept: "never" | "proxies" | "always";
  /** Whether the other end of the connection is a trusted proxy. */
  readonly isProxy: (address: string) => boolean;
}

/** The id of a request: its own where that is believed and well formed, else a new one. */
export type ToRequestId = (headers: RequestHeaders, peerAddress: string) => string;

export function compileRequestId({ header, accept, isProxy }: RequestIdOptions): ToRequestId {
  const make = createIds();
  if (accept === "never") return () => make();
  return (headers, peerAddress) => {
    const given = headers[header];
    if (typeof given !== "string" || !isRequestId(given)) return make();
    return accept === "always" || isProxy(peerAddress) ? given : make();
  };
}
