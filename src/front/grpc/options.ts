// Every switch of the gRPC front.
import type { ReportFault } from "../../call.ts";
import { strictJson } from "../../translate/options.ts";
import type { JsonOptions } from "../../translate/options.ts";
import type { DeadlineOptions } from "../deadline.ts";
import { defaultStreamTimes } from "../stream/stream-clock.ts";
import type { StreamTimes } from "../stream/stream-clock.ts";
import type { StreamRules } from "../stream/stream-policy.ts";

export interface GrpcOptions extends DeadlineOptions, StreamRules {
  /** How `application/grpc+json` is read and written. */
  readonly json: JsonOptions;
  /** Of a request message, after decompression. */
  readonly maxMessageBytes: number;
  /** How long streams may last whose method does not say. */
  readonly streams: StreamTimes;
  /** Addresses and CIDR blocks whose X-Forwarded-* are believed. */
  readonly trustedProxies: readonly string[];
  /** Passes calls of services that the schema does not have on as they are. */
  readonly proxyUnknown: boolean;
  /** Hears of errors that have a cause no client gets to see, for the log. Must not throw. */
  readonly report: ReportFault;
}

export const defaultGrpc: GrpcOptions = Object.freeze({
  profile: "strict",
  json: strictJson,
  maxMessageBytes: 4 * 1024 * 1024,
  defaultTimeoutMs: 15_000,
  maxTimeoutMs: 300_000,
  streams: defaultStreamTimes,
  trustedProxies: Object.freeze([]),
  proxyUnknown: false,
  report: () => {},
});
