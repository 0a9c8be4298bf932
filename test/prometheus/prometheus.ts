// A Prometheus of its own for a test, from Debian's package: it scrapes what it is told to, twice a second, and is asked over its HTTP API.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { createFolder } from "../config/yaml-fixture.ts";
import { startProgram } from "../proxies/process.ts";
import { freePort } from "../support/free-port.ts";

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface FoundExemplar {
  readonly series: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** At this moment. Rejects with what Prometheus says of a query that it does not take. */
  query(expression: string): Promise<readonly Sample[]>;
  labelValues(label: string, selector: string): Promise<readonly string[]>;
  exemplars(expression: string): Promise<readonly FoundExemplar[]>;
  /** What it has been told that a metric is. */
  metadata(metric: string): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Of each alert of docs/prometheus whether it could be evaluated: `ok`, `err`, `unknown`. */
  healthOfRules(): Promise<readonly string[]>;
  /** Resolves when all that is counted by now has been scraped; rejects with why a target cannot be. */
  scraped(): Promise<void>;
  close(): Promise<void>;
}

/** Whether it is installed. In CI it has to be. */
export function hasPrometheus(): boolean {
  const isThere = spawnSync("prometheus", ["--version"]).error === undefined;
  if (!isThere && process.env["CI"] === "true")
    throw new Error("prometheus is not installed: apt-get install prometheus");
  return isThere;
}

/** What promtool has to say of a text of metrics; empty for nothing. */
export function checkMetrics(text: string): string {
  const { stdout, stderr, error } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  return error === undefined ? stdout + stderr : error.message;
}

function toConfig(targets: readonly string[]): string {
  return `
global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [${resolve("docs/prometheus/sluice.rules.yml")}]
scrape_configs:
  - job_name: sluice
    static_configs: [{ targets: ${JSON.stringify(targets)} }]
`;
}

/** Of `host:port` each. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = createFolder();
  const port = await freePort();
  const program = startProgram("prometheus", [
    `--config.file=${folder.write("prometheus.yml", toConfig(targets))}`,
    `--storage.tsdb.path=${folder.path}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--enable-feature=exemplar-storage",
  ]);
  const ask = createAsking(port);
  await program.line(/Server is ready to receive web requests/);
  return {
    async query(query) {
      const { result } = await ask<{ result: { metric: Sample["metric"]; value: [number, string] }[] }>("query", {
        query,
      });
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    labelValues: (label, selector) => ask(`label/${label}/values`, { "match[]": selector }),
    async exemplars(query) {
      const start = String(Date.now() / 1000 - 3600);
      const all = await ask<Exemplars>("query_exemplars", { query, start, end: String(Date.now() / 1000 + 60) });
      return all.flatMap(({ seriesLabels, exemplars }) =>
        exemplars.map(({ labels, value }) => ({ series: seriesLabels, labels, value: Number(value) })),
      );
    },
    metadata: async (metric) =>
      (await ask<Record<string, Record<string, string>[]>>("metadata", { metric }))[metric] ?? [],
    async healthOfRules() {
      const { groups } = await ask<{ groups: { rules: { health: string }[] }[] }>("rules", {});
      return groups.flatMap(({ rules }) => rules.map(({ health }) => health));
    },
    async scraped() {
      const from = Date.now();
      for (;;) {
        const { activeTargets } = await ask<Targets>("targets", {});
        // On a busy machine one may come late; the next will not.
        const problem = activeTargets.find(({ lastError }) => !/^$|context deadline exceeded/.test(lastError));
        if (problem !== undefined) throw new Error(`${problem.scrapeUrl}: ${problem.lastError}`);
        const isDone = activeTargets.every(
          ({ lastScrape, lastError }) => lastError === "" && Date.parse(lastScrape) > from,
        );
        if (isDone && activeTargets.length === targets.length) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async close() {
      await program.kill();
      folder.dispose();
    },
  };
}

type Exemplars = readonly {
  readonly seriesLabels: Record<string, string>;
  readonly exemplars: readonly { readonly labels: Record<string, string>; readonly value: string }[];
}[];

interface Targets {
  readonly activeTargets: readonly {
    readonly scrapeUrl: string;
    readonly lastError: string;
    readonly lastScrape: string;
  }[];
}

function createAsking(port: number) {
  return async <T>(path: string, parameters: Record<string, string>): Promise<T> => {
    const query = new URLSearchParams(parameters).toString();
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${query}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== "success") throw new Error(`${path} ${query}: ${answer.error ?? response.statusText}`);
    return answer.data;
  };
}
