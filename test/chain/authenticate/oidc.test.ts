// Tokens of a real OpenID provider: found by discovery, checked on every front, and its keys changed while the gateway runs.
import { expect } from "chai";
import { createJwtAuthenticator } from "../../../src/chain/authenticate/jwt.ts";
import { FetchedKeys } from "../../../src/chain/authenticate/key-source.ts";
import { loadKeys } from "../../../src/chain/authenticate/load-keys.ts";
import type { AuthenticationRequest } from "../../../src/caller.ts";
import { startOidcProvider } from "../../support/oidc-provider.ts";
import type { OidcProvider } from "../../support/oidc-provider.ts";
import { startStreamGateway } from "../../support/stream-gateway.ts";
import type { StreamGateway } from "../../support/stream-gateway.ts";
import { createKey } from "./token-kit.ts";
import { transports } from "../../matrix/pairs.ts";

describe("an OpenID provider", () => {
  describe("that is an issuer", () => {
    let provider: OidcProvider;
    let gateway: StreamGateway;

    before(async () => {
      provider = await startOidcProvider(createKey("RS256", "one"));
      const issuer = `{ issuer: "${provider.issuer}", audience: shop, algorithms: [RS256, ES256], typ: at+jwt }`;
      const claims = "forward_claims: { sub: x-user-id, scope: x-scope }";
      gateway = await startStreamGateway({
        yaml: `shedding: { enabled: false }\nauth:\n  ${claims}\n  issuers:\n    - ${issuer}\n`,
      });
    });

    after(() => Promise.all([gateway.close(), provider.close()]));

    for (const transport of transports)
      it(`has its tokens taken over ${transport.name}, and those for others not`, async () => {
        const bearer = await provider.token("shop", "orders.read");
        const run = `oidc ${transport.name}`;
        const good = await transport.open(gateway, "server-streaming", { bearer });
        good.send({ run, count: 1 });
        good.end();
        expect(await good.ended).to.include({ code: 0 });
        const { metadata } = await gateway.backend.run(run);
        expect(metadata).to.include({ "x-user-id": "billing", "x-scope": "orders.read" });
        expect(metadata).not.to.have.any.keys("authorization", "grpcgateway-authorization");
        const bad = await transport.open(gateway, "server-streaming", {
          bearer: await provider.token("bank", "orders.read"),
        });
        bad.send({ run: "bank", count: 1 });
        bad.end();
        expect(await bad.ended).to.include({ code: 16 });
        expect(gateway.backend.reached("bank")).to.equal(undefined);
      });

    it("was asked for its keys once", () => expect(provider.keyRequests).to.equal(1));
  });

  it("may change its key and algorithm: new tokens are taken at once, old ones not once their key is gone", async () => {
    const provider = await startOidcProvider(createKey("RS256", "one"));
    let now = 0;
    const keysOf = (): FetchedKeys =>
      new FetchedKeys({
        issuer: provider.issuer,
        load: () => loadKeys(provider.issuer, undefined),
        timer: { add: () => {}, delete: () => {} },
        report: () => {},
        now: () => now,
      });
    const rules = {
      leewayMs: 0,
      principal: "sub",
      scopes: "scope",
      roles: "roles",
      typ: "at+jwt",
      audiences: ["shop"],
    };
    const issuer = {
      ...rules,
      issuer: provider.issuer,
      jwks: undefined,
      secret: undefined,
      algorithms: ["RS256", "ES256"],
    };
    const timer = { add: () => {}, delete: () => {} };
    const options = { cookie: undefined, isPageOrigin: () => false, realm: "t", leaveOpaque: false, report: () => {} };
    const authenticator = createJwtAuthenticator({ ...options, issuers: [issuer], timer, keysOf });
    const ask = async (token: string): Promise<unknown> => {
      const request = { metadata: ["authorization", `Bearer ${token}`], headers: undefined };
      return Promise.resolve()
        .then(() => authenticator.authenticate(request as unknown as AuthenticationRequest))
        .catch((error: unknown) => error);
    };
    const old = await provider.token("shop", "orders.read");
    expect(await ask(old)).to.include({ principal: `${provider.issuer}|billing` });
    await provider.useKey(createKey("ES256", "two"));
    const fresh = await provider.token("shop", "orders.write");
    expect(await ask(fresh)).to.include({ reason: "TOKEN_INVALID" });
    expect(await ask(old)).to.have.property("principal");
    now = 30_000;
    expect(await ask(fresh)).to.deep.include({ scopes: ["orders.write"] });
    expect(await ask(old)).to.include({ reason: "TOKEN_INVALID" });
    expect(provider.keyRequests).to.equal(2);
    await provider.close();
    expect(await ask(fresh)).to.have.property("principal");
  });
});
