// A Config as JSON for people: no secrets, no paths of private keys.
import { formatAddress } from "./address.ts";
import type { AuthConfig, Config } from "./config.ts";

/** What GET /config of the admin listener answers. */
export function redactConfig(config: Config): Readonly<Record<string, unknown>> {
  return withoutSecrets(redactGroups(config)) as Readonly<Record<string, unknown>>;
}

/** Whatever a group shows: passwords in URLs, and text under names that say it is secret. */
function withoutSecrets(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    if (secretKey.test(key)) return "[redacted]";
    return value.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, "$1[redacted]@");
  }
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutSecrets(item, name)]));
}

const secretKey = /(?:password|passwd|secret|private_?key)$/i;

function redactGroups(config: Config): Readonly<Record<string, unknown>> {
  return {
    ...config,
    listen: formatAddress(config.listen),
    admin: config.admin === undefined ? "off" : formatAddress(config.admin),
    tls:
      config.tls === undefined
        ? false
        : {
            cert: config.tls.cert,
            clientCertificates: config.tls.clientCa === undefined ? false : config.tls.clientAuth,
            minVersion: config.tls.minVersion,
          },
    upstreams: config.upstreams.map(({ service, target, tls }) => ({
      service: service ?? "default",
      target,
      tls:
        tls === undefined
          ? false
          : { ca: tls.ca ?? "system", clientCertificate: tls.cert !== undefined, serverName: tls.serverName },
    })),
    auth: config.auth === undefined ? undefined : redactAuth(config.auth),
    limits: config.limits.map(({ rule, methods }) => ({ ...rule, methods })),
    compose: config.compose.map(({ method, settings }) => ({ method, ...settings })),
    interceptors: config.interceptors.map(({ options, ...rest }) => ({ ...rest, options: Object.keys(options) })),
    redis:
      config.redis === undefined
        ? false
        : { ...config.redis, ca: config.redis.ca ?? "system", password: config.redis.password !== undefined },
    http: {
      ...config.http,
      rules: config.http.rules.map((rule) => ({ selector: rule.selector, ...rule.position("") })),
    },
  };
}

/** Whether there is a secret, not what it is. */
function redactAuth(auth: AuthConfig): object {
  const { issuers, introspection, extAuthz } = auth;
  return {
    ...auth,
    issuers: issuers.map((issuer) => ({ ...issuer, secret: issuer.secret !== undefined })),
    introspection: introspection && { ...introspection, clientSecret: true },
    extAuthz: extAuthz && { ...extAuthz, tls: extAuthz.tls !== undefined },
  };
}
