// What the figures were measured on, and with which versions.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { pinningText } from "../load/process.ts";
import { root } from "../load/folders.ts";
import { findTool } from "../load/tools.ts";
import { backendCommand } from "../load/subjects.ts";

export function machineLines(): string[] {
  const processors = cpus();
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  const tools = (["wrk", "h2load", "ghz"] as const).map((name) => {
    const tool = findTool(name);
    return tool === undefined ? `${name} is missing` : `${name} ${shortVersion(tool.version)}`;
  });
  return [
    `${processors.length} cores of ${processors[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, Linux ${release().split("-")[0]} ${process.arch}.`,
    `Sluice ${version}${commit()} on Node ${process.version}; ${goVersion()}; grpc-gateway 2.30.0, Vanguard 0.4.0 and grpc-go 1.83.0; Envoy 1.40.0 with \`--concurrency 1\`.`,
    `Load: ${tools.join(", ")}. Backend: ${backendCommand(0).label}.`,
    `By default ${pinningText()}.`,
  ];
}

function shortVersion(text: string): string {
  return /v?\d+(\.\d+)+/.exec(text)?.[0] ?? text;
}

function goVersion(): string {
  try {
    return `Go ${/go(\d[\d.]*)/.exec(execFileSync("go", ["version"], { encoding: "utf8" }))?.[1]}`;
  } catch {
    return "Go is missing";
  }
}

function commit(): string {
  try {
    const line = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8", stdio: "pipe" });
    return ` (${line.trim()})`;
  } catch {
    return "";
  }
}
