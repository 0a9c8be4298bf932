import { expect } from "chai";
import type { AuthenticationRequest, Identity } from "../../../src/caller.ts";
import { createIntrospection } from "../../../src/chain/authenticate/introspection.ts";
import type { Ask } from "../../../src/chain/authenticate/introspection-server.ts";
import { TokenAnswers } from "../../../src/chain/authenticate/token-answers.ts";
import { GatewayError } from "../../../src/status.ts";
import { newRequest } from "./new-request.ts";

const bring = (token: string): AuthenticationRequest => newRequest({ headers: { authorization: `Bearer ${token}` } });

interface Server {
  readonly requests: Parameters<Ask>[0][];
  answer: unknown;
  status: number;
  error: Error | undefined;
  now: number;
}

function start(options: { cacheMs?: number; audiences?: readonly string[]; principal?: string } = {}) {
  const now = 1_700_000_000_000;
  const server: Server = { requests: [], answer: { active: true, sub: "u1" }, status: 200, error: undefined, now };
  const introspection = createIntrospection({
    url: "https://idp.example/introspect",
    clientId: "gate way",
    clientSecret: "s:e%",
    timeoutMs: 500,
    cacheMs: options.cacheMs ?? 60_000,
    audiences: options.audiences,
    principal: options.principal ?? "sub",
    scopes: "scope",
    roles: "realm_access.roles",
    realm: "sluice",
    cookie: "session",
    isPageOrigin: () => false,
    now: () => server.now,
    ask: (request) => {
      server.requests.push(request);
      if (server.error !== undefined) return Promise.reject(server.error);
      const text = typeof server.answer === "string" ? server.answer : JSON.stringify(server.answer);
      return Promise.resolve({ status: server.status, body: Buffer.from(text) });
    },
  });
  const ask = async (token: string): Promise<Identity | undefined> => introspection.authenticate(bring(token));
  const reasonOf = (token: string): Promise<string | undefined> =>
    ask(token).then(
      () => undefined,
      (error: unknown) => GatewayError.from(error).reason,
    );
  return { server, introspection, ask, reasonOf };
}

