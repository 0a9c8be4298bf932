// Signatures of tokens: those that the standards print, of keys of every size, with secrets, and in the judgement of another library.
import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { expect } from "chai";
import { compactVerify } from "jose";
import { hasGoodSignature } from "../../../src/chain/authenticate/check-signature.ts";
import { readToken } from "../../../src/chain/authenticate/read-token.ts";
import { signatureAlgorithms } from "../../../src/chain/authenticate/signature-algorithms.ts";
import { secretAlgorithms, signatureAlgorithms as publicAlgorithms } from "../../../src/config/config-schema-auth.ts";
import { Random } from "../../fuzz/random.ts";
import { signatureVectors } from "./signature-vectors.ts";
import { base64Url, createKey, makeSecretToken, makeToken } from "./token-kit.ts";
import type { KeyPair } from "./token-kit.ts";

const algorithms = [...signatureAlgorithms.keys()];
const isShared = (algorithm: string): boolean => algorithm.startsWith("HS");

function importJwk({ k, ...jwk }: Readonly<Record<string, string>>): KeyObject {
  if (k !== undefined) return createSecretKey(Buffer.from(k, "base64url"));
  return createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
}

interface Signed {
  readonly token: string;
  readonly key: KeyObject;
}

function sign(algorithm: string, claims = {}, bits = 2048): Signed {
  if (isShared(algorithm)) {
    const secret = Buffer.alloc(64, algorithm);
    return { token: makeSecretToken({ alg: algorithm }, claims, secret), key: createSecretKey(secret) };
  }
  const pair = takePair(algorithm, bits);
  return { token: makeToken({ alg: algorithm }, claims, pair, algorithm), key: createPublicKey(pair.privateKey) };
}

const pairs = new Map<string, KeyPair>();

/** RSA keys take their time to be made, and serve six algorithms. */
function takePair(algorithm: string, bits: number): KeyPair {
  const name = /^[RP]S/.test(algorithm) ? `RSA ${bits}` : algorithm;
  const pair = pairs.get(name) ?? createKey(algorithm, "one", bits);
  pairs.set(name, pair);
  return pair;
}

