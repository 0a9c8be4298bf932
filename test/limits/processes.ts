// Gateways as processes of their own, as `sluice serve` starts them, and clients that call them far too often.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));

const proto = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  import "sluice/annotations.proto";
  message Ask { string id = 1; }
  service Calls {
    rpc Get(Ask) returns (Ask) { option (google.api.http) = { get: "/v1/{id}" }; }
    rpc Watch(Ask) returns (stream Ask) { option (google.api.http) = { get: "/v1/{id}/watch" }; }
    rpc Last(Ask) returns (stream Ask) {
      option (google.api.http) = { get: "/v1/{id}/last" };
      option (sluice.stream) = { overflow: DROP_OLDEST keep: 10000 };
    }
    rpc Each(Ask) returns (stream Ask) {
      option (google.api.http) = { get: "/v1/{id}/each" };
      option (sluice.stream) = { overflow: CONFLATE key: "id" };
    }
  }
`;

export interface Process {
  readonly base: string;
  /** The value of a metric with these labels, 0 where there is none; of a worker when that one answers. */
  metric(sample: string): Promise<number>;
  /** Of clients, for each worker that listens. */
  connections(): Promise<readonly number[]>;
  output(): string;
  /** One of several workers, as a crash does; resolves when there is another. */
  killOne(): Promise<void>;
  /** To the process that was started, and to that alone. */
  signal(name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void;
  /** With the exit code; idempotent. */
  stop(): Promise<number>;
}

/** With the working directory, and what is in it, gone when it has stopped. */
export async function serve(target: string, yaml: string): Promise<Process> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-limits-"));
  writeFileSync(join(folder, "t.proto"), proto);
  writeFileSync(join(folder, "sluice.yaml"), yaml);
  const args = ["t.proto", "--upstream", target, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const child = spawn(process.execPath, [main, "serve", ...args], { cwd: folder });
  let text = "";
  const [base, admin] = await new Promise<[string, string]>((resolve, reject) => {
    const onText = (chunk: Buffer): void => {
      text += chunk.toString();
      const [, url] = /listening on (http:\S+)/.exec(text) ?? [];
      const [, adminUrl] = /admin on (http:\S+)/.exec(text) ?? [];
      if (url !== undefined && adminUrl !== undefined && text.includes("connected")) resolve([url, adminUrl]);
    };
    child.stdout.on("data", onText);
    child.stderr.on("data", onText);
    child.once("exit", (code) => reject(new Error(`exit ${code}:\n${text}`)));
  });
  const readMetrics = async (): Promise<string[]> => (await (await fetch(`${admin}/metrics`)).text()).split("\n");
  return {
    base,
    async connections() {
      const own = (await readMetrics()).filter((line) => line.startsWith("sluice_connections{"));
      return own.map((line) => Number(line.split(" ")[1]));
    },
    async metric(sample) {
      const [worker = ""] = /worker="\d+"/.exec(sample) ?? [];
      let lines = await readMetrics();
      // One that is late is left out.
      for (; !lines.some((line) => line.includes(worker)); lines = await readMetrics()) await pause();
      return Number(lines.find((line) => line.startsWith(`${sample} `))?.slice(sample.length + 1) ?? 0);
    },
    output: () => text,
    async killOne() {
      const before = listChildren(child.pid);
      process.kill(before[0], "SIGKILL");
      while (listChildren(child.pid).filter((pid) => !before.includes(pid)).length === 0) await pause();
    },
    signal: (name) => void child.kill(name),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, "exit");
        child.kill("SIGTERM");
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
      return child.exitCode ?? -1;
    },
  };
}

/** Of Linux. */
function listChildren(pid: number | undefined): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

export interface Overload {
  readonly bases: readonly string[];
  /** In all, evenly over the gateways. */
  readonly callsPerSecond: number;
  readonly ms: number;
}

export interface Outcome {
  readonly sent: number;
  /** By HTTP status. */
  readonly answers: ReadonlyMap<number, number>;
  /** From the first request to the last one. */
  readonly sendingMs: number;
  /** To the last answer: on a busy machine calls still wait to be counted when all have been sent. */
  readonly elapsedMs: number;
}

const turnMs = 5;

/** Evenly paced: what the clock of this process has missed is made up for, but at the end: nothing was sent then. */
export async function overload({ bases, callsPerSecond, ms }: Overload): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const answers = new Map<number, number>();
  const pending: Promise<void>[] = [];
  const started = performance.now();
  let sent = 0;
  let sendingMs = 0;
  for (let passedMs = 0; passedMs < ms; passedMs = performance.now() - started) {
    const due = Math.ceil((passedMs * callsPerSecond) / 1000);
    for (; sent < due; sent++) pending.push(call(agent, bases[sent % bases.length], answers));
    sendingMs = performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, turnMs));
  }
  await Promise.all(pending);
  const elapsedMs = performance.now() - started;
  agent.destroy();
  return { sent, answers, sendingMs, elapsedMs };
}

function call(agent: Agent, base: string, answers: Map<number, number>): Promise<void> {
  return new Promise((resolve, reject) => {
    request(`${base}/v1/x`, { agent }, (response) => {
      const status = response.statusCode ?? 0;
      answers.set(status, (answers.get(status) ?? 0) + 1);
      response.resume().once("end", resolve).once("error", reject);
    })
      .once("error", reject)
      .end();
  });
}
