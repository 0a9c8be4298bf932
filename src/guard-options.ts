// The settled configuration as what stands before the fronts wants it.
import type { AccessRule } from "./config/config-guard.ts";
import type { Config } from "./config/config.ts";
import { DiagnosticError } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { ownExposedHeaders, ownRequestHeaders } from "./front/guard/cors.ts";
import type { CorsOptions } from "./front/guard/cors.ts";
import type { GuardOptions } from "./front/guard/guard.ts";
import type { Router } from "./route/router.ts";
import type { Method } from "./schema/descriptor.ts";
import { isSelected, suggestSelector } from "./schema/selector.ts";

/** `router` tells a preflight which methods there are. */
export function toGuardOptions(config: Config, router: Router, checkBan?: GuardOptions["checkBan"]): GuardOptions {
  return {
    trustedProxies: config.http.trustedProxies,
    cors: toCorsOptions(config, router),
    requestId: config.requestId,
    // Where connections are closed nobody is left to be answered.
    access: config.access,
    checkBan,
  };
}

function toCorsOptions({ cors, http, requestId, auth }: Config, router: Router): CorsOptions | undefined {
  if (cors.origins.length === 0) return undefined;
  const ids = requestId === undefined ? [] : [requestId.header];
  const key = auth?.apiKeys?.header;
  return {
    origins: cors.origins,
    credentials: cors.credentials,
    requestHeaders: [
      ...ownRequestHeaders,
      ...http.requestHeaders,
      ...cors.headers,
      ...ids,
      ...(key === undefined ? [] : [key]),
    ],
    exposedHeaders: [...ownExposedHeaders, ...http.responseHeaders, ...cors.expose, ...ids],
    maxAgeMs: cors.maxAgeMs,
    privateNetwork: cors.privateNetwork,
    methodsOf: (target) => methodsOf(router, target),
  };
}

/** No method a client could send, so that the router says which there are. */
const noMethod = "";

function methodsOf(router: Router, target: string): ReturnType<CorsOptions["methodsOf"]> {
  const path = target.split("?", 1)[0];
  if (path === "/-/ticket") return ["POST", "OPTIONS"];
  if (path.startsWith("/-/")) return ["GET", "HEAD", "OPTIONS"];
  const route = router.match(noMethod, path);
  if (route.kind === "match") return "any";
  return route.kind === "method-not-allowed" ? route.allow : undefined;
}

/** Pages that may open sockets and fetch tickets: those that may call. Not every page: a socket comes with its visitor's cookies. */
export function toSocketOrigins({ cors, websocket }: Config): readonly string[] {
  return [...new Set([...websocket.allowedOrigins, ...cors.origins.filter((origin) => origin !== "*")])];
}

/** Pages that act with their visitors' cookies: of those that may call, the ones that were given leave for that. */
export function toCookieOrigins({ cors, websocket }: Config): readonly string[] {
  return [...new Set([...websocket.allowedOrigins, ...(cors.credentials ? cors.origins : [])])];
}

/** Throws DiagnosticError, see findAccessProblems. */
export function checkAccessRules(rules: readonly AccessRule[], methods: readonly Method[]): void {
  const problems = findAccessProblems(rules, methods);
  if (problems.length > 0) throw new DiagnosticError(problems);
}

/** Selectors that take no method: whoever wrote them thinks something is guarded. */
export function findAccessProblems(rules: readonly AccessRule[], methods: readonly Method[]): readonly Diagnostic[] {
  const names = methods.map(({ name }) => name);
  return rules.flatMap((rule, at) =>
    rule.methods.flatMap((selector, index): Diagnostic[] => {
      if (names.some((name) => isSelected(selector, name))) return [];
      const message = `access.rules[${at}].methods[${index}]: ${JSON.stringify(selector)} takes no method of the protos`;
      const hint = suggestSelector(selector, names);
      return [{ severity: "error", position: rule.positionOf(index), message, hint, rule: "unknown-selector" }];
    }),
  );
}
