import { expect } from "chai";
import { compileStreamPolicy, toStreamTimes } from "../../../src/front/stream/stream-policy.ts";
import type { StreamPolicy } from "../../../src/front/stream/stream-policy.ts";
import { compilePolicies } from "../../../src/policy/policies.ts";
import type { Schema } from "../../../src/schema/descriptor.ts";
import { GatewayError } from "../../../src/status.ts";
import { compileJsonWriter } from "../../../src/translate/json/json-writer.ts";
import { strictJson } from "../../../src/translate/options.ts";
import { methodRulesOf } from "../../support/method-rules.ts";
import { schemaOf } from "../../support/schema.ts";
import { toMessage } from "../../support/gateway.ts";

function schemaWith(option: string, rpc = "rpc M(Req) returns (stream Tick)") {
  return schemaOf(`
    syntax = "proto3";
    package p;
    import "sluice/annotations.proto";
    message Req { uint64 after = 1; string since = 2; repeated string many = 3; sint64 signed = 4; Inner inner = 5; int32 small = 6; }
    message Inner { uint64 after = 1; }
    message Tick { uint64 seq = 1; string symbol = 2; Place place = 3; double price = 4; sint64 signed = 5; int32 small = 6; }
    message Place { string cursor = 1; }
    service S { ${rpc} { option (sluice.stream) = { ${option} }; } }
  `);
}

function compile(schema: Schema): StreamPolicy {
  return compileStreamPolicy(schema.services[0].methods[0], methodRulesOf(schema));
}

function read(option: string): StreamPolicy {
  return compile(schemaWith(option));
}

