import { expect } from "chai";
import fc from "fast-check";
import { configSchema, schemaAt } from "../../src/config/config-schema.ts";
import type { SchemaNode } from "../../src/config/schema-node.ts";
import { retryCodes } from "../../src/schema/retry-rule.ts";
import { createFolder, loadFile, loadYaml, problemsOf } from "./yaml-fixture.ts";

/** The file, and the one line it is refused with. */
const refused: readonly [string, string, string][] = [
  [
    "an unknown key with the nearest one",
    "listn: x",
    'sluice.yaml:1:1: error: unknown key "listn"; did you mean "listen"?',
  ],
  [
    "a key that belongs elsewhere",
    "max_body: 1MiB",
    'sluice.yaml:1:1: error: unknown key "max_body"; it belongs to server',
  ],
  [
    "a key of the entries of a list",
    "retry: on",
    'sluice.yaml:1:1: error: unknown key "retry"; it belongs to an entry of policies',
  ],
  [
    "a key of two groups",
    "redact: []",
    'sluice.yaml:1:1: error: unknown key "redact"; it belongs to an entry of policies or log',
  ],
  [
    "a key with a word too many",
    "cors: {allowed_origins: []}",
    'sluice.yaml:1:8: error: unknown key "allowed_origins" in cors; did you mean "origins"?',
  ],
  [
    "a key that is needed, once, where it is there with a slip",
    "policies: [{method: ['*'], retry: on}]",
    'sluice.yaml:1:13: error: unknown key "method" in policies[0]; did you mean "methods"?',
  ],
  [
    "a number for one of several words, once",
    "policies: [{methods: ['*'], retry: {codes: [14]}}]",
    `sluice.yaml:1:45: error: policies[0].retry.codes[0]: one of ${retryCodes.join(", ")} is expected, found 14`,
  ],
  [
    "an answer that does not fit into the cache",
    "cache: {max_bytes: 1MiB, max_entry: 2MiB}",
    "sluice.yaml:1:37: error: cache.max_entry: one answer of 2MiB does not fit into max_bytes 1MiB",
  ],
  [
    "a top-level key in a group",
    "http: {listen: ':1'}",
    'sluice.yaml:1:8: error: unknown key "listen" in http; it belongs to the top level',
  ],
  [
    "a nested unknown key",
    "upstreams:\n  default:\n    target: x:1\n    tsl: {}",
    'sluice.yaml:4:5: error: unknown key "tsl" in upstreams.default; did you mean "tls"?',
  ],
  [
    "a wrong word with the nearest one",
    "profile: stirct",
    'sluice.yaml:1:10: error: profile: one of strict, grpc-gateway is expected, found "stirct"; did you mean "strict"?',
  ],
  ["a number for text", "listen: 8080", "sluice.yaml:1:9: error: listen: text is expected, found 8080"],
  [
    "an address without port",
    "listen: localhost",
    'sluice.yaml:1:9: error: listen: HOST:PORT is expected, e.g. 127.0.0.1:8080; found "localhost"',
  ],
  ["text for a list", "protos: ./protos", 'sluice.yaml:1:9: error: protos: a list is expected, found "./protos"'],
  ["a key without value", "json:\n", "sluice.yaml:1:6: error: json: a mapping is expected, found nothing"],
  [
    "a number for an upstream",
    "upstreams: {default: 50051}",
    "sluice.yaml:1:22: error: upstreams.default: host:port, or a mapping with target, is expected, found 50051",
  ],
  [
    "an upstream without target",
    "upstreams: {default: {tls: {}}}",
    'sluice.yaml:1:22: error: upstreams.default: the key "target" is missing',
  ],
  [
    "a service name that is none",
    "upstreams: {a-b: 'x:1'}",
    'sluice.yaml:1:13: error: upstreams: "a-b": the full name of a gRPC service is expected, e.g. shop.v1.Orders, or a package as shop.v1.*',
  ],
  [
    "a composed method by its path",
    "compose: {shop.v1.Views/Get: {step: [{id: a, call: a.B/C}]}}",
    'sluice.yaml:1:11: error: compose: "shop.v1.Views/Get": the full name of a method is expected, e.g. shop.v1.Orders.GetOrder',
  ],
  [
    "a client certificate without key",
    "upstreams: {default: {target: 'x:1', tls: {cert: sluice.yaml}}}",
    "sluice.yaml:1:50: error: upstreams.default.tls.cert: needs key beside it",
  ],
  [
    "a reserved header",
    "http: {request_headers: [grpc-timeout]}",
    'sluice.yaml:1:26: error: http.request_headers[0]: this header is the gateway\'s own and cannot be listed; found "grpc-timeout"',
  ],
  [
    "a header with an underscore",
    "http: {request_headers: [x_user]}",
    'sluice.yaml:1:26: error: http.request_headers[0]: a header name is expected: letters, digits, - and .; found "x_user"',
  ],
  [
    "a block that is none",
    "http: {trusted_proxies: [10.0.0.0/33]}",
    'sluice.yaml:1:26: error: http.trusted_proxies[0]: an IP address or a CIDR block is expected, e.g. 10.0.0.0/8; found "10.0.0.0/33"',
  ],
  [
    "a size over the range",
    "server: {max_body: 2GiB}",
    'sluice.yaml:1:20: error: server.max_body: must be between 1KiB and 1GiB; found "2GiB"',
  ],
  [
    "a duration without unit",
    "timeouts: {default: 15}",
    "sluice.yaml:1:21: error: timeouts.default: a duration such as 15s is expected, found 15",
  ],
  [
    "a default over the maximum",
    "timeouts:\n  default: 10m",
    "sluice.yaml:2:12: error: timeouts.default: the default deadline 10m is longer than the longest allowed, 5m",
  ],
  [
    "a maximum under the default",
    "timeouts:\n  max: 1s",
    "sluice.yaml:2:8: error: timeouts.max: the default deadline 15s is longer than the longest allowed, 1s",
  ],
  [
    "one address for both listeners",
    "listen: 127.0.0.1:9901",
    "sluice.yaml:1:9: error: listen: 127.0.0.1:9901 is both where clients connect and the admin address",
  ],
  [
    "reflection of nothing",
    "reflect: true\nupstreams: {a.B: 'x:1'}",
    "sluice.yaml:1:10: error: reflect: reflection asks the default upstream, and there is none",
  ],
  [
    "a rule without selector",
    "http: {rules: [{get: /x}]}",
    'sluice.yaml:1:16: error: http.rules[0]: the key "selector" is missing',
  ],
  [
    "a rule with an unknown key",
    "http: {rules: [{selector: a.B.C, gett: /x}]}",
    'sluice.yaml:1:34: error: unknown key "gett" in http.rules[0]; did you mean "get"?',
  ],
  ["a list for the file", "- a", "sluice.yaml:1:1: error: the file: a mapping is expected, found a list"],
  [
    "text for the file",
    "hello",
    'sluice.yaml:1:1: error: the file: a mapping is expected, found "hello"; a setting is written as key, colon, blank, value: `listen: 127.0.0.1:8080`',
  ],
  [
    "a duplicate key",
    "listen: :1\nlisten: :2",
    'sluice.yaml:2:1: error: the key "listen" is given twice, first in line 1',
  ],
  [
    "a second document",
    "listen: :1\n---\nlisten: :2",
    "sluice.yaml:2:1: error: a second YAML document starts here; keep one document, without ---",
  ],
  [
    "a merge key",
    "x: &x {a: 1}\n<<: *x",
    "sluice.yaml:2:1: error: merge keys (<<) are not supported; repeat the values, or refer to a whole mapping by an alias",
  ],
  [
    "an unknown alias",
    "protos: *x",
    'sluice.yaml:1:9: error: nothing before this place is anchored as &x; put text that begins with a star in quotes: "*"',
  ],
  [
    "a star without quotes",
    "auth: { public: [*] }",
    'sluice.yaml:1:18: error: Alias cannot be an empty string; put text that begins with a star in quotes: "*"',
  ],
  [
    "a secret that is a number, and does not show it",
    "auth: { issuers: [{ issuer: a, audience: a, algorithms: [HS256], secret: 123456 }] }",
    "sluice.yaml:1:74: error: auth.issuers[0].secret: text is expected, found something else; put it in quotes",
  ],
  [
    "the password of Redis that is a number, and does not show it",
    "redis: { url: 'redis://localhost:6379', password: 123456 }",
    "sluice.yaml:1:51: error: redis.password: text is expected, found something else; put it in quotes",
  ],
  [
    "a variable that is not set",
    "listen: ${NO_SUCH_THING}",
    "sluice.yaml:1:9: error: the environment variable NO_SUCH_THING is not set; set it, or write ${NO_SUCH_THING:-fallback}",
  ],
  ["a key that is no text", "1: x", "sluice.yaml:1:1: error: a key must be text"],
  ["bytes that are not UTF-8", "", "sluice.yaml:1:1: error: the file is not valid UTF-8"],
];

