// The authenticator for JWTs: whom it takes, whom it refuses, what it keeps and for how long.
import { createSecretKey } from "node:crypto";
import { expect } from "chai";
import type { AuthenticationRequest, Identity } from "../../../src/caller.ts";
import type { Authenticator } from "../../../src/chain/authenticate/authenticator.ts";
import { findKey, readKeySet } from "../../../src/chain/authenticate/json-web-keys.ts";
import type { VerificationKey } from "../../../src/chain/authenticate/json-web-keys.ts";
import { createJwtAuthenticator } from "../../../src/chain/authenticate/jwt.ts";
import type { JwtIssuer, JwtOptions } from "../../../src/chain/authenticate/jwt.ts";
import { createFixedKey } from "../../../src/chain/authenticate/key-source.ts";
import type { KeySource, KeyState } from "../../../src/chain/authenticate/key-source.ts";
import { Code, GatewayError } from "../../../src/status.ts";
import { forgeTokens, goodClaims, goodToken } from "./forged-tokens.ts";
import type { ForgeryKit } from "./forged-tokens.ts";
import { base64Url, createKey, makeSecretToken, makeToken } from "./token-kit.ts";
import type { Json } from "./token-kit.ts";

const issuer: JwtIssuer = {
  issuer: "https://idp.example",
  jwks: undefined,
  secret: undefined,
  audiences: ["shop"],
  algorithms: ["RS256", "ES256"],
  typ: undefined,
  leewayMs: 60_000,
  principal: "sub",
  scopes: "scope",
  roles: "realm.roles",
};

const kit: ForgeryKit = {
  rsa: createKey("RS256", "rsa-1"),
  ec: createKey("ES256", "ec-1"),
  weak: createKey("RS256", "weak-1", 1024),
  issuer: issuer.issuer,
  audience: "shop",
  attackersUrl: "http://127.0.0.1:9",
};

const header = { alg: "RS256", kid: "rsa-1" };

/** Counts how often somebody wants a key: before each check of a signature. */
class Keys implements KeySource {
  asked = 0;
  keys: VerificationKey[];

  constructor(keys: readonly Json[]) {
    this.keys = readKeySet(JSON.stringify({ keys }));
  }

  find(kid: string | undefined, algorithm: string): VerificationKey | undefined {
    this.asked++;
    return findKey(this.keys, kid, algorithm);
  }

  start(): void {}
  problem(): undefined {}
  state(): KeyState {
    return { keys: this.keys.length, ageMs: 1500, fetched: 2, failed: 1 };
  }
  close(): void {}
}

const timer = { add: () => {}, delete: () => {} };

function create(keys: KeySource, more: Partial<JwtOptions> = {}): Authenticator {
  return createJwtAuthenticator({
    issuers: [issuer],
    cookie: undefined,
    isPageOrigin: () => false,
    realm: "sluice",
    leaveOpaque: false,
    timer,
    report: () => {},
    keysOf: () => keys,
    ...more,
  });
}

type Headers = Readonly<Record<string, string>>;

function requestOf(headers: Headers): AuthenticationRequest {
  const peer = { address: "::1", port: 1 };
  const source = { method: "GET", target: "/", httpVersion: "1.1", secure: false, peer } as const;
  return { metadata: [], headers, peer, source, method: undefined };
}

const bearer = (token: string): AuthenticationRequest => requestOf({ authorization: `Bearer ${token}` });

async function outcome(authenticator: Authenticator, request: AuthenticationRequest): Promise<unknown> {
  try {
    return await authenticator.authenticate(request);
  } catch (error) {
    return error;
  }
}

function makeKeys(): Keys {
  return new Keys([kit.rsa.jwk, kit.ec.jwk, kit.weak.jwk]);
}

