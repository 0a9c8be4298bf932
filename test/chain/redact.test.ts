// What of a call is redacted, for whom, and when that is asked again; whole gateways with it are in gateway-redact.test.ts and matrix/.
import { expect } from "chai";
import type { Call } from "../../src/call.ts";
import type { Identity } from "../../src/caller.ts";
import type { AuthLevel, MethodPolicy, RedactRule } from "../../src/chain/policy.ts";
import { createRedact } from "../../src/chain/redact.ts";
import type { Method } from "../../src/schema/descriptor.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { schemaOf } from "../support/schema.ts";
import { newCall } from "./new-call.ts";

const schema = schemaOf(`
  syntax = "proto3"; package t;
  message M { string name = 1; string ssn = 2; }
  message Plain { string name = 1; }
`);
const methodOf = (type: string) => ({ name: "t.S.Get", output: schema.message(type)! }) as Method;

interface Case {
  readonly rule?: Partial<RedactRule>;
  readonly level?: AuthLevel;
  readonly type?: string;
  readonly field?: string;
}

function compile({ rule = {}, level = "optional", type = "t.M", field = "t.M.ssn" }: Case) {
  const value = { field, unlessScopes: [], unlessRoles: [], unless: undefined, mask: undefined, ...rule };
  const rules = field === "" ? [] : [{ value, from: "test" }];
  const policyOf = () => ({ auth: { value: level, from: "test" } }) as MethodPolicy;
  return createRedact({ schema, policyOf, redactionOf: () => rules }).compile(methodOf(type));
}

function begin(what: Case, identity?: Partial<Identity>): Call {
  const call = newCall({ identity: identity && { principal: "ada", expiresAt: Infinity, ...identity } });
  void compile(what)?.(call);
  return call;
}

const message = Buffer.from([0x0a, 1, 0x61, 0x12, 1, 0x62]);

function pass(call: Call): string {
  const [tap] = call.replyTaps ?? [];
  const shown = tap?.(message);
  return Buffer.from(shown instanceof Uint8Array ? shown : message).toString("hex");
}

const shown = message.toString("hex");
const hidden = "0a0161";

describe("createRedact", () => {
  it("has nothing to do where nothing is redacted, and not with replies that hold nothing of it", () => {
    expect(compile({ field: "" })).to.equal(undefined);
    const call = begin({ type: "t.Plain" });
    expect(call.replyTaps).to.equal(undefined);
    expect(call.failureTaps).to.have.length(1);
  });

  it("shows a field to those only for whom all holds that is named", () => {
    const rule = { unlessScopes: ["a", "b"], unlessRoles: ["x", "y"], unless: "principal != 'eve'" };
    const see = (identity?: Partial<Identity>) => pass(begin({ rule }, identity));
    expect(see({ scopes: ["b", "a"], roles: ["y"] })).to.equal(shown);
    expect(see({ scopes: ["a"], roles: ["y"] })).to.equal(hidden);
    expect(see({ scopes: ["a", "b"], roles: [] })).to.equal(hidden);
    expect(see({ scopes: ["a", "b"], roles: ["x"], principal: "eve" })).to.equal(hidden);
    expect(see()).to.equal(hidden);
    expect(pass(begin({}, { scopes: ["a", "b"], roles: ["x"] }))).to.equal(hidden);
  });

  it("hides what a condition cannot tell, or what has one that cannot be had", () => {
    const see = (unless: string) => pass(begin({ rule: { unless } }, { claims: { n: 1 } }));
    expect(see("claims.n == 1")).to.equal(shown);
    expect(see("claims.m == 1")).to.equal(hidden);
    expect(see("req.n == 1")).to.equal(hidden);
    expect(see("(")).to.equal(hidden);
  });

  it("takes callers of public methods for nobody, whoever's socket they came by", () => {
    const roles = { roles: ["x"] };
    for (const rule of [{ unlessRoles: ["x"] }, { unless: "'x' in roles" }]) {
      expect(pass(begin({ rule }, roles))).to.equal(shown);
      expect(pass(begin({ rule, level: "public" }, roles))).to.equal(hidden);
    }
    expect(pass(begin({ rule: { unless: "front != 'none'" }, level: "public" }, roles))).to.equal(shown);
  });

  it("asks again when the caller has brought new credentials", () => {
    const call = begin({ rule: { unlessRoles: ["x"] } }, { roles: ["x"] });
    expect(pass(call)).to.equal(shown);
    call.identity = { principal: "ada", expiresAt: Infinity, roles: [] };
    expect(pass(call)).to.equal(hidden);
    call.identity = { principal: "ada", expiresAt: Infinity, roles: ["x"] };
    expect(pass(call)).to.equal(shown);
  });

  const statusOf = (value: readonly number[]): Uint8Array => {
    const url = Buffer.from("x/t.M");
    const any = [0x0a, url.length, ...url, 0x12, value.length, ...value];
    return Uint8Array.from([0x08, 5, 0x1a, any.length, ...any]);
  };
  const fail = (call: Call, error: GatewayError): GatewayError => call.failureTaps![0](error);

  it("leaves an error as it is but for its details", () => {
    const cause = new Error("kept for the log");
    const options = { reason: "R", metadata: { a: "b" }, headers: { allow: "GET" }, retryAfterMs: 5, httpStatus: 418 };
    const backend = {
      backendHeaders: ["x", "1"],
      backendTrailers: ["y", "2"],
      cause,
      violations: [{ field: "f", description: "d" }],
    };
    const error = new GatewayError(Code.NOT_FOUND, "gone", {
      ...options,
      ...backend,
      statusBytes: statusOf([...message]),
    });
    const told = fail(begin({}), error);
    expect(Buffer.from(told.statusBytes!)).to.deep.equal(Buffer.from(statusOf([0x0a, 1, 0x61])));
    const rest = (one: GatewayError) => Object.entries(one).filter(([key]) => key !== "statusBytes");
    expect(rest(told)).to.deep.equal(rest(error));
    expect(told).to.include({ message: "gone", cause });
    expect(fail(begin({ rule: { unlessRoles: ["x"] } }, { roles: ["x"] }), error)).to.equal(error);
  });

  it("leaves an error alone that has none, or nothing to hide in them", () => {
    for (const statusBytes of [undefined, statusOf([0x0a, 1, 0x61])]) {
      const error = new GatewayError(Code.NOT_FOUND, "gone", { statusBytes });
      expect(fail(begin({}), error)).to.equal(error);
    }
  });

  it("tells no details that cannot be read", () => {
    for (const statusBytes of [statusOf([0x12, 9]), Uint8Array.of(0x1a, 9, 1), statusOf([0x0a, 1])]) {
      const told = fail(begin({}), new GatewayError(Code.NOT_FOUND, "gone", { statusBytes }));
      expect(told).to.include({ statusBytes: undefined, code: 5, message: "gone" });
    }
  });
});
