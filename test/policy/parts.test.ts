// `stream` and `http`, said in protos and in sluice.yaml: who wins, part by part, and what is refused, where it stands.
import { expect } from "chai";
import type { MethodPolicy, SaidParts, Sourced } from "../../src/chain/policy.ts";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { compilePolicies } from "../../src/policy/policies.ts";
import type { AnswerRule } from "../../src/schema/answer-rule.ts";
import type { StreamRule } from "../../src/schema/stream-rule.ts";
import { loadYaml } from "../config/yaml-fixture.ts";
import { schemaOf } from "../support/schema.ts";
import { place } from "./compile.ts";

interface Source {
  /** Options of the service, in line 4. */
  readonly service?: string;
  /** Of Watch, in line 5. */
  readonly watch?: string;
  /** Of Make, in line 6. */
  readonly make?: string;
  readonly yaml?: string;
}

function compile({ service = "", watch = "", make = "", yaml = "" }: Source) {
  const { config, diagnostics } = loadYaml(yaml);
  const protos = `syntax = "proto3"; package t; import "sluice/annotations.proto";
message Req { uint64 after = 1; repeated string many = 2; string since = 3; } message Tick { uint64 seq = 1; string symbol = 2; double price = 3; }
service S {
  ${service}
  rpc Watch(Req) returns (stream Tick) { ${watch} }
  rpc Make(Req) returns (Tick) { ${make} }
  rpc Send(stream Req) returns (Tick);
  rpc Talk(stream Req) returns (stream Tick);
}
service Unary { rpc Get(Req) returns (Req); }`;
  const schema = schemaOf({ "t.proto": protos });
  const found = config === undefined ? undefined : compilePolicies({ schema, config });
  const of = (name: string): MethodPolicy => found!.policyOf(schema.method(`t.${name}`)!);
  return { of, problems: [...diagnostics, ...(found?.diagnostics ?? [])].map(formatDiagnostic).map(shorten) };
}

/** Folders are not told. */
function shorten(text: string): string {
  return text.replaceAll(/\/\S*?(?=sluice\.yaml)/g, "");
}

function settled(source: Source, name: string): MethodPolicy {
  const { of, problems } = compile(source);
  expect(problems).to.deep.equal([]);
  return of(name);
}

/** Each part with its place. */
function shown(parts: SaidParts<StreamRule> | SaidParts<AnswerRule>): object {
  const entries = Object.entries(parts) as [string, Sourced<unknown>][];
  return Object.fromEntries(entries.map(([part, { value, from }]) => [part, [value, place(from)]]));
}

const policies = (...entries: readonly string[]): string =>
  ["policies:", ...entries.map((entry) => `  - { ${entry} }`)].join("\n");

