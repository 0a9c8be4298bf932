// User names and passwords (RFC 7617). Each costs a slow hash: few at a time, and what was found out is remembered for a while.
import { createHmac, randomBytes } from "node:crypto";
import type { AuthenticationRequest, Identity } from "../../caller.ts";
import { Code, GatewayError } from "../../status.ts";
import type { PasswordUser } from "../../credentials/credentials.ts";
import { isPassword } from "../../credentials/password-hash.ts";
import type { Authenticator } from "./authenticator.ts";
import { quoteText } from "./refusals.ts";

export interface BasicOptions {
  readonly realm: string;
  readonly users: readonly PasswordUser[];
}

export interface Basic extends Authenticator {
  /** As of ApiKeys. */
  replace(users: readonly PasswordUser[]): readonly string[];
}

export const basicName = "basic";

/** One thread at most is kept busy, whoever asks how often. */
const maxRunning = 1;
const maxWaiting = 16;
const maxKnown = 1000;
const maxCredentialsLength = 1024;

interface Entry {
  readonly user: PasswordUser;
  readonly identity: Identity;
}

export function createBasic({ realm, users }: BasicOptions): Basic {
  const challenge = `Basic realm=${quoteText(realm)}, charset="UTF-8"`;
  let entries = toEntries(users, new Map());
  // What is remembered is no password and no hash of one that would be of use elsewhere.
  const secret = randomBytes(32);
  let known = new KnownAnswers();
  const queue = new Turns();

  const check = async ({ user, password }: Credentials, fingerprint: string): Promise<Identity> => {
    const judged = entries;
    const entry = judged.get(user);
    // For a name nobody has the same work is done, on the hash of somebody else.
    const expected = entry ?? judged.values().next().value;
    if (expected === undefined) throw credentialsInvalid(challenge);
    const answers = known;
    const isRight = await queue.run(() => isPassword(password, expected.user.password));
    answers.set(fingerprint, isRight && entry !== undefined);
    if (!isRight || entry === undefined) throw credentialsInvalid(challenge);
    // The file may have changed in the meantime.
    if (entries.get(user) !== entry) throw credentialsInvalid(challenge);
    return admit(entry, challenge);
  };

  return {
    name: basicName,
    challenge,
    headers: ["authorization"],
    authenticate(request) {
      const credentials = readCredentials(request, challenge);
      if (credentials === undefined) return undefined;
      const { user, password } = credentials;
      const fingerprint = createHmac("sha256", secret).update(`${user}\0${password}`).digest("base64");
      const answer = known.get(fingerprint);
      if (answer === undefined) return check(credentials, fingerprint);
      const entry = entries.get(user);
      if (!answer || entry === undefined) throw credentialsInvalid(challenge);
      return admit(entry, challenge);
    },
    replace(next) {
      const before = entries;
      entries = toEntries(next, before);
      known = new KnownAnswers();
      return [...before]
        .filter(([name, old]) => entries.get(name) !== old && !old.user.isDisabled)
        .map(([, old]) => old.identity.principal);
    },
  };
}

interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Undefined for a request whose credentials, if any, are of another scheme. Throws GatewayError for what is none of this one. */
function readCredentials({ headers }: AuthenticationRequest, challenge: string): Credentials | undefined {
  const value = headers["authorization"];
  if (typeof value !== "string" || !/^basic(?: |$)/i.test(value)) return undefined;
  const text = value.length > maxCredentialsLength ? undefined : decodeBase64(value.slice("basic ".length).trim());
  const colon = text?.indexOf(":") ?? -1;
  // oxlint-disable-next-line no-control-regex -- RFC 7617 section 2: no control characters
  if (text === undefined || colon < 1 || /[\u0000-\u001f\u007f]/.test(text)) throw credentialsInvalid(challenge);
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function decodeBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, "base64"));
  } catch {
    return undefined;
  }
}

function admit({ user, identity }: Entry, challenge: string): Identity {
  if (user.isDisabled || Date.now() >= user.expiresAt) throw credentialsInvalid(challenge);
  return identity;
}

function credentialsInvalid(challenge: string): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the user name or the password is not valid", {
    reason: "PASSWORD_INVALID",
    headers: { "www-authenticate": challenge },
  });
}

function toEntries(users: readonly PasswordUser[], before: ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> {
  return new Map(
    users.map((user) => {
      const old = before.get(user.name);
      return [user.name, old !== undefined && isSame(old.user, user) ? old : { user, identity: toIdentity(user) }];
    }),
  );
}

function toIdentity({ name, scopes, roles, claims, expiresAt }: PasswordUser): Identity {
  return { principal: `${basicName}:${name}`, expiresAt, claims: { sub: name, ...claims }, scopes, roles };
}

function isSame(a: PasswordUser, b: PasswordUser): boolean {
  return describe(a) === describe(b);
}

function describe({ password, scopes, roles, claims, expiresAt, isDisabled }: PasswordUser): string {
  const { salt, hash } = password;
  const bytes = [salt, hash].map((part) => Buffer.from(part).toString("base64"));
  return JSON.stringify([bytes, scopes, roles, claims, String(expiresAt), isDisabled]);
}

/** What came of credentials before; as many as there is room for, the latest. */
class KnownAnswers {
  readonly #answers = new Map<string, boolean>();

  get(fingerprint: string): boolean | undefined {
    return this.#answers.get(fingerprint);
  }

  /** A flood of bad ones drives out bad ones only, as long as there are any. */
  set(fingerprint: string, isRight: boolean): void {
    if (this.#answers.size >= maxKnown) this.#forgetOne();
    this.#answers.set(fingerprint, isRight);
  }

  #forgetOne(): void {
    let oldest: string | undefined;
    for (const [fingerprint, isRight] of this.#answers) {
      oldest ??= fingerprint;
      if (isRight) continue;
      this.#answers.delete(fingerprint);
      return;
    }
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}

/** One after the other, few waiting. */
class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#running >= maxRunning) {
      if (this.#waiting.length >= maxWaiting) throw tooBusy();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

function tooBusy(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "too many passwords are being checked at once; try again", {
    reason: "AUTHENTICATION_BUSY",
    headers: { "retry-after": "1" },
  });
}
