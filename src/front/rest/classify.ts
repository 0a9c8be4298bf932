// What a request is, by method and path alone: a call of a binding, a question about methods, or a refusal.
import type { Binding, Profile } from "../../schema/binding.ts";
import type { RouteResult, Router } from "../../route/router.ts";
import { Code, GatewayError } from "../../status.ts";
import type { GatewayErrorOptions } from "../../status.ts";
import type { Exchange } from "../front.ts";

export interface CallRequest {
  readonly kind: "call";
  readonly binding: Binding;
  readonly captures: readonly string[];
  /** Raw, up to the `?`. */
  readonly path: string;
  /** Raw, without the `?`. */
  readonly query: string;
  /** The body is a form that binds like the query, whatever the rule says (grpc-gateway's long-URL fallback). */
  readonly hasFormQuery: boolean;
}

export type Classified =
  | CallRequest
  | { readonly kind: "options"; readonly allow: string }
  | { readonly kind: "refused"; readonly error: GatewayError };

export function classify(router: Router, profile: Profile, exchange: Exchange): Classified {
  const { method, target } = exchange;
  if (target === "*") return { kind: "options", allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" };
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const formMethod = profile === "grpc-gateway" && method === "POST" ? formFallback(exchange) : undefined;
  const route = matchLikeProfile(router, profile, formMethod?.override ?? method, path);
  if (route.kind === "match") return toCall(route, path, query, formMethod?.override !== undefined);
  if (route.kind === "method-not-allowed" && formMethod !== undefined && formMethod.override === undefined) {
    const get = router.match("GET", path);
    if (get.kind === "match") return toCall(get, path, query, true);
  }
  if (profile !== "strict") return refuseAsGrpcGateway(route);
  const isSlashTooMuch =
    route.kind === "not-found" && path.endsWith("/") && router.match(method, path.slice(0, -1)).kind === "match";
  return isSlashTooMuch ? slashTooMuch() : refuse(route, method);
}

/** grpc-gateway serves HEAD only where a rule says so. */
function matchLikeProfile(router: Router, profile: Profile, method: string, path: string): RouteResult {
  const route = router.match(method, path);
  const isBorrowed = method === "HEAD" && route.kind === "match" && route.binding.httpMethod === "GET";
  return isBorrowed && profile === "grpc-gateway" ? { kind: "method-not-allowed", allow: ["GET"] } : route;
}

type Match = Extract<RouteResult, { readonly kind: "match" }>;
type Miss = Exclude<RouteResult, Match>;

function toCall({ binding, captures }: Match, path: string, query: string, hasFormQuery: boolean): CallRequest {
  return { kind: "call", binding, captures, path, query, hasFormQuery };
}

/** A form POST stands for a GET whose URL would be too long, or for the method it names; grpc-gateway compares the type exactly. */
function formFallback({ headers }: Exchange): { readonly override: string | undefined } | undefined {
  if (headers["content-type"] !== "application/x-www-form-urlencoded") return undefined;
  const override = headers["x-http-method-override"];
  return { override: typeof override === "string" && override !== "" ? override.toUpperCase() : undefined };
}

function slashTooMuch(): Classified {
  const message = "no method is bound to this path with a slash at its end; leave the slash out";
  return refused(Code.NOT_FOUND, message, { reason: "ROUTE_NOT_FOUND" });
}

function refuse(route: Miss, method: string): Classified {
  if (route.kind === "bad-path") return badPath(route);
  if (route.kind === "not-found") {
    const message = "no method is bound to this path; `sluice routes` lists those that are";
    return refused(Code.NOT_FOUND, message, { reason: "ROUTE_NOT_FOUND" });
  }
  const allow = route.allow.join(", ");
  if (method === "OPTIONS") return { kind: "options", allow };
  const options = { reason: "METHOD_NOT_ALLOWED", httpStatus: 405, headers: { allow } };
  return refused(Code.UNIMPLEMENTED, `${method} is not bound to this path; allowed: ${allow}`, options);
}

/** Codes and words of grpc-gateway's routing errors, which have no details. */
function refuseAsGrpcGateway(route: Miss): Classified {
  if (route.kind === "bad-path") return badPath(route);
  if (route.kind === "not-found") return refused(Code.NOT_FOUND, "Not Found", { reason: "ROUTE_NOT_FOUND" });
  const headers = { allow: route.allow.join(", ") };
  return refused(Code.UNIMPLEMENTED, "Method Not Allowed", { reason: "METHOD_NOT_ALLOWED", headers });
}

function badPath({ message, reason }: Extract<RouteResult, { readonly kind: "bad-path" }>): Classified {
  return refused(Code.INVALID_ARGUMENT, message, { reason });
}

function refused(code: Code, message: string, options: GatewayErrorOptions): Classified {
  return { kind: "refused", error: new GatewayError(code, message, options) };
}
