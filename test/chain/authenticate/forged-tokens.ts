// Tokens that somebody made up or changed: none may be taken for anybody, on any front. One row each, with the name of the trick.
import { createHmac, createPublicKey, sign } from "node:crypto";
import { base64Url, createKey, makeSecretToken, makeToken, signBytes, toPem } from "./token-kit.ts";
import type { Json, KeyPair } from "./token-kit.ts";

export interface ForgedToken {
  readonly name: string;
  /** What stands behind `Bearer `, or the whole header. */
  readonly token: string;
  /** The token is the whole value of Authorization. */
  readonly isHeader?: true;
}

/** What the good token is made of; `rsa` and `ec` are in the issuer's key set, `weak` as well: an RSA key of 1024 bits. */
export interface ForgeryKit {
  readonly rsa: KeyPair;
  readonly ec: KeyPair;
  readonly weak: KeyPair;
  readonly issuer: string;
  readonly audience: string;
  /** Of a server of the attacker's, which is never to be asked. */
  readonly attackersUrl: string;
}

export function goodClaims({ issuer, audience }: ForgeryKit): Json {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, aud: audience, sub: "ada", iat: now, exp: now + 3600, scope: "orders.read orders.write" };
}

export function goodToken(kit: ForgeryKit): string {
  return makeToken({ alg: "RS256", kid: kit.rsa.kid, typ: "JWT" }, goodClaims(kit), kit.rsa);
}

/** The issuer takes RS256 and ES256. */
export function forgeTokens(kit: ForgeryKit): readonly ForgedToken[] {
  return [
    ...forgeAlgorithms(kit),
    ...forgeHeaders(kit),
    ...forgeClaims(kit),
    ...forgeNames(kit),
    ...forgeSpellings(kit),
    ...forgeSignatures(kit),
  ];
}

function forgeAlgorithms(kit: ForgeryKit): ForgedToken[] {
  const claims = goodClaims(kit);
  const body = base64Url(JSON.stringify(claims));
  const { kid } = kit.rsa;
  const unsigned = (alg: string): string => `${base64Url(JSON.stringify({ alg, kid }))}.${body}.`;
  const pem = toPem(kit.rsa);
  const der = createPublicKey(kit.rsa.privateKey).export({ type: "spki", format: "der" });
  const confused = (secret: string | Uint8Array): string => makeSecretToken({ alg: "HS256", kid }, claims, secret);
  const ec: Json = { alg: "RS256", kid: kit.ec.kid };
  return [
    { name: "alg none without signature", token: unsigned("none") },
    { name: "alg NONE without signature", token: unsigned("NONE") },
    { name: "alg nOnE without signature", token: unsigned("nOnE") },
    { name: "alg none with the signature of another token", token: unsigned("none") + goodToken(kit).split(".")[2] },
    { name: "alg empty", token: unsigned("") },
    { name: "RS256 without signature", token: unsigned("RS256") },
    { name: "HS256 with the public key as PEM", token: confused(pem) },
    { name: "HS256 with the public key as PEM without the last line break", token: confused(pem.trimEnd()) },
    { name: "HS256 with the public key as PEM and blanks before it", token: confused(`  ${pem}`) },
    { name: "HS256 with the public key as DER", token: confused(der) },
    { name: "HS256 with the modulus", token: confused(String(kit.rsa.jwk["n"])) },
    { name: "HS256 with an empty secret", token: confused("") },
    { name: "HS256 with the JWK as secret", token: confused(JSON.stringify(kit.rsa.jwk)) },
    { name: "RS512, which the issuer does not use", token: makeToken({ alg: "RS512", kid }, claims, kit.rsa, "RS512") },
    { name: "PS256 with the key of RS256", token: makeToken({ alg: "PS256", kid }, claims, kit.rsa, "PS256") },
    { name: "RS256 said of a signature with the EC key", token: makeToken(ec, claims, kit.ec) },
    { name: "an algorithm in lower case", token: makeToken({ alg: "rs256", kid }, claims, kit.rsa) },
    { name: "alg as a list", token: makeToken({ alg: ["RS256"], kid }, claims, kit.rsa) },
    { name: "no alg", token: makeToken({ kid }, claims, kit.rsa) },
  ];
}

