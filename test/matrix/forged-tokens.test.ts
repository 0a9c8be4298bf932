// Every forged token over every way to call, each kind of call: nobody is let in, no backend hears of it, no attacker's server is asked.
import { expect } from "chai";
import { forgeTokens, goodClaims, goodToken } from "../chain/authenticate/forged-tokens.ts";
import type { ForgedToken, ForgeryKit } from "../chain/authenticate/forged-tokens.ts";
import { answerKeys, createKey, KeyServer, makeToken } from "../chain/authenticate/token-kit.ts";
import { exchangeRaw, request } from "../support/raw-http.ts";
import { kinds } from "../support/stream-backend.ts";
import type { Kind } from "../support/stream-backend.ts";
import type { Ended, StreamTransport } from "../support/stream-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { grpc } from "../support/stream-grpc-client.ts";
import { transports } from "./pairs.ts";

async function call(
  gateway: StreamGateway,
  transport: StreamTransport,
  kind: Kind,
  { run, bearer }: { readonly run: string; readonly bearer?: string },
): Promise<Ended> {
  const handle = await transport.open(gateway, kind, bearer === undefined ? {} : { bearer });
  handle.send({ run, count: 1 });
  handle.end();
  return handle.ended;
}

/** What holds no token of at most 8 KiB is no handshake, and no `init`: HTTP 400, close 4152. */
function isNotSent({ name: transport, way }: StreamTransport, name: string): boolean {
  return name === "larger than 8 KiB" && (transport === "WebSocket, protobuf" || way.kind === "mux");
}

describe("forged tokens", () => {
  let keys: KeyServer;
  let attacker: KeyServer;
  let gateway: StreamGateway;
  let kit: ForgeryKit;
  let startedAt: number;

  before(async () => {
    startedAt = performance.now();
    const [rsa, ec] = [createKey("RS256", "rsa-1"), createKey("ES256", "ec-1")];
    const weak = createKey("RS256", "weak-1", 1024);
    keys = await new KeyServer(answerKeys(() => [rsa.jwk, ec.jwk, weak.jwk])).listen();
    attacker = await new KeyServer(answerKeys(() => [])).listen();
    kit = { rsa, ec, weak, issuer: "https://idp.example", audience: "shop", attackersUrl: attacker.origin };
    const issuer = `{ issuer: ${kit.issuer}, jwks: "${keys.origin}/keys", audience: shop, algorithms: [RS256, ES256] }`;
    // A hundred calls at once, whose client is this very process, make its event loop late.
    const yaml = `shedding: { enabled: false }\nauth:\n  issuers:\n    - ${issuer}\n`;
    gateway = await startStreamGateway({ yaml });
  });

  after(() => Promise.all([gateway.close(), keys.close(), attacker.close()]));

  for (const transport of transports)
    for (const kind of kinds) {
      if (transport.lacks[kind] !== undefined) continue;
      it(`are all refused over ${transport.name}, ${kind}, and a good one is not`, async () => {
        const good = await call(gateway, transport, kind, { run: "good", bearer: goodToken(kit) });
        expect(good.code, good.message).to.equal(0);
        const taken: string[] = [];
        const rows = forgeTokens(kit).filter(
          ({ name, isHeader }) => isHeader === undefined && !isNotSent(transport, name),
        );
        const refuse = async ({ name, token }: ForgedToken): Promise<void> => {
          const { code, how, message } = await call(gateway, transport, kind, { run: "forged", bearer: token });
          if (code !== 16) taken.push(`${name}: ${how} ${message}`);
        };
        await Promise.all(rows.map(refuse));
        const none = await call(gateway, transport, kind, { run: "forged" });
        if (none.code !== 16) taken.push(`no token: ${none.how}`);
        expect(taken).to.deep.equal([]);
        expect(gateway.backend.reached("forged")).to.equal(undefined);
      });
    }

  it("are 401 with a WWW-Authenticate that names the fault over REST, whatever stands in the header", async () => {
    for (const { name, token, isHeader } of forgeTokens(kit)) {
      const authorization = isHeader === true ? token : `Bearer ${token}`;
      const answer = await exchangeRaw(gateway, request("POST /v1/single", [`Authorization: ${authorization}`], "{}"));
      expect(answer.status, `${name}: ${answer.body.toString()}`).to.equal(401);
      const challenge = answer.headers.get("www-authenticate");
      if (/^bearer/i.test(authorization))
        expect(challenge, name).to.match(/^Bearer realm="sluice", error="invalid_token", error_description="[^"]+"$/);
      else expect(challenge, name).to.equal('Bearer realm="sluice"');
    }
  });

  it("never make the gateway ask anybody but the issuer, and that at most once more in 30 seconds", () => {
    expect(attacker.requests).to.deep.equal([]);
    // The first time when it starts. On a machine that stands still for seconds all of this may take a minute.
    const passed = Math.floor((performance.now() - startedAt) / 30_000);
    expect(keys.requests.length).to.be.at.most(2 + passed);
  });

  it("leave a token good that is good: with another case of typ, a list of audiences, a header for others", async () => {
    const claims = { ...goodClaims(kit), aud: ["bank", "shop"] };
    const token = makeToken({ alg: "ES256", kid: "ec-1", typ: "at+JWT", jku: attacker.origin }, claims, kit.ec);
    expect(await call(gateway, grpc, "unary", { run: "good", bearer: token })).to.include({ code: 0 });
  });
});
