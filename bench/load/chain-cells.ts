// The cells of the bench `chain`: the same gateway with nothing in the chain and with what an operator would put there, in one run.
import { item, itemPath } from "../corpus/load-messages.ts";
import { checkGet } from "./answers.ts";
import type { Cell } from "./run-cell.ts";
import { wrk } from "./tools.ts";

const subjects = ["sluice", "sluice-bare", "sluice-jwt", "sluice-limits", "sluice-log", "sluice-chain", "sluice-base"];

interface Callers {
  readonly id: string;
  readonly callers: string;
  readonly count: number;
  readonly subjects: readonly string[];
  readonly bounds?: Cell["bounds"];
}

const bounds = [{ subject: "sluice-chain", against: "sluice", metric: "cpu" as const, atMost: 1.15 }];

const cells: readonly Callers[] = [
  { id: "chain-get", callers: "one caller", count: 1, subjects, bounds },
  // Whose tokens are all in the gateway's memory, as those of an ordinary day are.
  { id: "chain-callers", callers: "1000 callers in turn", count: 1000, subjects, bounds },
  // The gateway keeps 10,000: when the first comes again, it is forgotten.
  {
    id: "chain-newcomers",
    callers: "every token as if for the first time",
    count: 12_000,
    subjects: ["sluice", "sluice-jwt", "sluice-base"],
  },
];

/** `tokensOf` makes so many tokens, each of another caller; who only reads what was measured needs none. */
export function chainCells(
  tokensOf: (count: number) => Promise<readonly string[]> = () => Promise.resolve([]),
): Cell[] {
  return cells.map(({ id, callers, count, ...rest }) => ({
    ...rest,
    id,
    bench: "chain" as const,
    title: `GET, small (${JSON.stringify(item).length} bytes of JSON), 32 connections, wrk, ${callers}`,
    check: async (port: number) => {
      const [token] = await tokensOf(1);
      await checkGet(itemPath, { authorization: `Bearer ${token}` })(port);
    },
    load: async (port: number, seconds: number) =>
      wrk({ url: `http://127.0.0.1:${port}${itemPath}`, connections: 32, seconds, tokens: await tokensOf(count) }),
    // A thousand tokens are checked in it, and the longest way through the gateway takes longest to be compiled.
    warmUpSeconds: 8,
  }));
}
