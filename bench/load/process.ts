// Subjects, backend and load tools as processes of their own, each on its core; all of them end with the bench.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { cpuMicros, residentBytes } from "./accounting.ts";

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Running {
  readonly port: number;
  readonly pid: number;
  cpuMicros(): number;
  residentBytes(): number;
  /** Asks it to end, as an operator does; answers how many milliseconds that took. */
  end(): Promise<number>;
  stop(): Promise<void>;
}

export type Role = "gateway" | "backend" | "load";

const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const cores = availableParallelism();
let isPinned = cores > 1 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;

/** For all processes from now on: the kernel places them, and runtimes see every core. */
export function leaveUnpinned(): void {
  isPinned = false;
}

/** The gateway has a core of its own; backend and load share the other where there are only two. */
const coreOf: Readonly<Record<Role, number>> = { gateway: 0, backend: 1, load: cores > 2 ? 2 : 1 };

export function pinningText(): string {
  if (!isPinned) return "processes are not pinned to cores";
  return cores > 2
    ? "gateway, backend and load tool have a core each"
    : "the gateway has one core, backend and load tool share the other";
}

export function pinned(role: Role, { command, args }: Command): Command {
  return isPinned ? { command: "taskset", args: ["-c", String(coreOf[role]), command, ...args] } : { command, args };
}

/** For what a process says: a pipe whose other end is read by a process that throws it away and is nobody's cost. */
function openReadPipe(): number {
  const folder = mkdtempSync(`${tmpdir()}/sluice-bench-`);
  try {
    const path = `${folder}/output`;
    execFileSync("mkfifo", [path]);
    const { command, args } = pinned("load", { command: "cat", args: [path] });
    const reader = spawn(command, args, { stdio: "ignore" });
    children.add(reader);
    reader.on("exit", () => children.delete(reader));
    // Waits for the reader.
    return openSync(path, "w");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts and waits until the port takes connections; rejects with the last of what the process said. */
export async function startProcess(role: Role, name: string, port: number, command: Command): Promise<Running> {
  const { command: file, args } = pinned(role, command);
  const output = openReadPipe();
  const child = spawn(file, args, { stdio: ["ignore", output, "pipe"] });
  closeSync(output);
  children.add(child);
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-1000)));
  const ended = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      said = error.message;
      resolve();
    });
    child.on("exit", () => resolve());
  });
  void ended.then(() => children.delete(child));
  const deadline = Date.now() + 20_000;
  while (!(await canConnect(port))) {
    if (!children.has(child) || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${name} did not start: ${said.trim().split("\n").slice(-3).join(" | ")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const end = async (): Promise<number> => {
    const startedAt = performance.now();
    child.kill("SIGTERM");
    await ended;
    return performance.now() - startedAt;
  };
  return { port, pid, cpuMicros: () => cpuMicros(pid), residentBytes: () => residentBytes(pid), end, stop };
}

/** A Node program of the bench's own that answers what it is asked, one question at a time. */
export interface Helper {
  ask(question: object): Promise<unknown>;
  stop(): Promise<void>;
}

export function startHelper(role: Role, command: Command): Helper {
  const { command: file, args } = pinned(role, command);
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  children.add(child);
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  void ended.then(() => children.delete(child));
  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        const onExit = (): void => reject(new Error("a helper of the bench ended before it answered"));
        child.once("exit", onExit);
        child.once("message", (answer) => {
          child.off("exit", onExit);
          resolve(answer);
        });
        child.send(question);
      }),
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs a load tool to its end and returns what it printed. */
export function runLoad(name: string, command: Command): Promise<string> {
  const { command: file, args } = pinned("load", command);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    let out = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.on("error", reject);
    child.on("close", (code) => {
      children.delete(child);
      if (code === 0) resolve(out);
      else reject(new Error(`${name} ended with ${code}: ${(said + out).trim().split("\n").slice(-3).join(" | ")}`));
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
