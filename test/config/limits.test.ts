import { readFileSync } from "node:fs";
import { expect } from "chai";
import { limitsSchema } from "../../src/config/config-schema-limits.ts";
import { redactConfig } from "../../src/config/redact.ts";
import { configOf, problemsOf } from "./yaml-fixture.ts";

const entry = (text: string): string => `limits:\n  - { name: a, ${text} }`;

/** What stands at `rate`, and the sentence it is refused with. */
const badRates: readonly [string, string][] = [
  ["50 / s", "a rate is written without blanks: "],
  ["-5/s", "a rate is at least 1 in a period: "],
  ["0/s", "a rate of 0 would let nothing through; "],
  ["5/0s", "a period of 0 is none; "],
  ["50", "the period is missing: 50/s, 50/m, …"],
  ["0.5/s", "a rate is a whole number in a period; for less than one a second take a longer period: 30/m"],
  ["1e9/s", "a rate is written in plain digits: "],
  ["50/S", "periods are in lower case: "],
  ["50/fortnight", '"fortnight" is no period; one of s, m, h, d, w, month is expected'],
  ["1000001/s", "must be at most 1000000/s"],
  ["9999999999/month", "must be at most 1000000/s"],
  ["many", "a rate is expected: 50/s, "],
  ["", "a rate is expected: 50/s, "],
  ["/s", "a rate is expected: 50/s, "],
  ["NaN/s", "a rate is expected: 50/s, "],
];

describe("limits in sluice.yaml", () => {
  it("are rules with a burst of a whole period and one bucket for all, unless they say otherwise", () => {
    const [{ rule, methods }] = configOf("limits: [{ name: all, rate: 100/m }]").limits;
    expect(rule).to.deep.equal({
      name: "all",
      key: ["global"],
      count: 100,
      periodMs: 60_000,
      burst: 100,
      cost: 1,
      of: "calls",
    });
    expect(methods).to.deep.equal(["*"]);
  });

  it("take everything that can be said of one, header names in any case", () => {
    const [{ rule, methods }] = configOf(
      entry('key: ["header:X-Tenant", ip], rate: 300/5m, burst: 20, cost: 3, of: messages, methods: [shop.v1.*]'),
    ).limits;
    expect(rule).to.deep.equal({
      name: "a",
      key: ["header:x-tenant", "ip"],
      count: 300,
      periodMs: 300_000,
      burst: 20,
      cost: 3,
      of: "messages",
    });
    expect(methods).to.deep.equal(["shop.v1.*"]);
  });

  it("know where they stand", () => {
    const [{ positionOf }] = configOf(entry("rate: 1/s, methods: [a.B.*, c.D.*]")).limits;
    expect(positionOf()).to.include({ line: 2 });
    expect(positionOf(1)).to.include({ line: 2, column: 44 });
  });

  for (const [rate, message] of badRates) {
    it(`refuses the rate ${JSON.stringify(rate)} and says why`, () => {
      const [problem, ...others] = problemsOf(entry(`rate: "${rate}"`));
      expect(problem).to.contain("sluice.yaml:2:22: error: limits[0].rate: ").and.to.contain(message);
      expect(others).to.deep.equal([]);
    });
  }

  for (const [text, message] of [
    ["rate: 50", "sluice.yaml:2:22: error: limits[0].rate: a rate such as 50/s is expected, found 50"],
    ["rate: null", "limits[0].rate: a rate such as 50/s is expected, found nothing"],
    ["key: ip", 'the key "rate" is missing'],
    ["rate: 5/s, burst: 0", "limits[0].burst: must be between 1 and 1000000000, found 0"],
    ["rate: 5/s, burst: 1.5", "limits[0].burst: a whole number is expected, found 1.5"],
    ["rate: 5/s, burst: .inf", "limits[0].burst: "],
    ["rate: 5/s, burst: .nan", "limits[0].burst: "],
    ["rate: 5/s, cost: 0", "limits[0].cost: must be between 1 and 1000000000, found 0"],
    [
      "rate: 5/s, cost: 6",
      "sluice.yaml:2:33: error: limits[0].cost: a cost of 6 never fits into a burst of 5: nothing would pass; burst: 6 or more",
    ],
    ["rate: 5/s, burst: 2, cost: 3", "limits[0].burst: a cost of 3 never fits into a burst of 2"],
    ["rate: 5/s, key: prinzipal", 'found "prinzipal"; did you mean "principal"?'],
    ["rate: 5/s, key: 'claim:'", "claim:NAME names a claim of the token"],
    ["rate: 5/s, key: 'header:a b'", "header:NAME takes letters, digits, - and ."],
    ["rate: 5/s, key: [ip, ip]", 'limits[0].key: "ip" is named twice'],
    ["rate: 5/s, key: []", "limits[0].key: "],
    ["rate: 5/s, of: call", 'one of calls, messages is expected, found "call"; did you mean "calls"?'],
    ["rate: 5/s, methods: []", "limits[0].methods: "],
    ["rate: 5/s, brst: 3", 'unknown key "brst" in limits[0]; did you mean "burst"?'],
  ] as const) {
    it(`refuses ${text}`, () => expect(problemsOf(entry(text)).join("\n")).to.contain(message));
  }

  it("refuses a name twice, and one that cannot stand in a header", () => {
    expect(problemsOf("limits:\n  - { name: a, rate: 1/s }\n  - { name: a, rate: 2/s }")).to.deep.equal([
      'sluice.yaml:3:13: error: limits[1].name: limits[0] has the name "a" already',
    ]);
    expect(problemsOf(`limits: [{ name: "a\\"b", rate: 1/s }]`).join()).to.contain("a name of letters, digits");
  });

  it("load as docs/limits.md writes them", () => {
    const blocks = [...readFileSync("docs/limits.md", "utf8").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)];
    expect(blocks.map(([, yaml]) => configOf(yaml).limits.length)).to.deep.equal([3, 1, 1]);
  });

  it("are documented key by key in docs/limits.md", () => {
    const text = readFileSync("docs/limits.md", "utf8");
    for (const [key, node] of Object.entries(limitsSchema.items?.properties ?? {}))
      expect(text, key).to.contain(`| \`${key}\` | ${node.description}`);
  });
});

