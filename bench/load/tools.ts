// The load tools: where they are, how they are started, and what their reports say.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { installGo } from "../peers/install-go.ts";
import { cache, makeFolder } from "./folders.ts";
import { Missing } from "./missing.ts";
import { runLoad } from "./process.ts";

/** What a load tool saw. Latencies in µs; undefined where the tool does not say. */
export interface Seen {
  readonly requests: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50?: number;
  readonly p99?: number;
}

interface Tool {
  readonly command: string;
  readonly version: string;
}

export const toolNames = ["wrk", "h2load", "ghz", "pace"] as const;

export type ToolName = (typeof toolNames)[number];

const howToGet: Readonly<Record<ToolName, string>> = {
  wrk: "Debian: apt-get install wrk",
  h2load: "Debian: apt-get install nghttp2-client",
  ghz: "go install github.com/bojand/ghz/cmd/ghz@v0.93.0",
  pace: "it is built from bench/peers/go by a run without --quick, with Go",
};

const found = new Map<ToolName, Tool | undefined>();

export function findTool(name: ToolName): Tool | undefined {
  if (!found.has(name)) found.set(name, lookUp(name));
  return found.get(name);
}

function lookUp(name: ToolName): Tool | undefined {
  if (name === "pace") {
    const command = `${cache}/bin/pace`;
    return existsSync(command) ? { command, version: "pace of this bench" } : undefined;
  }
  // Where `go install` puts programs, which is often not on PATH.
  const places = [name, `${process.env["GOBIN"] ?? `${homedir()}/go/bin`}/${name}`];
  for (const command of places) {
    const { error, stdout, stderr } = spawnSync(command, ["--version"], { encoding: "utf8" });
    if (error === undefined) return { command, version: (stdout + stderr).trim().split("\n")[0] };
  }
  return undefined;
}

/** The tool's command, or one line that says how to get it. */
export function needTool(name: ToolName): string {
  const tool = findTool(name);
  if (tool === undefined) throw new Missing(`${name} is not on PATH. ${howToGet[name]}`);
  return tool.command;
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

const unitMicros: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1e6, m: 60e6 };

function microsIn(text: string, pattern: RegExp): number | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : Number(match[1]) * unitMicros[match[2]];
}

export interface WrkLoad {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** JSON to POST; GET without it. */
  readonly body?: string;
  /** Of callers, in turn. */
  readonly tokens?: readonly string[];
}

export async function wrk({ url, connections, seconds, body, tokens }: WrkLoad): Promise<Seen> {
  const file = tokens !== undefined ? tokenScript(tokens) : body === undefined ? undefined : wrkScript(body);
  const script = file === undefined ? [] : ["-s", file];
  const args = ["-t1", `-c${connections}`, `-d${Math.ceil(seconds)}s`, "--timeout", "10s", "--latency", ...script, url];
  return parseWrk(await runLoad("wrk", { command: needTool("wrk"), args }));
}

/** What `wrk --latency` prints. */
export function parseWrk(out: string): Seen {
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(out);
  const broken = (sockets?.slice(1) ?? []).reduce((sum, count) => sum + Number(count), 0);
  return {
    requests: numberIn(out, /(\d+) requests in/),
    errors: broken + numberIn(out, /Non-2xx or 3xx responses: (\d+)/),
    seconds: (microsIn(out, /requests in ([\d.]+)(us|ms|s|m)/) ?? 0) / 1e6,
    p50: microsIn(out, /50% +([\d.]+)(us|ms|s|m)/),
    p99: microsIn(out, /99% +([\d.]+)(us|ms|s|m)/),
  };
}

function wrkScript(body: string): string {
  const file = `${makeFolder(cache)}/wrk-post.lua`;
  writeFileSync(`${cache}/wrk-body.json`, body);
  writeFileSync(
    file,
    `wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = io.open("${cache}/wrk-body.json"):read("*a")
`,
  );
  return file;
}

/** Requests are made once: what is timed is not how wrk makes them. A run goes on with the token behind the last one's. */
function tokenScript(tokens: readonly string[]): string {
  const file = `${makeFolder(cache)}/wrk-tokens.lua`;
  writeFileSync(`${cache}/wrk-tokens.txt`, tokens.map((token) => `${token}\n`).join(""));
  writeFileSync(
    file,
    `local requests = {}
local place = "${cache}/wrk-token-" .. wrk.port .. ".txt"
at = 0
setup = function(thread)
  only = thread
end
init = function(args)
  for token in io.lines("${cache}/wrk-tokens.txt") do
    requests[#requests + 1] = wrk.format("GET", nil, { Authorization = "Bearer " .. token })
  end
  local last = io.open(place)
  if last then
    at = last:read("*n") or 0
    last:close()
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function()
  local last = io.open(place, "w")
  last:write(only:get("at"))
  last:close()
end
`,
  );
  return file;
}

