// What backends are told of a caller: the claims that are configured, and nothing a client could have said in their place, in whatever spelling.
import type { Call } from "../../call.ts";
import type { Identity } from "../../caller.ts";
import type { Metadata } from "../../metadata.ts";
import { readClaim } from "./check-claims.ts";

export interface ForwardingOptions {
  /** The claim, and the metadata it becomes (lower case). */
  readonly claims: readonly (readonly [claim: string, name: string])[];
  /** Headers (lower case) that hold credentials. */
  readonly credentials: readonly string[];
  /** A cookie that may hold them. */
  readonly cookie: string | undefined;
  /** Backends get the credentials all the same: those that were judged. */
  readonly keepCredentials: boolean;
}

/** Sets the call's metadata; `identity` undefined for nobody in particular. */
export type ForwardIdentity = (call: Pick<Call, "metadata" | "headers">, identity: Identity | undefined) => void;

/** What becomes of metadata of a name. */
type Fate = "keep" | "drop" | "credentials" | "cookie";

const maxKnownNames = 1024;

export function compileForwarding(options: ForwardingOptions): ForwardIdentity {
  const fateOf = compileFates(options);
  const entriesOf = compileEntries(options.claims);
  const settle = compileSettle(options);
  return (call, identity) => {
    let { metadata } = call;
    for (let i = 0; i < metadata.length;) {
      const name = metadata[i];
      const fate = fateOf(name);
      const value = fate === "keep" ? metadata[i + 1] : settle(call, fate, name, metadata[i + 1]);
      if (value === undefined) {
        metadata = metadata.toSpliced(i, 2);
        continue;
      }
      if (value !== metadata[i + 1]) metadata = metadata.with(i + 1, value);
      i += 2;
    }
    const entries = identity === undefined ? nothing : entriesOf(identity);
    call.metadata = entries.length === 0 ? metadata : [...metadata, ...entries];
  };
}

/** The value that goes on; undefined for none. */
function compileSettle({ cookie = "" }: ForwardingOptions) {
  return ({ headers }: Pick<Call, "headers">, fate: Fate, name: string, value: string): string | undefined => {
    if (fate === "cookie") return withoutCookie(value, cookie);
    return fate === "credentials" && value === headers[toHeaderName(name)] ? value : undefined;
  };
}

const nothing: Metadata = Object.freeze([]);

/** As the fronts spell a header as metadata. */
function toHeaderName(name: string): string {
  return name.startsWith("grpcgateway-") ? name.slice("grpcgateway-".length) : name;
}

function compileFates({ claims, credentials, cookie, keepCredentials }: ForwardingOptions): (name: string) => Fate {
  const fates = new Map<string, Fate>();
  for (const name of credentials) fates.set(toPlainName(name), keepCredentials ? "credentials" : "drop");
  if (cookie !== undefined && !keepCredentials) fates.set("cookie", "cookie");
  for (const [, name] of claims) fates.set(toPlainName(name), "drop");
  // Clients choose the names, so what is known of them is bounded.
  const known = new Map<string, Fate>();
  return (name) => {
    const fate = known.get(name);
    if (fate !== undefined) return fate;
    const plain = toPlainName(name);
    const found = fates.get(plain) ?? fates.get(plain.replace(/bin$/, "")) ?? "keep";
    if (known.size >= maxKnownNames) known.clear();
    if (name.length <= 64) known.set(name, found);
    return found;
  };
}

/** `X_User-Id`, `x.user.id` and `grpcgateway-x-user-id` are one name to somebody. */
function toPlainName(name: string): string {
  let plain = name.toLowerCase().replaceAll(/[-_.]/g, "");
  while (/^grpc(?:metadata|gateway)/.test(plain)) plain = plain.slice(12 - (plain.startsWith("grpcgateway") ? 1 : 0));
  return plain;
}

function withoutCookie(cookies: string, name: string): string | undefined {
  const pairs = cookies.split(";").map((pair) => pair.trim());
  const kept = pairs.filter((pair) => !pair.startsWith(`${name}=`));
  if (kept.length === pairs.length) return cookies;
  return kept.length === 0 ? undefined : kept.join("; ");
}

/** Once for an identity, which is the same for all calls with one token. */
function compileEntries(claims: ForwardingOptions["claims"]): (identity: Identity) => Metadata {
  const known = new WeakMap<Identity, Metadata>();
  return (identity) => {
    const made = known.get(identity);
    if (made !== undefined) return made;
    const entries = claims.flatMap(([claim, name]) => toEntry(name, readClaim(identity.claims ?? {}, claim)));
    known.set(identity, entries);
    return entries;
  };
}

/** Text as it is where it is printable ASCII, else as `-bin`; numbers and booleans as JSON; lists and objects as JSON in ASCII. */
function toEntry(name: string, value: unknown): [string, string] | [] {
  if (value === undefined || value === null) return [];
  const text = typeof value === "string" ? value : JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, escapeUnit);
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)) return [name, text];
  return [`${name}-bin`, Buffer.from(text).toString("base64").replace(/=+$/, "")];
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
