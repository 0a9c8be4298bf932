// Which methods change nothing, or may be called again; and what is wrong where one that does is told to keep its answers.
import type { SaidParts } from "../chain/policy.ts";
import { toIdentityNames } from "../config/identity-names.ts";
import type { Method } from "../schema/descriptor.ts";
import { isSelected } from "../schema/selector.ts";
import type { AnswerRule } from "../schema/answer-rule.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import type { Configured } from "./configured.ts";
import type { Placed, Report } from "./placed.ts";

/** Unary, and said to change nothing: by its proto, or by a route with GET. */
export function isCacheable(method: Method, configured: Pick<Configured, "httpRules">): boolean {
  return method.kind === "unary" && isSafe(method, configured);
}

/** Calling it twice does no more than calling it once, as its proto says, or a route with GET. */
export function isRepeatable(method: Method, configured: Pick<Configured, "httpRules">): boolean {
  return method.idempotency === "idempotent" || isSafe(method, configured);
}

function isSafe(method: Method, { httpRules }: Pick<Configured, "httpRules">): boolean {
  if (method.idempotency === "no-side-effects") return true;
  const rule = method.options.get("(google.api.http)");
  if (rule instanceof Map && rule.has("get")) return true;
  return httpRules.some(({ selector, rule: added }) => isSelected(selector, method.name) && added["get"] !== undefined);
}

export function checkCache(
  method: Method,
  cache: Placed<CacheRule>,
  {
    configured,
    http,
    report,
  }: { readonly configured: Configured; readonly http: SaidParts<AnswerRule>; readonly report: Report },
): void {
  const fault = (message: string, hint: string): void =>
    report({ severity: "error", position: cache.position, message, hint, rule: "policy-cache" });
  if (method.kind !== "unary")
    fault(
      `the cache of ${method.name}: it is ${method.kind}, and only answers of unary methods are kept`,
      "take it out",
    );
  else if (!isSafe(method, configured))
    fault(
      `the cache of ${method.name}: nothing says that it changes nothing`,
      "option idempotency_level = NO_SIDE_EFFECTS; or a google.api.http rule with get",
    );
  const fixed = http.headers?.value.find((name, index) => index % 2 === 0 && ownHeaders.has(name));
  if (fixed !== undefined)
    fault(
      `the cache of ${method.name}: its answers have the header ${fixed} (${http.headers?.from}), which the gateway sets itself`,
      "take one of them out",
    );
  const names = toIdentityNames(configured.auth);
  const own = cache.value.vary.find((name) => names.includes(name));
  if (cache.value.isPublic && own !== undefined)
    fault(
      `the cache of ${method.name}: vary names ${own}, which says who calls, and public shares one answer between all callers`,
      "take one of them out",
    );
}

const ownHeaders: ReadonlySet<string> = new Set(["cache-control", "cache-status", "age", "etag", "expires"]);
