// Answers that are kept: nobody gets what was for another, and nobody puts there what others get, whatever headers say it.
import { expect } from "chai";
import type { GatewayOptions } from "../../src/gateway.ts";
import { run } from "../command/capture.ts";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Folder } from "../config/yaml-fixture.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import type { CustomAround } from "../../src/chain/points.ts";
import { answerOf, attacks, newHandlers, protos, toldIn, yaml } from "./cache-attacks.ts";
import { unaryWays } from "./ways.ts";

function start(cache: string, auth: string, options: GatewayOptions = {}): Promise<GatewayFixture> {
  return startGateway({ protos: protos(cache), yaml: yaml + auth, options, handlers: newHandlers() });
}

describe("a cache under attack", () => {
  let gateway: GatewayFixture;
  let folder: Folder;
  let auth: string;
  const keys = new Map<string, string>();

  before(async () => {
    folder = createFolder();
    const file = `${folder.path}/keys.yaml`;
    for (const name of ["ada", "bob"])
      keys.set(name, (await run(["keys", "create", "--principal", name, "--file", file])).out.trim());
    auth = `auth:\n  default: optional\n  api_keys: { file: ${file} }\n  forward_claims: { sub: x-user-id }\n`;
  });
  after(() => folder.dispose());
  afterEach(() => gateway.close());

  const as = (name: string) => [["x-api-key", keys.get(name) ?? ""]] as const;

  it("keeps an answer at all, on every front", async () => {
    gateway = await start("public: true", auth);
    for (const { get } of unaryWays) expect(answerOf((await get(gateway, "shared")).text)).to.equal("answer 1");
    expect(gateway.calls).to.have.length(1);
  });

  for (const one of unaryWays)
    for (const other of unaryWays)
      it(`never gives one caller's answer to another: ${one.name}, then ${other.name}`, async () => {
        gateway = await start("", auth);
        expect((await one.get(gateway, "mine", as("ada"))).text).to.match(/x-user-id.*ada/);
        const bob = toldIn(await other.get(gateway, "mine", as("bob")));
        expect(bob)
          .to.match(/x-user-id.*bob/)
          .and.not.contain("ada");
        const nobody = toldIn(await other.get(gateway, "mine"));
        expect(nobody).to.contain("answer").and.not.contain("ada").and.not.contain("bob");
        expect(gateway.calls).to.have.length(3);
        expect(answerOf((await one.get(gateway, "mine", as("ada"))).text)).to.equal("answer 1");
      });

  it("shows callers who share an answer none of who they are", async () => {
    gateway = await start("public: true", auth);
    for (const { get } of unaryWays) expect(toldIn(await get(gateway, "ours", as("ada")))).to.not.contain("ada");
    expect((await unaryWays[0].get(gateway, "ours", as("bob"))).text).to.contain("answer 1:");
    expect(gateway.calls[0].metadata.map(([name]) => name)).to.not.include("x-user-id");
  });

  it("tells what stands around the upstream nothing of callers who share an answer", async () => {
    for (const [cache, expected] of [
      ["public: true", undefined],
      ["", "api_keys:ada"],
    ] as const) {
      const seen: (string | undefined)[] = [];
      const wrap: CustomAround["wrap"] = (next) => ({
        ...next,
        unary: (call) => {
          seen.push(call.identity?.principal);
          return next.unary(call);
        },
      });
      gateway = await start(cache, auth, { interceptors: [{ name: "spy", around: "upstream", wrap }] });
      for (let i = 0; i < 2; i++) await unaryWays[0].get(gateway, "x", as("ada"));
      expect(seen).to.deep.equal([expected]);
      if (cache !== "") await gateway.close();
    }
  });

  it("keeps what a backend calls private for one caller only", async () => {
    for (const [cache, asked] of [
      ["public: true", 4],
      ["", 2],
    ] as const) {
      gateway = await start(cache, auth);
      gateway.answerWith({ kind: "reply", message: '{"text":"yours"}', headers: [["cache-control", "private"]] });
      for (const name of ["ada", "bob", "ada", "bob"]) await unaryWays[0].get(gateway, "x", as(name));
      expect(gateway.calls).to.have.length(asked);
      if (cache !== "") await gateway.close();
    }
  });

  it("lets caches on the way keep only what everybody may have", async () => {
    for (const [more, control] of [
      ["", "private"],
      ["  public: [t.S.Get]\n", "public"],
      ["  public: [t.S.Get]\n  rules: [{ name: local, when: 'peer.address != \"6.6.6.6\"' }]\n", "private"],
    ] as const) {
      gateway = await start("public: true", auth + more);
      const { headers } = await gateway.request({ method: "GET", target: "/v1/unary/x" });
      expect(headers.get("cache-control")).to.equal(`${control}, max-age=3600`);
      if (control === "public" || more === "") await gateway.close();
    }
  });

  it("tells callers apart where only some of their metadata counts", async () => {
    gateway = await start('vary: "accept-language"', auth);
    for (const { get } of unaryWays)
      for (const name of ["ada", "bob"])
        expect((await get(gateway, "x", as(name))).text).to.match(new RegExp(`x-user-id.*${name}`));
    expect(gateway.calls).to.have.length(2);
  });

  for (const cache of [
    "public: true",
    'public: true vary: "accept-language"',
    "",
    'vary: ["accept-language", "x-custom"]',
  ])
    for (const { name: front, get } of unaryWays)
      it(`takes no header for what it is not, over ${front}, with { ${cache} }`, async () => {
        gateway = await start(cache, auth);
        let at = 0;
        for (const attack of attacks) {
          const text = `t${at++}`;
          const first = await get(gateway, text, [attack]);
          if (first.code !== 0 && first.code !== undefined) continue;
          const victim = await get(gateway, text);
          const told = victim.text.slice(victim.text.indexOf("answer "));
          expect(told, attack[0])
            .to.match(/^answer/)
            .and.not.match(/evil|6\.6\.6\.6|666/);
        }
        expect(gateway.calls.length).to.be.greaterThan(15);
      });

  it("lets a trace go on, which is digits, and an id that is no more than one", async () => {
    gateway = await start("public: true", auth);
    const traceparent = "00-e1111111111111111111111111111111-e111111111111111-01";
    const headers = [`traceparent: ${traceparent}`, "x-request-id: one"];
    await gateway.request({ method: "GET", target: "/v1/unary/x", headers });
    expect(gateway.calls[0].metadata).to.deep.include.members([
      ["traceparent", traceparent],
      ["x-request-id", "one"],
    ]);
    await gateway.request({ method: "GET", target: "/v1/unary/x" });
    expect(gateway.calls).to.have.length(1);
  });

  it("lets no attacker's deadline end what others wait for", async () => {
    gateway = await start("public: true", auth);
    gateway.answerWith({ kind: "silence" });
    const called = gateway.nextCall();
    const hasty = gateway.request({ method: "GET", target: "/v1/unary/x", headers: ["Sluice-Timeout: 1s"] });
    await called;
    const patient = gateway.request({ method: "GET", target: "/v1/unary/x", headers: ["Sluice-Timeout: 2s"] });
    expect((await hasty).status).to.equal(504);
    expect((await patient).status).to.equal(504);
    expect(gateway.calls).to.have.length(1);
    await gateway.calls[0].cancelled;
  });

  it("asks who calls before it looks for an answer", async () => {
    gateway = await start("public: true", auth.replace("optional", "required"));
    expect((await unaryWays[0].get(gateway, "x", as("ada"))).code).to.equal(0);
    for (const { get } of unaryWays) expect((await get(gateway, "x")).code).to.equal(16);
    expect(gateway.calls).to.have.length(1);
  });

  it("keeps no cookies, however they come", async () => {
    for (const part of ["headers", "trailers"] as const) {
      gateway = await start("public: true", auth);
      gateway.answerWith({ kind: "reply", message: '{"text":"yours"}', [part]: [["set-cookie", "session=ada"]] });
      for (let i = 0; i < 2; i++) expect((await unaryWays[4].get(gateway, "x")).text).to.contain("session=ada");
      expect(gateway.calls).to.have.length(2);
      if (part === "headers") await gateway.close();
    }
  });

  it("has one answer for GET and HEAD, and none of it is the other's", async () => {
    gateway = await start("public: true", auth);
    const head = await gateway.request({ method: "HEAD", target: "/v1/unary/x" });
    const get = await gateway.request({ method: "GET", target: "/v1/unary/x" });
    expect(head.body.length).to.equal(0);
    expect(get.body.toString()).to.contain("answer 1");
    expect(head.headers.get("content-length")).to.equal(get.headers.get("content-length"));
    expect(gateway.calls).to.have.length(1);
  });

  it("gives no part of an answer for the whole", async () => {
    gateway = await start("public: true", auth);
    const part = await gateway.request({ method: "GET", target: "/v1/unary/x", headers: ["Range: bytes=0-3"] });
    const whole = await gateway.request({ method: "GET", target: "/v1/unary/x" });
    expect(part.status).to.equal(200);
    expect(whole.body.toString()).to.equal(part.body.toString());
  });
});
