// When calls are made again, of all that protos and configuration say, and what of it cannot be meant.
import { expect } from "chai";
import type { RetryPolicy } from "../../src/chain/policy.ts";
import { compilePolicies } from "../../src/policy/policies.ts";
import { loadYaml } from "../config/yaml-fixture.ts";
import { schemaOf } from "../support/schema.ts";
import { compile, head, place, policyOf } from "./compile.ts";

const defaults = {
  maxAttempts: 3,
  codes: ["UNAVAILABLE"],
  initialBackoffMs: 100,
  maxBackoffMs: 1000,
  multiplier: 2,
  perTryTimeoutMs: undefined,
  idempotent: false,
};

const safe = "option idempotency_level = NO_SIDE_EFFECTS;";
/** Get may be called again, Delete as well, of Create nobody says so. */
const declared = `service Orders {
  rpc Get(Req) returns (Res) { ${safe} }
  rpc Delete(Req) returns (Res) { option idempotency_level = IDEMPOTENT; }
  rpc Create(Req) returns (Res);
}`;

function retryOf(services: string, yaml: string, name: string): RetryPolicy | undefined {
  return policyOf(services, yaml, name).retry?.value;
}

describe("retry", () => {
  it("is nothing where nobody asks for it", () => {
    expect(policyOf(declared, "", "Orders.Get").retry).to.equal(undefined);
  });

  it("is all that an option says, and the default for what it does not", () => {
    const services = (option: string): string =>
      `service Orders { rpc Get(Req) returns (Res) { ${safe} option (sluice.retry) = { ${option} }; } }`;
    expect(retryOf(services(""), "", "Orders.Get")).to.deep.equal(defaults);
    const all =
      'max_attempts: 5 codes: ["ABORTED", "UNAVAILABLE", "ABORTED"] initial_backoff: "20ms" max_backoff: "1.5s" multiplier: 1.5 per_try_timeout: "2s"';
    expect(retryOf(services(all), "", "Orders.Get")).to.deep.equal({
      maxAttempts: 5,
      codes: ["ABORTED", "UNAVAILABLE"],
      initialBackoffMs: 20,
      maxBackoffMs: 1500,
      multiplier: 1.5,
      perTryTimeoutMs: 2000,
      idempotent: false,
    });
    expect(retryOf(services('initial_backoff: "3s"'), "", "Orders.Get")).to.include({ maxBackoffMs: 3000 });
    expect(retryOf(services('max_backoff: "50ms"'), "", "Orders.Get")).to.include({ initialBackoffMs: 50 });
  });

  it("is the same in sluice.yaml", () => {
    const yaml = (retry: string): string => `policies: [{ methods: [shop.v1.Orders.Get], retry: ${retry} }]`;
    expect(retryOf(declared, yaml("on"), "Orders.Get")).to.deep.equal(defaults);
    expect(retryOf(declared, yaml("{}"), "Orders.Get")).to.deep.equal(defaults);
    const all =
      "{ max_attempts: 2, codes: [INTERNAL], initial_backoff: 1s, max_backoff: 2s, multiplier: 3, per_try_timeout: 5s, idempotent: true }";
    expect(retryOf(declared, yaml(all), "Orders.Get")).to.deep.equal({
      maxAttempts: 2,
      codes: ["INTERNAL"],
      initialBackoffMs: 1000,
      maxBackoffMs: 2000,
      multiplier: 3,
      perTryTimeoutMs: 5000,
      idempotent: true,
    });
  });

  it("is of the closest: the service, the method, the configuration; each whole, and off as well", () => {
    const services = `service Orders {
  option (sluice.service_retry) = { max_attempts: 4 };
  rpc Get(Req) returns (Res) { ${safe} }
  rpc List(Req) returns (Res) { ${safe} option (sluice.retry) = { codes: "ABORTED" }; }
  rpc Find(Req) returns (Res) { ${safe} option (sluice.retry) = { off: true }; }
}`;
    const tell = (yaml: string): unknown[] =>
      ["Get", "List", "Find"].map((name) => {
        const { value, from = "" } = policyOf(services, yaml, `Orders.${name}`).retry ?? {};
        return [typeof value === "object" ? `${value.maxAttempts} ${value.codes.join()}` : value, place(from)];
      });
    expect(tell("")).to.deep.equal([
      ["4 UNAVAILABLE", "shop.proto:6:10"],
      ["3 ABORTED", "shop.proto:8:84"],
      ["off", "shop.proto:9:84"],
    ]);
    const yaml = `policies:
  - { methods: ["shop.*"], retry: { max_attempts: 5 } }
  - { methods: [shop.v1.Orders.List], retry: off }
`;
    expect(tell(yaml)).to.deep.equal([
      ["5 UNAVAILABLE", "sluice.yaml:2:5"],
      ["off", "sluice.yaml:3:5"],
      ["5 UNAVAILABLE", "sluice.yaml:2:5"],
    ]);
  });

  it("reaches only methods that may be called again, when it is said of many at once", () => {
    const names = ["Get", "Delete", "Create"];
    const kinds = (services: string, yaml: string): unknown[] =>
      names.map((name) => {
        const value = retryOf(services, yaml, `Orders.${name}`);
        return typeof value === "object" ? "again" : value;
      });
    const all = (retry: string): string => `policies: [{ methods: ["*"], retry: ${retry} }]`;
    expect(kinds(declared, all("on"))).to.deep.equal(["again", "again", "undeclared"]);
    expect(kinds(declared, all("{ idempotent: true }"))).to.deep.equal(["again", "again", "again"]);
    const service = declared.replace("{", "{ option (sluice.service_retry) = {};");
    expect(kinds(service, "")).to.deep.equal(["again", "again", "undeclared"]);
    const route = 'http: { rules: [{ selector: shop.v1.Orders.Create, get: "/v1/create" }] }\n';
    expect(kinds(declared, `${route}${all("on")}`)).to.deep.equal(["again", "again", "again"]);
  });

  it("leaves out composed methods, whose steps have their own, when it is said of many at once", () => {
    const services = `service Orders {
  rpc Get(Req) returns (Res) { ${safe} option (sluice.compose) = { step { id: "a" call: "shop.v1.Orders/List" } }; }
  rpc List(Req) returns (Res) { ${safe} }
}`;
    const yaml = 'policies: [{ methods: ["*"], retry: on }]';
    expect(retryOf(services, yaml, "Orders.Get")).to.equal(undefined);
    expect(retryOf(services, yaml, "Orders.List")).to.deep.equal(defaults);
  });

  it("reaches a method without a proto that is named by itself", () => {
    const schema = schemaOf({ "shop.proto": `${head}${declared}` });
    const yaml = "grpc: { proxy_unknown: true }\npolicies: [{ methods: [other.S.Get], retry: on }]";
    const { policyOf: settled } = compilePolicies({ schema, config: loadYaml(yaml).config });
    const method = schema.method("shop.v1.Orders.Create")!;
    expect(settled({ ...method, name: "other.S.Get" }).retry?.value).to.deep.equal(defaults);
    expect(settled({ ...method, name: "other.S.Put" }).retry).to.equal(undefined);
  });

  const option = (said: string): string =>
    `service Orders { rpc Get(Req) returns (Res) { ${safe} option (sluice.retry) = { ${said} }; } }`;
  const policy = (retry: string, more = ""): string =>
    `policies: [{ methods: [shop.v1.Orders.Get], retry: ${retry}${more} }]`;
  const faults: readonly (readonly [what: string, services: string, yaml: string, problem: RegExp])[] = [
    [
      "one attempt",
      option("max_attempts: 1"),
      "",
      /^shop\.proto:5:\d+: error: shop\.v1\.Orders\.Get: max_attempts of retry: must be between 2 and 5, .* found 1; to make no call again say \(sluice\.retry\) = \{ off: true \}$/,
    ],
    ["six attempts", option("max_attempts: 6"), "", /must be between 2 and 5, the first attempt included, found 6$/],
    [
      "one attempt, in the configuration",
      declared,
      policy("{ max_attempts: 1 }"),
      /^sluice\.yaml:1:\d+: error: policies\[0\]\.retry\.max_attempts: must be between 2 and 5, found 1/,
    ],
    ["the code OK", option('codes: "OK"'), "", /codes of retry: OK is no failure/],
    [
      "the code OK, in the configuration",
      declared,
      policy("{ codes: [OK] }"),
      /codes\[0\]: one of CANCELLED, .* found "OK"/,
    ],
    [
      "a code that is none",
      option('codes: ["ABORTED", "unavailable"]'),
      "",
      /a gRPC status code is expected, found "unavailable"; did you mean "UNAVAILABLE"\?/,
    ],
    [
      "a wait that is none",
      option('initial_backoff: "soon"'),
      "",
      /initial_backoff of retry: a positive duration .* found "soon"/,
    ],
    [
      "a wait of no time",
      option('initial_backoff: "100us"'),
      "",
      /initial_backoff of retry: must be between 1ms and 1m/,
    ],
    [
      "a first wait longer than the longest",
      option('initial_backoff: "2s" max_backoff: "1s"'),
      "",
      /initial_backoff of retry: must not be longer than max_backoff; raise max_backoff/,
    ],
    [
      "a first wait longer than the longest, in the configuration",
      declared,
      policy("{ initial_backoff: 2s, max_backoff: 1s }"),
      /^sluice\.yaml:1:\d+: error: policies\[0\]\.retry\.initial_backoff: must not be longer than max_backoff/,
    ],
    [
      "waits that become shorter",
      option("multiplier: 0.5"),
      "",
      /multiplier of retry: must be between 1 and 10, found 0\.5/,
    ],
    ["off, and how", option("off: true max_attempts: 3"), "", /retry is off, and says when calls are made again/],
    [
      "neither on nor off",
      declared,
      policy("maybe"),
      /policies\[0\]\.retry: on, off or a mapping is expected; found "maybe"/,
    ],
    ["a list", declared, policy("[on]"), /policies\[0\]\.retry: on, off or a mapping is expected, found a list/],
    ["an unknown key", declared, policy("{ attempts: 3 }"), /unknown key "attempts".*"?max_attempts/],
    [
      "a first wait as long as the timeout",
      declared,
      policy("{ initial_backoff: 1s }", ", timeout: 1s"),
      /^sluice\.yaml:1:\d+: error: initial_backoff of the retries of shop\.v1\.Orders\.Get is 1s, and a call has 1s: it could never be made again/,
    ],
    [
      "attempts longer than the timeout",
      option('per_try_timeout: "3s"').replace("option (s", 'option (sluice.timeout) = "2s"; option (s'),
      "",
      /per_try_timeout of the retries of shop\.v1\.Orders\.Get is 3s, and a call has 2s/,
    ],
    [
      "attempts longer than the default timeout",
      option('per_try_timeout: "1m"'),
      "",
      /per_try_timeout of the retries of shop\.v1\.Orders\.Get is 1m, and a call has 15s/,
    ],
    [
      "a method that is composed of others",
      option("").replace(
        "option (s",
        'option (sluice.compose) = { step { id: "a" call: "shop.v1.Orders/Get" } }; option (s',
      ),
      "",
      /^shop\.proto:5:\d+: error: retry of shop\.v1\.Orders\.Get: the method is composed, .*; say it of the methods that its steps call/,
    ],
    [
      "policies that differ and are equally close",
      declared,
      'policies:\n  - { methods: ["shop.v1.*"], retry: on }\n  - { methods: ["shop.v1.*"], retry: { max_attempts: 4 } }',
      /^sluice\.yaml:3:5: error: retry of shop\.v1\.Orders\.Get is 4 attempts on UNAVAILABLE, waits of 100ms to 1s here, and 3 attempts .* at .*sluice\.yaml:2:5/,
    ],
  ];
  for (const [what, services, yaml, problem] of faults)
    it(`is refused for ${what}`, () => {
      const { problems } = compile(services, yaml);
      expect(problems.join("\n")).to.match(new RegExp(problem.source, "m"));
    });

  it("is refused for all its times and numbers at once", () => {
    const { problems } = compile(option('max_backoff: "soon" per_try_timeout: "later" max_attempts: 9'), "");
    expect(problems.map((problem) => /\w+ of retry/.exec(problem)?.[0])).to.deep.equal([
      "max_backoff of retry",
      "per_try_timeout of retry",
      "max_attempts of retry",
    ]);
  });

  it("has no timeout to keep to for a stream that nobody limits", () => {
    const watch = `service Orders { rpc Watch(Req) returns (stream Res) { ${safe} } }`;
    const yaml = "policies: [{ methods: [shop.v1.Orders.Watch], retry: { per_try_timeout: 1m } }]";
    expect(retryOf(watch, yaml, "Orders.Watch")).to.include({ perTryTimeoutMs: 60_000 });
  });

  it("agrees with itself where two policies say the same", () => {
    const twice = '{ methods: ["shop.v1.*"], retry: { codes: [ABORTED] } }';
    expect(compile(declared, `policies: [${twice}, ${twice}]`).problems).to.deep.equal([]);
  });

  it("is a warning for a method that is named and of which nothing says that it may be called again", () => {
    const services = declared.replace(
      "Create(Req) returns (Res);",
      "Create(Req) returns (Res) { option (sluice.retry) = {}; }",
    );
    const [problem, ...more] = compile(services, "").problems;
    expect(problem).to.match(
      /^shop\.proto:8:\d+: warning: calls of shop\.v1\.Orders\.Create are made again, and nothing says that it may be called twice.*; declare its idempotency_level, or say idempotent: true/,
    );
    expect(more).to.deep.equal([]);
    const yaml = (retry: string): string => `policies: [{ methods: [shop.v1.Orders.Create], retry: ${retry} }]`;
    expect(compile(declared, yaml("on")).problems.join()).to.match(/warning: calls of shop\.v1\.Orders\.Create/);
    expect(compile(declared, yaml("{ idempotent: true }")).problems).to.deep.equal([]);
  });

  it("is a warning where it is said of many methods and reaches none", () => {
    const undeclared = "service Orders { rpc Get(Req) returns (Res); rpc List(Req) returns (Res); }";
    const yaml = (retry: string): string => `policies:\n  - { methods: ["shop.v1.*"], retry: ${retry} }`;
    expect(compile(undeclared, yaml("on")).problems.join("\n")).to.match(
      /^sluice\.yaml:2:5: warning: retry is said of 2 methods at once, and reaches none.*; declare idempotency_level/,
    );
    expect(compile(undeclared, yaml("off")).problems).to.deep.equal([]);
    expect(compile(undeclared, yaml("{ idempotent: true }")).problems).to.deep.equal([]);
    const service = undeclared.replace("{", "{ option (sluice.service_retry) = {};");
    expect(compile(service, "").problems.join("\n")).to.match(
      /^shop\.proto:5:\d+: warning: retry is said of 2 methods/,
    );
  });
});
