// CORS (Fetch, section 3.2): which pages may read answers. Preflights are answered here, before anybody is asked who calls and without a call.
import { Code, GatewayError } from "../../status.ts";
import type { Exchange, HeaderList, RequestHeaders } from "../front.ts";
import { compileOriginList, toOrigin } from "../origins.ts";

export interface CorsOptions {
  /** As compileOriginList takes them. */
  readonly origins: readonly string[];
  readonly credentials: boolean;
  /** Lower case: what pages may set, and what they may read. */
  readonly requestHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly maxAgeMs: number;
  readonly privateNetwork: boolean;
  /** The methods that a target has a route for, "any" for one that takes them all; undefined for none. */
  readonly methodsOf: (target: string) => readonly string[] | "any" | undefined;
}

/** Request headers that mean something to the gateway's own fronts. */
export const ownRequestHeaders: readonly string[] = Object.freeze([
  "accept",
  "authorization",
  "cache-control",
  "connect-protocol-version",
  "connect-timeout-ms",
  "content-encoding",
  "content-type",
  "grpc-timeout",
  "if-none-match",
  "last-event-id",
  "sluice-timeout",
  "x-grpc-web",
  "x-user-agent",
]);

/** Answer headers of the gateway itself, beyond those every page may read. */
export const ownExposedHeaders: readonly string[] = Object.freeze([
  "age",
  "cache-status",
  "deprecation",
  "etag",
  "grpc-message",
  "grpc-status",
  "grpc-status-details-bin",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "sunset",
  "www-authenticate",
]);

export interface Cors {
  /** Lets the page read the answer, whatever it will be, if it may. */
  grant(exchange: Exchange): void;
  /** True where the exchange was answered: it was a preflight. Throws GatewayError for one of a page that is not listed. */
  preflight(exchange: Exchange): boolean;
}

const varyOrigin: HeaderList = Object.freeze(["vary", "Origin"]);
const preflightVary =
  "Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";
/** RFC 9110 section 9.1. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
/** What may be asked of a path that has no route: the page then gets to read the 404. */
const commonMethods: readonly string[] = Object.freeze(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/** Throws RangeError for what is no origin, and for credentials to every page. */
export function compileCors(options: CorsOptions): Cors {
  const { origins, credentials } = options;
  const isPublic = origins.includes("*");
  if (isPublic && credentials) throw new RangeError("credentials go together with listed origins only, not with *");
  const isListed = compileOriginList(origins);
  const exposed = ["access-control-expose-headers", [...new Set(options.exposedHeaders)].join(", ")];
  const toAll: HeaderList = Object.freeze(["access-control-allow-origin", "*", ...exposed]);
  const writePreflight = compilePreflight(options);

  /** What lets the page read the answer; `vary` on all of them, also where there is no page (Fetch, section 3.2.5). */
  const toGrant = (origin: string | undefined): HeaderList => {
    if (isPublic) return toAll;
    if (origin === undefined) return varyOrigin;
    const headers = ["access-control-allow-origin", origin, ...exposed, ...varyOrigin];
    if (credentials) headers.push("access-control-allow-credentials", "true");
    return headers;
  };
  const originOf = ({ headers }: Exchange): string | undefined => {
    const header = headers["origin"] as string | undefined;
    return header !== undefined && isAllowed(header, isListed) ? header : undefined;
  };

  return {
    grant: (exchange) => exchange.addAnswerHeaders(toGrant(originOf(exchange))),
    preflight(exchange) {
      const { method, headers } = exchange;
      if (method !== "OPTIONS" || headers["access-control-request-method"] === undefined) return false;
      const header = headers["origin"];
      if (header === undefined) return false;
      if (!isPublic && originOf(exchange) === undefined) throw notListed(String(header));
      exchange.respond(204, writePreflight(exchange), undefined);
      return true;
    },
  };
}

/** As browsers send it, which is what the answer repeats: neither `null`, nor anything that only looks like a listed one. */
function isAllowed(header: string, isListed: (origin: string) => boolean): boolean {
  return toOrigin(header) === header && isListed(header);
}

function compilePreflight(options: CorsOptions) {
  const allowed = new Set([...ownRequestHeaders, ...options.requestHeaders]);
  const allowHeaders = [...allowed].join(", ");
  const maxAge = String(Math.floor(options.maxAgeMs / 1000));
  return ({ target, headers }: Exchange): string[] => {
    const known = options.methodsOf(target) ?? commonMethods;
    const methods = known === "any" ? withAsked(headers["access-control-request-method"]) : known;
    const answer = ["vary", preflightVary, "access-control-allow-methods", methods.join(", ")];
    answer.push("access-control-allow-headers", allowHeaders, "access-control-max-age", maxAge);
    // Private Network Access: Chromium asks, and takes silence for no.
    if (options.privateNetwork && headers["access-control-request-private-network"] === "true")
      answer.push("access-control-allow-private-network", "true");
    return answer;
  };
}

/** `*` would mean any, but not to a page with credentials (Fetch, section 4.9): the method is named that it is about to use. */
function withAsked(asked: RequestHeaders[string]): readonly string[] {
  const isNew = typeof asked === "string" && token.test(asked) && !commonMethods.includes(asked);
  return isNew ? [...commonMethods, asked] : commonMethods;
}

function notListed(header: string): GatewayError {
  const shown = JSON.stringify(header.slice(0, 100));
  return new GatewayError(
    Code.PERMISSION_DENIED,
    `pages of the origin ${shown} may not call; list it in cors.origins`,
    {
      reason: "ORIGIN_FORBIDDEN",
    },
  );
}