describe("the (sluice.stream) option", () => {
  it("may be absent", () => {
    const schema = schemaOf('syntax = "proto3"; message M {} service S { rpc Do(M) returns (stream M); }');
    expect(compile(schema)).to.deep.equal({
      overflow: { kind: "block" },
      resume: undefined,
      idleMs: undefined,
      lifetimeMs: undefined,
      webSocket: true,
      sse: true,
      ndjson: true,
    });
  });

  it("says what happens to slow clients", () => {
    const tick = toMessage(schemaWith(""), "p.Tick", '{"symbol": "TEA", "place": {"cursor": "c1"}}');
    const { overflow } = read('overflow: CONFLATE key: "symbol"');
    expect(overflow.kind === "conflate" && overflow.keyOf(tick)).to.equal("TEA");
    expect(read("overflow: DROP_OLDEST").overflow).to.deep.equal({ kind: "drop-oldest", limit: 16 });
    expect(read("overflow: DROP_OLDEST keep: 3").overflow).to.deep.equal({ kind: "drop-oldest", limit: 3 });
    expect(read("overflow: DISCONNECT").overflow).to.deep.equal({ kind: "disconnect" });
    expect(read("overflow: BLOCK").overflow).to.deep.equal({ kind: "block" });
  });

  it("says how long streams last, and where they are offered", () => {
    const policy = read('idle: "30s" max_lifetime: "2h" ws: false sse: false');
    expect(policy).to.include({ idleMs: 30_000, lifetimeMs: 7_200_000, webSocket: false, sse: false, ndjson: true });
    expect(toStreamTimes(policy, { idleMs: 1, lifetimeMs: 2 })).to.deep.equal({
      idleMs: 30_000,
      lifetimeMs: 7_200_000,
    });
    expect(toStreamTimes(read(""), { idleMs: 1, lifetimeMs: 2 })).to.deep.equal({ idleMs: 1, lifetimeMs: 2 });
  });

  for (const [token, from, value, field] of [
    ["seq", "after", "18446744073709551615", "after"],
    ["place.cursor", "since", "naïve", "since"],
    ["signed", "signed", "-9223372036854775808", "signed"],
  ]) {
    it(`takes ${token} back as ${from}`, () => {
      const schema = schemaWith(`resume_token: "${token}" resume_from: "${from}"`);
      const [method] = schema.services[0].methods;
      const { resume } = compile(schema);
      const request = toMessage(schema, "p.Req", '{"after": "7", "since": "then", "many": ["kept"]}');
      const json = compileJsonWriter(method.input, schema, strictJson)(resume!.resumeFrom(request, value));
      expect((JSON.parse(Buffer.from(json).toString()) as Record<string, unknown>)[field]).to.equal(value);
      expect(Buffer.from(json).toString()).to.contain("kept");
    });
  }

  it("reads the token of a message, and none where it is unset", () => {
    const schema = schemaWith('resume_token: "place.cursor" resume_from: "since"');
    const { resume } = compile(schema);
    expect(resume?.tokenOf(toMessage(schema, "p.Tick", '{"place": {"cursor": "c1"}}'))).to.equal("c1");
    expect(resume?.tokenOf(toMessage(schema, "p.Tick", '{"symbol": "TEA"}'))).to.equal(undefined);
  });

  for (const token of ["", "x", "-1", "18446744073709551616", "1e3", " 1", "9".repeat(50)]) {
    it(`refuses ${JSON.stringify(token)} as a token of an unsigned integer`, () => {
      const { resume } = read('resume_token: "seq" resume_from: "after"');
      expect(() => resume!.resumeFrom(new Uint8Array(0), token))
        .to.throw(GatewayError)
        .that.includes({ code: 3, reason: "RESUME_TOKEN_INVALID" });
    });
  }

  const problems: readonly (readonly [option: string, problem: string, rpc?: string])[] = [
    ['idle: "soon"', 'idle is "soon"; a positive duration is expected, e.g. "30s" or "10m"'],
    ['max_lifetime: "0s"', 'max_lifetime is "0s"; a positive duration is expected, e.g. "30s" or "10m"'],
    ["overflow: CONFLATE", "overflow: CONFLATE needs key, the field of the reply that tells messages apart"],
    ['overflow: CONFLATE key: "price"', 'key is "price": the field is neither a string nor an integer'],
    ['overflow: CONFLATE key: "nothing"', 'key is "nothing": p.Tick has no field "nothing"'],
    [
      "overflow: DISCONNECT",
      "overflow is about a stream of replies; p.S.M is client-streaming, with one reply",
      "rpc M(stream Req) returns (Tick)",
    ],
    ['key: "symbol"', "key belongs to overflow: CONFLATE"],
    ["keep: 3", "keep belongs to overflow: DROP_OLDEST"],
    ["overflow: DROP_OLDEST keep: 10001", "keep is 10001; 1 to 10000 is expected"],
    ['resume_token: "seq"', "resume_token needs resume_from, the field of the request that takes its value"],
    ['resume_from: "after"', "resume_from needs resume_token, the field of the reply whose value it takes"],
    [
      'resume_token: "place" resume_from: "after"',
      'resume_token is "place": the field is neither a string nor an integer',
    ],
    ['resume_token: "seq" resume_from: "nope"', 'resume_from is "nope": p.Req has no field "nope"'],
    ['resume_token: "seq" resume_from: "many"', 'resume_from is "many": the field many is repeated'],
    ['resume_token: "seq" resume_from: "inner.after"', "resume_from must be a field of the request itself"],
    [
      'resume_token: "seq" resume_from: "since"',
      'resume_from is "since", of type string, and resume_token "seq" of type uint64; they must be the same',
    ],
    [
      'resume_token: "seq" resume_from: "after"',
      "only a server-streaming method can be resumed; p.S.M is bidi-streaming",
      "rpc M(stream Req) returns (stream Tick)",
    ],
    ['idle: "1s"', "p.S.M is a unary method: it has no stream to speak about", "rpc M(Req) returns (Tick)"],
  ];
  for (const [option, problem, rpc] of problems) {
    it(`is refused: ${option}${rpc === undefined ? "" : ` of ${rpc}`}`, () => {
      const schema = schemaWith(option, rpc);
      const { diagnostics } = compilePolicies({ schema, config: undefined });
      const found = diagnostics.map(({ message }) => message.replace(/^p\.S\.M: /, ""));
      expect(found).to.deep.equal([problem]);
    });
  }
});
