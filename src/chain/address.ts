// Which client addresses may call which methods: the rules of `access.rules`. Who is not served at all never gets this far.
import { addressForbidden, compileServed } from "../addresses.ts";
import type { AddressLists } from "../addresses.ts";
import { isSelected } from "../schema/selector.ts";
import type { Interceptor } from "./compose.ts";

export interface AddressRule extends AddressLists {
  /** Selectors. */
  readonly methods: readonly string[];
}

/** A call must keep every rule that takes its method. Undefined without rules. Throws RangeError for an entry that is no address. */
export function createAddressRules(rules: readonly AddressRule[]): Interceptor | undefined {
  if (rules.length === 0) return undefined;
  const compiled = rules.map((rule) => ({ methods: rule.methods, isServed: compileServed(rule) }));
  return {
    name: "address",
    compile(method) {
      const own = compiled
        .filter(({ methods }) => methods.some((selector) => isSelected(selector, method.name)))
        .map(({ isServed }) => isServed)
        .filter((isServed) => isServed !== undefined);
      if (own.length === 0) return undefined;
      return ({ peer }) => {
        for (const isServed of own) if (!isServed(peer.address)) throw addressForbidden();
      };
    },
  };
}
