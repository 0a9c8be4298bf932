// Who the client is and what it asked for when proxies stand between: X-Forwarded-* believed only from trusted addresses.
import { isIP } from "node:net";
import { compileAddressList, plainAddress } from "../addresses.ts";
import type { Peer } from "../caller.ts";
import type { Exchange } from "./front.ts";

export interface Forwarded {
  /** For `x-forwarded-for`: the client first, then the trusted proxies up to the one that connected. */
  readonly for: string;
  /** The host the client named; undefined without a Host header. */
  readonly host: string | undefined;
  readonly proto: "http" | "https";
  /** The client itself: the connection's other end unless trusted proxies vouch for another. */
  readonly client: Peer;
}

/** What of a request tells who sent it. */
export type ForwardedSource = Pick<Exchange, "peer" | "headers" | "secure">;

/** Longer chains are cut at their far end, the one nobody vouches for. */
const maxHops = 16;

/** Throws on an entry that is neither an address nor a CIDR block: a slip must not widen or narrow whom the gateway trusts. */
export function compileForwarded(trustedProxies: readonly string[]): (request: ForwardedSource) => Forwarded {
  const isTrusted = compileAddressList(trustedProxies, "trusted proxy");
  return (request) => {
    const { peer, headers } = request;
    const address = plainAddress(peer.address);
    const own = {
      for: address,
      host: text(headers["host"]),
      proto: request.secure ? "https" : "http",
      client: peer,
    } as const;
    return trustedProxies.length > 0 && isTrusted(address) ? fromProxy(request, own, isTrusted) : own;
  };
}

function fromProxy({ headers }: ForwardedSource, own: Forwarded, isTrusted: (address: string) => boolean): Forwarded {
  const chain = [own.for];
  const hops = (text(headers["x-forwarded-for"]) ?? "").split(",").slice(-maxHops);
  // From the right: each hop is vouched for by the one after it, until one that is not ours, and that one is the client.
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = plainAddress(withoutPort(hops[i].trim()));
    if (isIP(hop) === 0) break;
    chain.unshift(hop);
    if (!isTrusted(hop)) break;
  }
  const proto = text(headers["x-forwarded-proto"])?.trim().toLowerCase();
  const host = text(headers["x-forwarded-host"])?.trim();
  return {
    for: chain.join(", "),
    host: host !== undefined && /^[A-Za-z0-9._:[\]-]{1,255}$/.test(host) ? host : own.host,
    proto: proto === "https" || proto === "http" ? proto : own.proto,
    client: chain.length === 1 ? own.client : { address: chain[0], port: 0 },
  };
}

/** Some proxies write the port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`, and the brackets without one. */
function withoutPort(hop: string): string {
  const match = /^(?:\[([^\]]+)\]|(\d+(?:\.\d+){3}))(?::\d{1,5})?$/.exec(hop);
  return match?.[1] ?? match?.[2] ?? hop;
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
