// What HTTP/1.1 itself costs: the engine beside node:http and a bare socket, CPU per request, each in a process of its own.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { median } from "./measure.ts";
import type { BenchTable } from "./table.ts";

const subjects = { http: "node:http", engine: "src/http1", bare: "bare socket, nothing read" } as const;
type Subject = keyof typeof subjects;
const names = Object.keys(subjects) as Subject[];
const connections = 16;

interface Sample {
  readonly cpuMicros: number;
  readonly answers: number;
}

export async function benchHttp1({ quick }: { readonly quick: boolean }): Promise<BenchTable> {
  const milliseconds = quick ? 200 : 1500;
  const rounds = quick ? 1 : 5;
  const load = start("http1-load");
  const servers = new Map(names.map((name) => [name, start("http1-subject", name)]));
  const ports = new Map<Subject, number>();
  for (const [name, server] of servers) ports.set(name, await reply(server));
  const measure = async (name: Subject, varies: boolean): Promise<Sample> => {
    const server = servers.get(name) as ChildProcess;
    const before = await ask(server, "cpu");
    const answers = await ask(load, { port: ports.get(name), connections, milliseconds, varies });
    return { cpuMicros: (await ask(server, "cpu")) - before, answers };
  };
  const rows: (string | number)[][] = [];
  const facts: Record<string, number> = {};
  for (const varies of [false, true]) {
    const samples = new Map<Subject, number[]>(names.map((name) => [name, []]));
    for (const name of names) await measure(name, varies);
    // In turns: what disturbs the machine disturbs all of them.
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        const { cpuMicros, answers } = await measure(name, varies);
        samples.get(name)?.push(cpuMicros / answers);
      }
    }
    const cost = (name: Subject): number => median(samples.get(name) ?? []);
    const heads = varies ? "a new trace id each" : "the same each";
    for (const name of names) rows.push([subjects[name], heads, cost(name), cost(name) / cost("http")]);
    facts[varies ? "engine of node:http, new heads" : "engine of node:http"] = cost("engine") / cost("http");
  }
  for (const child of [load, ...servers.values()]) child.disconnect();
  return {
    title: `HTTP/1.1: a GET with six headers answered with 53 bytes, ${connections} connections`,
    columns: ["server", "heads", "CPU µs per request", "of node:http"],
    rows,
    facts,
  };
}

function start(script: string, ...args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(`${script}.js`, import.meta.url)), args);
}

async function reply(child: ChildProcess): Promise<number> {
  const [value] = (await once(child, "message")) as [number];
  return value;
}

function ask(child: ChildProcess, message: unknown): Promise<number> {
  const answer = reply(child);
  child.send(message as string);
  return answer;
}
