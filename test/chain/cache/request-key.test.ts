// Keys: two calls have one only when the backend is asked the same for the same caller.
import { expect } from "chai";
import { Cancellation } from "../../../src/cancellation.ts";
import type { UnaryCall } from "../../../src/call.ts";
import type { Identity } from "../../../src/caller.ts";
import { compileQuestion } from "../../../src/chain/cache/request-key.ts";
import type { CacheRule } from "../../../src/schema/cache-rule.ts";
import type { Metadata } from "../../../src/metadata.ts";
import { schemaOf } from "../../support/schema.ts";
import { toCanonical } from "../../../src/translate/wire/canonical-message.ts";

const schema = schemaOf(`
  syntax = "proto3"; package t; message M { string a = 1; string b = 2; }
  service S { rpc Get(M) returns (M); rpc Other(M) returns (M); }
`);

interface Asked {
  readonly method?: string;
  readonly rule?: Partial<CacheRule>;
  readonly metadata?: Metadata;
  readonly principal?: string;
  readonly more?: Partial<Identity>;
  readonly message?: string;
}

function ask({ method = "Get", rule = {}, metadata = [], principal, more, message = "" }: Asked) {
  const found = schema.method(`t.S.${method}`)!;
  const settled = { ttlMs: 1, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, isPublic: false, vary: [], ...rule };
  const toQuestion = compileQuestion(found, {
    rule: settled,
    identityNames: ["authorization", "x-user-id"],
    requestIdNames: ["x-request-id"],
    toCanonical,
  });
  const call: UnaryCall = {
    kind: "unary",
    method: found,
    metadata,
    deadline: Infinity,
    cancellation: new Cancellation(),
    peer: { address: "192.0.2.1", port: 1 },
    identity: principal === undefined ? undefined : { principal, expiresAt: Infinity, ...more },
    message: Buffer.from(message.replaceAll(" ", ""), "hex"),
  };
  return toQuestion(call);
}

const keyOf = (asked: Asked): string => ask(asked)!.key;

describe("compileQuestion", () => {
  it("gives other keys to whatever differs", () => {
    const asked: readonly Asked[] = [
      {},
      { method: "Other" },
      { principal: "-" },
      { principal: "*" },
      { principal: "" },
      { principal: "ada" },
      { principal: "ada", more: { scopes: ["read"] } },
      { principal: "ada", more: { roles: ["read"] } },
      { principal: "ada", more: { claims: { tier: "gold" } } },
      { principal: "ada", more: { claims: { tier: "none" } } },
      { message: "0a0178" },
      { message: "120178" },
      { message: "0a0178 120178" },
      { metadata: ["a", ""] },
      { metadata: ["a", "b"] },
      { metadata: ["ab", ""] },
      { metadata: ["a", "b", "c", ""] },
      { metadata: ["a", "bc"] },
      { metadata: ["a", "b", "a", "c"] },
      { metadata: ["a", "c", "a", "b"] },
      { metadata: ["a", "b, c"] },
      // As if it were the length of what follows.
      { metadata: ["\u0000\u0000\u0000\u0001a", "b"] },
      { metadata: ["authorization", "ada"] },
      { rule: { isPublic: true } },
    ];
    expect(new Set(asked.map(keyOf)).size).to.equal(asked.length);
  });

  it("gives one key to what is the same in another order", () => {
    expect(keyOf({ metadata: ["b", "1", "a", "2"] })).to.equal(keyOf({ metadata: ["a", "2", "b", "1"] }));
    expect(keyOf({ message: "120179 0a0178" })).to.equal(keyOf({ message: "0a0178 120179" }));
  });

  const sent: Metadata = [
    "x-forwarded-host",
    "a.example",
    "baggage",
    "a=b",
    "tracestate",
    "a=b",
    "traceparent",
    "00-1-1-01",
    "x-request-id",
    "one",
    "cache-control",
    "no-cache",
    "grpcgateway-cache-control",
    "no-cache",
    "x-custom",
    "1",
    "authorization",
    "Bearer x",
    "x-user-id",
    "ada",
  ];
  const named = ["traceparent", "00-1-1-01", "x-request-id", "one"];
  const cases: readonly (readonly [title: string, rule: Partial<CacheRule>, keyed: Metadata])[] = [
    ["all but what proxies say", {}, ["authorization", "Bearer x", "x-custom", "1", "x-user-id", "ada"]],
    ["what vary names, and who calls", { vary: ["x-other"] }, ["authorization", "Bearer x", "x-user-id", "ada"]],
    [
      "what proxies say where vary names it",
      { vary: ["x-forwarded-host"] },
      ["authorization", "Bearer x", "x-forwarded-host", "a.example", "x-user-id", "ada"],
    ],
    ["nothing of a public one", { isPublic: true }, []],
    ["what vary names of a public one", { isPublic: true, vary: ["x-custom"] }, ["x-custom", "1"]],
  ];
  for (const [title, rule, keyed] of cases)
    it(`lets through, and keys, ${title}`, () => {
      expect(ask({ rule, metadata: sent })?.metadata).to.deep.equal([...keyed, ...named]);
      for (let i = 0; i < sent.length; i += 2) {
        const other = sent.toSpliced(i + 1, 1, `${sent[i + 1]}2`);
        const isKeyed = keyed.includes(sent[i]);
        expect(keyOf({ rule, metadata: other }) !== keyOf({ rule, metadata: sent }), sent[i]).to.equal(isKeyed);
      }
    });

  it("lets no id through that could say more than a name", () => {
    for (const id of ["<b>", "a b", "", "a".repeat(129), "a\tb", '"'])
      expect(ask({ metadata: ["x-request-id", id] })?.metadata).to.deep.equal([]);
  });

  it("has no key for a message that is too large", () => {
    expect(ask({ message: "00".repeat(65_537) })).to.equal(undefined);
    expect(ask({ message: "00".repeat(65_536) })).to.not.equal(undefined);
  });
});