describe("stream and http of policies", () => {
  it("are part by part what the closest says: a service, a method, the configuration from far and from near", () => {
    const service = 'option (sluice.service_stream) = { idle: "1s" max_lifetime: "1h" sse: false ndjson: false };';
    const watch = 'option (sluice.stream) = { idle: "2s" max_lifetime: "2h" sse: true overflow: DISCONNECT };';
    const far = 'methods: ["*"], stream: { idle: 3s, max_lifetime: 3h }';
    const near = 'methods: ["t.*"], stream: { idle: 4s }';
    const own = 'methods: ["t.S.Watch"], stream: { idle: 5s }';
    const idleOf = (source: Source): unknown => settled(source, "S.Watch").stream.idleMs?.value;
    expect(idleOf({ service })).to.equal(1000);
    expect(idleOf({ service, watch })).to.equal(2000);
    expect(idleOf({ service, watch, yaml: policies(far) })).to.equal(3000);
    expect(idleOf({ service, watch, yaml: policies(near, far) })).to.equal(4000);
    const all = settled({ service, watch, yaml: policies(own, near, far) }, "S.Watch");
    expect(shown(all.stream)).to.deep.equal({
      idleMs: [5000, "sluice.yaml:2:47"],
      lifetimeMs: [10_800_000, "sluice.yaml:4:57"],
      overflow: [{ kind: "disconnect" }, "t.proto:5:109"],
      sse: [true, "t.proto:5:99"],
      ndjson: [false, "t.proto:4:79"],
    });
  });

  it("say of answers what the closest says", () => {
    const service = 'option (sluice.service_http) = { header: "x-a: service" status: 202 };';
    const make = 'option (sluice.http) = { status: 201 location: "symbol" };';
    const near = 'methods: ["t.S.*"], http: { location: "", header: ["X-A: yaml", "x-b: more"] }';
    expect(shown(settled({ service, make }, "S.Make").http)).to.deep.equal({
      status: [201, "t.proto:6:59"],
      location: ["symbol", "t.proto:6:71"],
      headers: [["x-a", "service"], "t.proto:4:36"],
    });
    expect(shown(settled({ service, make, yaml: policies(near) }, "S.Make").http)).to.deep.equal({
      status: [201, "t.proto:6:59"],
      location: ["", "sluice.yaml:2:45"],
      headers: [["x-a", "yaml", "x-b", "more"], "sluice.yaml:2:57"],
    });
    expect(settled({ service, make, yaml: policies(near) }, "Unary.Get").http).to.deep.equal({});
  });

  it("take fields that belong together from one place", () => {
    const watch =
      'option (sluice.stream) = { overflow: CONFLATE key: "symbol" resume_token: "seq" resume_from: "after" };';
    const dropping = policies("methods: [t.S.Watch], stream: { overflow: DROP_OLDEST }");
    const { overflow } = settled({ watch, yaml: dropping }, "S.Watch").stream;
    expect(overflow?.value).to.deep.equal({ kind: "drop-oldest", limit: 16 });
    const anew = policies('methods: [t.S.Watch], stream: { resume_token: "", resume_from: "" }');
    const { stream } = settled({ watch, yaml: anew }, "S.Watch");
    expect(stream.resume?.value).to.equal("off");
    expect(stream.overflow?.value).to.deep.equal({ kind: "conflate", key: "symbol" });
    const { problems } = compile({ watch, yaml: policies("methods: [t.S.Watch], stream: { key: seq }") });
    expect(problems).to.deep.equal(["sluice.yaml:2:44: error: policies[0].stream: key belongs to overflow: CONFLATE"]);
  });

  it("are, of many methods at once, for those that can have them", () => {
    const yaml = policies(
      'methods: ["*"], stream: { overflow: CONFLATE, key: symbol, resume_token: seq, resume_from: after, ws: false }, http: { location: symbol }',
    );
    const { of, problems } = compile({ yaml });
    expect(problems).to.deep.equal([]);
    const parts = (name: string): string[] => [...Object.keys(of(name).stream), ...Object.keys(of(name).http)].sort();
    expect(parts("S.Watch")).to.deep.equal(["overflow", "resume", "webSocket"]);
    expect(parts("S.Talk")).to.deep.equal(["overflow", "webSocket"]);
    expect(parts("S.Send")).to.deep.equal(["location", "webSocket"]);
    expect(parts("S.Make")).to.deep.equal(["location"]);
    expect(parts("Unary.Get")).to.deep.equal([]);
  });

  it("are the same objects for a method each time", () => {
    const { of } = compile({ yaml: policies('methods: ["*"], stream: { idle: 1s }') });
    expect(of("S.Watch")).to.equal(of("S.Watch"));
  });
});

interface Fault {
  readonly proto: string;
  readonly yaml: string;
  readonly message: string;
  /** S.Watch if absent. */
  readonly method?: "Make";
}