describe("the authenticator for JWTs", () => {
  it("says whose a good token is, with its claims, scopes and roles", async () => {
    const claims = { ...goodClaims(kit), realm: { roles: ["admin", 1, "buyer"] } };
    const token = makeToken({ alg: "ES256", kid: kit.ec.kid }, claims, kit.ec);
    const identity = (await outcome(create(makeKeys()), bearer(token))) as Identity;
    expect(identity.principal).to.equal("https://idp.example|ada");
    expect(identity.expiresAt).to.equal(Number(claims["exp" as keyof typeof claims]) * 1000);
    expect({ ...identity.claims }).to.deep.equal(claims);
    expect(identity.scopes).to.deep.equal(["orders.read", "orders.write"]);
    expect(identity.roles).to.deep.equal(["admin", "buyer"]);
    // The next call with this token sees the same.
    for (const part of [identity, identity.claims, identity.claims?.["realm"], identity.scopes, identity.roles])
      expect(part).to.be.frozen;
  });

  for (const scheme of ["Bearer", "bearer", "BEARER", "Bearer  "])
    it(`takes the scheme ${JSON.stringify(scheme)}`, async () => {
      const request = requestOf({ authorization: `${scheme} ${goodToken(kit)}` });
      expect(await outcome(create(makeKeys()), request)).to.include({ principal: "https://idp.example|ada" });
    });

  for (const { name, token, isHeader } of forgeTokens(kit))
    it(`does not take ${name}`, async () => {
      const authorization = isHeader === true ? token : `Bearer ${token}`;
      const answer = await outcome(create(makeKeys()), requestOf({ authorization }));
      // What has no scheme of ours is somebody else's to judge, and nobody's in the end.
      if (answer === undefined) expect(authorization).not.to.match(/^bearer/i);
      else
        expect(answer)
          .to.be.instanceOf(GatewayError)
          .and.include({ code: Code.UNAUTHENTICATED, reason: "TOKEN_INVALID" });
    });

  it("has more than thirty forged tokens, each by another name", () => {
    const names = forgeTokens(kit).map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length).and.be.greaterThan(30);
  });

  it("says in WWW-Authenticate what is wrong", async () => {
    const token = makeToken(header, { ...goodClaims(kit), exp: 1 }, kit.rsa);
    const error = (await outcome(create(makeKeys()), bearer(token))) as GatewayError;
    expect(error.headers["www-authenticate"]).to.equal(
      `Bearer realm="sluice", error="invalid_token", error_description="it has expired"`,
    );
  });

  it("leaves requests without a bearer token to others", () => {
    const authenticator = create(makeKeys());
    const requests: Headers[] = [
      {},
      { authorization: "Basic YTpi" },
      { authorization: "Bearers x" },
      { cookie: "session=x" },
    ];
    for (const headers of requests) expect(authenticator.authenticate(requestOf(headers))).to.equal(undefined);
  });

  it("leaves opaque tokens to others only where there are others", () => {
    expect(create(makeKeys(), { leaveOpaque: true }).authenticate(bearer("opaque"))).to.equal(undefined);
    expect(() => create(makeKeys()).authenticate(bearer("opaque"))).to.throw(GatewayError);
  });

  it("answers at once, with the same identity and without a look at the signature, for a token that came before", async () => {
    const keys = makeKeys();
    const authenticator = create(keys);
    const token = goodToken(kit);
    const known = await outcome(authenticator, bearer(token));
    expect(known).to.have.property("principal");
    expect(authenticator.authenticate(bearer(token))).to.equal(known);
    expect(keys.asked).to.equal(1);
  });

  it("knows headers it has seen, as the very object, until the token ends, its key goes, or its owner is revoked", async () => {
    let now = Date.now();
    const keys = makeKeys();
    const authenticator = create(keys, { now: () => now });
    const request = bearer(goodToken(kit));
    const { expiresAt } = (await outcome(authenticator, request)) as Identity;
    expect(await outcome(authenticator, request)).to.equal(await outcome(authenticator, request));
    now = expiresAt;
    expect(() => authenticator.authenticate(request)).to.throw("it has expired");
    now = expiresAt - 1000;
    expect(authenticator.authenticate(request)).to.have.property("principal");
    keys.keys[0].isGone = true;
    keys.keys.splice(0, 1);
    expect(await outcome(authenticator, request)).to.include({ reason: "TOKEN_INVALID" });
    const other = create(makeKeys());
    for (let i = 0; i < 3; i++) await outcome(other, request);
    other.revoke?.("https://idp.example|ada");
    expect(await outcome(other, request)).to.include({ reason: "CREDENTIALS_REVOKED" });
  });

  it("counts tokens by what became of them, and tells how its keys are", async () => {
    const authenticator = create(makeKeys());
    const [good, bad] = [goodToken(kit), `${goodToken(kit).slice(0, -8)}AAAAAAAA`];
    for (const token of [good, good, good, bad, bad, "none"]) await outcome(authenticator, bearer(token));
    await outcome(authenticator, requestOf({}));
    await outcome(authenticator, requestOf({ authorization: "Bearer" }));
    const samples = (name: string): unknown =>
      authenticator.metrics?.().find((metric) => metric.name === `sluice_${name}`)?.samples;
    expect(samples("jwt_tokens_total")).to.deep.equal([
      [{ result: "known" }, 2],
      [{ result: "checked" }, 1],
      [{ result: "refused" }, 4],
    ]);
    expect(samples("jwt_known_tokens")).to.deep.equal([[{}, 1]]);
    const { issuer: name } = issuer;
    expect(samples("jwks_keys")).to.deep.equal([[{ issuer: name }, 2]]);
    expect(samples("jwks_age_seconds")).to.deep.equal([[{ issuer: name }, 1.5]]);
    expect(samples("jwks_fetches_total")).to.deep.equal([
      [{ issuer: name, result: "fetched" }, 2],
      [{ issuer: name, result: "failed" }, 1],
    ]);
  });

  it("checks one signature for a crowd with one token", async () => {
    const keys = makeKeys();
    const authenticator = create(keys);
    const token = goodToken(kit);
    const identities = await Promise.all(Array.from({ length: 50 }, () => outcome(authenticator, bearer(token))));
    expect(new Set(identities).size).to.equal(1);
    expect(keys.asked).to.equal(1);
  });

  it("answers at once for new tokens, good and bad, and beside the turn, once for a crowd, where a check is costly", async () => {
    expect(create(makeKeys()).authenticate(bearer(goodToken(kit)))).to.have.property("principal");
    const bad = bearer(`${goodToken(kit).slice(0, -8)}AAAAAAAA`);
    expect(() => create(makeKeys()).authenticate(bad)).to.throw(GatewayError, "its signature does not match");
    const key = createKey("ES512", "costly");
    const keys = new Keys([key.jwk]);
    const authenticator = create(keys, { issuers: [{ ...issuer, algorithms: ["ES512"] }] });
    const request = bearer(makeToken({ alg: "ES512", kid: "costly" }, goodClaims(kit), key));
    const answers = Array.from({ length: 50 }, () => authenticator.authenticate(request));
    for (const answer of answers) expect(answer).to.be.instanceOf(Promise);
    expect(new Set(await Promise.all(answers.map((answer) => Promise.resolve(answer)))).size).to.equal(1);
    expect(keys.asked).to.equal(1);
    expect(authenticator.authenticate(request)).to.have.property("principal");
  });

  it("does not take a costly token whose key goes, or whose owner is revoked, while it is looked at", async () => {
    const key = createKey("ES512", "costly");
    const request = bearer(makeToken({ alg: "ES512", kid: "costly" }, goodClaims(kit), key));
    const ask = async (meanwhile: (keys: Keys, authenticator: Authenticator) => void): Promise<unknown> => {
      const keys = new Keys([key.jwk]);
      const authenticator = create(keys, { issuers: [{ ...issuer, algorithms: ["ES512"] }] });
      const answer = outcome(authenticator, request);
      meanwhile(keys, authenticator);
      return answer;
    };
    expect(await ask(() => {})).to.have.property("principal");
    expect(await ask(({ keys: [known] }) => (known.isGone = true))).to.include({ reason: "TOKEN_INVALID" });
    const revoke = (_: Keys, authenticator: Authenticator): void => authenticator.revoke?.("https://idp.example|ada");
    expect(await ask(revoke)).to.include({ reason: "CREDENTIALS_REVOKED" });
  });

  it("checks no signature for a bad token that came before", async () => {
    const keys = makeKeys();
    const authenticator = create(keys);
    const token = `${goodToken(kit).slice(0, -8)}AAAAAAAA`;
    expect(await outcome(authenticator, bearer(token))).to.include({ reason: "TOKEN_INVALID" });
    for (let i = 0; i < 100; i++) expect(() => authenticator.authenticate(bearer(token))).to.throw(GatewayError);
    expect(keys.asked).to.equal(1);
  });

  it("keeps a token that is known through a flood of forged ones, of which it keeps no more than it may", async () => {
    const keys = makeKeys();
    const now = Date.now();
    const authenticator = create(keys, { now: () => now });
    const good = bearer(goodToken(kit));
    const known = await outcome(authenticator, good);
    const [head] = goodToken(kit).split(".");
    const forge = (i: number): AuthenticationRequest =>
      bearer(`${head}.${base64Url(JSON.stringify({ ...goodClaims(kit), jti: i }))}.${base64Url(Buffer.alloc(256, 1))}`);
    const forged = Array.from({ length: 10_001 }, (_, i) => forge(i));
    for (const request of forged) expect(() => authenticator.authenticate(request)).to.throw("does not match");
    expect(authenticator.authenticate(good)).to.equal(known);
    expect(keys.asked).to.equal(1 + forged.length);
    // The first ones are forgotten, the last ones are not looked at again.
    for (const request of [forged[0], ...forged.slice(-1000)])
      expect(() => authenticator.authenticate(request)).to.throw("does not match");
    expect(keys.asked).to.equal(2 + forged.length);
  });

  it("forgets a token at its end, to the millisecond", async () => {
    let now = Date.now();
    const authenticator = create(makeKeys(), { now: () => now });
    const token = goodToken(kit);
    const { expiresAt } = (await outcome(authenticator, bearer(token))) as Identity;
    now = expiresAt - 1;
    expect(authenticator.authenticate(bearer(token))).to.have.property("principal");
    now = expiresAt;
    expect(() => authenticator.authenticate(bearer(token))).to.throw("it has expired");
  });

  it("forgets what a key said when the key is gone", async () => {
    const keys = makeKeys();
    const authenticator = create(keys);
    const token = goodToken(kit);
    await outcome(authenticator, bearer(token));
    const [gone] = keys.keys.splice(0, 1);
    gone.isGone = true;
    expect(await outcome(authenticator, bearer(token))).to.include({ reason: "TOKEN_INVALID" });
  });

  it("refuses the tokens of a revoked principal, but those made later", async () => {
    const now = Date.now();
    const authenticator = create(makeKeys(), { now: () => now });
    // Made in the second that the gateway's clock stands in, also where the next one has begun.
    const iat = Math.floor(now / 1000);
    const of = (claims: Json): string => makeToken(header, { ...goodClaims(kit), iat, ...claims }, kit.rsa);
    const token = of({});
    await outcome(authenticator, bearer(token));
    authenticator.revoke?.("https://idp.example|ada");
    for (const old of [token, of({ iat: undefined })])
      expect(await outcome(authenticator, bearer(old))).to.include({ code: 16, reason: "CREDENTIALS_REVOKED" });
    const later = of({ iat: iat + 1 });
    expect(await outcome(authenticator, bearer(later))).to.include({ principal: "https://idp.example|ada" });
    expect(await outcome(authenticator, bearer(of({ sub: "bob" })))).to.include({
      principal: "https://idp.example|bob",
    });
  });

  it("keeps to the issuer of each token: its keys, algorithms and audience", async () => {
    const [first, second] = [createKey("RS256", "k"), createKey("RS256", "k")];
    const other = { ...issuer, issuer: "https://other.example", audiences: ["bank"] };
    const sources = new Map([
      [issuer.issuer, new Keys([first.jwk])],
      [other.issuer, new Keys([second.jwk])],
    ]);
    const keysOf = ({ issuer: name }: JwtIssuer): KeySource => sources.get(name) as Keys;
    const authenticator = create(makeKeys(), { issuers: [issuer, other], keysOf });
    const ask = (iss: string, aud: string, key: typeof first): Promise<unknown> =>
      outcome(authenticator, bearer(makeToken({ alg: "RS256", kid: "k" }, { ...goodClaims(kit), iss, aud }, key)));
    expect(await ask(issuer.issuer, "shop", first)).to.include({ principal: "https://idp.example|ada" });
    expect(await ask(other.issuer, "bank", second)).to.include({ principal: "https://other.example|ada" });
    expect(await ask(issuer.issuer, "shop", second)).to.be.instanceOf(GatewayError);
    expect(await ask(other.issuer, "shop", second)).to.be.instanceOf(GatewayError);
  });

  for (const alg of [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
  ])
    it(`takes ${alg}, whether its key says so or not`, async () => {
      const key = createKey(alg, "k");
      const token = makeToken({ alg, kid: "k" }, goodClaims(kit), key);
      for (const jwk of [key.jwk, { ...key.jwk, alg: undefined, use: undefined }]) {
        const authenticator = create(new Keys([jwk]), { issuers: [{ ...issuer, algorithms: [alg] }] });
        expect(await outcome(authenticator, bearer(token))).to.have.property("principal");
      }
    });

  it("takes HS256 with the issuer's secret, and no public key's algorithm then", async () => {
    const secret = "0123456789abcdef0123456789abcdef";
    const key = createSecretKey(Buffer.from(secret));
    const source = createFixedKey({ kid: undefined, alg: undefined, key, print: "", isGone: false });
    const authenticator = create(source, { issuers: [{ ...issuer, secret, algorithms: ["HS256"] }] });
    const make = (guess: string): string => makeSecretToken({ alg: "HS256" }, goodClaims(kit), guess);
    expect(await outcome(authenticator, bearer(make(secret)))).to.have.property("principal");
    expect(await outcome(authenticator, bearer(make("guess")))).to.be.instanceOf(GatewayError);
    expect(await outcome(authenticator, bearer(goodToken(kit)))).to.be.instanceOf(GatewayError);
  });

  it("takes a typ that is pinned, however it is spelled, and no other", async () => {
    const authenticator = create(makeKeys(), { issuers: [{ ...issuer, typ: "at+jwt" }] });
    const of = (typ: string | undefined): string => makeToken({ ...header, typ }, goodClaims(kit), kit.rsa);
    for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt"])
      expect(await outcome(authenticator, bearer(of(typ))), typ).to.have.property("principal");
    for (const typ of ["JWT", undefined, "id+jwt"])
      expect(await outcome(authenticator, bearer(of(typ))), String(typ)).to.be.instanceOf(GatewayError);
  });

  it("lets clocks differ for nbf and iat as far as it is told, and not for exp", async () => {
    const authenticator = create(makeKeys());
    const now = Math.floor(Date.now() / 1000);
    const ask = (claims: Json): Promise<unknown> =>
      outcome(authenticator, bearer(makeToken(header, { ...goodClaims(kit), ...claims }, kit.rsa)));
    expect(await ask({ nbf: now + 50, iat: now + 50 })).to.have.property("principal");
    expect(await ask({ nbf: now + 70 })).to.be.instanceOf(GatewayError);
    expect(await ask({ exp: now - 1 })).to.be.instanceOf(GatewayError);
  });
});

