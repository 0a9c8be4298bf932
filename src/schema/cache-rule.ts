// How long the answers of a method are kept, and for whom: as proto options and the configuration say it, settled.

export interface CacheRule {
  /** An answer is as good as new for so long; a backend can say less, not more. */
  readonly ttlMs: number;
  /** After that it is still given for so long, while a new one is asked for. */
  readonly staleWhileRevalidateMs: number;
  /** And for so long where the backend fails. */
  readonly staleIfErrorMs: number;
  /** One answer for all callers; else each principal has its own. */
  readonly isPublic: boolean;
  /** Lower case: of the client's metadata only these reach the backend, and tell answers apart. Empty: as `isPublic` has it, none or all. */
  readonly vary: readonly string[];
}

/** Bounds of all its times, as people write them. */
export const cacheTimes = Object.freeze({ min: "1ms", max: "24h", maxMs: 86_400_000 });

/** What backends of cached methods never get of a client: it is about the connection, the trace, or the cache itself. */
const neverKeyed: ReadonlySet<string> = new Set(
  (
    "host user-agent content-type content-length content-encoding accept-encoding connection te cache-control pragma range " +
    "if-match if-none-match if-modified-since if-unmodified-since if-range traceparent tracestate"
  ).split(" "),
);

/** What is wrong with an entry of `vary`, or undefined. */
export function varyProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(name)) return "the name of request metadata is expected, e.g. accept-language";
  const lower = name.toLowerCase();
  if (neverKeyed.has(lower) || lower.startsWith("grpc-") || lower.startsWith("sluice-"))
    return "no answer depends on it: backends of cached methods never get it";
  return undefined;
}

/** Whether it is said of the request itself, or its connection: no metadata of a cached call. */
export function isNeverKeyed(name: string): boolean {
  return neverKeyed.has(name.startsWith("grpcgateway-") ? name.slice("grpcgateway-".length) : name);
}