describe("redis in sluice.yaml", () => {
  it("needs a URL only", () =>
    expect(configOf("redis: { url: redis://localhost:6379/2 }").redis).to.deep.equal({
      url: "redis://localhost:6379/2",
      username: undefined,
      password: undefined,
      ca: undefined,
      prefix: "sluice:",
      timeoutMs: 50,
      onFailure: "local",
      instances: 1,
    }));

  for (const [text, message] of [
    ["{}", 'the key "url" is missing'],
    ["{ url: localhost }", "redis://host:port, rediss://host:port or unix:/path is expected"],
    ["{ url: 'redis://:secret@localhost' }", "redis://host:port, rediss://host:port or unix:/path is expected"],
    ["{ url: 'redis://a', timeout: 51ms }", "must be between 1ms and 50ms"],
    ["{ url: 'redis://a', timeout: 0ms }", "must be between 1ms and 50ms"],
    ["{ url: 'redis://a', on_failure: open }", "one of local, closed is expected"],
    ["{ url: 'redis://a', instances: 0 }", "must be between 1 and 10000"],
  ] as const) {
    it(`refuses ${text}`, () => expect(problemsOf(`redis: ${text}`).join("\n")).to.contain(message));
  }

  it("keeps the password out of what the admin listener shows", () => {
    const config = configOf("redis: { url: redis://a, password: '${P}' }", { environment: { P: "s3cret" } });
    expect(config.redis?.password).to.equal("s3cret");
    const shown = JSON.stringify(redactConfig(config));
    expect(shown).to.contain("redis://a");
    expect(shown).not.to.contain("s3cret");
  });
});

describe("shedding in sluice.yaml", () => {
  it("is on, with bounds a healthy gateway does not come near", () =>
    expect(configOf("{}").shedding).to.deep.equal({ enabled: true, maxDelayMs: 500, maxHeap: 0.9 }));

  for (const text of ["max_delay: 0s", "max_delay: -1s", "max_heap: 100", "max_heap: 0", "max_heap: '90%'"]) {
    it(`refuses ${text}`, () => expect(problemsOf(`shedding: { ${text} }`)).to.have.length(1));
  }
});

describe("cache.store in sluice.yaml", () => {
  it("is the memory of each process where nothing is said", () => {
    expect(configOf("").cache.store).to.equal("memory");
    expect(configOf("redis: { url: redis://a }").cache.store).to.equal("memory");
    expect(configOf("redis: { url: redis://a }\ncache: { store: redis }").cache.store).to.equal("redis");
  });

  it("cannot be a Redis that nobody names", () =>
    expect(problemsOf("cache:\n  max_entry: 1KiB\n  store: redis")).to.deep.equal([
      "sluice.yaml:3:10: error: cache.store: answers are to be kept in Redis, and nothing says where that is; add redis: { url: redis://HOST:6379 }, or take store out",
    ]));

  it("is one that there is", () =>
    expect(problemsOf("cache: { store: disk }").join("\n")).to.contain("one of memory, redis is expected"));
});
