// How requests are put together: what differs between the profiles and what a deployment may set.
import type { JsonOptions } from "../options.ts";
import type { QueryLimits } from "./query.ts";

export interface RequestOptions {
  /** `grpc-gateway` takes every body for JSON, drops what it does not know, and lets the path win without a word. */
  readonly profile: "strict" | "grpc-gateway";
  readonly json: JsonOptions;
  /** Globs of query parameters that are no fields and are let through: `utm_*`. */
  readonly queryIgnore: readonly string[];
  /** Bounds of the query string; `defaultQueryLimits` where a deployment sets none. */
  readonly queryLimits?: QueryLimits;
}

export interface RequestParts {
  /** Decoded, in the order of `binding.variables`. */
  readonly captures: readonly string[];
  /** Raw, without the `?`; empty when there is none. */
  readonly query: string;
  readonly body: Buffer | undefined;
  /** The header as it came. */
  readonly contentType: string | undefined;
  readonly method: string;
}
