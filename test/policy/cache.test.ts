// Which methods have their answers kept, of all that protos and configuration say, and what of it is refused, each with its place.
import { expect } from "chai";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { compilePolicies } from "../../src/policy/policies.ts";
import { loadYaml } from "../config/yaml-fixture.ts";
import { schemaOf } from "../support/schema.ts";

const methods = `
  rpc Get(Req) returns (Res) { option (google.api.http) = { get: "/v1/{id}" }; OPTION }
  rpc Safe(Req) returns (Res) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Set(Req) returns (Res) { option (google.api.http) = { post: "/v1" body: "*" }; }
  rpc Watch(Req) returns (stream Res) { option (google.api.http) = { get: "/v1/watch/{id}" }; }
`;

interface Source {
  /** Of the service. */
  readonly service?: string;
  /** Of Get. */
  readonly option?: string;
  readonly yaml?: string;
}

function compile({ service = "", option = "", yaml = "" }: Source) {
  const { config, diagnostics } = loadYaml(yaml);
  const shorten = (text: string): string => text.replaceAll(/\/\S*?(?=sluice\.yaml)/g, "");
  if (config === undefined) return { problems: diagnostics.map(formatDiagnostic).map(shorten), caches: {} };
  const text = `syntax = "proto3"; package t; import "google/api/annotations.proto"; import "sluice/annotations.proto";
message Req { string id = 1; } message Res {}
service S {
  ${service}
  ${methods.replace("OPTION", option)}
}`;
  const schema = schemaOf({ "t.proto": text });
  const { policyOf, diagnostics: found } = compilePolicies({ schema, config });
  const caches = Object.fromEntries(
    schema.services[0].methods.flatMap((method) => {
      const { cache } = policyOf(method);
      const said = cache?.value;
      return said === undefined ? [] : [[method.localName, said === "off" ? said : said.ttlMs] as const];
    }),
  );
  return { problems: found.map(formatDiagnostic).map(shorten), caches };
}

