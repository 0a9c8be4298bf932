// Programs that a test starts beside itself, and hears and ends by itself.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

export interface Program {
  readonly pid: number;
  /** Resolves with what was found in what the program has printed so far or prints; rejects with all of it when the program ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the name of the signal. */
  readonly exited: Promise<number | string>;
  /** At once, for good. */
  kill(): Promise<void>;
}

export function startProgram(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let text = "";
  const checks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const check of checks) check();
    });
  const exited = awaitExit(child);
  void exited.then(() => {
    for (const check of checks) check();
  });
  return {
    pid: child.pid ?? 0,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(text);
          if (match !== null) resolve(match);
          else if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
            reject(new Error(`${command} ended before it said ${String(pattern)}:\n${text}`));
          else return;
          checks.delete(check);
        };
        checks.add(check);
        check();
      }),
    signal: (signal) => void child.kill(signal),
    exited,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function awaitExit(child: ChildProcess): Promise<number | string> {
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? signal ?? "";
  } catch (error) {
    return String(error);
  }
}

/** Resolves when somebody accepts connections there; rejects when `program` ends before. */
export async function untilListening(port: number, program: Program): Promise<void> {
  let isOver = false;
  void program.exited.then(() => (isOver = true));
  while (!(await accepts(port))) {
    if (isOver) await program.line(/$^/);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
