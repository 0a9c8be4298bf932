// The dashboards of docs/grafana and the alerts of docs/prometheus ask for metrics and labels that there are: those of docs/metrics.md, which is held against the code.
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { parse } from "yaml";

interface Source {
  readonly type: string;
  readonly uid: string;
}
interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly datasource: Source;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly datasource?: Source;
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: unknown;
  readonly datasource?: Source;
}
interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly expr: string; readonly datasource: Source }[] };
}

/** Those of Grafana's ids of units that are of use here. */
const units = new Set(["Bps", "bytes", "cps", "percentunit", "reqps", "s", "short"]);

/** Labels by the names that queries use: those of a histogram have three. */
const labelsByName = new Map<string, ReadonlySet<string>>();
for (const [, name, type, labels] of readFileSync("docs/metrics.md", "utf8").matchAll(
  /^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm,
)) {
  const own = new Set([...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label));
  const names = type === "histogram" ? [`${name}_sum`, `${name}_count`] : [name];
  for (const queried of names) labelsByName.set(queried, own);
  if (type === "histogram") labelsByName.set(`${name}_bucket`, new Set([...own, "le"]));
}

/** What Prometheus adds to every metric that it scrapes. */
const scraped = new Set(["job", "instance"]);
const functions = new Set(
  "sum by rate count or vector topk max min histogram_quantile changes label_values avg on group_left".split(" "),
);

/** Names outside of braces, brackets and the lists of `by (…)`, that are no function. */
function metricsOf(query: string): string[] {
  const bare = query.replaceAll(/\{[^{}]*\}|\[[^[\]]*\]|\bby \([^()]*\)/g, " ");
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name).filter((name) => !functions.has(name));
}

function problemsOf(query: string): string[] {
  const problems: string[] = [];
  const depth = query
    .split("")
    .reduce((open, character) => open + Number("({[".includes(character)) - Number(")}]".includes(character)), 0);
  if (depth !== 0) problems.push(`brackets do not match: ${query}`);
  const metrics = metricsOf(query);
  if (metrics.length === 0) problems.push(`no metric: ${query}`);
  for (const name of metrics) if (!labelsByName.has(name)) problems.push(`no metric ${name}`);
  for (const [, name, selector] of query.matchAll(/(\w+)\{([^{}]*)\}/g))
    for (const [, label] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
      if (!scraped.has(label) && labelsByName.get(name)?.has(label) !== true) problems.push(`${name} has no ${label}`);
  const known = new Set(metrics.flatMap((name) => [...(labelsByName.get(name) ?? [])]));
  for (const [, list] of query.matchAll(/\bby \(([^()]*)\)/g))
    for (const label of list.split(",").map((part) => part.trim()))
      if (!scraped.has(label) && !known.has(label)) problems.push(`no label ${label}: ${query}`);
  return problems;
}

describe("docs/prometheus", () => {
  it("asks for metrics and labels that there are", () => {
    const file = parse(readFileSync("docs/prometheus/sluice.rules.yml", "utf8")) as {
      readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
    };
    const queries = file.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
    expect(queries.length).to.be.greaterThan(5);
    expect(queries.flatMap(problemsOf)).to.deep.equal([]);
  });
});

const files = readdirSync("docs/grafana").filter((name) => name.endsWith(".json"));

describe("docs/grafana", () => {
  it("has dashboards, and knows metrics", () => {
    expect(files.length).to.be.greaterThan(0);
    expect(labelsByName.get("sluice_call_duration_seconds_bucket")).to.include("le");
  });

  it("would have a query for what there is not found", () => {
    expect(problemsOf("sum(rate(sluice_nothing_total[5m]))")).to.deep.equal(["no metric sluice_nothing_total"]);
    expect(problemsOf('sluice_calls_in_flight{method="x", way="y"}')).to.deep.equal([
      "sluice_calls_in_flight has no way",
    ]);
    expect(problemsOf("sum by (target) (sluice_calls_in_flight)")).to.have.length(1);
    expect(problemsOf("sum(sluice_calls_in_flight")).to.have.length(1);
  });

  for (const file of files) {
    const dashboard = JSON.parse(readFileSync(`docs/grafana/${file}`, "utf8")) as Dashboard;
    const panels = dashboard.panels.filter(({ type }) => type !== "row");

    it(`asks for metrics and labels that there are: ${file}`, () => {
      const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
      expect(queries.length).to.be.greaterThan(20);
      expect(queries.flatMap(problemsOf)).to.deep.equal([]);
      for (const { query } of dashboard.templating.list) {
        const text = typeof query === "string" ? query : (query as { query: string }).query;
        if (text === "prometheus") continue;
        const [, asked] = /^label_values\((.*), \w+\)$/.exec(text) ?? [];
        expect(problemsOf(asked)).to.deep.equal([]);
      }
    });

    it(`asks the data source that is chosen, of whatever Grafana imports it: ${file}`, () => {
      const { list } = dashboard.templating;
      expect(list.filter(({ type }) => type === "datasource").map(({ name }) => name)).to.deep.equal(["datasource"]);
      const asking = [...panels, ...panels.flatMap(({ targets = [] }) => targets), ...dashboard.annotations.list];
      const sources = [...asking, ...list.filter(({ type }) => type === "query")].map(({ datasource }) => datasource);
      for (const source of sources) expect(source).to.deep.equal({ type: "prometheus", uid: "${datasource}" });
      const text = JSON.stringify([...asking, list])
        .replaceAll("$__rate_interval", "")
        .replaceAll("$__all", "");
      const used = new Set([...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name));
      expect([...used].sort()).to.deep.equal(list.map(({ name }) => name).sort());
      expect(dashboard.uid).to.match(/^[\w-]{1,40}$/);
      // As old as Grafana 9: data sources by uid, and nothing that later ones have to migrate.
      expect(dashboard.schemaVersion).to.be.at.least(36);
    });

    it(`shows numbers in units, and names queries apart: ${file}`, () => {
      for (const { title, targets = [], fieldConfig } of panels) {
        expect([...units], title).to.include(fieldConfig?.defaults.unit);
        expect(new Set(targets.map(({ refId }) => refId)).size, title).to.equal(targets.length);
      }
    });

    it(`has panels with a query and a place each, none over another: ${file}`, () => {
      expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(dashboard.panels.length);
      const cells = new Set<string>();
      for (const { title, targets = [], gridPos } of panels) {
        expect(targets.length, title).to.be.greaterThan(0);
        expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(cells.has(`${x},${y}`), title).to.equal(false);
            cells.add(`${x},${y}`);
          }
      }
    });

    it(`shows streams, backends and saturation: ${file}`, () => {
      const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
      expect(rows).to.include.members(["Overview", "Backends", "Saturation", "Streams"]);
    });
  }
});
