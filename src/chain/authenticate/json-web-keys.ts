// A set of JSON Web Keys (RFC 7517): the ones a signature can be checked with, and whether it may be believed at all.
import { createHash, createPublicKey } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { signatureAlgorithms, takesKey } from "./signature-algorithms.ts";
import { isSoundEd25519 } from "./sound-ed25519.ts";
import { isSoundRsa } from "./sound-rsa.ts";

export interface VerificationKey {
  readonly kid: string | undefined;
  /** What the key says it is for; undefined when it does not say. */
  readonly alg: string | undefined;
  readonly key: KeyObject;
  /** The same for the same key, whatever else its set says. */
  readonly print: string;
  /** It is in no set any more: what was checked with it is not known any more. */
  isGone: boolean;
}

export const maxKeys = 64;
const maxKidLength = 256;
/** RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2, and the keys of ML-DSA. */
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];

/** The keys of a set, without those that are for something else. Throws Error for a set that cannot be believed, or has none. */
export function readKeySet(text: string): VerificationKey[] {
  const set: unknown = JSON.parse(text);
  const entries: unknown = isObject(set) ? set["keys"] : undefined;
  if (!Array.isArray(entries)) throw new Error(`the key set is no JSON object with a list "keys"`);
  if (entries.length > maxKeys) throw new Error(`the key set has more than ${maxKeys} keys`);
  const keys = entries.map((entry: unknown, index) => readKey(entry, index)).filter((key) => key !== undefined);
  if (keys.length === 0) throw new Error("the key set has no key that signatures can be checked with");
  return keys;
}

/** Private and shared keys are published by mistake only: whoever read them can sign. */
function readKey(entry: unknown, index: number): VerificationKey | undefined {
  if (!isObject(entry)) throw new Error(`keys[${index}] is no object`);
  const { kty, kid, alg, use, key_ops: operations } = entry;
  if (kty === "oct" || "k" in entry) throw new Error(`keys[${index}] is a shared secret, and everybody can read it`);
  if (privateMembers.some((name) => name in entry))
    throw new Error(`keys[${index}] is a private key, and everybody can read it`);
  if (use !== undefined && use !== "sig") return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return undefined;
  if (kid !== undefined && (typeof kid !== "string" || kid.length > maxKidLength)) return undefined;
  const key = importKey(entry);
  if (key === undefined) return undefined;
  const der = key.export({ type: "spki", format: "der" });
  const print = createHash("sha256")
    .update(JSON.stringify([kid, alg]))
    .update(der)
    .digest("base64url");
  return { kid, alg: typeof alg === "string" ? alg : undefined, key, print, isGone: false };
}

/** Undefined for kinds of keys that nobody here uses, and for keys too weak or too costly. */
function importKey({ kty, n, e, crv, x, y }: Readonly<Record<string, unknown>>): KeyObject | undefined {
  const jwk = kty === "RSA" ? { kty, n, e } : kty === "EC" ? { kty, crv, x, y } : { kty, crv, x };
  if (kty !== "RSA" && kty !== "EC" && kty !== "OKP") return undefined;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
    if (kty === "RSA" && !isSoundRsa(key, toNumber(String(n)))) return undefined;
    return key.asymmetricKeyType === "ed25519" && !isSoundEd25519(key) ? undefined : key;
  } catch {
    return undefined;
  }
}

function toNumber(base64Url: string): bigint {
  return BigInt(`0x${Buffer.from(base64Url, "base64url").toString("hex")}`);
}

/** Whether signatures of this algorithm are made with this kind of key. */
export function fitsAlgorithm({ alg, key }: VerificationKey, name: string): boolean {
  const algorithm = signatureAlgorithms.get(name);
  if (algorithm === undefined || (alg !== undefined && signatureAlgorithms.get(alg) !== algorithm)) return false;
  return takesKey(algorithm, key);
}

/** By its `kid`; a token without one is for the only key of its kind. Of several that might be meant, none is. */
export function findKey(
  keys: readonly VerificationKey[],
  kid: string | undefined,
  algorithm: string,
): VerificationKey | undefined {
  const fitting = keys.filter((key) => (kid === undefined || key.kid === kid) && fitsAlgorithm(key, algorithm));
  return fitting.every(({ key }) => key.equals(fitting[0].key)) ? fitting[0] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
