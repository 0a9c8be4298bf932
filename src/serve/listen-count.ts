// How many connections each client address has open; a whole /64 counts as one IPv6 client, since that is what one gets assigned.
import { isIPv6 } from "node:net";

export interface ConnectionCount {
  /** False when this one would be too many; it is then not counted. */
  add(key: string): boolean;
  remove(key: string): void;
}

export function createConnectionCount(limit: number | undefined): ConnectionCount {
  const open = new Map<string, number>();
  return {
    add(key) {
      const count = open.get(key) ?? 0;
      if (limit !== undefined && key !== "" && count >= limit) return false;
      open.set(key, count + 1);
      return true;
    },
    remove(key) {
      const count = open.get(key) ?? 0;
      if (count > 1) open.set(key, count - 1);
      else open.delete(key);
    },
  };
}

/** The address itself for IPv4 (also inside IPv6), the first 64 bits for IPv6, empty for a Unix socket, which is not limited. */
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
