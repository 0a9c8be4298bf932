// Sends every case to both gateways and prints where the answers part. Called by scripts/compat.mjs.
import { cases } from "./cases.ts";
import type { Backend, Case } from "./case.ts";
import { compareAnswers } from "./compare.ts";
import { send } from "./http-client.ts";
import type { Answer, Request } from "./http-client.ts";

/** Ports on 127.0.0.1. */
export interface Pair {
  readonly reference: number;
  readonly sluice: number;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly different: number;
}

export async function runCases(pairs: Readonly<Record<Backend, Pair>>, filter: RegExp | undefined): Promise<Totals> {
  const totals = { passed: 0, failed: 0, different: 0 };
  for (const one of cases) {
    if (filter !== undefined && !filter.test(one.name)) continue;
    const pair = pairs[one.backend];
    const problems = await compareOne(one, pair);
    const outcome = judge(one, problems);
    totals[outcome.kind]++;
    if (outcome.kind === "failed") console.log(`FAIL  ${one.name}: ${one.method} ${one.target}\n    ${outcome.text}`);
  }
  return totals;
}

interface Outcome {
  readonly kind: keyof Totals;
  readonly text: string;
}

function judge(one: Case, problems: readonly string[]): Outcome {
  if (one.difference === undefined)
    return { kind: problems.length === 0 ? "passed" : "failed", text: problems.join("\n    ") };
  if (problems.length === 0)
    return { kind: "failed", text: `listed as different (${one.difference}), but the answers are the same` };
  return { kind: "different", text: "" };
}

async function compareOne(one: Case, { reference, sluice }: Pair): Promise<string[]> {
  try {
    const [expected, actual] = [await ask(reference, one), await ask(sluice, one)];
    return expected.flatMap((answer, step) =>
      compareAnswers(answer, actual[step]).map((text) => (step === 0 ? text : `afterwards: ${text}`)),
    );
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

const collection = "/v1/example/a_bit_of_everything";

/** The case's answer and, for `thenLookup`, that of reading the entry again. `$UUID` is an entry made for this case alone. */
async function ask(port: number, one: Case): Promise<Answer[]> {
  const uuid = one.entry === undefined ? undefined : await createEntry(port, one.entry);
  const fill = (text: string): string => (uuid === undefined ? text : text.replaceAll("$UUID", uuid));
  const requests: Request[] = [
    { ...one, target: fill(one.target), body: typeof one.body === "string" ? fill(one.body) : one.body },
  ];
  if (one.thenLookup)
    requests.push({ method: "GET", target: fill(`${collection}/$UUID`), headers: [], body: undefined });
  const answers: Answer[] = [];
  for (const request of requests) answers.push(hideUuid(await send(port, request), uuid));
  return answers;
}

async function createEntry(port: number, entry: string): Promise<string> {
  const { status, body } = await send(port, { method: "POST", target: collection, headers: [], body: entry });
  const uuid = status === 200 ? (JSON.parse(body) as { uuid?: string }).uuid : undefined;
  if (uuid === undefined) throw new Error(`no entry was created: ${status} ${body}`);
  return uuid;
}

/** The backend makes them up: 24 bytes in hexadecimal. */
function hideUuid(answer: Answer, uuid: string | undefined): Answer {
  const hide = (text: string): string =>
    (uuid === undefined ? text : text.replaceAll(uuid, "$UUID")).replaceAll(/\b[0-9a-f]{48}\b/g, "$NEW");
  return { ...answer, headers: answer.headers.map(hide), trailers: answer.trailers.map(hide), body: hide(answer.body) };
}