describe("loadConfig refuses", () => {
  for (const [title, text, line] of refused) {
    it(title, () => expect(problemsOf(text === "" ? Uint8Array.of(0xff) : text)).to.include(line));
  }

  it("syntax errors with their place", () => {
    for (const text of [
      "a: [",
      "a: b: c",
      "\tlisten: x",
      "'unclosed",
      "a: !!binary x y: z",
      "%YAML 9\n---\na: 1",
      "{",
      "a: 'x",
    ]) {
      const [problem] = problemsOf(text);
      expect(problem, text).to.match(/^sluice\.yaml:\d+:\d+: error: /);
    }
  });

  it("flags and variables by their names", () => {
    expect(
      problemsOf("", {
        flags: { listen: "x", profile: "y" as "strict", json: { names: "z" as "json" } },
        environment: { SLUICE_ADMIN: "a", SLUICE_REFLECT: "maybe" },
      }),
    ).to.deep.equal([
      'error: SLUICE_REFLECT: true or false is expected, found "maybe"',
      'error: --listen: HOST:PORT is expected, e.g. 127.0.0.1:8080; found "x"',
      'error: --profile: one of strict, grpc-gateway is expected, found "y"',
      'error: --json-names: one of json, proto is expected, found "z"',
      'error: SLUICE_ADMIN: HOST:PORT is expected, e.g. 127.0.0.1:8080; found "a"',
    ]);
  });

  it("a file that is not there, too large, or a folder", () => {
    const folder = createFolder();
    const messages = [
      `${folder.path}/nope.yaml`,
      folder.path,
      folder.write("big.yaml", "#".repeat(1024 * 1024 + 1)),
    ].map((file) => loadFile(file).diagnostics[0].message);
    expect(messages).to.deep.equal([
      "no such file",
      "this is a folder; a file is expected",
      "the file is larger than 1 MiB",
    ]);
    folder.dispose();
  });

  it("rules files that are none", () => {
    const folder = createFolder();
    const messages = ["", "type: other", "http: {rulez: []}", "[]"].map(
      (text) => loadFile(undefined, { httpRules: [folder.write("rules.yaml", text)] }).diagnostics[0].message,
    );
    expect(messages).to.deep.equal([
      "the file is empty",
      'type: one of google.api.Service is expected, found "other"',
      'unknown key "rulez" in http',
      "the file: a mapping is expected, found a list",
    ]);
    folder.dispose();
  });

  it("keys of the prototype, and leaves the prototype alone", () => {
    expect(problemsOf('"__proto__": {a: 1}\nconstructor: 1')).to.have.length(2);
    expect(({} as Record<string, unknown>)["a"]).to.equal(undefined);
  });

  it("control characters without printing them", () => {
    expect(problemsOf('"\\e[31mx": 1')[0]).to.contain('unknown key "\\u001b[31mx"');
  });
});

