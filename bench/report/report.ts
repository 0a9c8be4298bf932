// docs/performance.md from the saved results: what was asked, what was measured, on what, and what is not said by it.
import { writeFileSync } from "node:fs";
import { cells } from "../load/cells.ts";
import { chainCells } from "../load/chain-cells.ts";
import { root } from "../load/folders.ts";
import { askedSection } from "./asked.ts";
import { curves, curveSection } from "./curves.ts";
import { machineLines } from "./machine.ts";
import { cellSection, markdownTable, tableSection } from "./markdown.ts";
import { streamSection } from "./streams.ts";
import { chainNotes, codecNotes, introduction, method, notMeasured, variants } from "./prose.ts";
import { savedCell, savedGhz, savedMemory, savedTable } from "./saved.ts";

/** Writes page and plots; returns the page's path. What was not measured is named, not left out in silence. */
export function writeReport(): string {
  const missing = cells.filter((cell) => savedCell(cell.id) === undefined).map((cell) => `\`${cell.id}\``);
  const parts = [
    introduction,
    `## Machine and date\n\n${measuredOn()}\n\n${machineLines().join("\n")}`,
    method,
    `## Asked and measured\n\n${askedSection()}`,
    `## REST\n\n${cellSections("rest")}`,
    ...curves.map(curveSection),
    `## gRPC\n\n${cellSections("grpc")}`,
    ghzSection(),
    chainSection(),
    streamSection(),
    memorySection(),
    tablePart("Translators", "codec", codecNotes),
    tablePart("Transports", "transport", ""),
    tablePart("Fronts", "front", ""),
    tablePart("Routing", "route", ""),
    tablePart("Start", "start", ""),
    ...variants.map(variantSection),
    notMeasured + (missing.length > 0 ? `\n- No result yet: ${missing.join(", ")}.` : ""),
  ];
  const text = parts.filter((part) => part !== undefined).join("\n\n");
  writeFileSync(`${root}docs/performance.md`, `${text}\n`);
  return "docs/performance.md";
}

function measuredOn(): string {
  const dates = cells
    .map((cell) => savedCell(cell.id)?.date)
    .filter((date) => date !== undefined)
    .sort();
  if (dates.length === 0) return "Nothing of the load benches has been measured yet.";
  const minutes = (date: string): string => `${date.slice(0, 10)} ${date.slice(11, 16)} UTC`;
  return `Measured from ${minutes(dates[0])} to ${minutes(dates[dates.length - 1])}.`;
}

function chainSection(): string | undefined {
  const sections = chainCells().flatMap((cell) => {
    const result = savedCell(cell.id);
    return result === undefined ? [] : [cellSection(cell, result)];
  });
  return sections.length === 0 ? undefined : `## The chain\n\n${chainNotes}\n\n${sections.join("\n\n")}`;
}

function cellSections(bench: "rest" | "grpc"): string {
  const sections = cells
    .filter((cell) => cell.bench === bench && cell.point === undefined)
    .map((cell) => {
      const result = savedCell(cell.id);
      return result === undefined ? undefined : cellSection(cell, result);
    });
  return sections.filter((section) => section !== undefined).join("\n\n");
}

/** What was measured in another way than the tables above. */
function variantSection({ suffix, title, why }: (typeof variants)[number]): string | undefined {
  const sections = cells.flatMap((cell) => {
    const result = savedCell(cell.id + suffix);
    return result === undefined ? [] : [cellSection(cell, result)];
  });
  return sections.length === 0 ? undefined : [`## ${title}`, why, ...sections].join("\n\n");
}

function ghzSection(): string | undefined {
  const result = savedGhz();
  if (result === undefined) return undefined;
  const { direct, through } = result;
  const rows = [
    ["calls/s", direct.requests / direct.seconds, through.requests / through.seconds],
    ["p50 µs", direct.p50, through.p50],
    ["p99 µs", direct.p99, through.p99],
    ["errors", direct.errors, through.errors],
  ];
  const head = `\`npm run bench -- ghz\`: ${result.calls.toLocaleString("en")} × ${result.call}, ${result.concurrency} at once, not pinned. The example backend is a grpc-js server. The gateway took ${result.cpu.toFixed(1)} µs of CPU per call.`;
  return `### ghz, with and without the gateway\n\n${head}\n\n${markdownTable(["", "backend", "through the gateway"], rows)}`;
}

function memorySection(): string | undefined {
  const result = savedMemory();
  if (result === undefined) return undefined;
  const rows = result.rows.map((row) => [row.label, row.idleMiB, row.connectionKiB, row.streamKiB]);
  const head = `Resident memory, medians of ${result.runs} fresh processes: after the first answer, then the growth by the second half of ${result.connections} idle HTTP/1.1 connections and, in another process, of ${result.streams} idle gRPC server streams (100 on each connection), divided by their number. The first half fills the room that a process allots in advance.`;
  const columns = ["subject", "idle MiB", "KiB per idle connection", "KiB per idle gRPC stream"];
  return `## Memory\n\n${head}\n\n${markdownTable(columns, rows)}`;
}

function tablePart(title: string, id: string, notes: string): string | undefined {
  const table = savedTable(id);
  if (table === undefined) return undefined;
  return [`## ${title}`, `\`npm run bench -- ${id}\`: ${table.title}.`, tableSection(table), notes]
    .filter((part) => part !== "")
    .join("\n\n");
}
