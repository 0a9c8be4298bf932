// Client addresses as the gateway compares them: in their plain form, by the block they are in, by the network one client gets.
import { BlockList, isIP, isIPv6 } from "node:net";
import { Code, GatewayError } from "./status.ts";

/** IPv4 as such where a dual-stack socket shows it inside IPv6. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** The address itself for IPv4 (also inside IPv6), the first 64 bits for IPv6, since that is what one client gets assigned; empty for a Unix socket. */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return "";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1];
  if (!isIPv6(address)) return address;
  const [head, tail] = address.split("%")[0].split("::");
  const left = head === "" ? [] : head.split(":");
  if (tail === undefined) return left.slice(0, 4).join(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}

/** Whether an address is in the list. Something that is no address is in none. */
export type IsListed = (address: string) => boolean;

/**
 * Throws RangeError on an entry that is neither an address nor a CIDR block: a slip must not widen or narrow the list. `what` is for
 * its message. IPv4 inside IPv6 is IPv4, in the list and in what is looked up.
 */
export function compileAddressList(entries: readonly string[], what: string): IsListed {
  const list = new BlockList();
  for (const entry of entries) {
    const [address, bits] = entry.split("/");
    const version = isIP(address);
    const prefix = bits === undefined ? (version === 4 ? 32 : 128) : Number(bits);
    if (version === 0 || entry.split("/").length > 2)
      throw new RangeError(`${what} "${entry}" is neither an IP address nor a CIDR block`);
    if (bits === "" || !Number.isInteger(prefix) || prefix < 0 || prefix > (version === 4 ? 32 : 128)) {
      throw new RangeError(`${what} "${entry}" has no valid prefix length`);
    }
    list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
  }
  return (address) => {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 4 ? "ipv4" : "ipv6");
  };
}

export interface AddressLists {
  /** Addresses and CIDR blocks; empty for everybody. */
  readonly allow: readonly string[];
  /** Wins over `allow`. */
  readonly deny: readonly string[];
}

/** Addresses that were looked up are remembered, so many of them. */
const maxRemembered = 4096;

/**
 * Whether an address is served; undefined where all are. A Unix socket has none, and is for whoever may open it. Throws RangeError for
 * an entry that is no address.
 */
export function compileServed({ allow, deny }: AddressLists): IsListed | undefined {
  if (allow.length === 0 && deny.length === 0) return undefined;
  const isAllowed = compileAddressList(allow, "allowed address");
  const isDenied = compileAddressList(deny, "denied address");
  const known = new Map<string, boolean>();
  return (address) => {
    if (address === "") return true;
    let served = known.get(address);
    if (served === undefined) {
      served = !isDenied(address) && (allow.length === 0 || isAllowed(address));
      if (known.size >= maxRemembered) known.clear();
      known.set(address, served);
    }
    return served;
  };
}

/** Says nothing of the lists. */
export function addressForbidden(): GatewayError {
  return new GatewayError(Code.PERMISSION_DENIED, "clients of this address are not served here", {
    reason: "ADDRESS_FORBIDDEN",
  });
}
