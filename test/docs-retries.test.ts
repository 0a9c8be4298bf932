// docs/retries.md: its examples load and say what the page says, its table has the keys, defaults and bounds that there are.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { configSchema } from "../src/config/config-schema.ts";
import { formatDuration } from "../src/config/quantity.ts";
import { formatDiagnostic } from "../src/diagnostic.ts";
import { compilePolicies } from "../src/policy/policies.ts";
import { readRetryRule, retryBounds } from "../src/schema/retry-rule.ts";
import type { RetryRule } from "../src/schema/retry-rule.ts";
import { loadYaml } from "./config/yaml-fixture.ts";
import { schemaOf } from "./support/schema.ts";

const page = readFileSync("docs/retries.md", "utf8");
const [, proto] = /^```proto\n([\s\S]*?)^```$/m.exec(page) ?? [];
const [, yaml] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? [];
const rows = new Map(
  [...page.matchAll(/^\| `(\w+)` \|([^|]*)\|([^|]*)\|$/gm)].map(([, key, fallback, meaning]) => [
    key,
    { fallback, meaning },
  ]),
);

const schema = schemaOf(
  `syntax = "proto3"; package shop.v1; message GetOrderRequest {} message Order {} ${proto}
  service Catalog { rpc Find(GetOrderRequest) returns (Order); }`.replace(
    "service Orders {",
    "service Orders { rpc WatchOrders(GetOrderRequest) returns (stream Order);",
  ),
);

describe("docs/retries.md", () => {
  it("has examples that load, and say what it says of them", () => {
    const { config, diagnostics } = loadYaml(yaml);
    expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
    const found = compilePolicies({ schema, config });
    expect(found.diagnostics.map(formatDiagnostic)).to.deep.equal([]);
    const retryOf = (name: string, from = found) => from.policyOf(schema.method(`shop.v1.${name}`)!).retry?.value;
    expect(retryOf("Orders.GetOrder")).to.include({ maxAttempts: 4, perTryTimeoutMs: 500 });
    expect(retryOf("Orders.WatchOrders")).to.equal("off");
    expect(retryOf("Catalog.Find")).to.include({ maxAttempts: 3, idempotent: true });
    const declared = compilePolicies({ schema, config: undefined });
    expect(retryOf("Orders.GetOrder", declared)).to.deep.equal(readRetryRule({}));
  });

  it("has the keys of protos and configuration, and no others", () => {
    const keys = Object.keys(configSchema.properties?.["policies"].items?.properties?.["retry"].properties ?? {});
    const annotations = readFileSync("protos/sluice/annotations.proto", "utf8");
    const [, message] = /^message Retry \{([\s\S]*?)^\}/m.exec(annotations) ?? [];
    const fields = [...message.matchAll(/^ {2}(?:repeated )?\w+ (\w+) = \d+;$/gm)].map(([, name]) => name);
    expect([...keys, "off"]).to.have.members([...rows.keys()]);
    expect([...fields, "idempotent"]).to.have.members([...rows.keys()]);
  });

  it("tells the defaults and bounds", () => {
    const rule = readRetryRule({}) as RetryRule;
    const fallbacks = {
      max_attempts: String(rule.maxAttempts),
      codes: rule.codes.map((code) => `\`${code}\``).join(),
      initial_backoff: formatDuration(rule.initialBackoffMs),
      max_backoff: formatDuration(rule.maxBackoffMs),
      multiplier: String(rule.multiplier),
      per_try_timeout: "",
      idempotent: String(rule.idempotent),
    };
    for (const [key, fallback] of Object.entries(fallbacks))
      expect(rows.get(key)?.fallback.trim(), key).to.equal(fallback);
    const range = (key: string, [low, high]: readonly number[], show = String): void => {
      expect(rows.get(key)?.meaning).to.contain(`${show(low)} to ${show(high)}`);
    };
    range("max_attempts", retryBounds.attempts);
    range("multiplier", retryBounds.multiplier);
    range("initial_backoff", retryBounds.backoffMs, formatDuration as typeof String);
    range("max_backoff", retryBounds.backoffMs, formatDuration as typeof String);
  });
});
