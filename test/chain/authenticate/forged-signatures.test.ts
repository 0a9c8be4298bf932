// Signatures that are nearly right, of every algorithm there is, at a gateway: those that careless checkers have taken before.
import { constants, createHash, createHmac, privateEncrypt, sign } from "node:crypto";
import { expect } from "chai";
import { startGateway } from "../../support/gateway.ts";
import type { GatewayFixture } from "../../support/gateway.ts";
import { answerKeys, base64Url, createKey, KeyServer, signBytes } from "./token-kit.ts";
import type { KeyPair } from "./token-kit.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M {}
  service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/one" }; } }
`;
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;

/** What a signature is of, and by whom. */
interface Signed {
  readonly input: string;
  readonly key: KeyPair;
}

type Forge = (signed: Signed) => Readonly<Record<string, Uint8Array>>;

const hashOf = (alg: string): string => `sha${alg.slice(2)}`;

/** Of any algorithm. */
const changed: Forge = ({ input, key }) => {
  const good = signBytes(input, key, key.alg);
  const flip = (at: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes[at < 0 ? bytes.length + at : at] ^= 1;
    return bytes;
  };
  return {
    "one bit at the beginning": flip(0),
    "one bit at the end": flip(-1),
    "a byte less": good.subarray(0, -1),
    "without its first byte": good.subarray(1),
    "a zero more": Buffer.concat([good, Buffer.alloc(1)]),
    "a zero before it": Buffer.concat([Buffer.alloc(1), good]),
    "all zero": Buffer.alloc(good.length),
    one: Buffer.concat([Buffer.alloc(good.length - 1), Buffer.of(1)]),
    "all ones": Buffer.alloc(good.length, 0xff),
    "of nothing": signBytes("", key, key.alg),
    "of other claims": signBytes(`${input}A`, key, key.alg),
    "of what is decoded": signBytes(Buffer.from(input.split(".")[1], "base64url").toString(), key, key.alg),
    "its own hash": createHash("sha256").update(good).digest(),
    "a MAC with the public key": createHmac("sha256", JSON.stringify(key.jwk)).update(input).digest(),
  };
};

/** DER of the AlgorithmIdentifiers of RFC 8017 section 9.2, with the head of the digest behind them. */
const digestInfo: Readonly<Record<string, string>> = {
  RS256: "3031300d060960864801650304020105000420",
  RS384: "3041300d060960864801650304020205000430",
  RS512: "3051300d060960864801650304020305000440",
};

/** The private key on an encoded message as it stands: what is no encoding that the standard knows is one to some checkers. */
const encoded: Forge = ({ input, key }) => {
  const { alg, privateKey } = key;
  const digest = createHash(hashOf(alg)).update(input).digest();
  const info = Buffer.from(digestInfo[alg], "hex");
  const raw = (...parts: readonly (Uint8Array | number)[]): Buffer => {
    const end = Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : part)));
    const block = Buffer.concat([end, Buffer.alloc(Math.max(0, 256 - end.length), 0xaa)]).subarray(0, 256);
    return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block);
  };
  const padding = (length: number, byte = 0xff): Buffer => Buffer.alloc(length, byte);
  const whole = 256 - 3 - info.length - digest.length;
  // What is changed below was right before.
  expect(raw(0, 1, padding(whole), 0, info, digest)).to.deep.equal(signBytes(input, key, alg));
  const withoutNull = Buffer.from(info);
  withoutNull[1] -= 2;
  withoutNull[3] -= 2;
  const noNull = Buffer.concat([withoutNull.subarray(0, -4), withoutNull.subarray(-2)]);
  const changedIdentifier = Buffer.from(info);
  changedIdentifier[9] ^= 1;
  const longForm = Buffer.concat([Buffer.of(info[0], 0x81), info.subarray(1)]);
  return {
    "with the digest behind little padding, and anything behind it": raw(0, 1, padding(8), 0, info, digest),
    "with padding of zeros": raw(0, 1, padding(whole, 0), 0, info, digest),
    "with one byte of the padding changed": raw(0, 1, padding(whole - 1), 0xfe, 0, info, digest),
    "with the block type of encryption": raw(0, 2, padding(whole), 0, info, digest),
    "without NULL": raw(0, 1, padding(whole + 2), 0, noNull, digest),
    "with a length in its long form": raw(0, 1, padding(whole - 1), 0, longForm, digest),
    "of the digest without saying of which hash": raw(0, 1, padding(256 - 3 - digest.length), 0, digest),
    "with a changed identifier": raw(0, 1, padding(whole), 0, changedIdentifier, digest),
    "by RSA-PSS": signBytes(input, key, alg.replace("R", "P")),
    "with another hash": sign(alg === "RS256" ? "sha384" : "sha256", Buffer.from(input), privateKey),
    "with SHA-1": sign("sha1", Buffer.from(input), privateKey),
  };
};

const salted: Forge = ({ input, key }) => {
  const { alg, privateKey } = key;
  const size = Number(alg.slice(2)) / 8;
  const by = (hash: string, saltLength: number): Buffer =>
    sign(hash, Buffer.from(input), { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
  return {
    "without salt": by(hashOf(alg), 0),
    "with a byte of salt less": by(hashOf(alg), size - 1),
    "with a byte of salt more": by(hashOf(alg), size + 1),
    "with another hash": by(alg === "PS256" ? "sha384" : "sha256", size),
    "by PKCS #1 v1.5": signBytes(input, key, alg.replace("P", "R")),
  };
};

/** Orders of the curves, SEC 2 sections 2.4.2, 2.5.1 and 2.6.1. */
const orders: Readonly<Record<string, string>> = {
  ES256: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
  ES384: `${"f".repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`,
  ES512: `01${"f".repeat(64)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`,
};

const pairs: Forge = ({ input, key }) => {
  const size = orders[key.alg].length / 2;
  const order = BigInt(`0x${orders[key.alg]}`);
  const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex");
  const good = signBytes(input, key, key.alg);
  expect(good.length).to.equal(2 * size);
  const [r, s] = [good.subarray(0, size), good.subarray(size)];
  const edges = { 0: 0n, 1: 1n, "n - 1": order - 1n, n: order } as const;
  const found: Record<string, Uint8Array> = {
    "r and s changed round": Buffer.concat([s, r]),
    "as DER": sign(hashOf(key.alg), Buffer.from(input), key.privateKey),
    "with r alone": r,
    "with zeros before both": Buffer.concat([Buffer.alloc(1), r, Buffer.alloc(1), s]),
  };
  for (const [nameOfR, one] of Object.entries(edges))
    for (const [nameOfS, other] of Object.entries(edges))
      found[`r = ${nameOfR}, s = ${nameOfS}`] = Buffer.concat([bytes(one), bytes(other)]);
  return found;
};

/** The same number again, where that fits: S and S + L (RFC 8032 section 5.1.7). */
const unreduced: Forge = ({ input, key }) => {
  const good = signBytes(input, key, key.alg);
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(good.subarray(32)).reverse().toString("hex")}`) + order;
  const more = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
  const identity = Buffer.concat([Buffer.of(1), Buffer.alloc(31)]);
  return {
    "with S not reduced": Buffer.concat([good.subarray(0, 32), more]),
    "with R the neutral element and S zero": Buffer.concat([identity, Buffer.alloc(32)]),
  };
};

