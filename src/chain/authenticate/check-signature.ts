// Whether the signature of a token is of a key, by node:crypto: at once where that is cheap, else beside the turn.
import { createHmac, timingSafeEqual, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { signatureAlgorithms, takesKey } from "./signature-algorithms.ts";
import type { SignatureAlgorithm } from "./signature-algorithms.ts";

/**
 * `token`: in canonical base64url, as `readToken` takes it. Never throws: what cannot be checked is not good. A promise where
 * one check costs more than a call does, lest strangers with made-up signatures hold up everybody.
 */
export function hasGoodSignature(token: string, key: KeyObject, name: string): boolean | Promise<boolean> {
  const algorithm = signatureAlgorithms.get(name);
  if (algorithm === undefined || !takesKey(algorithm, key)) return false;
  const end = token.lastIndexOf(".");
  if (Math.floor(((token.length - end - 1) * 3) / 4) !== countSignatureBytes(algorithm, key)) return false;
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  const signed = Buffer.from(token.slice(0, end), "latin1");
  try {
    return check(algorithm, key, signed, signature);
  } catch {
    return false;
  }
}

function check(
  { hash, padding, saltLength }: SignatureAlgorithm,
  key: KeyObject,
  signed: Buffer,
  signature: Buffer,
): boolean | Promise<boolean> {
  if (key.type === "secret") {
    const code = createHmac(String(hash), key).update(signed).digest();
    return timingSafeEqual(code, signature);
  }
  // The two numbers of ECDSA side by side, never DER (RFC 7518 section 3.4).
  const how = { key, padding, saltLength, dsaEncoding: "ieee-p1363" as const };
  if (!isCostly(key)) return verify(hash, signed, how, signature);
  return new Promise((resolve) => {
    verify(hash, signed, how, signature, (error, isGood) => resolve(error === null && isGood));
  });
}

/** The larger curves take a millisecond, P-256 and RSA up to 4096 bits less than a tenth of one. */
function isCostly({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === "rsa") return (asymmetricKeyDetails?.modulusLength ?? 0) > 4096;
  return asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve !== "prime256v1";
}

/** How long signatures are (RFC 8017 section 8.2.2, RFC 7518 sections 3.2 and 3.4, RFC 8032 section 5.1.6): others need not be checked. */
function countSignatureBytes({ signatureBytes }: SignatureAlgorithm, { asymmetricKeyDetails }: KeyObject): number {
  return signatureBytes ?? Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}
