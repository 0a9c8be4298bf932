// Network addresses as people write them: where to listen, which proxies to trust. (Targets: upstream/target.ts.)
import { isIP } from "node:net";
import type { Address } from "./config.ts";

/**
 * `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`, `:8080` for every interface, `unix:/path`. Returns what is wrong as text.
 */
export function parseAddress(text: string): Address | string {
  if (text.startsWith("unix:"))
    return /^unix:[^\0]{1,100}$/.test(text)
      ? { host: text, port: 0 }
      : "a path of at most 100 characters is expected after unix:";
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return addressProblem(text);
  const [, v6, name, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return `port ${digits} is not between 0 and 65535`;
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6, port } : `"${v6}" is not an IPv6 address`;
  return name === "" || isHostName(name) ? { host: name, port } : `"${name}" is neither a host name nor an IP address`;
}

function addressProblem(text: string): string {
  if (/^\d+$/.test(text)) return `HOST:PORT is expected, e.g. 127.0.0.1:${text}`;
  if (/^[a-z]+:\/\//i.test(text)) return "HOST:PORT is expected, without a scheme";
  if (isIP(text) === 6) return `an IPv6 address needs brackets and a port, e.g. [::1]:8080`;
  return "HOST:PORT is expected, e.g. 127.0.0.1:8080";
}

export function formatAddress({ host, port }: Address): string {
  if (host.startsWith("unix:")) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An RFC 1123 host name, underscores allowed (container names have them), or an IPv4 address. */
function isHostName(text: string): boolean {
  if (text.length > 253 || !/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(text)) return false;
  // Digits and dots only: then it must be an address, else `10.0.0.300` would be looked up as a name.
  return /^[\d.]+$/.test(text) ? isIP(text) === 4 : !text.includes("..");
}

/** `10.0.0.0/8`, `fd00::/8` or a single address. */
export function isCidr(text: string): boolean {
  const [address, bits, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes("%")) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** 127.0.0.0/8, ::1, localhost, a socket file. */
export function isLoopback(host: string): boolean {
  return (
    host.startsWith("unix:") || host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
  );
}
