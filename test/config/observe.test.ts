// Settings about what is seen of calls: what each becomes, where a mistake in one is, and that the examples of the docs load.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { listLoosened } from "../../src/config/loosened.ts";
import { configOf, problemsOf } from "./yaml-fixture.ts";

describe("log, tracing and metrics in sluice.yaml", () => {
  it("have defaults that write nothing about calls and count them", () => {
    const { log, tracing, metrics } = configOf("");
    expect(log).to.include({ access: "off", level: "info", format: "auto", output: "stdout", sample: 1, query: false });
    expect(log.maxWaitingBytes).to.equal(4 * 1024 * 1024);
    expect(tracing).to.deep.equal({ spans: "auto", accept: true, generate: false });
    expect([metrics.enabled, metrics.buckets[0], metrics.buckets.at(-1)]).to.deep.equal([true, 0.001, 30]);
  });

  it("take a file beside the YAML, and headers in any case", () => {
    const { log } = configOf("log: {output: access.log, headers: [X-Tenant]}");
    expect(log.output).to.match(/^\/.*\/access\.log$/);
    expect(log.headers).to.deep.equal(["x-tenant"]);
  });

  for (const [yaml, problem] of [
    ["log: {access: yes}", /sluice\.yaml:1:\d+.*one of off, on, errors/],
    ["log: {acces: on}", /sluice\.yaml:1:7.*access/],
    ["log: {sample: 1.5}", /sluice\.yaml:1:\d+/],
    ["log: {sample: lots}", /sluice\.yaml:1:\d+.*a number/],
    ["log: {level: verbose}", /sluice\.yaml:1:\d+/],
    ["log: {output: no/such/folder.log}", /sluice\.yaml:1:\d+.*folder is not there/],
    ["log: {headers: ['a b']}", /sluice\.yaml:1:\d+.*name of a header/],
    ["log: {max_waiting: off}", /sluice\.yaml:1:\d+/],
    ["log: {max_waiting: 1B}", /sluice\.yaml:1:\d+.*64KiB/],
    ["tracing: {accept: maybe}", /sluice\.yaml:1:\d+.*true or false/],
    ["metrics: {buckets: []}", /sluice\.yaml:1:\d+/],
    ["metrics: {buckets: [0.1, 1, 1]}", /sluice\.yaml:1:29.*1 is not greater than 1/],
    ["metrics: {buckets: [.nan]}", /sluice\.yaml:1:\d+/],
    ["metrics: {buckets: [-1]}", /sluice\.yaml:1:\d+/],
  ] as const)
    it(`refuse ${yaml}`, () => expect(problemsOf(yaml).join("\n")).to.match(problem));

  it("say that query strings in the log loosen something", () => {
    expect(listLoosened(configOf("log: {query: true}")).join("\n")).to.contain("log.query");
    expect(listLoosened(configOf("")).join("\n")).to.not.contain("log.query");
  });

  for (const page of ["docs/logging.md", "docs/tracing.md", "docs/metrics.md"]) {
    const examples = [...readFileSync(page, "utf8").matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, yaml]) => yaml);
    examples.forEach((yaml, index) =>
      it(`load as ${page} shows them (${index + 1} of ${examples.length})`, () => {
        if (yaml.includes("scrape_configs")) return;
        expect(problemsOf(yaml)).to.deep.equal([]);
      }),
    );
  }
});
