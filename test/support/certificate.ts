// X.509 certificates in DER (RFC 5280), as small as TLS takes them: Node reads certificates but makes none.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

export interface Issued {
  /** Both in PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface Authority extends Issued {
  /** `/O=Example/CN=billing`, `URI:spiffe://example/billing,DNS:billing.example`. */
  issue(subject: string, altNames: string): Issued;
}

const dayMs = 86_400_000;
const attributes: Readonly<Record<string, string>> = { CN: "550403", O: "55040a" };
/** The tags of GeneralName. */
const altNameTags: Readonly<Record<string, number>> = { email: 0x81, DNS: 0x82, URI: 0x86 };

/** The ids of extensions, in hexadecimal. */
const subjectKeyId = "551d0e";
const keyUsage = "551d0f";
const subjectAltName = "551d11";
const basicConstraints = "551d13";
const authorityKeyId = "551d23";

const yes = der(0x01, Buffer.from([0xff]));
/** keyCertSign of KeyUsage; the two lowest bits of the byte are not used. */
const signsCertificates = der(0x03, Buffer.from([2, 0x04]));
const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));

export function createAuthority(subject: string): Authority {
  const { privateKey, publicKey } = newKey();
  const from = { name: nameOf(subject), privateKey, keyId: keyIdOf(publicKey) };
  const mayIssue = [extension(basicConstraints, sequence(yes), yes), extension(keyUsage, signsCertificates, yes)];
  return {
    ...inPem(certify(from, from.name, publicKey, mayIssue), privateKey),
    issue(name, altNames) {
      const own = newKey();
      const more = altNames === "" ? [] : [extension(subjectAltName, sequence(...altNames.split(",").map(altNameOf)))];
      return inPem(certify(from, nameOf(name), own.publicKey, more), own.privateKey);
    },
  };
}

interface Issuer {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
  readonly keyId: Buffer;
}

/** From an hour ago, for clocks that differ, for two days: none can expire in the repository. */
function certify(issuer: Issuer, subject: Buffer, key: KeyObject, extensions: readonly Buffer[]): Buffer {
  const version3 = der(0xa0, der(0x02, Buffer.from([2])));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)]));
  const life = sequence(time(Date.now() - dayMs / 24), time(Date.now() + 2 * dayMs));
  const keyIds = [
    extension(subjectKeyId, der(0x04, keyIdOf(key))),
    extension(authorityKeyId, sequence(der(0x80, issuer.keyId))),
  ];
  const unsigned = sequence(
    version3,
    serial,
    ecdsaWithSha256,
    issuer.name,
    life,
    subject,
    key.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...keyIds, ...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", unsigned, issuer.privateKey)]);
  return sequence(unsigned, ecdsaWithSha256, der(0x03, signature));
}

function newKey(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function inPem(certificate: Buffer, key: KeyObject): Issued {
  const lines = certificate.toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd();
  const cert = Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
  return { cert, key: Buffer.from(key.export({ type: "pkcs8", format: "pem" })) };
}

function nameOf(text: string): Buffer {
  const parts = text.split("/").slice(1);
  return sequence(
    ...parts.map((part) => {
      const [kind, value] = halves(part, "=");
      return der(0x31, sequence(oid(attributes[kind]), der(0x0c, Buffer.from(value))));
    }),
  );
}

function altNameOf(text: string): Buffer {
  const [kind, value] = halves(text, ":");
  return der(altNameTags[kind], Buffer.from(value, "latin1"));
}

function halves(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

function keyIdOf(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

function extension(id: string, value: Buffer, ...critical: readonly Buffer[]): Buffer {
  return sequence(oid(id), ...critical, der(0x04, value));
}

/** UTCTime, which RFC 5280 wants until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...long]), content]);
}
