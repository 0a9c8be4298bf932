// Row 11 of docs/attacks.md: a flood of tokens that nobody signed, no two alike, asks nobody, reaches nobody, and ends in a ban.
import { expect } from "chai";
import { goodClaims, goodToken } from "../chain/authenticate/forged-tokens.ts";
import type { ForgeryKit } from "../chain/authenticate/forged-tokens.ts";
import { answerKeys, base64Url, createKey, KeyServer } from "../chain/authenticate/token-kit.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { protos } from "./ways.ts";

const flood = 300;
/** Points until a ban, five for each refusal. */
const threshold = 5 * (flood - 100);

describe("a flood of made-up tokens", () => {
  let keys: KeyServer;
  let gateway: GatewayFixture;
  let kit: ForgeryKit;
  let startedAt: number;

  beforeEach(async () => {
    startedAt = performance.now();
    const [rsa, ec, weak] = [
      createKey("RS256", "rsa-1"),
      createKey("ES256", "ec-1"),
      createKey("RS256", "weak-1", 1024),
    ];
    keys = await new KeyServer(answerKeys(() => [rsa.jwk, ec.jwk])).listen();
    kit = { rsa, ec, weak, issuer: "https://idp.example", audience: "shop", attackersUrl: "http://127.0.0.1:1" };
    gateway = await startGateway({
      protos,
      yaml: `
shedding: { enabled: false }
auth:
  issuers: [{ issuer: ${kit.issuer}, jwks: "${keys.origin}/keys", audience: shop, algorithms: [RS256, ES256] }]
bans: { enabled: true, exempt: [], threshold: ${threshold}, window: 1h, duration: 1h, weights: { unauthenticated: 5 } }
`,
    });
  });
  afterEach(() => Promise.all([gateway.close(), keys.close()]));

  const get = async (token: string): Promise<number> => {
    const headers = [`Authorization: Bearer ${token}`];
    return (await gateway.request({ method: "GET", target: "/v1/unary/a", headers })).status;
  };
  const refused = (): number =>
    Number(/^sluice_jwt_tokens_total\{result="refused"\} (\d+)$/m.exec(gateway.metrics())?.[1]);
  const makeUp = (kid: string, at: number): string => {
    const header = base64Url(JSON.stringify({ alg: "RS256", kid, typ: "JWT" }));
    return `${header}.${base64Url(JSON.stringify({ ...goodClaims(kit), jti: at }))}.${base64Url(Buffer.alloc(256, 1))}`;
  };

  for (const [what, kidOf] of [
    ["by a key that there is", () => "rsa-1"],
    ["by keys that there are none of", (at: number) => `none-${at}`],
  ] as const) {
    it(`${what}: the issuer is asked at most once more in 30 seconds, no backend is called, the address is banned`, async () => {
      expect(await get(goodToken(kit))).to.equal(200);
      const statuses: number[] = [];
      for (let at = 0; at < flood; at++) statuses.push(await get(makeUp(kidOf(at), at)));
      const looked = threshold / 5;
      expect(statuses).to.deep.equal([...Array(looked).fill(401), ...Array(flood - looked).fill(429)]);
      // Who is banned is not asked for a token.
      expect(refused()).to.equal(looked);
      expect(gateway.calls).to.have.length(1);
      const passed = Math.floor((performance.now() - startedAt) / 30_000);
      expect(keys.requests.length).to.be.at.most(2 + passed);
    });
  }
});
