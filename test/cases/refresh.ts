// Writes the messages of .cases files anew after they were reworded: only where status, code, reason and fields are as before.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./parse-case.ts";
import { parseCases } from "./parse-case.ts";
import type { Observed } from "./run-case.ts";
import { casesFolder, Gateways, toError } from "./run-case.ts";

for (const name of readdirSync(casesFolder).filter((file) => file.endsWith(".cases"))) {
  const file = new URL(name, casesFolder);
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n");
  const gateways = new Gateways();
  for (const played of parseCases(text, name))
    for (const [profile, outcome] of played.outcomes) rewrite(lines, outcome, await gateways.play(played, profile));
  await gateways.close();
  const rewritten = lines.join("\n");
  if (rewritten === text) continue;
  writeFileSync(file, rewritten);
  console.log(`${name} has changed`);
}

function rewrite(lines: string[], outcome: Outcome, observed: Observed): void {
  const { start, error } = outcome;
  if (start !== undefined && start.length === observed.problems.length)
    replace(lines, outcome, "start", observed.problems);
  if (error === undefined || observed.response === undefined) return;
  const found = toError(observed.response, observed.body);
  const isSame =
    JSON.stringify({ ...found, message: "" }) === JSON.stringify({ status: outcome.status, ...error, message: "" });
  if (isSame) replace(lines, outcome, "message", [found.message]);
}

/** The next lines with that word after the outcome's own. */
function replace(lines: string[], outcome: Outcome, word: string, texts: readonly string[]): void {
  let at = outcome.line;
  for (const text of texts) {
    while (!lines[at].trimStart().startsWith(`${word} `)) at++;
    lines[at] = `  ${word} ${text}`;
    at++;
  }
}