describe("a JWT in a cookie", () => {
  const token = goodToken(kit);
  const options = { cookie: "session", isPageOrigin: (origin: string) => origin === "https://app.example" };
  const ask = (headers: Headers): Promise<unknown> =>
    outcome(
      create(makeKeys(), options),
      requestOf({ host: "api.example", cookie: `a=b; session=${token}`, ...headers }),
    );

  const welcome: Headers[] = [
    {},
    { origin: "https://api.example" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    { origin: "https://app.example", "sec-fetch-site": "cross-site" },
  ];
  for (const headers of welcome)
    it(`counts for its own pages, those listed, and programs: ${JSON.stringify(headers)}`, async () =>
      expect(await ask(headers)).to.have.property("principal"));

  const foreign: Headers[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://api.example", "sec-fetch-site": "cross-site" },
    { origin: "https://api.example.evil" },
  ];
  for (const headers of foreign)
    it(`is not looked at for pages of others: ${JSON.stringify(headers)}`, async () =>
      expect(await ask(headers)).to.equal(undefined));

  it("yields to the header, whatever it holds", async () => {
    expect(await ask({ authorization: "Bearer bad" })).to.be.instanceOf(GatewayError);
    expect(await ask({ cookie: "session=bad", authorization: `Bearer ${token}` })).to.have.property("principal");
  });

  it("is known again in its place only: no other spelling of it passes because it came before", async () => {
    const authenticator = create(makeKeys(), options);
    const inCookie = (value: string): Promise<unknown> =>
      outcome(authenticator, requestOf({ host: "api.example", cookie: `session=${value}` }));
    const inHeader = (value: string): Promise<unknown> =>
      outcome(authenticator, requestOf({ host: "api.example", authorization: value }));
    for (let i = 0; i < 3; i++) {
      expect(await inCookie(token)).to.have.property("principal");
      expect(await inHeader(`Bearer ${token}`)).to.have.property("principal");
    }
    expect(await inHeader(token)).to.equal(undefined);
    expect(await inCookie(`Bearer ${token}`)).to.include({ reason: "TOKEN_INVALID" });
  });

  it("is refused where it is there twice", async () =>
    expect(await ask({ cookie: `session=${token}; session=${token}` })).to.include({ reason: "TOKEN_INVALID" }));
});
