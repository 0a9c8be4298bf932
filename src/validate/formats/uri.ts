// RFC 3986: URIs and references, by its grammar.
import { isUtf8 } from "node:buffer";
import { isIp } from "./ip.ts";

// The parts of RFC 3986, appendix B, which split any text without going back.
const parts = /^(?:([^:/?#]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/;
const scheme = /^[A-Za-z][A-Za-z0-9+.-]*$/;
// pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
const path = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const queryOrFragment = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;
const userInfo = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*$/;
const registeredName = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
const futureIp = /^[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/;
// RFC 6874: unreserved / pct-encoded
const zone = /^(?:[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})+$/;

/** With a scheme. */
export function isUri(text: string): boolean {
  return isReference(text, true);
}

/** A URI, or one that is relative to another. */
export function isUriReference(text: string): boolean {
  return isReference(text, true) || isReference(text, false);
}

function isReference(text: string, hasScheme: boolean): boolean {
  const colon = text.indexOf(":");
  if (hasScheme && (colon < 0 || !scheme.test(text.slice(0, colon)))) return false;
  const match = parts.exec(hasScheme ? `x:${text.slice(colon + 1)}` : `x:${text}`);
  if (match === null) return false;
  const [, , authority, pathText, query = "", fragment = ""] = match;
  if (!path.test(pathText) || !queryOrFragment.test(query) || !queryOrFragment.test(fragment)) return false;
  if (authority !== undefined) return isAuthority(authority);
  // path-noscheme: the first segment of a relative path has no colon.
  return hasScheme || !/^[^/]*:/.test(pathText);
}

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf("@");
  if (at >= 0 && !userInfo.test(authority.slice(0, at))) return false;
  const hostPort = authority.slice(at + 1);
  const match = /^(\[[^\]]*\]|[^:]*)(?::([0-9]*))?$/.exec(hostPort);
  return match !== null && isHost(match[1]);
}

function isHost(host: string): boolean {
  if (!host.startsWith("[")) return registeredName.test(host) && decodesToUtf8(host);
  const literal = host.slice(1, -1);
  const percent = literal.indexOf("%25");
  if (percent < 0) return futureIp.test(literal) || (!literal.includes("%") && isIp(literal, 6));
  const name = literal.slice(percent + 3);
  return isIp(literal.slice(0, percent), 6) && zone.test(name) && decodesToUtf8(name);
}

/** What stands percent-encoded in a host is UTF-8 (RFC 3986, 3.2.2). */
function decodesToUtf8(text: string): boolean {
  if (!text.includes("%")) return true;
  return isUtf8(
    Buffer.from(
      text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      "latin1",
    ),
  );
}
