// The first table of the report: every bound that was set for the gateway, beside what was measured.
import { boundText, judge } from "../load/bounds.ts";
import { cells } from "../load/cells.ts";
import { chainCells } from "../load/chain-cells.ts";
import { spread } from "./curves.ts";
import { figure, markdownTable } from "./markdown.ts";
import { savedCell, savedMemory } from "./saved.ts";
import { streamVerdicts } from "./streams.ts";

interface Line {
  readonly question: string;
  readonly asked: string;
  readonly measured: string | undefined;
  readonly holds: boolean | undefined;
}

export function askedSection(): string {
  const lines = [...boundLines(), http2Line(), callsLine(), ...spreadLines(), ...memoryLines(), ...streamLines()];
  const rows = lines.map(({ question, asked, measured, holds }) => [
    question,
    asked,
    measured === undefined ? "not measured" : `**${measured}**`,
    holds === undefined ? "–" : holds ? "holds" : "missed",
  ]);
  return markdownTable(["question", "asked", "measured", ""], rows);
}

function boundLines(): Line[] {
  return [...cells, ...chainCells()].flatMap((cell) =>
    (cell.bounds ?? []).map((bound) => {
      const result = savedCell(cell.id);
      const verdict = result && judge(bound, result);
      return {
        question: `\`${cell.id}\`: ${boundText(bound)}`,
        asked: `≤ ${figure(bound.atMost)} ×`,
        measured: verdict && `${figure(verdict.measured)} ×`,
        holds: verdict?.holds,
      };
    }),
  );
}

function ourCpu(id: string): number | undefined {
  return savedCell(id)?.rows.find((row) => row.subject === "sluice")?.cpu;
}

function http2Line(): Line {
  const [http2, http1] = [ourCpu("http2-get"), ourCpu("get-small")];
  const ratio = http2 !== undefined && http1 !== undefined ? http2 / http1 : undefined;
  return line("REST over HTTP/2 / over HTTP/1.1, CPU per request", "≤ 1 ×", ratio, 1, " ×");
}

function callsLine(): Line {
  const ours = savedCell("grpc-ghz")?.rows.find((row) => row.subject === "sluice");
  return {
    question: "`grpc-ghz`: ghz calls through the gateway, and errors among them",
    asked: "200,000 and 0",
    measured: ours && `${ours.requests.toLocaleString("en")} and ${ours.errors}`,
    holds: ours && ours.requests >= 200_000 && ours.errors === 0,
  };
}

/** ±15 % of a middle value is 1.15 / 0.85 from the lowest to the highest. */
function spreadLines(): Line[] {
  const limit = 1.15 / 0.85;
  return [
    line(
      "CPU per request, 1 to 1,000 connections, highest / lowest, 1,000 requests a second on all together",
      "± 15 %: ≤ 1.35 ×",
      spread("paced"),
      limit,
      " ×",
    ),
    line("the same with all connections busy", "≤ 1.35 ×", spread("connections"), limit, " ×"),
    {
      question: "of that the floor, a node:http server that answers fixed bytes and calls nobody",
      asked: "–",
      measured: times(spread("connections", "hello")),
      holds: undefined,
    },
    line("CPU per request, 10 to 1,000 routes, highest / lowest", "± 15 %: ≤ 1.35 ×", spread("routes"), limit, " ×"),
  ];
}

function times(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${figure(value)} ×`;
}

function memoryLines(): Line[] {
  const ours = savedMemory()?.rows.find((row) => row.subject === "sluice");
  return [
    line("memory per idle gRPC stream", "≤ 8 KiB", ours?.streamKiB, 8, " KiB"),
    line("memory of the idle gateway", "< 90 MiB", ours?.idleMiB, 90, " MiB"),
  ];
}

function streamLines(): Line[] {
  return streamVerdicts().map(({ question, asked, measured, unit, holds }) => ({
    question,
    asked,
    measured: figure(measured) + unit,
    holds,
  }));
}

function line(question: string, asked: string, value: number | undefined, limit: number, unit: string): Line {
  return {
    question,
    asked,
    measured: value === undefined ? undefined : figure(value) + unit,
    holds: value === undefined ? undefined : value <= limit,
  };
}
