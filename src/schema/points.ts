// The points of the chain by name: where the interceptors of the gateway stand, and what the configuration may name.

/** The order in which a call passes the gateway's own interceptors. There are no numbers: what is between two of these is named after them. */
export const points = [
  "request_id",
  "trace",
  "log",
  "metrics",
  "shed",
  "address",
  "authenticate",
  "ban",
  "ext_authz",
  "authorize",
  "limit",
  "concurrency",
  "deadline",
  "validate",
  "redact",
  "cache",
] as const;

export type Point = (typeof points)[number];
