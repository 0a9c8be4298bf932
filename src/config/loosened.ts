// What a configuration allows beyond the strict defaults: printed at start, so that nobody loosens by accident.
import { formatAddress, isLoopback } from "./address.ts";
import type { Config } from "./config.ts";

/** One line each, the key first. */
export function listLoosened(config: Config): string[] {
  const { http, json, server } = config;
  const lines: (string | false)[] = [
    config.profile === "grpc-gateway" &&
      "profile grpc-gateway: unknown query parameters are dropped, the path wins silently, only the first JSON value is read",
    json.unknownFields === "ignore" && "json.unknown_fields ignore: misspelt fields are dropped",
    json.int64AsNumbers && "json.int64_as_numbers: JavaScript clients round integers over 2^53",
    http.urlUnescape === "all" && "http.url_unescape all: an encoded slash in a multi-segment capture becomes a slash",
    http.underscoreHeaders === "drop" &&
      "http.underscore_headers drop: headers with an underscore are dropped, not refused",
    http.allowHttpCode && "http.allow_http_code: backends choose the HTTP status of a success",
    config.query.ignore.includes("*") && "query.ignore *: unknown parameters are dropped",
    http.trustedProxies.some((cidr) => cidr.endsWith("/0")) &&
      "http.trusted_proxies: every client may claim any address",
    config.profile === "strict" &&
      !config.validation.enabled &&
      "validation.enabled false: messages are not held against the rules of their types",
    config.grpc.proxyUnknown && "grpc.proxy_unknown: methods that no proto names reach the backends unchecked",
    config.websocket.allowedOrigins.includes("*") &&
      "websocket.allowed_origins *: pages of every site may connect with their visitors' cookies",
    config.cors.origins.includes("*") && "cors.origins *: pages of every site may read answers",
    config.cors.credentials &&
      config.cors.origins.some((origin) => origin.includes("*.")) &&
      "cors.origins with *. and credentials: a page of any host below that name acts with its visitors' cookies",
    config.cors.privateNetwork &&
      "cors.private_network: pages of the public internet may call a gateway in a private network",
    config.requestId?.accept === "always" &&
      "request_id.accept always: clients choose what their requests are called in the log",
    config.websocket.accessTokenInQuery && "websocket.access_token_in_query: credentials in URLs end up in logs",
    config.pages.playground &&
      !config.listen.host.startsWith("unix:") &&
      !isLoopback(config.listen.host) &&
      "pages.playground on: everybody who can connect can read the schema and try its methods",
    ...listLoosenedAuth(config),
    config.log.query && "log.query on: query strings are logged; only known secrets in them are blotted out",
    server.maxConnectionsPerIp === undefined &&
      "server.max_connections_per_ip off: one client may take every connection",
    config.admin !== undefined &&
      !isLoopback(config.admin.host) &&
      `admin ${formatAddress(config.admin)}: not on loopback, others can read the configuration`,
  ];
  return lines.filter((line) => line !== false);
}

function listLoosenedAuth({ auth, grpc, listen, tls }: Config): (string | false)[] {
  if (auth === undefined) return [];
  return [
    auth.default.value !== "required" &&
      `auth.default ${auth.default.value}: a method that is added may be called by everybody`,
    auth.public.some(({ value }) => value === "*") && "auth.public *: every method may be called by everybody",
    ...auth.issuers.map(
      ({ issuer, audiences }) =>
        audiences === undefined && `auth.issuers ${issuer}, audience any: tokens made for other services are taken`,
    ),
    auth.apiKeys?.query !== undefined &&
      `auth.api_keys.query ${auth.apiKeys.query}: keys in URLs end up in the logs of proxies and in histories`,
    auth.basic !== undefined &&
      tls === undefined &&
      !isLoopback(listen.host) &&
      !listen.host.startsWith("unix:") &&
      "auth.basic without tls: passwords cross the network as they are",
    auth.extAuthz?.onFailure === "allow" &&
      "auth.ext_authz.on_failure allow: nobody is asked while the server does not answer",
    auth.forwardToken && "auth.forward_token: backends see the credentials, and can use them elsewhere",
    auth.default.value === "required" &&
      grpc.reflection &&
      "grpc.reflection: everybody can read the schema, also of methods that need credentials",
  ];
}
