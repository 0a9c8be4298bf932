// What the cache has to be told.
import type { PolicyOf } from "../policy.ts";
import type { KeyingOptions } from "./request-key.ts";
import type { SharedEntries } from "./shared-entries.ts";

export interface CacheOptions {
  readonly policyOf: PolicyOf;
  readonly maxBytes: number;
  /** A larger answer is not kept. */
  readonly maxEntryBytes: number;
  /** No question to a backend takes longer, whoever waits for it. */
  readonly maxTimeoutMs: number;
  /** No address is refused. */
  readonly isOpen: boolean;
  /** See KeyingOptions. */
  readonly toCanonical: KeyingOptions["toCanonical"];
  /** See KeyingOptions. */
  readonly world?: KeyingOptions["world"];
  /** Where other processes find what this one keeps; undefined for nowhere. */
  readonly shared?: SharedEntries | undefined;
  /** Lower case, see KeyingOptions. */
  readonly identityNames: readonly string[];
  readonly requestIdNames: readonly string[];
  /** Request headers that hold credentials, and those that become metadata: what `vary` of answers names. */
  readonly credentialHeaders: readonly string[];
  readonly requestHeaders: readonly string[];
  /** Milliseconds of a clock that only goes forward, and that all times here are of. */
  readonly now?: () => number;
}