export interface H2loadLoad {
  readonly url: string;
  readonly connections: number;
  /** In flight on each connection. */
  readonly streams: number;
  readonly seconds: number;
  readonly isHttp1?: boolean;
  /** Bytes to POST, as gRPC. */
  readonly grpc?: Buffer;
  /** Requests a second, all connections together. */
  readonly rate?: number;
}

export async function h2load(load: H2loadLoad): Promise<Seen> {
  const log = `${makeFolder(cache)}/h2load.log`;
  rmSync(log, { force: true });
  const args = [`-c${load.connections}`, `-m${load.streams}`, `-D${Math.ceil(load.seconds)}`];
  if (load.isHttp1 === true) args.push("--h1");
  if (load.rate !== undefined) args.push(`--rps=${load.rate / load.connections}`, `--log-file=${log}`);
  if (load.grpc !== undefined) {
    writeFileSync(`${cache}/grpc-body.bin`, load.grpc);
    args.push("-d", `${cache}/grpc-body.bin`, "-H", "content-type: application/grpc", "-H", "te: trailers");
  }
  const seen = parseH2load(await runLoad("h2load", { command: needTool("h2load"), args: [...args, load.url] }));
  return load.rate === undefined ? seen : { ...seen, ...percentilesOf(log) };
}

export interface PaceLoad {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second, evenly spaced, on all connections in turn. */
  readonly rate: number;
}

export async function pace({ url, connections, seconds, rate }: PaceLoad): Promise<Seen> {
  if (findTool("pace") === undefined) {
    installGo();
    found.delete("pace");
  }
  const args = ["-url", url, "-connections", String(connections), "-seconds", String(seconds), "-rate", String(rate)];
  return parsePace(await runLoad("pace", { command: needTool("pace"), args }));
}

/** What bench/peers/go/cmd/pace prints. */
export function parsePace(out: string): Seen {
  return {
    requests: numberIn(out, /(\d+) requests/),
    errors: numberIn(out, /(\d+) errors/),
    seconds: (microsIn(out, /in ([\d.]+)(us|ms|s|m)/) ?? 0) / 1e6,
    p50: microsIn(out, /50% ([\d.]+)(us|ms|s|m)/),
    p99: microsIn(out, /99% ([\d.]+)(us|ms|s|m)/),
  };
}

/** What h2load prints; it has no percentiles. Requests on their way when the time is over are no errors. */
export function parseH2load(out: string): Seen {
  const codes = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(out)?.slice(1) ?? [];
  const [good = 0, ...bad] = codes.map(Number);
  return {
    requests: good,
    errors: bad.reduce((sum, count) => sum + count, numberIn(out, /(\d+) errored/) + numberIn(out, /(\d+) timeout/)),
    seconds: (microsIn(out, /finished in ([\d.]+)(us|ms|s|m)/) ?? 0) / 1e6,
  };
}

/** h2load's log: start, status and µs of each request. */
function percentilesOf(log: string): { readonly p50: number; readonly p99: number } {
  if (!existsSync(log)) return { p50: 0, p99: 0 };
  const micros = readFileSync(log, "latin1")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(line.split("\t")[2]))
    .sort((a, b) => a - b);
  const at = (share: number): number => micros[Math.floor(micros.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

export interface GhzLoad {
  readonly target: string;
  /** `package.Service/Method` */
  readonly call: string;
  /** The request as JSON. */
  readonly data: string;
  readonly concurrency: number;
  readonly calls: number;
  readonly rate?: number;
  readonly protoset: string;
}

interface GhzReport {
  readonly count: number;
  readonly total: number;
  readonly latencyDistribution: readonly { readonly percentage: number; readonly latency: number }[] | null;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
}

export async function ghz(load: GhzLoad): Promise<Seen> {
  const args = ["--insecure", "--format", "json", "--protoset", load.protoset, "--call", load.call];
  args.push("-d", load.data, "-c", String(load.concurrency), "--connections", String(Math.min(4, load.concurrency)));
  args.push("-n", String(load.calls), ...(load.rate === undefined ? [] : ["--rps", String(load.rate)]), load.target);
  const out = await runLoad("ghz", { command: needTool("ghz"), args });
  const report = JSON.parse(out) as GhzReport;
  const latency = (percentage: number): number | undefined =>
    micros(report.latencyDistribution?.find((line) => line.percentage === percentage)?.latency);
  const good = report.statusCodeDistribution["OK"] ?? 0;
  return {
    requests: good,
    errors: report.count - good,
    seconds: report.total / 1e9,
    p50: latency(50),
    p99: latency(99),
  };
}

function micros(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / 1000;
}
