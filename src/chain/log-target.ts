// A request target as a log may hold it: without its query, or with what is secret in there blotted out.

/** Parameters that carry credentials wherever they occur; compared without regard to case, `-`, `_` and the `$` of the gateway's own. */
const secretParameters: readonly string[] = [
  "accesstoken",
  "apikey",
  "assertion",
  "auth",
  "authorization",
  "authtoken",
  "clientsecret",
  "code",
  "credential",
  "credentials",
  "idtoken",
  "jwt",
  "key",
  "passwd",
  "password",
  "pwd",
  "refreshtoken",
  "secret",
  "session",
  "sessionid",
  "sig",
  "signature",
  "ticket",
  "token",
  "xamzcredential",
  "xamzsecuritytoken",
  "xamzsignature",
  "xapikey",
];

export interface LogTargetOptions {
  readonly withQuery: boolean;
  /** Names of more parameters that are secret. */
  readonly redact: readonly string[];
}

/** Of what a client sent as the target, however strange: the path, and the query where that is wanted. Never throws. */
export function compileLogTarget({ withQuery, redact }: LogTargetOptions): (target: string) => string {
  const secret = new Set([...secretParameters, ...redact.map(toKey)]);
  return (target) => {
    const path = target.startsWith("/") ? target : withoutAuthority(target);
    const at = path.search(/[?#]/);
    if (at === -1) return path;
    if (!withQuery || path[at] === "#") return path.slice(0, at);
    return `${path.slice(0, at)}?${redactQuery(path.slice(at + 1, at + 1 + maxQuery), secret)}`;
  };
}

/** Of an address in a header, as `Referer` has one: as much of its query as of a target's. */
export function compileLogAddress({ withQuery, redact }: LogTargetOptions): (address: string) => string {
  const toTarget = compileLogTarget({ withQuery, redact });
  return (address) => {
    const [, scheme = "", host = "", rest = address] =
      /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)(?:[^/?#]*@)?([^/?#]*)(.*)$/s.exec(address) ?? [];
    return `${scheme}${host}${toTarget(rest)}`;
  };
}

/** Whether a header of that name holds a credential, by the names that parameters have: `x-auth-token`, `api-key`. */
export function isSecretHeader(name: string): boolean {
  const key = toKey(name);
  return secretParameters.includes(key) || secretParameters.includes(key.replace(/^x/, ""));
}

/** More is not looked at, and not logged. */
const maxQuery = 2048;

/** Not the user and password of an absolute-form target. */
function withoutAuthority(target: string): string {
  return target.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, "");
}

/** `;` separates for some, so it ends a value here. */
function redactQuery(query: string, secret: ReadonlySet<string>): string {
  return query
    .split(/([&;#])/)
    .map((part) => {
      const at = part.indexOf("=");
      return at !== -1 && isSecret(part.slice(0, at), secret) ? `${part.slice(0, at)}=[redacted]` : part;
    })
    .join("");
}

/** Of a nested name, `auth.token` or `user[password]`, each part counts. */
function isSecret(name: string, secret: ReadonlySet<string>): boolean {
  const decoded = decode(name);
  return secret.has(toKey(decoded)) || decoded.split(/[.[\]]/).some((part) => secret.has(toKey(part)));
}

/** Percent-encoding hides no name, nor does encoding it twice. */
function decode(name: string): string {
  let text = name.replaceAll("+", " ");
  for (let i = 0; i < 3 && text.includes("%"); i++)
    text = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return text;
}

function toKey(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[-_$]/g, "");
}
