// One step of a composition: its condition, its one call or those for the elements of a list, alone or in batches.
import type { Identity } from "../caller.ts";
import { Code, GatewayError } from "../status.ts";
import type { Batches } from "./batches.ts";
import { createLimiter } from "./calls.ts";
import type { Calls, Lane } from "./calls.ts";
import { tooLarge } from "./meter.ts";
import { zeroPayload } from "./payloads.ts";
import type { StepPlan } from "./plan.ts";
import { isValueList } from "./source.ts";
import type { Scope, Value } from "./source.ts";

export interface StepParts {
  readonly calls: Calls;
  readonly batches: Batches;
  /** Of the whole, absolute. */
  readonly deadline: number;
  readonly identity: Identity | undefined;
}

export interface StepOutcome {
  /** Undefined where there was no call. */
  readonly value: Value;
  readonly isSkipped: boolean;
  /** Of an optional step, the first of its elements that failed. */
  readonly failure: GatewayError | undefined;
}

/** One list cannot become more calls than this, or keys. */
const maxElements = 1000;

const skipped: StepOutcome = { value: undefined, isSkipped: true, failure: undefined };

/** Everything but the calls is done at once. Rejects with GatewayError. */
export async function runStep(step: StepPlan, scope: Scope, parts: StepParts): Promise<StepOutcome> {
  const { condition, each, timeoutMs } = step;
  if (condition?.usesElement === false && !decide(condition.prepare(scope, parts.identity)())) return skipped;
  const deadline = timeoutMs === Infinity ? parts.deadline : Math.min(parts.deadline, performance.now() + timeoutMs);
  const lane: Lane = { deadline, timeoutMs, run: createLimiter(step.maxParallel) };
  if (each === undefined) {
    const request = step.prepare(scope)(parts.calls.requests);
    const value = await parts.calls.ask(step.method, request, lane);
    return { value, isSkipped: false, failure: undefined };
  }
  return gather(step, askEach(step, scope, { ...parts, lane }));
}

/** Throws GatewayError where it cannot be told. */
function decide(result: boolean | string): boolean {
  if (typeof result === "boolean") return result;
  throw new GatewayError(Code.INTERNAL, `its condition: ${result}`, { reason: "CONDITION_UNDECIDED" });
}

type Asked = Promise<Uint8Array | undefined>;

const nothing: Asked = Promise.resolve(undefined);

/** One for each element; of those that nothing is asked for, nothing. */
function askEach(step: StepPlan, scope: Scope, parts: EachParts): readonly Asked[] {
  const { each, condition, batch } = step;
  const list = each?.read(scope);
  const elements = isValueList(list) ? list : [];
  if (elements.length > maxElements)
    throw tooLarge(`${each?.text} has ${elements.length} elements, and ${maxElements} are the most there may be`);
  const holds = condition?.usesElement === true ? condition.prepare(scope, parts.identity) : undefined;
  const chosen = elements.map((element) => {
    if (!(element instanceof Uint8Array)) return undefined;
    return holds === undefined || decide(holds(element)) ? element : undefined;
  });
  return batch === undefined ? askAlone(step, { scope, chosen }, parts) : askInBatches(step, { scope, chosen }, parts);
}

interface Elements {
  readonly scope: Scope;
  /** Undefined for those that nothing is asked for. */
  readonly chosen: readonly (Uint8Array | undefined)[];
}

type EachParts = StepParts & { readonly lane: Lane };

function askAlone({ method, prepare }: StepPlan, { scope, chosen }: Elements, parts: EachParts): readonly Asked[] {
  const { calls, lane } = parts;
  const write = prepare(scope);
  const requests = chosen.map((element) => element && write(calls.requests, element));
  calls.check(
    method,
    requests.filter((request) => request !== undefined),
    lane,
  );
  return requests.map((request) => (request === undefined ? nothing : calls.ask(method, request, lane)));
}

function askInBatches({ batch, prepare }: StepPlan, { scope, chosen }: Elements, parts: EachParts): readonly Asked[] {
  const { calls, batches, lane } = parts;
  if (batch === undefined || chosen.every((element) => element === undefined)) return chosen.map(() => nothing);
  // Nothing of it comes from the element.
  const common = prepare(scope)(calls.requests);
  const keys = chosen.map((element) => {
    const key = element && batch.source.read({ ...scope, element });
    return element && (key instanceof Uint8Array ? key : zeroPayload(batch.keys));
  });
  const ask = batches.begin(batch, common, lane);
  return keys.map((key) => (key === undefined ? nothing : ask(key)));
}

/** Of an optional step each element may fail by itself. */
async function gather({ optional }: StepPlan, asked: readonly Asked[]): Promise<StepOutcome> {
  if (!optional) return { value: await Promise.all(asked), isSkipped: false, failure: undefined };
  let failure: GatewayError | undefined;
  const value = await Promise.all(
    asked.map((one) =>
      one.catch((error: unknown) => {
        failure ??= GatewayError.from(error);
        return undefined;
      }),
    ),
  );
  return { value, isSkipped: false, failure };
}
