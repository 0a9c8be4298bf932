// Every switch of the REST front, with one frozen default per profile.
import type { ReportFault } from "../../call.ts";
import type { MethodTimeout } from "../deadline.ts";
import type { Profile } from "../../schema/binding.ts";
import type { StreamRules } from "../stream/stream-policy.ts";
import type { AnswerRules } from "./success.ts";
import { defaultStreamTimes } from "../stream/stream-clock.ts";
import type { StreamTimes } from "../stream/stream-clock.ts";
import { grpcGatewayJson, strictJson } from "../../translate/options.ts";
import type { JsonOptions } from "../../translate/options.ts";
import { defaultQueryLimits, type QueryLimits } from "../../translate/request/query.ts";

export interface RestOptions extends StreamRules, AnswerRules {
  readonly profile: Profile;
  readonly json: JsonOptions;
  /** Globs of query parameters that are no fields and are let through: `utm_*`. */
  readonly queryIgnore: readonly string[];
  /** Bounds of the query string. */
  readonly queryLimits?: QueryLimits;
  /** The shape of error bodies: google.rpc.Status, RFC 9457, or what Google's own APIs send. */
  readonly errors: "status" | "problem" | "google";
  /** Of a request, as received and after inflating; of a client stream, of each message. */
  readonly maxBodyBytes: number;
  /** Deadline of a call whose client names none. */
  readonly defaultTimeoutMs: number;
  /** No deadline is further away than this. */
  readonly maxTimeoutMs: number;
  /** What is said of a method, in its proto or in the configuration; undefined for nothing. */
  readonly methodTimeoutMs?: MethodTimeout;
  /** How long streams may last whose method does not say. */
  readonly streams: StreamTimes;
  /** Request headers that become metadata in profile strict. */
  readonly requestHeaders: readonly string[];
  /** Header metadata of replies that become response headers in profile strict. */
  readonly responseHeaders: readonly string[];
  /** Whether a backend may choose the HTTP status of a success with `x-http-code` metadata. */
  readonly allowHttpCode: boolean;
  /** Addresses and CIDR blocks whose X-Forwarded-* are believed. */
  readonly trustedProxies: readonly string[];
  /** Compress answers of at least this size when the client accepts it; undefined never. */
  readonly compressMinBytes: number | undefined;
  /** Pages of other sites that get compressed answers all the same, see compileMayCompress. */
  readonly trustedOrigins: readonly string[];
  /** Hears of errors that have a cause no client gets to see, for the log. Must not throw. */
  readonly report: ReportFault;
}

export const strictRest: RestOptions = Object.freeze({
  profile: "strict",
  json: strictJson,
  queryIgnore: Object.freeze([]),
  queryLimits: defaultQueryLimits,
  errors: "status",
  maxBodyBytes: 4 * 1024 * 1024,
  defaultTimeoutMs: 15_000,
  maxTimeoutMs: 300_000,
  streams: defaultStreamTimes,
  requestHeaders: Object.freeze([
    "accept-language",
    "traceparent",
    "tracestate",
    "baggage",
    "x-request-id",
    "authorization",
  ]),
  responseHeaders: Object.freeze([]),
  allowHttpCode: false,
  trustedProxies: Object.freeze([]),
  compressMinBytes: 1024,
  trustedOrigins: Object.freeze([]),
  report: () => {},
});

export const grpcGatewayRest: RestOptions = Object.freeze({
  ...strictRest,
  profile: "grpc-gateway",
  json: grpcGatewayJson,
});
