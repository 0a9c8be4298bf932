// What the installers share: run a tool or say why not, and a stamp so that the second time costs nothing.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cache, makeFolder } from "../load/folders.ts";
import { Missing } from "../load/missing.ts";

/** Output of the tool. Throws one line of reason when it is missing or fails. */
export function runTool(command: string, args: readonly string[], cwd: string = makeFolder(cache)): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 64 << 20 });
  if (error !== undefined) throw new Missing(`${command} cannot be run: ${error.message}`);
  if (status !== 0)
    throw new Missing(`${command} ${args.join(" ")} failed: ${lastLines(stderr === "" ? stdout : stderr)}`);
  return stdout;
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-3).join(" | ");
}

/** Does the work unless it was done before from the same inputs. */
export function once(name: string, inputs: readonly string[], work: () => void): void {
  const stamp = `${makeFolder(cache)}/${name}.stamp`;
  const hash = createHash("sha256").update(inputs.join("\0")).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  console.error(`installing ${name} …`);
  work();
  writeFileSync(stamp, hash);
}

/** A Python environment of the bench's own with one more package in it. */
export function installPython(requirement: string): void {
  const python = `${cache}/python/bin/python3`;
  once(requirement.replace("==", "-"), [requirement], () => {
    if (!existsSync(python)) runTool("python3", ["-m", "venv", `${cache}/python`]);
    runTool(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]);
  });
}

/** An installer as a program: `node dist/bench/peers/install-….js`. */
export function runAsProgram(url: string, install: () => void): void {
  if (process.argv[1] === undefined || new URL(`file://${process.argv[1]}`).href !== url) return;
  try {
    install();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
