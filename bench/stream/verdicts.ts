// What was asked of streams, held against what was measured.
import type { CyclesResult } from "./cycles.ts";
import type { RateResult } from "./rates.ts";
import type { SlowResult } from "./slow-clients.ts";
import type { SocketsResult } from "./sockets.ts";

export interface StreamVerdict {
  readonly question: string;
  /** As words: `≤ 25 KiB`. */
  readonly asked: string;
  readonly measured: number;
  readonly unit: string;
  readonly holds: boolean;
}

export function judgeRate({ id, asked, rows }: RateResult): StreamVerdict[] {
  const ours = rows.find((row) => row.subject === "sluice");
  if (ours === undefined || asked === undefined) return [];
  const question = `\`${id}\`: messages per second of gateway CPU`;
  return [atLeast(question, ours.perCore, asked, "")];
}

export function judgeSockets({ sockets, rows }: SocketsResult): StreamVerdict[] {
  const ours = rows.find((row) => row.subject === "sluice");
  if (ours === undefined) return [];
  const many = `${sockets.toLocaleString("en")} WebSockets with a backend stream each`;
  return [
    atMost(`${many}: resident memory of each`, ours.kibPerSocket, 25, " KiB"),
    atLeast(`${many}: opened a second`, ours.openedPerSecond, 500, ""),
    atMost(`${many}: from the signal to stop to the end`, ours.drainSeconds, 10, " s"),
    atLeast(`${many}: told that the gateway stops`, ours.codes[1001] ?? 0, sockets, ""),
  ];
}

export function judgeSlow({ slow, kibPerSlowClient, before, during }: SlowResult): StreamVerdict[] {
  return [
    atMost(`${slow} clients that read nothing of a flood: resident memory of each`, kibPerSlowClient, 512, " KiB"),
    atMost("beside them: CPU of the others' echoes / without them", during.cpu / before.cpu, 1.25, " ×"),
  ];
}

export function judgeCycles({ sockets, closedMiB, startMiB, restedMiB, lastMiB }: CyclesResult): StreamVerdict[] {
  const many = `${closedMiB.length} times ${sockets.toLocaleString("en")} sockets opened and closed: resident memory`;
  return [
    atMost(`${many} / of the process as it came up`, lastMiB / startMiB, 1.1, " ×"),
    atMost(`${many} / after the first time`, lastMiB / closedMiB[0], 1.1, " ×"),
    atMost(`${many} / of the process before any, rested`, lastMiB / restedMiB, 1.1, " ×"),
  ];
}

function atMost(question: string, measured: number, limit: number, unit: string): StreamVerdict {
  return { question, asked: `≤ ${limit.toLocaleString("en")}${unit}`, measured, unit, holds: measured <= limit };
}

function atLeast(question: string, measured: number, limit: number, unit: string): StreamVerdict {
  return { question, asked: `≥ ${limit.toLocaleString("en")}${unit}`, measured, unit, holds: measured >= limit };
}
