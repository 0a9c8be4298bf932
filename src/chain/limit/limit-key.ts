// What of a call is counted together: the key of a limit, as one string of bounded length that no client can make collide with another's.
import { createHash } from "node:crypto";
import type { Call } from "../../call.ts";
import type { Identity } from "../../caller.ts";
import { toCountedName } from "../../schema/counted-name.ts";

export type KeyOf = (call: Call) => string;

/** Longer ones are hashed: what clients send is kept by the hundred thousand. */
const maxKeyLength = 128;

/**
 * A call that has not what the key names, the claim or the header, is counted by its principal, or else by its address: neither is it
 * free, nor do all such calls share one bucket, which one client could use up for all.
 */
export function compileKey(parts: readonly string[]): KeyOf {
  if (parts.length === 1) {
    const only = compilePart(parts[0]);
    return (call) => toBoundedKey(only(call));
  }
  const compiled = parts.map(compilePart);
  return (call) => {
    let key = "";
    for (const part of compiled) {
      const text = part(call);
      // The length in front: `a` and `bc` are not `ab` and `c`.
      key += `${text.length}:${text}`;
    }
    return toBoundedKey(key);
  };
}

function compilePart(part: string): KeyOf {
  const [, kind, name] = /^(claim|header):(.*)$/s.exec(part) ?? [];
  if (kind === "claim") return compileClaim(name);
  if (kind === "header") return (call) => tagged(headerOf(call, name)) ?? stranger(call);
  if (part === "method") return ({ method }) => toCountedName(method);
  if (part === "principal") return (call) => tagged(call.identity?.principal) ?? stranger(call);
  if (part === "ip") return (call) => toAddressKey(call.peer.address);
  return () => "";
}

/** Made once for an identity, which is the same for all calls with one token: a text that is not new has been hashed, too. */
function compileClaim(name: string): KeyOf {
  const known = new WeakMap<Identity, string>();
  return (call) => {
    const { identity } = call;
    if (identity === undefined) return stranger(call);
    let key = known.get(identity);
    if (key === undefined) known.set(identity, (key = tagged(claimOf(identity, name)) ?? stranger(call)));
    return key;
  };
}

/** What is known of a client that does not say who it is. Begins with what no value begins with. */
function stranger({ identity, peer }: Call): string {
  return identity === undefined ? `~${toAddressKey(peer.address)}` : `~=${identity.principal}`;
}

function tagged(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : `=${value}`;
}

/** The key, or its hash where it is long. */
export function toBoundedKey(key: string): string {
  return key.length <= maxKeyLength ? key : `#${createHash("sha256").update(key).digest("base64url")}`;
}

function claimOf({ claims }: Identity, name: string): string | undefined {
  if (claims === undefined || !Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  if (typeof value === "string") return value;
  return value === null || value === undefined ? undefined : JSON.stringify(value);
}

function headerOf({ headers }: Call, name: string): string | undefined {
  if (!Object.hasOwn(headers, name)) return undefined;
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** An IPv4 address as it is; of an IPv6 one the first 64 bits, which is what one customer of a provider has at least. */
export function toAddressKey(address: string): string {
  if (!address.includes(":")) return address;
  const plain = address.includes("%") ? address.slice(0, address.indexOf("%")) : address;
  if (plain.includes(".")) return plain.slice(plain.lastIndexOf(":") + 1);
  const [head, tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? 0 : tail.split(":").length;
    while (groups.length + rest < 8) groups.push("0");
    if (tail !== "") groups.push(...tail.split(":"));
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
