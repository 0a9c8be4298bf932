// Answers of methods that say they may be kept: given again, asked for once for all who wait, and kept no longer than anybody allows. OPEN FIRST in chain/cache/.
import type { Method } from "../../schema/descriptor.ts";
import type { Interceptor } from "../compose.ts";
import { CacheCounts } from "./cache-counts.ts";
import type { CacheOptions } from "./cache-options.ts";
import { EntryStore } from "./entry-store.ts";
import { MethodCache } from "./method-cache.ts";
import type { SharedEntries } from "./shared-entries.ts";

export interface Cache {
  readonly interceptor: Interceptor;
  readonly store: EntryStore;
  readonly counts: CacheCounts;
  readonly shared: SharedEntries | undefined;
  /** Lets go of some of what is over. */
  sweep(): void;
}

export function createCache(options: CacheOptions): Cache {
  const now = options.now ?? (() => performance.now());
  const store = new EntryStore(options.maxBytes);
  const counts = new CacheCounts();
  return {
    interceptor: {
      name: "cache",
      compile(method: Method) {
        const policy = options.policyOf(method);
        const rule = policy.cache?.value ?? "off";
        if (rule === "off") return undefined;
        const cache = new MethodCache(method, rule, {
          ...options,
          policy,
          store,
          now,
          tally: counts.tallyOf(method),
        });
        return (call) => {
          call.answer = (unary, next) => cache.answer(call, unary, next);
        };
      },
    },
    store,
    counts,
    shared: options.shared,
    sweep: () => store.sweep(now()),
  };
}
