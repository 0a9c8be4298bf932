// Who may do what, over every way to call and each kind of call: scopes before a message is read, ownership by each message, shadow rules that only tell the log.
import { expect } from "chai";
import { exchangeRaw, request } from "../support/raw-http.ts";
import type { Ended } from "../support/stream-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";
import { secretIssuer as auth, tokenOf } from "./secret-issuer.ts";

interface Detail {
  readonly "@type"?: string;
  readonly reason?: string;
}

function expectReason({ details }: Ended, reason: string): void {
  const info = (details as readonly Detail[] | undefined)?.find((detail) => detail["@type"]?.endsWith("ErrorInfo"));
  if (info !== undefined) expect(info.reason).to.equal(reason);
}

describe("ownership, req.run == claims.sub", () => {
  let gateway: StreamGateway;

  before(async () => {
    const rule = `{ name: own, methods: [streams.*], when: "req.run == claims.sub || (req.run == '' && req.next == '')" }`;
    gateway = await startStreamGateway({ yaml: `${auth}  rules:\n    - ${rule}\n` });
  });
  after(() => gateway.close());

  for (const [index, { transport, kind }] of pairs.entries()) {
    const takesMany = kind === "client-streaming" || kind === "bidi-streaming";

    it(`lets callers do what is theirs over ${transport.name}, ${kind}`, async () => {
      const call = await transport.open(gateway, kind, { bearer: tokenOf({ sub: `ada ${index}` }) });
      call.send({ run: `ada ${index}`, count: 1 });
      if (takesMany) call.send({ count: 1 });
      call.end();
      expectSuccess(transport, kind, await call.ended);
    });

    it(`refuses what is another's over ${transport.name}, ${kind}, and no backend sees it`, async () => {
      const call = await transport.open(gateway, kind, { bearer: tokenOf({ sub: `ada ${index}` }) });
      call.send({ run: `bob ${index}`, count: 1 });
      call.end();
      const ended = await call.ended;
      expect(ended.code).to.equal(7);
      expect(ended.message).to.equal("not allowed");
      expect(call.messages).to.deep.equal([]);
      expectReason(ended, "NOT_ALLOWED");
      expect(gateway.backend.reached(`bob ${index}`)).to.equal(undefined);
    });

    if (takesMany)
      it(`ends a ${kind} call over ${transport.name} at the first message that is another's`, async () => {
        const call = await transport.open(gateway, kind, { bearer: tokenOf({ sub: `eve ${index}` }) });
        call.send({ run: `eve ${index}`, count: 1, next: "hang" });
        const run = await gateway.backend.run(`eve ${index}`);
        call.send({ run: "bob" });
        const ended = await call.ended;
        if (ended.how === "cut") expect(transport.way.kind).to.equal("http");
        else expect(ended.code).to.equal(7);
        await run.cancelled;
      });

    it(`refuses whom it knows nothing of over ${transport.name}, ${kind}`, async () => {
      const call = await transport.open(gateway, kind, { bearer: tokenOf({ sub: 7 }) });
      call.send({ run: "7", count: 1 });
      call.end();
      expect((await call.ended).code).to.be.oneOf([7, 16]);
      expect(gateway.backend.reached("7")).to.equal(undefined);
    });
  }
});

describe("scopes and roles", () => {
  let gateway: StreamGateway;

  before(async () => {
    const rules = [
      "{ name: readers, methods: [streams.*], scopes: [streams.read, streams.list] }",
      "{ name: staff, methods: [streams.*], roles: [clerk, admin] }",
    ];
    gateway = await startStreamGateway({
      yaml: `${auth}  rules:\n${rules.map((rule) => `    - ${rule}`).join("\n")}\n`,
    });
  });
  after(() => gateway.close());

  const good = { sub: "ada", scope: "streams.read streams.list more", roles: ["admin"] };

  for (const { transport, kind } of pairs)
    it(`are asked over ${transport.name}, ${kind}`, async () => {
      const askAs = async (claims: Readonly<Record<string, unknown>>): Promise<Ended> => {
        const call = await transport.open(gateway, kind, { bearer: tokenOf(claims) });
        call.send({ run: "scoped", count: 1 });
        call.end();
        return call.ended;
      };
      expectSuccess(transport, kind, await askAs(good));
      const scopeless = await askAs({ ...good, scope: "streams.read" });
      expect(scopeless.code).to.equal(7);
      expectReason(scopeless, "INSUFFICIENT_SCOPE");
      const roleless = await askAs({ ...good, roles: ["guest"] });
      expect(roleless.code).to.equal(7);
      expectReason(roleless, "NOT_ALLOWED");
    });

  it("tell over REST which scopes to ask for, and not which roles", async () => {
    const ask = (claims: Readonly<Record<string, unknown>>) =>
      exchangeRaw(gateway, request("POST /v1/single", [`Authorization: Bearer ${tokenOf(claims)}`], "{}"));
    const scopeless = await ask({ ...good, scope: "" });
    expect(scopeless.status).to.equal(403);
    expect(scopeless.headers.get("www-authenticate")).to.equal(
      'Bearer realm="sluice", error="insufficient_scope", scope="streams.read streams.list"',
    );
    const roleless = await ask({ ...good, roles: [] });
    expect(roleless.status).to.equal(403);
    expect(roleless.headers.get("www-authenticate")).to.equal(undefined);
    expect(roleless.body.toString()).not.to.contain("clerk").and.not.to.contain("staff");
  });
});

describe("a rule in shadow mode", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({
      yaml: `${auth}  rules:\n    - { name: later, when: "req.run == claims.sub", shadow: true }\n`,
    });
  });
  after(() => gateway.close());

  for (const [index, { transport, kind }] of pairs.entries())
    it(`lets calls pass over ${transport.name}, ${kind}`, async () => {
      const call = await transport.open(gateway, kind, { bearer: tokenOf({ sub: "ada" }) });
      call.send({ run: `shadow ${index}`, count: 1 });
      call.end();
      expectSuccess(transport, kind, await call.ended);
    });
});
