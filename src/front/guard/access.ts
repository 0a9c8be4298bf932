// Which client addresses are served at all, whatever they ask for.
import { compileAddressList } from "../../addresses.ts";
import { Code, GatewayError } from "../../status.ts";

export interface AccessLists {
  /** Addresses and CIDR blocks; empty for everybody. */
  readonly allow: readonly string[];
  /** Wins over `allow`. */
  readonly deny: readonly string[];
}

/** Throws GatewayError (403) for a client that is not served. */
export type CheckAddress = (address: string) => void;

/** Addresses that were looked up are remembered, so many of them. */
const maxRemembered = 4096;

/** Undefined where everybody is served. Throws RangeError for an entry that is no address. */
export function compileAccess(lists: AccessLists): CheckAddress | undefined {
  const isServed = compileServed(lists);
  if (isServed === undefined) return undefined;
  return (address) => {
    if (!isServed(address)) throw addressForbidden();
  };
}

/** Whether an address is served; undefined where all are. A Unix socket has none, and is for whoever may open it. */
export function compileServed({ allow, deny }: AccessLists): ((address: string) => boolean) | undefined {
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