const faults: readonly Fault[] = [
  {
    proto: 'stream) = { idle: "1s" }',
    yaml: "stream: { idle: 1s }",
    message: "t.S.Make is a unary method: it has no stream to speak about",
    method: "Make",
  },
  {
    proto: 'stream) = { overflow: CONFLATE key: "nothing" }',
    yaml: "stream: { overflow: CONFLATE, key: nothing }",
    message: 'key is "nothing": t.Tick has no field "nothing"',
  },
  {
    proto: 'stream) = { overflow: CONFLATE key: "price" }',
    yaml: "stream: { overflow: CONFLATE, key: price }",
    message: 'key is "price": the field is neither a string nor an integer',
  },
  {
    proto: "stream) = { overflow: CONFLATE }",
    yaml: "stream: { overflow: CONFLATE }",
    message: "overflow: CONFLATE needs key, the field of the reply that tells messages apart",
  },
  {
    proto: 'stream) = { key: "symbol" }',
    yaml: "stream: { key: symbol }",
    message: "key belongs to overflow: CONFLATE",
  },
  {
    proto: "stream) = { overflow: DISCONNECT keep: 5 }",
    yaml: "stream: { overflow: DISCONNECT, keep: 5 }",
    message: "keep belongs to overflow: DROP_OLDEST",
  },
  {
    proto: 'stream) = { resume_token: "seq" }',
    yaml: "stream: { resume_token: seq }",
    message: "resume_token needs resume_from, the field of the request that takes its value",
  },
  {
    proto: 'stream) = { resume_from: "after" }',
    yaml: "stream: { resume_from: after }",
    message: "resume_from needs resume_token, the field of the reply whose value it takes",
  },
  {
    proto: 'stream) = { resume_token: "seq" resume_from: "since" }',
    yaml: "stream: { resume_token: seq, resume_from: since }",
    message: 'resume_from is "since", of type string, and resume_token "seq" of type uint64; they must be the same',
  },
  {
    proto: 'stream) = { resume_token: "seq" resume_from: "many" }',
    yaml: "stream: { resume_token: seq, resume_from: many }",
    message: 'resume_from is "many": the field many is repeated',
  },
  {
    proto: 'http) = { location: "price" }',
    yaml: "http: { location: price }",
    message: 'location is "price": the field is neither a string nor an integer',
    method: "Make",
  },
  {
    proto: 'http) = { location: "symbol" }',
    yaml: "http: { location: symbol }",
    message: "location is about one reply; t.S.Watch is server-streaming",
  },
  {
    proto: 'http) = { header: "x-a: b" header: "no colon" }',
    yaml: 'http: { header: ["x-a: b", no colon] }',
    message: 'header is "no colon"; "name: value" is expected',
    method: "Make",
  },
  {
    proto: 'http) = { header: "Transfer-Encoding: chunked" }',
    yaml: 'http: { header: ["Transfer-Encoding: chunked"] }',
    message: "the header Transfer-Encoding is set by the gateway itself",
    method: "Make",
  },
];

