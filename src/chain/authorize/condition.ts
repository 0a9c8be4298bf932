// A condition of a rule, in CEL: compiled and checked at start, asked of each call, or of each request message if it looks at that.
import { isCelError, parse, plan } from "@bufbuild/cel";
import type { CelInput } from "@bufbuild/cel";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { Call, Identity } from "../../call.ts";
import type { EnumType, Method } from "../../schema/descriptor.ts";
import { checkCondition } from "./check-condition.ts";
import type { ConditionFault, Expression } from "./checking.ts";
import { viewMessage } from "./message-view.ts";
import { conditionEnv, functionNames, meterLoops, refillBudget } from "./metered.ts";

export interface Condition {
  /** Whether it is about the request message. */
  readonly usesRequest: boolean;
  /** Whether it asks who calls. */
  readonly usesIdentity: boolean;
  /** True when it holds; otherwise why it does not, for the log. Never throws. `message` only where it uses the request. */
  evaluate(call: Call, message?: Uint8Array): true | string;
}

export interface ConditionContext {
  readonly method: Method;
  readonly findEnum: (name: string) => EnumType | undefined;
  /** False for methods without a proto: there is nothing to know their messages by. */
  readonly knowsRequest: boolean;
}

/** One sentence about each thing that is wrong with the text. */
export interface RefusedCondition {
  readonly faults: readonly { readonly message: string; readonly hint?: string | undefined }[];
}

export const maxConditionLength = 4096;

export function compileCondition(text: string, context: ConditionContext): Condition | RefusedCondition {
  const parsed = parseCondition(text);
  if ("faults" in parsed) return parsed;
  const { findEnum, knowsRequest, method } = context;
  const request = knowsRequest ? method.input : undefined;
  const { variables, constants, faults } = checkCondition(parsed.expr, { request, findEnum, functions: functionNames });
  if (faults.length > 0) return { faults: faults.map((fault) => ({ ...fault, message: locate(fault, parsed) })) };
  meterLoops(parsed.expr);
  const run = plan(conditionEnv, parsed.expr);
  const factOf = [...variables].map((name) => [name, facts.get(name)] as const);
  return {
    usesRequest: variables.has("req"),
    usesIdentity: ["claims", "principal", "scopes", "roles"].some((name) => variables.has(name)),
    evaluate(call, message) {
      try {
        const known: Record<string, CelInput> = Object.create(null) as Record<string, CelInput>;
        for (const [name, value] of constants) known[name] = value;
        for (const [name, fact] of factOf) if (fact !== undefined) known[name] = fact(call);
        if (message !== undefined) known["req"] = viewMessage(method.input, message);
        refillBudget();
        const result = run(known);
        if (result === true) return true;
        if (result === false) return "it is false";
        return isCelError(result) ? `it cannot be told: ${result.message}` : "it is neither true nor false";
      } catch (error) {
        return `it cannot be told: ${error instanceof Error ? error.message : String(error)}`;
      }
    },
  };
}

type Parsed = { readonly expr: Expression; readonly columnOf: (id: bigint) => number | undefined };

function parseCondition(text: string): Parsed | RefusedCondition {
  if (text.length > maxConditionLength)
    return { faults: [{ message: `it is longer than ${maxConditionLength} characters` }] };
  try {
    const { expr, sourceInfo } = parse(text);
    return {
      expr,
      columnOf: (id) => {
        const offset = sourceInfo?.positions[String(id)];
        return offset === undefined ? undefined : offset + 1;
      },
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, line, column, rest] = /^<input>:(\d+):(\d+): (.*)$/s.exec(message) ?? [];
    if (rest === undefined) return { faults: [{ message: `it cannot be read: ${message.slice(0, 200)}` }] };
    const place = line === "1" ? `column ${column}` : `line ${line}, column ${column}`;
    return { faults: [{ message: `${place}: ${rest.length > 120 ? "this is no CEL" : rest}` }] };
  }
}

function locate({ message, id }: ConditionFault, { columnOf }: Parsed): string {
  const column = id === undefined ? undefined : columnOf(id);
  return column === undefined ? message : `column ${column}: ${message}`;
}

/** What a condition may know of a call, by the name it has there. */
const facts: ReadonlyMap<string, (call: Call) => CelInput> = new Map<string, (call: Call) => CelInput>([
  ["claims", ({ identity }) => (identity === undefined ? noClaims : claimsOf(identity))],
  ["principal", ({ identity }) => identity?.principal ?? ""],
  ["scopes", ({ identity }) => identity?.scopes ?? []],
  ["roles", ({ identity }) => identity?.roles ?? []],
  ["method", ({ method }) => method.name],
  ["service", ({ method }) => method.service.name],
  ["front", ({ front }) => front],
  ["peer", ({ peer }) => new Map([["address", peer.address]])],
  ["headers", ({ headers }) => toMap(headers)],
  ["now", () => timestampNow()],
]);

const noClaims: ReadonlyMap<string, CelInput> = new Map();
const claimsByIdentity = new WeakMap<Identity, ReadonlyMap<string, CelInput>>();

/** Once for an identity, which lives as long as its credentials are remembered. */
function claimsOf(identity: Identity): ReadonlyMap<string, CelInput> {
  const known = claimsByIdentity.get(identity);
  if (known !== undefined) return known;
  const claims = toMap(identity.claims ?? {});
  claimsByIdentity.set(identity, claims);
  return claims;
}

/** Maps, as names such as `constructor` mean something to objects. What CEL has no value for is left out. */
function toMap(object: object): Map<string, CelInput> {
  const entries = Object.entries(object).map(([name, value]: [string, unknown]) => [name, toInput(value)] as const);
  return new Map(entries.filter((entry): entry is [string, CelInput] => entry[1] !== undefined));
}

function toInput(value: unknown): CelInput | undefined {
  if (value === null || ["string", "number", "boolean", "bigint"].includes(typeof value)) return value as CelInput;
  if (Array.isArray(value)) return value.map(toInput).filter((item) => item !== undefined);
  return typeof value === "object" ? toMap(value) : undefined;
}
