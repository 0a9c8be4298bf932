// IP addresses and prefixes in text, of both versions.
import { isIPv4, isIPv6 } from "node:net";

/** `version` 0 for either. IPv6 may have a zone, `fe80::1%eth0`. */
export function isIp(text: string, version = 0): boolean {
  if ((version === 0 || version === 4) && isIPv4(text)) return true;
  return (version === 0 || version === 6) && isZonedIpv6(text);
}

/** RFC 4007 lets a zone be any text. */
function isZonedIpv6(text: string): boolean {
  const percent = text.indexOf("%");
  if (percent < 0) return isIPv6(text);
  return percent < text.length - 1 && percent <= 45 && isIPv6(text.slice(0, percent));
}

/** `10.0.0.0/8`; strictly: with nothing behind the prefix. */
export function isIpPrefix(text: string, version = 0, isStrict = false): boolean {
  const slash = text.indexOf("/");
  if (slash < 0 || text.length > 64) return false;
  const address = text.slice(0, slash);
  const digits = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(digits)) return false;
  const length = Number(digits);
  if ((version === 0 || version === 4) && isIPv4(address))
    return length <= 32 && (!isStrict || isPrefixOnly(toBits(address), 32, length));
  if ((version === 0 || version === 6) && !address.includes("%") && isIPv6(address))
    return length <= 128 && (!isStrict || isPrefixOnly(ipv6Bits(address), 128, length));
  return false;
}

function isPrefixOnly(bits: bigint, width: number, length: number): boolean {
  return BigInt.asUintN(width - length, bits) === 0n;
}

function toBits(ipv4: string): bigint {
  return ipv4.split(".").reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

/** Of a sound address. */
function ipv6Bits(address: string): bigint {
  const lastColon = address.lastIndexOf(":");
  const tail = address.slice(lastColon + 1);
  const plain = tail.includes(".")
    ? `${address.slice(0, lastColon + 1)}${(toBits(tail) >> 16n).toString(16)}:${(toBits(tail) & 0xffffn).toString(16)}`
    : address;
  const [left, right] = plain.split("::");
  const pieces = (part: string | undefined) => (part === undefined || part === "" ? [] : part.split(":"));
  const [before, after] = [pieces(left), pieces(right)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].reduce((bits, piece) => (bits << 16n) | BigInt(`0x${piece}`), 0n);
}