describe("cache policies", () => {
  const sound: readonly (readonly [title: string, source: Source, caches: Readonly<Record<string, number | "off">>])[] =
    [
      ["are none where nobody says so", {}, {}],
      ["are a method's own", { option: 'option (sluice.cache) = { ttl: "2s" };' }, { Get: 2000 }],
      [
        "of a service are for what changes nothing",
        { service: 'option (sluice.service_cache) = { ttl: "2s" };' },
        { Get: 2000, Safe: 2000 },
      ],
      [
        "of a method are stronger than the service's",
        { service: 'option (sluice.service_cache) = { ttl: "2s" };', option: 'option (sluice.cache) = { ttl: "3s" };' },
        { Get: 3000, Safe: 2000 },
      ],
      [
        "of the configuration are stronger than all, the closest first",
        {
          option: 'option (sluice.cache) = { ttl: "2s" };',
          yaml: 'policies:\n  - { methods: ["t.*"], cache: { ttl: 4s } }\n  - { methods: [t.S.Safe], cache: { ttl: 5s } }',
        },
        { Get: 4000, Safe: 5000 },
      ],
      [
        "are taken away",
        {
          option: 'option (sluice.cache) = { ttl: "2s" };',
          yaml: "policies: [{ methods: [t.S.Get], cache: off }]",
        },
        { Get: "off" },
      ],
      [
        "may be of a method that a rule of the configuration gives a GET",
        {
          yaml: "http: { rules: [{ selector: t.S.Set, get: /v1/set }] }\npolicies: [{ methods: [t.S.Set], cache: { ttl: 1s } }]",
        },
        { Set: 1000 },
      ],
    ];
  for (const [title, source, caches] of sound)
    it(title, () => expect(compile(source)).to.deep.equal({ problems: [], caches }));

  it("are settled with all they say", () => {
    const { config } = loadYaml(
      "policies: [{ methods: [t.S.Get], cache: { ttl: 1m, stale_while_revalidate: 2s, stale_if_error: 3s, public: true, vary: [Accept-Language] } }]",
    );
    expect(config?.policies[0].cache).to.deep.equal({
      ttlMs: 60_000,
      staleWhileRevalidateMs: 2000,
      staleIfErrorMs: 3000,
      isPublic: true,
      vary: ["accept-language"],
    });
  });

  it("stand beside no header that says otherwise", () => {
    const option =
      'option (sluice.cache) = { ttl: "1s" }; option (sluice.http) = { header: "Cache-Control: no-store" };';
    expect(compile({ option }).problems[0]).to.match(
      /its answers have the header cache-control \(t\.proto:6:\d+\), which the gateway sets itself/,
    );
  });

  const refused: readonly (readonly [source: Source, problem: RegExp])[] = [
    [
      { yaml: "policies: [{ methods: [t.S.Watch], cache: { ttl: 1s } }]" },
      /^sluice\.yaml:1:12: error: the cache of t\.S\.Watch: it is server-streaming/,
    ],
    [
      { yaml: "policies: [{ methods: [t.S.Set], cache: { ttl: 1s } }]" },
      /^sluice\.yaml:1:12: error: .*t\.S\.Set: nothing says that it changes nothing; option idempotency_level/,
    ],
    [
      { yaml: "policies: [{ methods: [t.S.Get], cache: { ttl: 1s } }, { methods: [t.S.Get], cache: { ttl: 2s } }]" },
      /^sluice\.yaml:1:56: error: the cache of t\.S\.Get is 2s for each caller here, and 1s for each caller at/,
    ],
    [
      { yaml: "policies: [{ methods: [t.S.Get], cache: { ttl: 1s, public: true, vary: [authorization] } }]" },
      /vary names authorization, which says who calls/,
    ],
    [{ yaml: "policies: [{ methods: [t.S.Get], cache: { public: true } }]" }, /ttl/],
    [{ yaml: "policies: [{ methods: [t.S.Get], cache: { ttl: 0s } }]" }, /must be between 1ms and 24h/],
    [{ yaml: "policies: [{ methods: [t.S.Get], cache: { ttl: 25h } }]" }, /must be between 1ms and 24h/],
    [{ yaml: "policies: [{ methods: [t.S.Get], cache: on }]" }, /off, or ttl/],
    [{ yaml: "policies: [{ methods: [t.S.Get], cache: { ttl: 1s, vary: [user-agent] } }]" }, /no answer depends on it/],
    [{ yaml: "policies: [{ methods: [t.S.Get], cache: { ttl: 1s, varies: [a] } }]" }, /unknown key "varies"/],
    [{ yaml: "cache: { max_bytes: 1KiB }" }, /between 64KiB and 16GiB/],
    [
      { option: "option (sluice.cache) = { public: true };" },
      /^t\.proto:6:\d+: error: t\.S\.Get: a cache without ttl; say how long/,
    ],
    [{ option: 'option (sluice.cache) = { ttl: "0s" };' }, /ttl: "0s" is no time between 1ms and 24h/],
    [{ option: 'option (sluice.cache) = { ttl: "1s" stale_if_error: "soon" };' }, /stale_if_error: "soon" is no time/],
    [
      { option: 'option (sluice.cache) = { ttl: "1s" vary: ["a", "if-none-match"] };' },
      /vary: "if-none-match": no answer depends on it/,
    ],
    [{ option: 'option (sluice.cache) = { ttl: "1s" vary: "a b" };' }, /the name of request metadata is expected/],
    [{ option: 'option (sluice.cache) = { ttl: "1s" public: true vary: "cookie" };' }, /vary names cookie/],
  ];
  for (const [source, problem] of refused)
    it(`are refused: ${JSON.stringify(source)}`, () => {
      const { problems } = compile(source);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.match(problem);
    });
});
