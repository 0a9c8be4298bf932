// Sets of JSON Web Keys: what of them is taken, what makes a whole set be refused, and what a gateway makes of tokens of the rest.
import { expect } from "chai";
import { findKey, readKeySet } from "../../../src/chain/authenticate/json-web-keys.ts";
import { startGateway } from "../../support/gateway.ts";
import { answerKeys, createKey, KeyServer, makeToken } from "./token-kit.ts";
import type { Json, KeyPair } from "./token-kit.ts";

const first = createKey("RS256", "first");
const next = createKey("ES256", "next");

describe("a key set", () => {
  const read = (...keys: readonly Json[]): unknown => readKeySet(JSON.stringify({ keys }));

  const refused: readonly [string, () => unknown, string][] = [
    ["no JSON", () => readKeySet("<html>"), "JSON"],
    ["no set", () => readKeySet("[]"), `no JSON object with a list "keys"`],
    ["no keys", () => read(), "no key"],
    ["a private key", () => read(first.jwk, { ...next.jwk, d: "AA" }), "keys[1] is a private key"],
    ["what else is private in an RSA key", () => read({ ...first.jwk, dp: "AA" }), "keys[0] is a private key"],
    ["a private key of an unknown kind", () => read(first.jwk, { kty: "AKP", priv: "AA" }), "keys[1] is a private key"],
    ["a shared secret", () => read({ kty: "oct", k: "c2VjcmV0", kid: "s" }), "keys[0] is a shared secret"],
    ["more than 64 keys", () => read(...Array.from({ length: 65 }, () => first.jwk)), "more than 64"],
    ["certificates only", () => read({ kty: "RSA", kid: "c", x5c: [first.jwk["n"]] }), "no key"],
    ["keys for encryption only", () => read({ ...first.jwk, use: "enc" }), "no key"],
    ["keys that may not verify", () => read({ ...first.jwk, key_ops: ["encrypt"] }), "no key"],
    ["RSA keys of 1024 bits only", () => read(createKey("RS256", "weak", 1024).jwk), "no key"],
    ["RSA keys with the exponent 1 only", () => read({ ...first.jwk, e: "AQ" }), "no key"],
    [
      "RSA keys of 16384 bits only",
      () => read({ ...first.jwk, n: Buffer.alloc(2048, 0xff).toString("base64url") }),
      "no key",
    ],
    ["RSA keys of the ROCA kind only", () => read({ ...first.jwk, n: rocaModulus() }), "no key"],
    ["curve points that are on no curve", () => read({ ...next.jwk, y: next.jwk["x"] }), "no key"],
    ["a key that is a text", () => readKeySet(`{"keys": ["key"]}`), "keys[0] is no object"],
  ];
  for (const [what, make, message] of refused) it(`is refused with ${what}`, () => expect(make).to.throw(message));

  it("has no Ed25519 keys with which anybody signs: of small order, in every spelling", () => {
    const ends = ["7f", "ff"].flatMap((last) => ["ec", "ed", "ee"].map((first) => first + "ff".repeat(30) + last));
    const zeros = ["00", "80"].flatMap((last) => ["00", "01"].map((first) => first + "00".repeat(30) + last));
    const eighths = [
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    for (const hex of [...zeros, ...ends, ...eighths]) {
      const jwk = { kty: "OKP", crv: "Ed25519", x: Buffer.from(hex, "hex").toString("base64url") };
      expect(() => read(jwk), hex).to.throw("no key");
    }
    expect(() => read(createKey("EdDSA", "sound").jwk)).not.to.throw();
  });

  it("has no key for a kid that two of its keys have, but for one that stands in it twice", () => {
    const twin = createKey("RS256", "first");
    const find = (...keys: readonly Json[]) => findKey(readKeySet(JSON.stringify({ keys })), "first", "RS256");
    expect(find(first.jwk, twin.jwk)).to.equal(undefined);
    expect(find(first.jwk, { ...next.jwk, kid: "first" }, { ...first.jwk, alg: undefined })?.kid).to.equal("first");
  });

  it("is read without the keys of unknown kinds", () => {
    const keys = readKeySet(JSON.stringify({ keys: [{ kty: "AKP", kid: "later" }, first.jwk] }));
    expect(keys.map(({ kid }) => kid)).to.deep.equal(["first"]);
  });
});

/** Of 2048 bits, odd, and a power of 65537 modulo every prime that the faulty library used. */
function rocaModulus(): string {
  let product = 1n;
  for (let n = 2n; n <= 701n; n++) if (!hasDivisor(n)) product *= n;
  let modulus = 65537n ** 12_345n % product;
  modulus += (2n ** 2047n / product + 1n) * product;
  return Buffer.from(modulus.toString(16), "hex").toString("base64url");
}

function hasDivisor(n: bigint): boolean {
  for (let divisor = 2n; divisor < n; divisor++) if (n % divisor === 0n) return true;
  return false;
}

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M {}
  service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/one" }; } }
`;

/** Signs as it should, and stands in its set in a way that it should not, beside a key that is in order. */
const odd: readonly (readonly [what: string, alg: string, publish: (key: KeyPair) => readonly Json[]])[] = [
  ["without its alg, as RS256", "PS256", ({ jwk }) => [{ ...jwk, alg: "RS256" }]],
  ["for encryption", "RS256", ({ jwk }) => [{ ...jwk, use: "enc" }]],
  ["for a use that is a list", "RS256", ({ jwk }) => [{ ...jwk, use: ["sig"] }]],
  ["with operations without verify", "RS256", ({ jwk }) => [{ ...jwk, key_ops: ["sign"] }]],
  ["with operations that are text", "RS256", ({ jwk }) => [{ ...jwk, key_ops: "verify" }]],
  ["under another kid", "RS256", ({ jwk }) => [{ ...jwk, kid: "other" }]],
  ["under a kid that is a number", "RS256", ({ jwk }) => [{ ...jwk, kid: 1 }]],
  ["under a kid of 300 characters", "RS256", ({ jwk }) => [{ ...jwk, kid: "k".repeat(300) }]],
  ["beside another of its kid", "RS256", ({ jwk }) => [jwk, createKey("RS256", "odd").jwk]],
  ["as a certificate only", "RS256", ({ jwk }) => [{ kty: "RSA", kid: "odd", x5c: [jwk["n"]] }]],
  ["as another kind of key", "RS256", ({ jwk }) => [{ ...jwk, kty: "EC" }]],
  ["said to be on another curve", "ES256", ({ jwk }) => [{ ...jwk, crv: "P-384" }]],
  ["on a curve of another algorithm", "ES384", ({ jwk }) => [{ ...jwk, alg: "ES256" }]],
  ["as a point that is on no curve", "ES256", ({ jwk }) => [{ ...jwk, y: jwk["x"] }]],
];

describe("a gateway whose issuer publishes a key", () => {
  for (const [what, alg, publish] of odd)
    it(`${what} takes no token of it, and those of the others`, async () => {
      const key = createKey(alg, "odd");
      const keys = await new KeyServer(answerKeys(() => [...publish(key), first.jwk])).listen();
      const algorithms = "[RS256, PS256, ES256, ES384]";
      const issuer = `{ issuer: "https://idp.example", jwks: "${keys.origin}", audience: shop, algorithms: ${algorithms} }`;
      const gateway = await startGateway({ protos, yaml: `auth:\n  issuers:\n    - ${issuer}\n` });
      const call = async (signer: KeyPair): Promise<number> => {
        const claims = { iss: "https://idp.example", aud: "shop", sub: "ada", exp: Math.floor(Date.now() / 1000) + 60 };
        const token = makeToken({ alg: signer.alg, kid: signer.kid }, claims, signer);
        const headers = [`Authorization: Bearer ${token}`];
        return (await gateway.request({ method: "GET", target: "/v1/one", headers })).status;
      };
      const statuses = [await call(key), await call(first)];
      await Promise.all([gateway.close(), keys.close()]);
      expect(statuses).to.deep.equal([401, 200]);
    });
});