function forgeHeaders(kit: ForgeryKit): ForgedToken[] {
  const claims = goodClaims(kit);
  const mallory = createKey("RS256", kit.rsa.kid);
  const { kid } = kit.rsa;
  const by = (key: KeyPair, more: Json): string => makeToken({ alg: key.alg, kid, typ: "JWT", ...more }, claims, key);
  const twice = `{"alg":"none","alg":"RS256","kid":"${kid}"}`;
  return [
    { name: "another's key under a known kid", token: by(mallory, {}) },
    { name: "an unknown kid", token: by(mallory, { kid: "mallory" }) },
    { name: "a kid that is a path", token: by(mallory, { kid: "../../../../dev/null" }) },
    { name: "a kid that is SQL", token: by(mallory, { kid: "x' UNION SELECT 'key" }) },
    { name: "a kid that is a URL", token: by(mallory, { kid: kit.attackersUrl }) },
    { name: "a kid of __proto__", token: by(mallory, { kid: "__proto__" }) },
    { name: "a kid that is a number", token: by(kit.rsa, { kid: 1 }) },
    { name: "a kid of 300 characters", token: by(kit.rsa, { kid: "k".repeat(300) }) },
    { name: "the kid of another key of the set", token: by(kit.rsa, { kid: kit.ec.kid }) },
    { name: "jku to the attacker's keys", token: by(mallory, { jku: `${kit.attackersUrl}/keys` }) },
    { name: "x5u to the attacker's certificate", token: by(mallory, { x5u: `${kit.attackersUrl}/cert` }) },
    { name: "the attacker's key as jwk", token: by(mallory, { kid: undefined, jwk: mallory.jwk }) },
    { name: "the attacker's certificate as x5c", token: by(mallory, { x5c: [base64Url("a certificate")] }) },
    { name: "crit of something known", token: by(kit.rsa, { crit: ["exp"] }) },
    { name: "crit, empty", token: by(kit.rsa, { crit: [] }) },
    { name: "b64 false", token: by(kit.rsa, { b64: false, crit: ["b64"] }) },
    { name: "cty JWT, a token in a token", token: by(kit.rsa, { cty: "JWT" }) },
    { name: "typ of a logout token", token: by(kit.rsa, { typ: "logout+jwt" }) },
    { name: "typ of a proof of possession", token: by(kit.rsa, { typ: "application/dpop+jwt" }) },
    { name: "typ as a number", token: by(kit.rsa, { typ: 1 }) },
    { name: "a key of 1024 bits", token: by(kit.weak, { kid: kit.weak.kid }) },
    { name: "a header that names alg twice", token: makeToken(twice, claims, kit.rsa) },
    { name: "a header that is a list", token: makeToken("[]", claims, kit.rsa) },
  ];
}

function signerOf(kit: ForgeryKit): (changed: Json | string) => string {
  const header = { alg: "RS256", kid: kit.rsa.kid };
  return (changed) =>
    makeToken(header, typeof changed === "string" ? changed : { ...goodClaims(kit), ...changed }, kit.rsa);
}

/** The good claims but for `exp`, and some text before the end. */
function claimsWith(kit: ForgeryKit, more: string): string {
  return JSON.stringify({ ...goodClaims(kit), exp: undefined }).replace(/\}$/, `,${more}}`);
}

function forgeClaims(kit: ForgeryKit): ForgedToken[] {
  const now = Math.floor(Date.now() / 1000);
  const signed = signerOf(kit);
  const text = (more: string): string => signed(claimsWith(kit, more));
  const claims = JSON.stringify(goodClaims(kit));
  return [
    { name: "exp in the past", token: signed({ exp: now - 1 }) },
    { name: "no exp", token: signed({ exp: undefined }) },
    { name: "exp null", token: signed({ exp: null }) },
    { name: "exp as text", token: signed({ exp: String(now + 3600) }) },
    { name: "exp as a list", token: signed({ exp: [now + 3600] }) },
    { name: "exp true", token: signed({ exp: true }) },
    { name: "exp negative", token: signed({ exp: -1 }) },
    { name: "exp NaN", token: text(`"exp":NaN`) },
    { name: "exp 1e400", token: text(`"exp":1e400`) },
    { name: "exp 1e300", token: text(`"exp":1e300`) },
    { name: "exp in milliseconds", token: signed({ exp: (now + 3600) * 1000 }) },
    { name: "exp twice", token: text(`"exp":${now - 10},"exp":${now + 3600}`) },
    { name: "sub twice", token: signed(claims.replace("{", `{"sub":"root",`)) },
    { name: "sub twice, once escaped", token: signed(claims.replace("{", `{"\\u0073ub":"root",`)) },
    { name: "nbf an hour from now", token: signed({ nbf: now + 3600 }) },
    { name: "nbf as text", token: signed({ nbf: "0" }) },
    { name: "iat an hour from now", token: signed({ iat: now + 3600 }) },
    { name: "__proto__ among the claims", token: text(`"exp":${now + 3600},"__proto__":{"sub":"root"}`) },
    { name: "claims that are a list", token: signed("[]") },
    { name: "claims that are null", token: signed("null") },
    { name: "claims that are no JSON", token: signed("iss=https://idp.example") },
    { name: "claims forty deep", token: text(`"exp":${now + 3600},"x":${"[".repeat(40)}${"]".repeat(40)}`) },
    { name: "larger than 8 KiB", token: signed({ padding: "x".repeat(7000) }) },
  ];
}