describe("what is wrong with stream and http of policies", () => {
  for (const { proto, yaml, message, method = "Watch" } of faults)
    it(`is told of protos and of the configuration alike, where it stands: ${yaml}`, () => {
      const option = `option (sluice.${proto};`;
      const said = compile(method === "Watch" ? { watch: option } : { make: option }).problems;
      const written = compile({ yaml: policies(`methods: [t.S.${method}], ${yaml}`) }).problems;
      expect(said).to.have.length(1);
      expect(written).to.have.length(1);
      expect(said[0]).to.match(/^t\.proto:[56]:\d+: error: /);
      expect(written[0]).to.match(/^sluice\.yaml:2:\d+: error: /);
      for (const [found] of [said, written]) expect(found.endsWith(`: ${message}`), found).to.equal(true);
      // At the field that is wrong, if it is a field.
      const column = Number(written[0].split(":")[2]);
      if (!message.includes("unary")) expect(column).to.be.greaterThan(`  - { methods: [t.S.${method}], `.length + 8);
    });

  it("is told of values that the schema of the configuration does not have", () => {
    const told = (entry: string): string[] => compile({ yaml: policies(`methods: [t.S.Watch], ${entry}`) }).problems;
    expect(told("stream: { idel: 1s }")[0]).to.match(/^sluice\.yaml:2:\d+: error: .*"idel".*did you mean "idle"\?/);
    expect(told("stream: { idle: soon }")[0]).to.match(/^sluice\.yaml:2:\d+: error: .*a duration between 1ms and 24h/);
    expect(told("stream: { overflow: CONFLAT }")[0]).to.match(
      /^sluice\.yaml:2:\d+: error: .*did you mean "CONFLATE"\?/,
    );
    expect(told("stream: { overflow: DROP_OLDEST, keep: 10001 }")[0]).to.match(/error: .*keep.*10000/);
    expect(told("stream: { ws: 1 }")[0]).to.match(/^sluice\.yaml:2:\d+: error: .*stream\.ws/);
    expect(told("http: { status: 404 }")[0]).to.match(/^sluice\.yaml:2:\d+: error: .*http\.status.*299/);
    expect(told("http: { header: x }")[0]).to.match(/^sluice\.yaml:2:\d+: error: .*http\.header/);
    expect(told("http: {}")[0]).to.match(/^sluice\.yaml:2:\d+: error: policies\[0\]\.http: says nothing/);
  });

  it("is a policy of many methods of which none can have it", () => {
    const told = (entry: string): string[] => compile({ yaml: policies(entry) }).problems;
    expect(told('methods: ["t.S.*"], stream: { overflow: CONFLATE, key: symbl }')).to.deep.equal([
      'sluice.yaml:2:62: error: key is said of 3 methods, and none can have it; t.S.Watch: key is "symbl": t.Tick has no field "symbl"; name methods that can',
    ]);
    expect(told('methods: ["t.Unary.*"], http: { location: symbol }')).to.deep.equal([
      'sluice.yaml:2:49: error: location is said of one method, and none can have it; t.Unary.Get: location is "symbol": t.Req has no field "symbol"; name methods that can',
    ]);
    expect(told('methods: ["t.Unary.*"], stream: { idle: 1s }')).to.deep.equal([
      "sluice.yaml:2:39: warning: stream is said of one method, and reaches none: none of them streams; name methods that stream",
    ]);
    expect(told("methods: [t.S.Wach], stream: { idle: 1s }")[0]).to.match(
      /takes no method; did you mean "t\.S\.Watch"\?/,
    );
    const service = 'option (sluice.service_stream) = { resume_token: "price" resume_from: "after" };';
    expect(compile({ service }).problems).to.deep.equal([
      't.proto:4:38: error: resume_token is said of 3 methods, and none can have it; t.S.Watch: resume_token is "price": the field is neither a string nor an integer; name methods that can',
    ]);
  });

  it("is two entries that are equally close to a method, and differ in a part", () => {
    const told = (...entries: readonly string[]): string[] => compile({ yaml: policies(...entries) }).problems;
    const one = 'methods: ["t.S.*"], stream: { idle: 1s, ws: false }, http: { status: 201 }';
    expect(told(one, 'methods: ["t.S.*"], stream: { sse: false, ws: false }')).to.deep.equal([]);
    expect(told(one, 'methods: ["t.*"], stream: { idle: 2s }')).to.deep.equal([]);
    expect(told(one, 'methods: [t.S.Watch, "t.S.*"], stream: { idle: 2s }')[0]).to.equal(
      "sluice.yaml:3:54: error: idle of t.S.Send is said here, and otherwise at sluice.yaml:2:43, which is as close to the method (and 1 more like this); name the method by itself where it differs",
    );
    expect(told(one, 'methods: ["t.S.*"], http: { status: 202 }')[0]).to.match(
      /^sluice\.yaml:3:43: error: status of t\.S\.Watch/,
    );
  });

  it("is a header that a cache sets, whoever says it", () => {
    const make = 'option idempotency_level = NO_SIDE_EFFECTS; option (sluice.cache) = { ttl: "1s" };';
    const yaml = policies('methods: ["t.*"], http: { header: ["x-a: b", "Age: 1"] }');
    expect(compile({ make, yaml }).problems[0]).to.match(
      /^t\.proto:6:\d+: error: the cache of t\.S\.Make: its answers have the header age \(sluice\.yaml:2:\d+\)/,
    );
  });
});
