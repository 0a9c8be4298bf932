// The interceptor that asks the rules of a method: what it costs where there are none, what clients hear, what the log hears.
import { expect } from "chai";
import type { Call } from "../../../src/call.ts";
import type { Identity } from "../../../src/caller.ts";
import { createAuthorize } from "../../../src/chain/authorize/authorize.ts";
import type { AuthLevel, AuthRule, MethodPolicy } from "../../../src/chain/policy.ts";
import type { Method } from "../../../src/schema/descriptor.ts";
import { Code, GatewayError } from "../../../src/status.ts";
import { toMessage } from "../../support/gateway.ts";
import { schemaOf } from "../../support/schema.ts";
import { newCall } from "../new-call.ts";

const schema = schemaOf(`
  syntax = "proto3"; package t;
  message M { string user_id = 1; }
  service S { rpc Get(M) returns (M); }
`);
const method = schema.method("t.S.Get")!;
const ada: Identity = {
  principal: "ada",
  expiresAt: Infinity,
  claims: { sub: "ada" },
  scopes: ["a"],
  roles: ["clerk"],
};

function compile(rules: readonly Partial<AuthRule>[], level: AuthLevel = "required", of: Method = method) {
  const policy: MethodPolicy = {
    auth: { value: level, from: "default" },
    rules: rules.map((rule, index) => ({
      value: { name: `r${index}`, scopes: [], roles: [], when: undefined, shadow: false, ...rule },
      from: `sluice.yaml:${index + 1}:5`,
    })),
    limits: [],
    timeoutMs: undefined,
    maxInFlight: undefined,
    retry: undefined,
    validate: { value: true, from: "default" },
    cache: undefined,
    stream: {},
    http: {},
    redact: [],
  };
  return createAuthorize({ policyOf: () => policy, schema, realm: "shop" }).compile(of);
}

function refusalOf(run: () => unknown): GatewayError | undefined {
  try {
    expect(run()).to.equal(undefined);
    return undefined;
  } catch (error) {
    expect(error).to.be.instanceOf(GatewayError);
    return error as GatewayError;
  }
}

function callOf(identity: Identity | undefined): Call {
  return newCall({ method, identity });
}

const message = (userId: string): Uint8Array => toMessage(schema, "t.M", JSON.stringify({ userId }));

describe("the interceptor authorize", () => {
  it("is none for methods without rules", () => expect(compile([])).to.equal(undefined));

  it("looks at no message where no rule is about one", () => {
    const call = callOf(ada);
    expect(
      refusalOf(() => compile([{ scopes: ["a"], roles: ["admin", "clerk"], when: "claims.sub == 'ada'" }])!(call)),
    ).to.equal(undefined);
    expect(call.requestTaps).to.equal(undefined);
    expect(call.notes).to.equal(undefined);
  });

  it("tells clients which scopes, and the log which rule and why", () => {
    const call = callOf(ada);
    const error = refusalOf(() => compile([{ roles: ["clerk"] }, { scopes: ["a", "b", "c"] }])!(call));
    expect(error).to.include({ code: Code.PERMISSION_DENIED, reason: "INSUFFICIENT_SCOPE" });
    expect(error!.headers["www-authenticate"]).to.equal(
      'Bearer realm="shop", error="insufficient_scope", scope="a b c"',
    );
    expect(call.notes).to.deep.equal([
      { name: "authorize", text: "refused by r1 (sluice.yaml:2:5): the scopes b c are missing" },
    ]);
  });

  for (const [rule, why] of [
    [{ roles: ["boss", "admin"] }, "none of the roles boss, admin"],
    [{ when: "claims.sub == 'bob'" }, "claims.sub == 'bob': it is false"],
    [{ when: "claims.email == 'x'" }, "claims.email == 'x': it cannot be told: "],
  ] as const)
    it(`tells clients nothing but that it is not allowed: ${why}`, () => {
      const call = callOf(ada);
      const error = refusalOf(() => compile([rule])!(call))!;
      expect(error).to.include({ code: Code.PERMISSION_DENIED, reason: "NOT_ALLOWED", message: "not allowed" });
      expect(error.headers).to.deep.equal({});
      expect(error.cause).to.equal(undefined);
      expect(call.notes![0].text).to.contain(`refused by r0 (sluice.yaml:1:5): ${why}`);
    });

  it("asks rules about the request of every message", () => {
    const call = callOf(ada);
    expect(refusalOf(() => compile([{ when: "req.user_id == claims.sub" }])!(call))).to.equal(undefined);
    const [tap] = call.requestTaps!;
    expect(refusalOf(() => tap(message("ada")))).to.equal(undefined);
    expect(call.refusedBy).to.equal(undefined);
    expect(refusalOf(() => tap(message("bob")))).to.include({ code: Code.PERMISSION_DENIED });
    expect(call.refusedBy).to.equal("authorize");
  });

  it("notes what a rule in shadow mode would refuse once a call, and refuses nothing", () => {
    const call = callOf(ada);
    const rules = [
      { scopes: ["z"], shadow: true },
      { when: "req.user_id == claims.sub", shadow: true },
    ];
    expect(refusalOf(() => compile(rules)!(call))).to.equal(undefined);
    const [tap] = call.requestTaps!;
    for (const user of ["ada", "bob", "eve"]) expect(refusalOf(() => tap(message(user)))).to.equal(undefined);
    expect(call.notes!.map(({ text }) => text)).to.deep.equal([
      "would be refused by r0 (sluice.yaml:1:5): the scopes z are missing",
      "would be refused by r1 (sluice.yaml:2:5): req.user_id == claims.sub: it is false",
    ]);
    expect(call.refusedBy).to.equal(undefined);
  });

  it("asks callers without credentials for some, where those could help", () => {
    for (const rule of [{ scopes: ["a"] }, { roles: ["x"] }, { when: "claims.sub == 'ada'" }]) {
      const error = refusalOf(() => compile([rule], "optional")!(callOf(undefined)))!;
      expect(error).to.include({ code: Code.UNAUTHENTICATED, reason: "CREDENTIALS_MISSING" });
      expect(error.headers["www-authenticate"]).to.equal('Bearer realm="shop"');
    }
    const peer = { when: "peer.address == '192.0.2.1'" };
    expect(refusalOf(() => compile([peer], "optional")!(callOf(undefined)))).to.include({
      code: Code.PERMISSION_DENIED,
    });
    expect(refusalOf(() => compile([peer], "public")!(callOf(undefined)))).to.include({ code: Code.PERMISSION_DENIED });
  });

  it("lets nobody pass a condition on a request whose proto nobody has", () => {
    const unknown = { ...method, name: "other.S.Get" };
    const call = newCall({ method: unknown, identity: ada });
    const error = refusalOf(() => compile([{ when: "req.user_id == claims.sub" }], "required", unknown)!(call));
    expect(error).to.include({ code: Code.PERMISSION_DENIED });
    expect(call.notes![0].text).to.contain("no request message");
  });
});
