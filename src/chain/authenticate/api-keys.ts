// API keys: a header, or a query parameter where that is allowed, holds one; a table of hashes says whose it is.
import { timingSafeEqual } from "node:crypto";
import type { AuthenticationRequest, Identity } from "../../caller.ts";
import { Code, GatewayError } from "../../status.ts";
import { hashSecret, parseApiKey } from "../../credentials/api-key-text.ts";
import type { ApiKey } from "../../credentials/credentials.ts";
import type { Authenticator } from "./authenticator.ts";
import { readQueryParameter } from "./query-parameter.ts";
import { quoteText } from "./refusals.ts";

export interface ApiKeysOptions {
  /** Lower case. */
  readonly header: string;
  /** Undefined: keys in URLs are not looked for. */
  readonly query: string | undefined;
  readonly realm: string;
  readonly keys: readonly ApiKey[];
}

export interface ApiKeys extends Authenticator {
  /** From now on these hold. The principals of those that did and do not any more, or not as they were: what is open for them is to be ended. */
  replace(keys: readonly ApiKey[]): readonly string[];
}

export const apiKeysName = "api_keys";

interface Entry {
  readonly key: ApiKey;
  /** One object as long as the key is what it is. */
  readonly identity: Identity;
}

/** For ids nobody has: as much work as for those there are. */
const nobody = new Uint8Array(32);

export function createApiKeys({ header, query, realm, keys }: ApiKeysOptions): ApiKeys {
  const challenge = `ApiKey realm=${quoteText(realm)}, header=${quoteText(header)}`;
  let entries = toEntries(keys, new Map());
  return {
    name: apiKeysName,
    challenge,
    headers: [header],
    authenticate(request) {
      const text = readKey(request, header, query);
      if (text === undefined) return undefined;
      return judge(entries, text, challenge);
    },
    replace(next) {
      const before = entries;
      entries = toEntries(next, before);
      return listEnded(before, entries);
    },
  };
}

/** A header that occurs twice, or beside the parameter, is a list of keys, and so none. */
function readKey(request: AuthenticationRequest, header: string, query: string | undefined): string | undefined {
  const value = request.headers[header];
  const inHeader = Array.isArray(value) ? value.join(", ") : value;
  const inQuery = query === undefined ? undefined : readQueryParameter(request.source.target, query);
  return inHeader === undefined || inQuery === undefined ? (inHeader ?? inQuery) : `${inHeader}, ${inQuery}`;
}

function judge(entries: ReadonlyMap<string, Entry>, text: string, challenge: string): Identity {
  const parsed = parseApiKey(text);
  const entry = parsed === undefined ? undefined : entries.get(parsed.id);
  const isEqual = timingSafeEqual(hashSecret(parsed?.secret ?? text), entry?.key.hash ?? nobody);
  if (entry === undefined || !isEqual) throw keyInvalid("the API key is not valid", challenge);
  // Only who has the secret is told what became of it.
  if (entry.key.isDisabled) throw keyInvalid("the API key was revoked", challenge);
  if (Date.now() >= entry.key.expiresAt) throw keyInvalid("the API key has expired", challenge);
  return entry.identity;
}

function keyInvalid(message: string, challenge: string): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, message, {
    reason: "API_KEY_INVALID",
    headers: { "www-authenticate": challenge },
  });
}

function toEntries(keys: readonly ApiKey[], before: ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> {
  return new Map(
    keys.map((key) => {
      const old = before.get(key.id);
      return [key.id, old !== undefined && isSame(old.key, key) ? old : { key, identity: toIdentity(key) }];
    }),
  );
}

function toIdentity({ id, name, principal, scopes, roles, claims, expiresAt }: ApiKey): Identity {
  return {
    principal: `${apiKeysName}:${principal}`,
    expiresAt,
    claims: { sub: principal, ...claims, key_id: id, key_name: name },
    scopes,
    roles,
  };
}

function listEnded(before: ReadonlyMap<string, Entry>, after: ReadonlyMap<string, Entry>): readonly string[] {
  const ended = new Set<string>();
  for (const [id, old] of before) {
    const now = after.get(id);
    if (old !== now && !old.key.isDisabled) ended.add(old.identity.principal);
  }
  return [...ended];
}

/** In everything that decides; a new name is not worth the end of a stream. */
function isSame(a: ApiKey, b: ApiKey): boolean {
  return Buffer.compare(a.hash, b.hash) === 0 && describe(a) === describe(b);
}

function describe({ principal, scopes, roles, claims, expiresAt, isDisabled }: ApiKey): string {
  return JSON.stringify([principal, scopes, roles, claims, String(expiresAt), isDisabled]);
}
