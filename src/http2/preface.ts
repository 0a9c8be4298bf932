// Which protocol a fresh socket speaks, told by its first bytes: how HTTP/1.1 and HTTP/2 share a port without TLS.
import { clientPreface } from "./protocol.ts";

/**
 * Whether the bytes open an HTTP/2 connection by prior knowledge (RFC 9113 section 3.3). `undefined` while they agree but are
 * too few to tell: call again with all bytes so far. No HTTP/1.1 request agrees beyond its third byte.
 */
export function isHttp2Preface(bytes: Uint8Array): boolean | undefined {
  const shared = Math.min(bytes.length, clientPreface.length);
  for (let at = 0; at < shared; at++) if (bytes[at] !== clientPreface[at]) return false;
  return shared === clientPreface.length ? true : undefined;
}
