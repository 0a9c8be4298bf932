// The algorithms of signatures (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2): whose keys they take, and their names in node:crypto.
import { constants } from "node:crypto";
import type { KeyObject } from "node:crypto";

export interface SignatureAlgorithm {
  readonly key: "rsa" | "ec" | "ed25519" | "secret";
  /** The only one of its keys. */
  readonly curve?: string;
  /** Null: the algorithm has its own. */
  readonly hash: string | null;
  /** RSA-PSS, and the one length of its salt: that of the hash (RFC 7518 section 3.5). */
  readonly padding?: number;
  readonly saltLength?: number;
  /** Undefined: as long as the modulus. */
  readonly signatureBytes?: number;
}

const edwards: SignatureAlgorithm = { key: "ed25519", hash: null, signatureBytes: 64 };

export const signatureAlgorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ...[256, 384, 512].flatMap((bits): [string, SignatureAlgorithm][] => [
    [`RS${bits}`, { key: "rsa", hash: `sha${bits}` }],
    [`PS${bits}`, { key: "rsa", hash: `sha${bits}`, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 }],
    [`HS${bits}`, { key: "secret", hash: `sha${bits}`, signatureBytes: bits / 8 }],
  ]),
  ["ES256", { key: "ec", curve: "prime256v1", hash: "sha256", signatureBytes: 64 }],
  ["ES384", { key: "ec", curve: "secp384r1", hash: "sha384", signatureBytes: 96 }],
  ["ES512", { key: "ec", curve: "secp521r1", hash: "sha512", signatureBytes: 132 }],
  // Two names of one thing.
  ["EdDSA", edwards],
  ["Ed25519", edwards],
]);

/** Whether its signatures are made with this kind of key. A secret shorter than the hash is none (RFC 7518 section 3.2). */
export function takesKey({ key, curve, signatureBytes = 0 }: SignatureAlgorithm, candidate: KeyObject): boolean {
  if (key === "secret") return candidate.type === "secret" && (candidate.symmetricKeySize ?? 0) >= signatureBytes;
  return (
    candidate.asymmetricKeyType === key && (curve === undefined || candidate.asymmetricKeyDetails?.namedCurve === curve)
  );
}
