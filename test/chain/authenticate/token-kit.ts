// Tokens made by hand, right and wrong, and a server that publishes keys: what the tests of JWTs are made of.
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Json = Readonly<Record<string, unknown>>;

export interface KeyPair {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  /** As a key set has it. */
  readonly jwk: Json;
}

const curves: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };

function generate(alg: string, modulusLength: number): { privateKey: KeyObject; publicKey: KeyObject } {
  if (/^[RP]S/.test(alg)) return generateKeyPairSync("rsa", { modulusLength });
  if (alg === "EdDSA" || alg === "Ed25519") return generateKeyPairSync("ed25519");
  return generateKeyPairSync("ec", { namedCurve: curves[alg] });
}

export function createKey(alg: string, kid: string, modulusLength = 2048): KeyPair {
  const { privateKey, publicKey } = generate(alg, modulusLength);
  return { kid, alg, privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" } };
}

export function base64Url(value: string | Uint8Array): string {
  return Buffer.from(value as Uint8Array).toString("base64url");
}

/** In JOSE's form: of ECDSA the two numbers side by side (RFC 7518 section 3.4). */
export function signBytes(input: string, { privateKey }: Pick<KeyPair, "privateKey">, alg: string): Buffer {
  const hash = alg === "EdDSA" || alg === "Ed25519" ? null : `sha${alg.slice(2)}`;
  const padding = alg.startsWith("PS") ? { padding: 6, saltLength: Number(alg.slice(2)) / 8 } : {};
  return sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363", ...padding });
}

/** Header and claims as JSON, or as the text they are to be; signed for what they are. */
export function makeToken(header: Json | string, claims: Json | string, key: KeyPair, alg = key.alg): string {
  const toText = (part: Json | string): string => (typeof part === "string" ? part : JSON.stringify(part));
  const input = `${base64Url(toText(header))}.${base64Url(toText(claims))}`;
  return `${input}.${base64Url(signBytes(input, key, alg))}`;
}

export function makeSecretToken(header: Json, claims: Json, secret: string | Uint8Array): string {
  const input = `${base64Url(JSON.stringify(header))}.${base64Url(JSON.stringify(claims))}`;
  return `${input}.${base64Url(
    createHmac(`sha${String(header["alg"]).slice(2)}`, secret)
      .update(input)
      .digest(),
  )}`;
}

/** The public key as PEM: what an attacker hopes is taken for a shared secret. */
export function toPem({ privateKey }: KeyPair): string {
  return createPublicKey(privateKey).export({ type: "spki", format: "pem" }) as string;
}

export type KeyAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server on loopback that answers as it is told, and counts. */
export class KeyServer {
  readonly requests: string[] = [];
  readonly #server: Server;
  answer: KeyAnswer;

  constructor(answer: KeyAnswer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      this.requests.push(request.url ?? "");
      this.answer(request, response);
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function answerKeys(keys: () => readonly Json[], headers: Readonly<Record<string, string>> = {}): KeyAnswer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ keys: keys() }));
  };
}