describe("createIntrospection", () => {
  it("asks as RFC 7662 has it, with the gateway's own credentials encoded", async () => {
    const { server, ask } = start();
    await ask("abc+/=");
    expect(server.requests[0]).to.deep.equal({
      url: new URL("https://idp.example/introspect"),
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        authorization: `Basic ${Buffer.from("gate+way:s%3Ae%25").toString("base64")}`,
      },
      body: "token=abc%2B%2F%3D&token_type_hint=access_token",
      timeoutMs: 500,
      maxBytes: 65_536,
    });
  });

  it("makes an identity of the answer", async () => {
    const { server, ask } = start({ audiences: ["shop", "x"] });
    server.answer = {
      active: true,
      sub: "u1",
      exp: server.now / 1000 + 10,
      aud: ["y", "shop"],
      scope: "a b",
      realm_access: { roles: ["admin", 7] },
    };
    expect(await ask("t")).to.deep.equal({
      principal: "introspection:u1",
      expiresAt: server.now + 10_000,
      claims: server.answer,
      scopes: ["a", "b"],
      roles: ["admin"],
    });
  });

  it("leaves requests without a bearer token to others", () => {
    const { introspection } = start();
    for (const authorization of [undefined, "Basic eDp5", "Bearerx y"])
      expect(introspection.authenticate(newRequest({ headers: { authorization } }))).to.equal(undefined);
  });

  it("takes a token from the cookie, where there is no other", async () => {
    const { server, introspection } = start();
    await introspection.authenticate(newRequest({ headers: { cookie: "a=b; session=t" } }));
    expect(server.requests.map(({ body }) => body)).to.deep.equal(["token=t&token_type_hint=access_token"]);
  });

  it("asks once for a token, however many bring it, and again when the answer is old", async () => {
    const { server, ask, introspection } = start();
    const [one, two] = await Promise.all([ask("t"), ask("t")]);
    expect(one).to.equal(two);
    expect(introspection.authenticate(bring("t")), "at once").to.equal(one);
    server.now += 59_999;
    await ask("t");
    expect(server.requests.length).to.equal(1);
    server.now += 1;
    await ask("t");
    expect(server.requests.length).to.equal(2);
  });

  it("keeps no answer longer than the token lives, and none where that is said", async () => {
    const short = start();
    short.server.answer = { active: true, sub: "u1", exp: short.server.now / 1000 + 5 };
    await short.ask("t");
    short.server.now += 5000;
    expect(await short.reasonOf("t")).to.equal("TOKEN_INVALID");
    expect(short.server.requests.length).to.equal(2);
    const never = start({ cacheMs: 0 });
    await never.ask("t");
    await never.ask("t");
    expect(never.server.requests.length).to.equal(2);
  });

  it("refuses what is not active, expired, not yet valid, or for somebody else; and remembers it shortly", async () => {
    const { server, reasonOf } = start({ audiences: ["shop"] });
    const seconds = server.now / 1000;
    const answers = [
      { active: false, sub: "u1", aud: "shop" },
      { active: true, sub: "u1", aud: "shop", exp: seconds },
      { active: true, sub: "u1", aud: "shop", nbf: seconds + 61 },
      { active: true, sub: "u1", aud: "other" },
      { active: true, sub: "u1" },
    ];
    for (const [index, answer] of answers.entries()) {
      server.answer = answer;
      expect(await reasonOf(`t${index}`), JSON.stringify(answer)).to.equal("TOKEN_INVALID");
    }
    server.answer = { active: true, sub: "u1", aud: "shop" };
    expect(await reasonOf("t0")).to.equal("TOKEN_INVALID");
    server.now += 5000;
    expect(await reasonOf("t0")).to.equal(undefined);
  });

  it("lets nobody in on an answer that does not say what it must", async () => {
    const { server, reasonOf } = start();
    const answers = ["", "null", "[]", "true", "{", {}, { active: "true", sub: "u" }, { active: 1, sub: "u" }];
    const broken = [
      { active: true },
      { active: true, sub: "" },
      { active: true, sub: 7 },
      { active: true, sub: ["u"] },
    ];
    const twice = ['{"active":false,"active":true,"sub":"u"}', '{"active":true,"sub":"u","sub":"root"}'];
    const odd = [
      '{"active":true,"sub":"u","__proto__":{}}',
      `{"active":true,"sub":"u","x":${"[".repeat(40)}${"]".repeat(40)}}`,
    ];
    const times = ["1", null, Number.MAX_VALUE, []].map((exp) => ({ active: true, sub: "u", exp }));
    for (const [index, answer] of [
      ...answers,
      ...broken,
      ...twice,
      ...odd,
      ...times,
      { active: true, sub: "x".repeat(2000) },
    ].entries()) {
      server.answer = answer;
      server.now += 2000;
      expect(await reasonOf(`t${index}`), JSON.stringify(answer).slice(0, 80)).to.equal("INTROSPECTION_UNAVAILABLE");
    }
    server.answer = { active: true, sub: "u" };
    server.status = 401;
    expect(await reasonOf("u")).to.equal("INTROSPECTION_UNAVAILABLE");
  });

  it("leaves a server alone that failed five times in a row, for a second", async () => {
    const { server, reasonOf } = start();
    server.error = new Error("connect ECONNREFUSED");
    for (let i = 0; i < 8; i++) expect(await reasonOf(`t${i}`)).to.equal("INTROSPECTION_UNAVAILABLE");
    expect(server.requests.length).to.equal(5);
    server.now += 1000;
    server.error = undefined;
    expect(await reasonOf("t")).to.equal(undefined);
    expect(server.requests.length).to.equal(6);
  });

  it("asks about a bounded number of tokens at once", async () => {
    const { reasonOf } = start();
    const reasons = await Promise.all(Array.from({ length: 300 }, (_, index) => reasonOf(`t${index}`)));
    expect(reasons.filter((reason) => reason !== undefined).length).to.equal(44);
  });

  it("refuses what is no token without asking", async () => {
    const { server, reasonOf } = start();
    for (const token of ["a b", "a,b", "\u0000", "x".repeat(9000), "a=b"])
      expect(await reasonOf(token)).to.equal("TOKEN_INVALID");
    expect(server.requests.length).to.equal(0);
  });

  it("forgets a principal that is revoked, also one it is just asking about", async () => {
    const { server, ask, introspection } = start();
    await ask("t");
    introspection.revoke?.("introspection:u1");
    server.answer = { active: false };
    await ask("t").catch(() => {});
    expect(server.requests.length).to.equal(2);
    server.answer = { active: true, sub: "u2" };
    const pending = ask("u");
    introspection.revoke?.("introspection:u2");
    await pending;
    await ask("u");
    expect(server.requests.length).to.equal(4);
  });
});

describe("TokenAnswers", () => {
  it("keeps within its entries and bytes, the newest", () => {
    const answers = new TokenAnswers({ maxEntries: 3, maxBytes: 100 });
    const put = (key: string, bytes: number) => answers.set(key, { identity: undefined, until: 10, bytes });
    const held = () => ["a", "b", "c", "d", "e"].filter((key) => answers.get(key, 0) !== undefined).join("");
    for (const key of ["a", "b", "c", "d"]) put(key, 10);
    expect([held(), answers.bytes]).to.deep.equal(["bcd", 30]);
    put("e", 85);
    expect([held(), answers.bytes]).to.deep.equal(["de", 95]);
    put("a", 101);
    expect([held(), answers.bytes]).to.deep.equal(["de", 95]);
    put("d", 5);
    expect([held(), answers.bytes]).to.deep.equal(["de", 90]);
    expect(answers.get("d", 10)).to.equal(undefined);
    expect(answers.bytes).to.equal(85);
  });
});
