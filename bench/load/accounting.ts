// What a process costs, from the operating system's books: CPU time and resident memory of a process with its children.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

let ticksPerSecond = 0;
let pageBytes = 0;

/** Says why the bench cannot measure here, or nothing. */
export function accountingFault(): string | undefined {
  return process.platform === "linux" ? undefined : "CPU time per process is read from /proc, which only Linux has";
}

/** Microseconds of CPU, user and system, that the process, its threads and its children have had so far. */
export function cpuMicros(pid: number): number {
  ticksPerSecond ||= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return (family(pid).reduce((sum, line) => sum + line.ticks, 0) / ticksPerSecond) * 1e6;
}

export function residentBytes(pid: number): number {
  pageBytes ||= Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" }));
  return family(pid).reduce((sum, line) => sum + line.pages, 0) * pageBytes;
}

function family(pid: number): ProcessLine[] {
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readLine(Number(name)));
  const members = new Set([pid]);
  // Children have higher ids than their parents nearly always; a second pass takes the rest.
  for (let pass = 0; pass < 2; pass++) for (const line of lines) if (members.has(line.parent)) members.add(line.pid);
  return lines.filter((line) => members.has(line.pid));
}

/** proc(5): utime, stime, cutime and cstime are fields 14 to 17, rss is field 24; the name before them may hold anything. */
function readLine(pid: number): ProcessLine[] {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return []; // ended meanwhile
  }
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [, parent] = fields;
  return [{ pid, parent, ticks: fields[11] + fields[12] + fields[13] + fields[14], pages: fields[21] }];
}
