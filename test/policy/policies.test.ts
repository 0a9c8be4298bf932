// What is in force for a method, of all that protos and configuration say, and what of it is refused, each with its place.
import { expect } from "chai";
import { compilePolicies } from "../../src/policy/policies.ts";
import { loadYaml } from "../config/yaml-fixture.ts";
import { schemaOf } from "../support/schema.ts";
import { compile, head, place, policyOf } from "./compile.ts";

const plain = `service Orders {
  rpc Get(Req) returns (Res);
  rpc List(Req) returns (Res);
  rpc Watch(Req) returns (stream Res);
}
service Catalog { rpc Find(Other) returns (Res); }`;

const issuers = 'issuers: [{ issuer: "https://idp.example", audience: shop, algorithms: [RS256] }]';

describe("policies", () => {
  it("are public and empty where nobody says anything", () => {
    const policy = policyOf(plain, "", "Orders.Get");
    expect(policy.auth).to.include({ value: "public", from: "default" });
    expect(policy).to.deep.include({ rules: [], limits: [], timeoutMs: undefined, maxInFlight: undefined });
    expect(policy.validate).to.include({ value: true, from: "default" });
  });

  it("ask for credentials where there is auth and nobody says otherwise", () => {
    expect(policyOf(plain, `auth: { ${issuers} }`, "Orders.Get").auth).to.include({
      value: "required",
      from: "default",
    });
    const said = policyOf(plain, `auth:\n  default: optional\n  ${issuers}`, "Orders.Get").auth;
    expect([said.value, place(said.from)]).to.deep.equal(["optional", "sluice.yaml:2:12"]);
  });

  it("take the level of the service, of the method before it, of the closest selector before both", () => {
    const services = `service Orders {
  option (sluice.service_auth) = { level: OPTIONAL };
  rpc Get(Req) returns (Res);
  rpc List(Req) returns (Res) { option (sluice.auth) = { level: PUBLIC }; }
  rpc Watch(Req) returns (stream Res) { option (sluice.auth).level = REQUIRED; }
}`;
    const levels = (yaml: string): string[] =>
      ["Get", "List", "Watch"].map((name) => {
        const { auth } = policyOf(services, `auth:\n  ${issuers}\n${yaml}`, `Orders.${name}`);
        return `${auth.value} ${place(auth.from)}`;
      });
    expect(levels("")).to.deep.equal([
      "optional shop.proto:6:36",
      "public shop.proto:8:58",
      "required shop.proto:9:48",
    ]);
    expect(levels('  required: ["*"]\n  optional: ["shop.v1.Orders.Get"]\n')).to.deep.equal([
      "optional sluice.yaml:4:14",
      "required sluice.yaml:3:14",
      "required sluice.yaml:3:14",
    ]);
    expect(levels('  public: ["shop.*"]\n  required: ["shop.v1.*"]\n').map((text) => text.split(" ")[0])).to.deep.equal(
      ["required", "required", "required"],
    );
  });

  it("gather the rules of service, method and configuration; one of the configuration stands in for its namesake", () => {
    const services = `service Orders {
  option (sluice.service_auth) = { scopes: "orders" };
  rpc Get(Req) returns (Res) { option (sluice.auth) = { when: "req.user_id == claims.sub" name: "own" }; }
  rpc List(Req) returns (Res) { option (sluice.auth) = { roles: ["a", "b"] shadow: true }; }
}`;
    const yaml = `auth:
  ${issuers}
  rules:
    - { name: own, methods: [shop.v1.Orders.Get], when: "claims.sub != ''", shadow: true }
    - { name: all, roles: [staff] }
`;
    const rules = (name: string, text: string) =>
      policyOf(services, text, name).rules.map(({ value, from }) => `${value.name} ${place(from)} ${value.shadow}`);
    expect(rules("Orders.Get", `auth: { ${issuers} }`)).to.deep.equal([
      "shop.v1.Orders shop.proto:6:36 false",
      "own shop.proto:7:57 false",
    ]);
    expect(rules("Orders.Get", yaml)).to.deep.equal([
      "shop.v1.Orders shop.proto:6:36 false",
      "own sluice.yaml:4:7 true",
      "all sluice.yaml:5:7 false",
    ]);
    expect(rules("Orders.List", yaml)).to.deep.equal([
      "shop.v1.Orders shop.proto:6:36 false",
      "shop.v1.Orders.List shop.proto:8:58 true",
      "all sluice.yaml:5:7 false",
    ]);
  });

  it("gather limits; one of the configuration takes the place of its namesake wherever the protos put it", () => {
    const services = `service Orders {
  option (sluice.service_limit) = { name: "shared" key: "ip" rate: "10/s" };
  rpc Get(Req) returns (Res) { option (sluice.limit) = { name: "get" rate: "5/m" burst: 2 cost: 2 of: MESSAGES }; }
  rpc List(Req) returns (Res);
}`;
    const limits = (name: string, yaml: string) =>
      policyOf(services, yaml, name).limits.map(({ value, from }) => [value.name, value.count, place(from)].join(" "));
    expect(limits("Orders.Get", "")).to.deep.equal(["shared 10 shop.proto:6:35", "get 5 shop.proto:7:56"]);
    expect(policyOf(services, "", "Orders.Get").limits[1].value).to.deep.equal({
      name: "get",
      key: ["global"],
      count: 5,
      periodMs: 60_000,
      burst: 2,
      cost: 2,
      of: "messages",
    });
    const yaml = "limits:\n  - { name: get, rate: 9/s, methods: [shop.v1.Orders.List] }\n";
    expect(limits("Orders.Get", yaml)).to.deep.equal(["shared 10 shop.proto:6:35", "get 9 sluice.yaml:2:5"]);
    expect(limits("Orders.List", yaml)).to.deep.equal(["shared 10 shop.proto:6:35", "get 9 sluice.yaml:2:5"]);
  });

  it("take one timeout: of the service, the method, the closest of the configuration", () => {
    const services = `service Orders {
  option (sluice.service_timeout) = "3s";
  rpc Get(Req) returns (Res);
  rpc List(Req) returns (Res) { option (sluice.timeout) = "500ms"; }
}`;
    const timeout = (name: string, yaml: string) => {
      const { timeoutMs } = policyOf(services, yaml, name);
      return [timeoutMs?.value, place(timeoutMs?.from ?? "")];
    };
    expect(timeout("Orders.Get", "")).to.deep.equal([3000, "shop.proto:6:10"]);
    expect(timeout("Orders.List", "")).to.deep.equal([500, "shop.proto:8:40"]);
    const yaml = `policies:
  - { methods: [shop.v1.Orders.Get], timeout: 1s }
  - { methods: ["shop.*"], timeout: 2s, max_in_flight: 7, validate: false }
`;
    expect(timeout("Orders.Get", yaml)).to.deep.equal([1000, "sluice.yaml:2:5"]);
    expect(timeout("Orders.List", yaml)).to.deep.equal([2000, "sluice.yaml:3:5"]);
    const { maxInFlight, validate } = policyOf(services, yaml, "Orders.Get");
    expect([maxInFlight?.value, validate.value]).to.deep.equal([7, false]);
  });

  it("are the same object each time, and made for methods without a proto by their name", () => {
    const schema = schemaOf({ "shop.proto": `${head}${plain}` });
    const { config } = loadYaml(`auth: { public: ["other.*"], ${issuers} }\ngrpc: { proxy_unknown: true }`);
    const compiled = compilePolicies({ schema, config });
    const method = schema.method("shop.v1.Orders.Get")!;
    expect(compiled.policyOf(method)).to.equal(compiled.policyOf(method));
    const unknown = { ...method, name: "other.S.Get" };
    expect(compiled.policyOf(unknown).auth.value).to.equal("public");
    expect(compiled.policyOf({ ...method, name: "else.S.Get" }).auth.value).to.equal("required");
    expect(compiled.diagnostics.map(({ severity }) => severity)).to.deep.equal(["warning"]);
  });

  const auth = `auth:\n  ${issuers}\n`;
  const faults: readonly (readonly [what: string, services: string, yaml: string, ...problems: RegExp[]])[] = [
    [
      "a selector that takes nothing",
      plain,
      `${auth}  public: [shop.v1.Order.*]\n`,
      /^sluice\.yaml:3:12: error: auth\.public\[0\]: the selector "shop\.v1\.Order\.\*" takes no method; did you mean "shop\.v1\.Orders\.\*"\?$/,
    ],
    [
      "a selector of a policy that takes nothing",
      plain,
      "policies: [{ methods: [Orders.Get], timeout: 1s }]",
      /policies\[0\]\.methods\[0\].*did you mean "shop\.v1\.Orders\.Get"\?/,
    ],
    [
      "a selector of a limit that takes nothing",
      plain,
      'limits: [{ name: a, rate: 1/s, methods: ["shop.v2.*"] }]',
      /^sluice\.yaml:1:42: error: limits\[0\]\.methods\[0\]/,
    ],
    [
      "a selector of a rule that takes nothing",
      plain,
      `${auth}  rules: [{ name: a, methods: [shop.v1.Orders.Gte], roles: [x] }]`,
      /auth\.rules\[0\]\.methods\[0\]/,
    ],
    [
      "scopes of a public method",
      plain,
      `${auth}  public: [shop.v1.Orders.Get]\n  rules: [{ name: r, scopes: [s] }]`,
      /^sluice\.yaml:4:11: error: the rule r asks who calls \(scopes\), and callers of shop\.v1\.Orders\.Get are not asked \(public: .*sluice\.yaml:3:12\)/,
    ],
    [
      "claims in a condition of a public method",
      `service Orders { rpc Get(Req) returns (Res) { option (sluice.auth) = { level: PUBLIC when: "claims.sub == 'a'" }; } }`,
      auth,
      /^shop\.proto:\d+:\d+: error: the rule shop\.v1\.Orders\.Get asks who calls \(when\)/,
    ],
    [
      "a rule that asks who calls where nothing can tell",
      plain,
      "auth: { default: public, rules: [{ name: r, roles: [x] }] }",
      /nothing can tell; say how callers are known/,
    ],
    [
      "credentials that nothing can tell",
      `service Orders { rpc Get(Req) returns (Res) { option (sluice.auth).level = REQUIRED; } }`,
      "",
      /^shop\.proto:5:\d+: error: shop\.v1\.Orders\.Get asks callers who they are, and nothing can tell/,
    ],
    ["a group auth that nobody can pass", plain, "auth: {}", /asks callers who they are, and nothing can tell/],
    [
      "a limit by a claim of a public method",
      plain,
      `${auth}  public: ["shop.v1.Catalog.*"]\nlimits: [{ name: l, key: "claim:sub", rate: 1/s }]`,
      /^sluice\.yaml:4:10: error: the limit l counts by claim:sub, and callers of shop\.v1\.Catalog\.Find are not asked/,
    ],
    [
      "policies that differ and are equally close",
      plain,
      'policies:\n  - { methods: ["shop.v1.*"], timeout: 1s }\n  - { methods: ["shop.v1.*"], timeout: 2s }',
      /^sluice\.yaml:3:5: error: the timeout of shop\.v1\.Orders\.Get is 2s here, and 1s at .*sluice\.yaml:2:5, which is as close/,
    ],
    [
      "a condition that names no field",
      plain,
      `${auth}  rules: [{ name: r, methods: ["shop.v1.Orders.*"], when: "req.user == claims.sub" }]`,
      /^sluice\.yaml:3:11: error: the condition of the rule r, for shop\.v1\.Orders\.Get: column 4: shop\.v1\.Req has no field "user"/,
    ],
    [
      "a condition that fits some of its methods",
      plain,
      `${auth}  rules: [{ name: r, when: "req.user_id == claims.sub" }]`,
      /for shop\.v1\.Catalog\.Find: column 4: shop\.v1\.Other has no field "user_id"/,
    ],
    [
      "limits of one name that differ",
      `service Orders { rpc Get(Req) returns (Res) { option (sluice.limit) = { name: "l" rate: "1/s" }; } rpc List(Req) returns (Res) { option (sluice.limit) = { name: "l" rate: "2/s" }; } }`,
      "",
      /the limit l is 2\/s of calls \(by global, burst 2\) here, and 1\/s of calls \(by global, burst 1\) at shop\.proto:5/,
    ],
    [
      "a rate that is none",
      `service Orders { rpc Get(Req) returns (Res) { option (sluice.limit) = { name: "l" rate: "fast" }; } }`,
      "",
      /^shop\.proto:5:\d+: error: shop\.v1\.Orders\.Get: rate of a limit: a rate is expected/,
    ],
    [
      "a timeout that is none",
      `service Orders { option (sluice.service_timeout) = "soon"; rpc Get(Req) returns (Res); }`,
      "",
      /"soon" is no timeout/,
    ],
    [
      "a scope that is none",
      `service Orders { rpc Get(Req) returns (Res) { option (sluice.auth) = { scopes: "a b" }; } }`,
      auth,
      /"a b" is no scope/,
    ],
    [
      "shadow without a rule",
      `service Orders { rpc Get(Req) returns (Res) { option (sluice.auth) = { shadow: true }; } }`,
      "",
      /shadow is about scopes, roles and when, and there are none/,
    ],
    ["a rule that asks nothing", plain, `${auth}  rules: [{ name: r }]`, /auth\.rules\[0\]: asks for nothing/],
    [
      "two rules of one name",
      plain,
      `${auth}  rules: [{ name: r, roles: [a] }, { name: r, roles: [b] }]`,
      /auth\.rules\[0\] has the name "r" already/,
    ],
    ["a policy that says nothing", plain, 'policies: [{ methods: ["*"] }]', /policies\[0\]: says nothing/],
    [
      "a selector in two lists",
      plain,
      `${auth}  public: ["shop.*"]\n  required: ["shop.*"]`,
      /auth\.required\[0\]: shop\.\* is among public as well/,
    ],
    ["a selector that is none", plain, `${auth}  public: ["shop.*.Get"]`, /a selector of methods is expected/],
    [
      "a scope of the configuration that is none",
      plain,
      `${auth}  rules: [{ name: r, scopes: ["a b"] }]`,
      /a scope is expected/,
    ],
  ];
  for (const [what, services, yaml, ...expected] of faults)
    it(`are refused for ${what}`, () => {
      const { problems } = compile(services, yaml);
      for (const problem of expected) expect(problems.join("\n")).to.match(new RegExp(problem.source, "m"));
    });

  it("are refused with the first of many methods, and how many more there are", () => {
    const many = `service Orders { ${Array.from({ length: 40 }, (_, at) => `rpc M${at}(Req) returns (Res);`).join(" ")} }`;
    const { problems } = compile(many, "auth: { default: required }");
    expect(problems).to.have.length(1);
    expect(problems[0]).to.match(/shop\.v1\.Orders\.M0 asks .* nothing can tell \(and 39 more like this\); say how/);
  });

  it("warn where the configuration makes a method more open than its proto, and of timeouts that are cut", () => {
    const services = `service Orders { rpc Get(Req) returns (Res) { option (sluice.auth).level = REQUIRED; } }`;
    const { problems } = compile(
      services,
      `${auth}  public: ["shop.*"]\npolicies: [{ methods: ["*"], timeout: 10m }]\n`,
    );
    expect(problems).to.have.length(2);
    expect(problems[0]).to.match(
      /^sluice\.yaml:3:12: warning: shop\.v1\.Orders\.Get is public here, and required in its proto \(shop\.proto:5:\d+\)/,
    );
    expect(problems[1]).to.match(/warning: the timeout 10m of shop\.v1\.Orders\.Get is cut to timeouts\.max, 5m/);
  });
});