function forgeriesOf(alg: string): readonly Forge[] {
  if (alg.startsWith("RS")) return [changed, encoded];
  if (alg.startsWith("PS")) return [changed, salted];
  return [changed, alg === "EdDSA" ? unreduced : pairs];
}

describe("forged signatures", () => {
  const known = algorithms.map((alg) => createKey(alg, alg));
  let keys: KeyServer;
  let gateway: GatewayFixture;
  before(async () => {
    keys = await new KeyServer(answerKeys(() => known.map(({ jwk }) => jwk))).listen();
    const issuer = `{ issuer: "https://idp.example", jwks: "${keys.origin}", audience: shop, algorithms: [${algorithms.join(", ")}] }`;
    gateway = await startGateway({ protos, yaml: `auth:\n  issuers:\n    - ${issuer}\n` });
  });
  after(() => Promise.all([gateway.close(), keys.close()]));

  const call = async (input: string, signature: Uint8Array): Promise<number> => {
    const headers = [`Authorization: Bearer ${input}.${base64Url(signature)}`];
    return (await gateway.request({ method: "GET", target: "/v1/one", headers })).status;
  };

  for (const key of known)
    it(`of ${key.alg} are all refused, and a good one is not`, async () => {
      const claims = { iss: "https://idp.example", aud: "shop", sub: "ada", exp: Math.floor(Date.now() / 1000) + 600 };
      const input = [{ alg: key.alg, kid: key.kid }, claims].map((part) => base64Url(JSON.stringify(part))).join(".");
      expect(await call(input, signBytes(input, key, key.alg))).to.equal(200);
      const taken: string[] = [];
      for (const forge of forgeriesOf(key.alg))
        for (const [name, signature] of Object.entries(forge({ input, key })))
          if ((await call(input, signature)) !== 401) taken.push(name);
      expect(taken).to.deep.equal([]);
      expect(gateway.calls.length).to.equal(known.indexOf(key) + 1);
    });
});