function forgeNames(kit: ForgeryKit): ForgedToken[] {
  const signed = signerOf(kit);
  return [
    { name: "iss of somebody else", token: signed({ iss: "https://evil.example" }) },
    { name: "iss in upper case", token: signed({ iss: kit.issuer.toUpperCase() }) },
    { name: "iss with a slash at its end", token: signed({ iss: `${kit.issuer}/` }) },
    { name: "iss with a blank", token: signed({ iss: `${kit.issuer} ` }) },
    { name: "iss as a list", token: signed({ iss: [kit.issuer] }) },
    { name: "no iss", token: signed({ iss: undefined }) },
    { name: "no aud", token: signed({ aud: undefined }) },
    { name: "aud of somebody else", token: signed({ aud: "bank" }) },
    { name: "aud as a list of others", token: signed({ aud: ["bank", "shop2"] }) },
    { name: "aud as an empty list", token: signed({ aud: [] }) },
    { name: "aud that only begins like ours", token: signed({ aud: `${kit.audience}.evil` }) },
    { name: "aud as an object", token: signed({ aud: { [kit.audience]: true } }) },
    { name: "aud in a list in a list", token: signed({ aud: [[kit.audience]] }) },
    { name: "sub empty", token: signed({ sub: "" }) },
    { name: "no sub", token: signed({ sub: undefined }) },
    { name: "sub as a number", token: signed({ sub: 1 }) },
    { name: "sub with a line break", token: signed({ sub: "ada\r\nroot" }) },
  ];
}

function forgeSpellings(kit: ForgeryKit): ForgedToken[] {
  const good = goodToken(kit);
  const [header, claims, signature] = good.split(".");
  const encrypted = [base64Url(`{"alg":"RSA-OAEP","enc":"A256GCM"}`), "a", "b", "c", "d"].join(".");
  return [
    { name: "not a token", token: "ada" },
    { name: "two parts", token: `${header}.${claims}` },
    { name: "four parts", token: `${good}.${signature}` },
    { name: "five parts, encrypted", token: encrypted },
    { name: "an empty header", token: `.${claims}.${signature}` },
    { name: "empty claims", token: `${header}..${signature}` },
    { name: "cut off", token: good.slice(0, -10) },
    { name: "something behind it", token: `${good}AAAA` },
    { name: "padding behind it", token: `${good}==` },
    { name: "padding inside", token: `${header}=.${claims}.${signature}` },
    { name: "base64 instead of base64url", token: `${header}.${claims.slice(0, -2)}+/.${signature}` },
    { name: "bits behind the last byte of the claims", token: `${header}.${lastBitsSet(claims)}.${signature}` },
    { name: "bits behind the last byte of the signature", token: `${header}.${claims}.${lastBitsSet(signature)}` },
    { name: "a blank inside", token: `Bearer ${header}. ${claims}.${signature}`, isHeader: true },
    { name: "two tokens", token: `Bearer ${good} ${good}`, isHeader: true },
    { name: "two tokens with a comma", token: `Bearer ${good}, Bearer ${good}`, isHeader: true },
    { name: "a quoted token", token: `Bearer "${good}"`, isHeader: true },
    { name: "no token", token: "Bearer", isHeader: true },
    { name: "another scheme with a good token", token: `Token ${good}`, isHeader: true },
    { name: "no scheme", token: good, isHeader: true },
  ];
}

/** The same bytes in another spelling, where the length leaves bits over; else a character that is one too many. */
function lastBitsSet(part: string): string {
  if (part.length % 4 === 0) return `${part}A`;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.slice(-1)) | 1];
}

function forgeSignatures(kit: ForgeryKit): ForgedToken[] {
  const good = goodToken(kit);
  const input = good.slice(0, good.lastIndexOf("."));
  const claims = goodClaims(kit);
  const other = makeToken({ alg: "RS256", kid: kit.rsa.kid }, { ...claims, sub: "bob" }, kit.rsa).split(".")[2];
  const ecHead = `${base64Url(JSON.stringify({ alg: "ES256", kid: kit.ec.kid }))}.${base64Url(JSON.stringify(claims))}`;
  const der = sign("sha256", Buffer.from(ecHead), kit.ec.privateKey);
  const raw = signBytes(ecHead, kit.ec, "ES256");
  const root = base64Url(JSON.stringify({ ...claims, sub: "root" }));
  const flipped = Buffer.from(good.split(".")[2], "base64url");
  flipped[10] ^= 1;
  const short = createHmac("sha256", "secret").update(good).digest();
  return [
    { name: "other claims under a good signature", token: `${good.split(".")[0]}.${root}.${good.split(".")[2]}` },
    { name: "the signature of another token", token: `${input}.${other}` },
    { name: "one bit of the signature", token: `${input}.${base64Url(flipped)}` },
    { name: "a short signature", token: `${input}.${base64Url(short)}` },
    { name: "ES256 with r and s zero", token: `${ecHead}.${base64Url(new Uint8Array(64))}` },
    { name: "ES256 as DER", token: `${ecHead}.${base64Url(der)}` },
    { name: "ES256 with a byte too many", token: `${ecHead}.${base64Url(Buffer.concat([raw, Buffer.from([0])]))}` },
    { name: "ES256 with half a signature", token: `${ecHead}.${base64Url(raw.subarray(0, 32))}` },
    { name: "ES256 with r and s the order of the curve", token: `${ecHead}.${base64Url(orderTwice())}` },
  ];
}

function orderTwice(): Buffer {
  const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
  return Buffer.concat([order, order]);
}
