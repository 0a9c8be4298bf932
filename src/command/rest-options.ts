// A Config as the router and the REST front want it.
import type { Config } from "../config/config.ts";
import type { RestOptions } from "../front/rest/options.ts";
import type { RouterOptions } from "../route/router.ts";
import { grpcGatewayJson, strictJson } from "../translate/options.ts";
import type { JsonOptions } from "../translate/options.ts";

/** Null for unset messages belongs to writing defaults at all. */
export function toJsonOptions({ profile, json }: Config): JsonOptions {
  const base = profile === "strict" ? strictJson : grpcGatewayJson;
  return { ...base, ...json, emitNullMessages: base.emitNullMessages && json.emitDefaults };
}

export function toRestOptions(config: Config, report: RestOptions["report"]): RestOptions {
  const { profile, http, query, server, timeouts } = config;
  return {
    profile,
    json: toJsonOptions(config),
    queryIgnore: query.ignore,
    errors: http.errors,
    maxBodyBytes: server.maxBodyBytes,
    defaultTimeoutMs: timeouts.defaultMs,
    maxTimeoutMs: timeouts.maxMs,
    requestHeaders: http.requestHeaders,
    responseHeaders: http.responseHeaders,
    allowHttpCode: http.allowHttpCode,
    trustedProxies: http.trustedProxies,
    compressMinBytes: http.compressMinBytes,
    report,
  };
}

export function toRouterOptions({ profile, http, server }: Config): RouterOptions {
  return { profile, urlUnescape: http.urlUnescape, maxPathLength: server.maxUrlBytes };
}
