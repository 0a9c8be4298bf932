// Which addresses the gateway calls when it fetches keys or asks about tokens: none that only it can reach, and that nobody named.
import { BlockList, isIPv6 } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

/** Link-local, where clouds have their metadata services; those that have them elsewhere; and what is no address of a server. */
const forbidden = new BlockList();
forbidden.addSubnet("0.0.0.0", 8);
forbidden.addSubnet("169.254.0.0", 16);
forbidden.addAddress("100.100.100.200");
forbidden.addAddress("168.63.129.16");
forbidden.addAddress("192.0.0.192");
forbidden.addSubnet("224.0.0.0", 3);
forbidden.addAddress("::", "ipv6");
forbidden.addSubnet("fe80::", 10, "ipv6");
forbidden.addSubnet("ff00::", 8, "ipv6");
forbidden.addAddress("fd00:ec2::254", "ipv6");
forbidden.addAddress("fd20:ce::254", "ipv6");
// Addresses of IPv4 in other words: NAT64 and 6to4.
forbidden.addSubnet("64:ff9b::", 96, "ipv6");
forbidden.addSubnet("2002::", 16, "ipv6");

/** Why an address is not called; undefined when it may be. `isLoopback`: the URL names this machine. */
export function addressProblem(address: string, isLoopback: boolean): string | undefined {
  const plain = toPlain(address);
  const family = isIPv6(plain) ? "ipv6" : "ipv4";
  const isOwn = loopback.check(plain, family);
  if (isLoopback) return isOwn ? undefined : `${address} is not on this machine, and the URL says it is`;
  if (isOwn) return `${address} is this machine, and the URL names another`;
  return forbidden.check(plain, family) ? `${address} is no address that is called` : undefined;
}

/** `::ffff:10.0.0.1`, in any spelling, is 10.0.0.1; zones are of no interest. */
function toPlain(address: string): string {
  const bare = address.replace(/%.*$/, "").toLowerCase();
  if (!isIPv6(bare)) return bare;
  const spelled = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = /^::(?:ffff:)?([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled);
  if (mapped === null) return spelled;
  const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

export function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
