// The cells of the bench `chain`: the same gateway with nothing in the chain and with what an operator would put there, in one run.
import { item, itemPath } from "../corpus/load-messages.ts";
import { checkGet } from "./answers.ts";
import type { Cell } from "./run-cell.ts";
import { wrk } from "./tools.ts";

const subjects = ["sluice", "sluice-bare", "sluice-jwt", "sluice-limits", "sluice-log", "sluice-chain", "sluice-base"];
/** The callers whose tokens are all in the gateway's memory, as those of an ordinary day are. */
const many = 1000;

export function chainCells(tokens: readonly string[]): Cell[] {
  return [
    { id: "chain-get", callers: "one caller", tokens: tokens.slice(0, 1) },
    { id: "chain-callers", callers: `${many} callers in turn`, tokens: tokens.slice(0, many) },
  ].map(({ id, callers, tokens: own }) => ({
    id,
    bench: "chain" as const,
    title: `GET, small (${JSON.stringify(item).length} bytes of JSON), 32 connections, wrk, ${callers}`,
    subjects,
    check: checkGet(itemPath, { authorization: `Bearer ${own[0]}` }),
    load: (port: number, seconds: number) =>
      wrk({ url: `http://127.0.0.1:${port}${itemPath}`, connections: 32, seconds, tokens: own }),
    // A thousand tokens are checked in it, and the longest way through the gateway takes longest to be compiled.
    warmUpSeconds: 8,
    bounds: [{ subject: "sluice-chain", against: "sluice", metric: "cpu" as const, atMost: 1.15 }],
  }));
}

/** How many tokens the cells take. */
export const callerCount = many;
