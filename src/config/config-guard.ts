// What guards every request by HTTP itself, as the gateway runs by it.
import type { Position } from "../diagnostic.ts";

export interface CorsConfig {
  /** `scheme://host[:port]`, lower case, or one level of names as `https://*.app.example`, or `*`; empty: no answer says a word about CORS. */
  readonly origins: readonly string[];
  readonly credentials: boolean;
  /** Beyond those the gateway itself understands; lower case. */
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  readonly maxAgeMs: number;
  readonly privateNetwork: boolean;
}

/** Addresses and CIDR blocks, as written. `deny` wins; a list of those allowed denies all others. */
export interface AddressLists {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

export interface AccessRule extends AddressLists {
  /** Selectors of methods. */
  readonly methods: readonly string[];
  /** Of `methods[index]`. */
  positionOf(index: number): Position | undefined;
}

export interface AccessConfig extends AddressLists {
  /** `close`: the connection, before a byte is read of it. */
  readonly onDeny: "answer" | "close";
  readonly rules: readonly AccessRule[];
}

export interface BanWeights {
  readonly unauthenticated: number;
  readonly permissionDenied: number;
  readonly notFound: number;
  readonly rateLimited: number;
  readonly malformed: number;
}

export interface BanConfig {
  readonly threshold: number;
  readonly windowMs: number;
  /** Of the first ban; each further one is twice as long. */
  readonly durationMs: number;
  readonly maxDurationMs: number;
  readonly weights: BanWeights;
  /** Addresses and CIDR blocks, as written. */
  readonly exempt: readonly string[];
  readonly maxEntries: number;
}

export interface RequestIdConfig {
  /** Lower case. */
  readonly header: string;
  /** From whom an id is taken over. */
  readonly accept: "never" | "proxies" | "always";
  /** The backend gets it as metadata of the same name. */
  readonly forward: boolean;
}

export interface GuardConfig {
  readonly cors: CorsConfig;
  readonly access: AccessConfig;
  /** Undefined when off. */
  readonly bans: BanConfig | undefined;
  /** Undefined when off. */
  readonly requestId: RequestIdConfig | undefined;
}
