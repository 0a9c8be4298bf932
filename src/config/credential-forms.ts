// The text forms of the credentials file, and of the groups of `auth` beside the issuers.
import { isKeyId } from "../credentials/api-key-text.ts";
import { parsePasswordHash } from "../credentials/password-hash.ts";

export type CredentialForm =
  | "instant"
  | "key-id"
  | "user-name"
  | "secret-hash"
  | "password-hash"
  | "key-header"
  | "parameter"
  | "name-pattern"
  | "principal-source"
  | "visible";

const problems: Readonly<Record<CredentialForm, (value: string) => string | undefined>> = {
  instant: (value) =>
    parseInstant(value) === undefined
      ? "a time is expected, e.g. 2027-03-31T12:00:00Z, or a day, 2027-03-31"
      : undefined,
  "key-id": (value) =>
    isKeyId(value) ? undefined : "the id of a key is expected, 12 letters and digits: slk_ID_SECRET is the whole key",
  "user-name": (value) =>
    // oxlint-disable-next-line no-control-regex -- RFC 7617 section 2: neither colons nor control characters
    /^[^:\u0000-\u001f\u007f]+$/.test(value) ? undefined : "a user name is expected, without colons",
  "secret-hash": (value) =>
    /^sha256:[0-9a-f]{64}$/.test(value)
      ? undefined
      : "the hash of a key is expected, sha256: and 64 hexadecimal digits; sluice keys create makes one",
  "password-hash": (value) =>
    parsePasswordHash(value) === undefined
      ? "the hash of a password is expected, scrypt:N:r:p:SALT:HASH; sluice keys create --user makes one"
      : undefined,
  "key-header": keyHeaderProblem,
  parameter: (value) =>
    /^[A-Za-z0-9._-]{1,64}$/.test(value) ? undefined : "the name of a query parameter is expected, e.g. api_key",
  "name-pattern": (value) =>
    /^[^*]*\*?[^*]*$/.test(value) && value !== ""
      ? undefined
      : "a name is expected, with one * at most, e.g. spiffe://example/*",
  "principal-source": (value) =>
    /^(?:header:[a-z0-9-]{1,128}|metadata:[A-Za-z0-9_.-]{1,128})$/.test(value)
      ? undefined
      : "header:NAME (lower case) or metadata:NAME is expected, e.g. metadata:sub",
  visible: (value) => (/^[\x21-\x7e]+$/.test(value) ? undefined : "printable ASCII without blanks is expected"),
};

export function isCredentialForm(kind: string): kind is CredentialForm {
  return Object.hasOwn(problems, kind);
}

export function credentialProblem(kind: CredentialForm, value: string): string | undefined {
  return problems[kind](value);
}

/** Of an RFC 3339 time, or of a day, which begins at midnight in UTC: Unix milliseconds. Undefined for anything else. */
export function parseInstant(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/.exec(text);
  const time = match === null ? Number.NaN : Date.parse(text);
  if (match === null || Number.isNaN(time)) return undefined;
  // 31 February is 3 March to Date.
  return new Date(`${match[1]}T00:00:00Z`).toISOString().startsWith(match[1]) ? time : undefined;
}

const taken = new Set([
  "authorization",
  "cookie",
  "host",
  "connection",
  "content-type",
  "content-length",
  "user-agent",
]);

function keyHeaderProblem(value: string): string | undefined {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(value)) return "the name of a header is expected, e.g. x-api-key";
  const name = value.toLowerCase();
  if (taken.has(name) || /^(?:grpc-|sluice-|sec-|x-forwarded-)/.test(name))
    return "this header means something else; choose one such as x-api-key";
  return undefined;
}
