// One message while it is checked: where in it the check stands, what was found wrong so far, and what rules in CEL have cost.
import type { Field, Oneof } from "../schema/descriptor.ts";

/** A rule as it is told of when a value breaks it. */
export interface Rule {
  /** Stable: `string.min_len`; of rules in CEL what their author chose. */
  readonly id: string;
  readonly message: string;
  /** Where it stands in the options: `repeated.items.string.min_len`; empty for rules of a message. */
  readonly path: string;
  /** It is about a map's key, not the value under it. */
  readonly forKey: boolean;
}

/** Of a list the index, of a map the key. */
export type Subscript = number | bigint | string | boolean;
export type Step = Field | Oneof | Subscript;

export interface Violation {
  readonly rule: Rule;
  /** From the message to the value: fields, each followed by a subscript where it is repeated. */
  readonly steps: readonly Step[];
}

/** Thrown when as many violations were found as anybody wants to hear of. */
export const enough = Symbol("enough violations");

/** Looks at a value, and tells the inspection what is wrong with it. */
export type Check<T> = (value: T, at: Inspection) => void;

export interface InspectionLimits {
  readonly maxViolations: number;
  /** For tests; the clock otherwise. */
  readonly nowMs?: number | undefined;
}

export class Inspection {
  /** The whole message, for rules in CEL, which want to see it as an object. */
  readonly bytes: Uint8Array;
  /** Its type. */
  readonly typeName: string;
  readonly maxViolations: number;
  readonly violations: Violation[] = [];
  readonly steps: Step[] = [];
  /** Messages inside messages, now. */
  depth = 0;
  /** Turns of CEL's loops, over all rules. */
  turns = 0;
  /** What rules in CEL see of the message; theirs alone. */
  root: unknown = undefined;
  /** Of an update with a mask: the paths that are written, in the message beside the mask. */
  mask: readonly string[] | undefined = undefined;
  #nowMs: number | undefined;

  constructor(bytes: Uint8Array, typeName: string, { maxViolations, nowMs }: InspectionLimits) {
    this.bytes = bytes;
    this.typeName = typeName;
    this.maxViolations = maxViolations;
    this.#nowMs = nowMs;
  }

  /** The same for all rules of one message. */
  get nowMs(): number {
    return (this.#nowMs ??= Date.now());
  }

  /** Throws `enough` with the last that is wanted. */
  violate(rule: Rule, step?: Step): void {
    const steps = step === undefined ? [...this.steps] : [...this.steps, step];
    this.violations.push({ rule, steps });
    if (this.violations.length >= this.maxViolations) throw enough;
  }
}

/** `lines[2].productId`, `labels["a b"]`: as the client spells fields, JSON names or proto names. */
export function formatSteps(steps: readonly Step[], spelling: "json" | "proto"): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "object") {
      const name = "protoName" in step ? (spelling === "json" ? step.jsonName : step.protoName) : step.name;
      path += path === "" ? name : `.${name}`;
    } else if (typeof step === "string" && /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(step)) path += `.${step}`;
    else path += `[${typeof step === "string" ? JSON.stringify(shorten(step)) : String(step)}]`;
  }
  return path.slice(0, 512);
}

function shorten(key: string): string {
  return key.length <= 64 ? key : `${key.slice(0, 64)}…`;
}