describe("loadConfig stays within bounds", () => {
  const files: readonly [string, string][] = [
    [
      "aliases that multiply",
      `${Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${i === 0 ? "x" : `*a${i - 1}, *a${i - 1}`}]`).join("\n")}\n`,
    ],
    ["an alias to itself", "protos: &a [*a]"],
    ["deep nesting", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    ["many duplicate keys", "a: 1\n".repeat(50_000)],
    ["many different keys", Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join("\n")],
    ["many aliases", `a: &a 1\nb: [${"*a, ".repeat(100_000)}]`],
  ];
  for (const [title, text] of files) {
    it(`with ${title}`, () => {
      const { config, diagnostics } = loadYaml(text);
      expect(config).to.equal(undefined);
      expect(diagnostics.length).to.be.greaterThan(0);
    });
  }

  it("with any bytes at all", () => {
    const folder = createFolder();
    const load = (text: string | Uint8Array): void => void loadFile(folder.write("sluice.yaml", text));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), load), { numRuns: 200 });
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("abc:-[]{}&*!|>'\"\n\t #%@`,?${}<")) }), load),
      { numRuns: 500 },
    );
    folder.dispose();
  });
});

describe("every limit", () => {
  const junk = [
    "-1",
    "-1s",
    "0.5",
    ".nan",
    ".inf",
    "-.inf",
    "1e400",
    '""',
    '"abc"',
    '" 1"',
    "null",
    "true",
    "[]",
    "{}",
    "[1]",
    "99999999999999999999",
    "9".repeat(400),
    "off1",
    "unlimited",
    "none",
    "'1e3'",
    "0x10",
    "'NaN'",
    "Infinity",
  ];
  const limits = listLimits(configSchema, []);

  it("is found in the schema", () => expect(limits.length).to.be.greaterThan(15));

  it("is found in lists and maps as well", () =>
    expect(
      listLimits(
        {
          properties: {
            list: { items: { properties: { most: { type: "integer" } } } },
            map: { additionalProperties: { type: "integer" } },
          },
        },
        [],
      ),
    ).to.deep.equal([
      ["list", 0, "most"],
      ["map", "name"],
    ]));

  for (const path of limits) {
    const name = path.join(".");
    it(`${name} refuses junk instead of switching itself off`, () => {
      for (const value of junk) {
        const { config, diagnostics } = loadYaml(toYaml(path, value));
        // Whole hexadecimal numbers are numbers to YAML; those in range are no junk.
        if (config !== undefined) expect(`${name}: ${value}`).to.match(/0x10$/);
        // An entry of a list lacks what it must have as well: this value must be among what is wrong.
        else if (value !== "0x10") expect(diagnostics.map(({ message }) => message).join("\n")).to.contain(path.at(-1));
      }
    });

    it(`${name} refuses what is outside its range`, () => {
      const { minimum, maximum, "x-form": form } = schemaAt(path) ?? {};
      const outside =
        form?.kind === "off" || form === undefined
          ? [(minimum ?? 0) - 1, (maximum ?? 0) + 1]
          : form.kind === "size"
            ? [`${form.max}1`.replace(/(\d+)(\D+)1$/, "$19$2"), 0]
            : ["25h", ...(form.min === "0s" ? [] : ["0s"])];
      for (const value of outside) {
        const { config, diagnostics } = loadYaml(toYaml(path, String(value)));
        expect(config, String(value)).to.equal(undefined);
        expect(diagnostics.map(({ message }) => message).join("\n")).to.contain(path.at(-1));
      }
    });
  }
});

/** Every number, size and duration, also in the entries of lists and maps. */
function listLimits(node: SchemaNode, path: readonly (string | number)[]): (string | number)[][] {
  const isLimit = node.type === "integer" || ["size", "duration", "off"].includes(node["x-form"]?.kind ?? "");
  const inner = Object.entries(node.properties ?? {}).flatMap(([key, child]) => listLimits(child, [...path, key]));
  if (node.items !== undefined) inner.push(...listLimits(node.items, [...path, 0]));
  if (typeof node.additionalProperties === "object")
    inner.push(...listLimits(node.additionalProperties, [...path, "name"]));
  return isLimit ? [[...path], ...inner] : inner;
}

function toYaml(path: readonly (string | number)[], value: string): string {
  const [first, ...rest] = path;
  const inner = rest.reduceRight<string>(
    (text, key) => (typeof key === "number" ? `[${text}]` : `{${key}: ${text}}`),
    value,
  );
  return `${first}: ${inner}`;
}