describe("hasGoodSignature", () => {
  for (const { source, algorithm, jwk, token } of signatureVectors)
    it(`takes the token of ${source} as ${algorithm} and as nothing else`, async () => {
      const key = importJwk(jwk);
      const taken: string[] = [];
      for (const name of algorithms) if (await hasGoodSignature(token, key, name)) taken.push(name);
      expect(taken).to.deep.equal(algorithm === "EdDSA" ? ["EdDSA", "Ed25519"] : [algorithm]);
      const last = token.lastIndexOf(".") + 1;
      const other = `${token.slice(0, last)}${token[last] === "A" ? "B" : "A"}${token.slice(last + 1)}`;
      expect(await hasGoodSignature(other, key, algorithm)).to.equal(false);
    });

  it("takes tokens of no key but their own", async () => {
    const keys = signatureVectors.map(({ jwk }) => importJwk(jwk));
    for (const { source, algorithm, jwk, token } of signatureVectors)
      for (const key of keys)
        expect(await hasGoodSignature(token, key, algorithm), source).to.equal(key.equals(importJwk(jwk)));
  });

  for (const algorithm of algorithms)
    it(`takes ${algorithm} of keys of every size, and no byte more or less than they have`, async () => {
      for (const bits of /^[RP]S/.test(algorithm) ? [2048, 2050] : [0]) {
        const { token, key } = sign(algorithm, {}, bits);
        const [header, claims, signature] = token.split(".");
        const bytes = Buffer.from(signature, "base64url");
        const judge = (changed: Uint8Array): boolean | Promise<boolean> =>
          hasGoodSignature([header, claims, base64Url(changed)].join("."), key, algorithm);
        expect(await judge(bytes)).to.equal(true);
        for (const changed of [bytes.subarray(1), bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)])])
          expect(await judge(changed)).to.equal(false);
      }
    });

  it("answers at once where a check is cheap, and beside the turn where it is not", () => {
    const costly = algorithms.filter((algorithm) => {
      const { token, key } = sign(algorithm);
      return hasGoodSignature(token, key, algorithm) instanceof Promise;
    });
    expect(costly).to.deep.equal(["ES384", "ES512"]);
    for (const [bytes, isCostly] of [
      [512, false],
      [513, true],
      [1024, true],
    ] as const) {
      const key = importJwk({ kty: "RSA", n: base64Url(Buffer.alloc(bytes, 0xff)), e: "AQAB" });
      const answer = hasGoodSignature(`e30.e30.${base64Url(Buffer.alloc(bytes, 1))}`, key, "RS256");
      expect(answer instanceof Promise, String(bytes)).to.equal(isCostly);
    }
  });

  it("takes no secret that is shorter than the hash", () => {
    for (const [algorithm, bytes] of [
      ["HS256", 32],
      ["HS384", 48],
      ["HS512", 64],
    ] as const)
      for (const length of [0, bytes - 1, bytes]) {
        const secret = Buffer.alloc(length, 7);
        const token = makeSecretToken({ alg: algorithm }, {}, secret);
        expect(hasGoodSignature(token, createSecretKey(secret), algorithm)).to.equal(length === bytes);
      }
  });

  it("takes nothing by a name that is no algorithm", () => {
    const { token, key } = sign("RS256");
    for (const name of ["none", "", "rs256", "RS1", "RS", "ES256K", "__proto__", "constructor", "toString"])
      expect(hasGoodSignature(token, key, name), name).to.equal(false);
  });

  it("takes nothing with a key that nobody signs with", async () => {
    const pair = createKey("ES256", "one");
    const token = makeToken({ alg: "ES256" }, {}, pair);
    const x25519 = createPrivateKey({
      key: Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), Buffer.alloc(32, 7)]),
      format: "der",
      type: "pkcs8",
    });
    for (const name of algorithms) expect(await hasGoodSignature(token, x25519, name), name).to.equal(false);
  });

  it("knows every algorithm that an issuer may be given, and no other", () => {
    expect(new Set(algorithms)).to.deep.equal(new Set([...publicAlgorithms, ...secretAlgorithms]));
  });
});

/** What somebody may do to a token, most of it in its signature. */
function change(token: string, random: Random): string {
  const parts = token.split(".").map((part) => Buffer.from(part, "base64url"));
  const part = parts[random.chance(70) ? 2 : random.below(2)];
  const at = random.below(part.length);
  const kinds: readonly (() => string)[] = [
    () => token,
    () => {
      part[at] ^= 1 << random.below(8);
      return parts.map(base64Url).join(".");
    },
    () => [...parts.slice(0, 2).map(base64Url), base64Url(part.subarray(0, at))].join("."),
    () => [...parts.slice(0, 2).map(base64Url), base64Url(part.fill(random.below(256), at))].join("."),
    () => token.slice(0, random.below(token.length)) + token.slice(random.below(token.length)),
    () => token + random.pick(["A", "=", ".", "AA", "AAAA", " "]),
    () => {
      const place = random.below(token.length);
      return token.slice(0, place) + random.pick(["-", "_", "A", ".", "=", "+", "\n"]) + token.slice(place + 1);
    },
  ];
  return random.pick(kinds)();
}

describe("readToken and hasGoodSignature together", () => {
  for (const algorithm of algorithms)
    it(`take of changed tokens of ${algorithm} what jose takes, but for spellings that are not canonical`, async () => {
      const random = new Random(20_261_122);
      const { token, key } = sign(algorithm, { sub: "ada", exp: 1_800_000_000 });
      const seen = { true: 0, false: 0 };
      for (let i = 0; i < 60; i++) {
        const changed = change(token, random);
        const theirs = await compactVerify(changed, key, { algorithms: [algorithm] }).then(
          () => true,
          () => false,
        );
        const read = readToken(changed);
        const ours = typeof read !== "string" && (await hasGoodSignature(changed, key, read.algorithm));
        const isCanonical = changed.split(".").every((part) => base64Url(Buffer.from(part, "base64url")) === part);
        expect(ours, changed).to.equal(theirs && isCanonical);
        seen[`${theirs}`]++;
      }
      expect(Math.min(seen.true, seen.false)).to.be.greaterThan(3);
    });
});
