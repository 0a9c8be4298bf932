// Takes out of replies, and of the details of errors, what their caller may not see.
import type { Call } from "../call.ts";
import type { Identity } from "../caller.ts";
import { lazily } from "../lazily.ts";
import { redactMessage } from "../redact/redact-message.ts";
import type { Redaction } from "../redact/redact-message.ts";
import { compileShapes } from "../redact/shape.ts";
import type { RedactedField, Shapes } from "../redact/shape.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import type { GatewayError } from "../status.ts";
import { findLack } from "./authorize/authorize.ts";
import type { Condition } from "./authorize/condition.ts";
import type { Interceptor } from "./compose.ts";
import type { PolicyOf, RedactionOf, RedactRule, Sourced } from "./policy.ts";

const loadConditions = lazily(
  import.meta.url,
  "./authorize/condition.js",
) as () => typeof import("./authorize/condition.ts");

export interface RedactOptions {
  readonly schema: Schema;
  readonly policyOf: PolicyOf;
  readonly redactionOf: RedactionOf;
}

/** What callers pass together, or not at all. */
interface Gate {
  readonly rule: RedactRule;
  /** Undefined where the rule has none; text where it cannot be had: then it is closed. */
  readonly condition: Condition | string | undefined;
}

interface Plan {
  readonly gates: readonly Gate[];
  readonly shapes: Shapes;
}

export function createRedact({ schema, policyOf, redactionOf }: RedactOptions): Interceptor {
  const plans = new WeakMap<readonly Sourced<RedactRule>[], Plan>();
  const planOf = (method: Method): Plan | undefined => {
    const rules = redactionOf(method);
    if (rules.length === 0) return undefined;
    const plan = plans.get(rules) ?? compilePlan(rules, method, schema);
    plans.set(rules, plan);
    return plan;
  };
  return {
    name: "redact",
    compile(method) {
      const plan = planOf(method);
      if (plan === undefined) return undefined;
      const shape = plan.shapes.of(method.output);
      const isPublic = policyOf(method).auth.value === "public";
      return (call) => {
        const sight = new Sight(plan, call, isPublic);
        if (shape !== undefined)
          call.onReply((message) => {
            const { redaction } = sight;
            return redaction === undefined ? message : redactMessage(message, shape, redaction);
          });
        call.onFailure((error) => {
          const { redaction } = sight;
          return redaction === undefined ? error : redactFailure(error, redaction);
        });
      };
    },
  };
}

function compilePlan(rules: readonly Sourced<RedactRule>[], method: Method, schema: Schema): Plan {
  const gates: Gate[] = [];
  const known = new Map<string, number>();
  const gateOf = (rule: RedactRule): number => {
    const key = JSON.stringify([rule.unlessScopes, rule.unlessRoles, rule.unless]);
    const gate = known.get(key) ?? gates.push({ rule, condition: compile(rule, method, schema) }) - 1;
    known.set(key, gate);
    return gate;
  };
  const redacted = new Map<string, RedactedField>();
  for (const { value } of rules) redacted.set(value.field, { gate: gateOf(value), mask: value.mask });
  return { gates, shapes: compileShapes(schema, redacted) };
}

/** It is not about the request, so that any method will do. */
function compile({ unless }: RedactRule, method: Method, schema: Schema): Gate["condition"] {
  if (unless === undefined) return undefined;
  const context = { method, findEnum: (name: string) => schema.enum(name), knowsRequest: false };
  const compiled = loadConditions().compileCondition(unless, context);
  return "faults" in compiled ? compiled.faults[0].message : compiled;
}

/** What the caller of one call does not see. */
class Sight {
  readonly #plan: Plan;
  readonly #call: Call;
  readonly #isPublic: boolean;
  #identity: Identity | undefined;
  #redaction: Redaction | undefined;

  constructor(plan: Plan, call: Call, isPublic: boolean) {
    this.#plan = plan;
    this.#call = call;
    this.#isPublic = isPublic;
    this.#judge();
  }

  /** Undefined for a caller who sees all. */
  get redaction(): Redaction | undefined {
    // A multiplexed socket has brought new credentials.
    if (this.#call.identity !== this.#identity) this.#judge();
    return this.#redaction;
  }

  #judge(): void {
    const { gates, shapes } = this.#plan;
    this.#identity = this.#call.identity;
    const closed = gates.map((gate) => !isOpen(gate, this.#call, this.#isPublic));
    this.#redaction = closed.includes(true) ? { shapes, closed } : undefined;
  }
}

/** A call of a public method is nobody's in particular, whoever's socket it came by. */
function isOpen({ rule, condition }: Gate, call: Call, isPublic: boolean): boolean {
  const { unlessScopes: scopes, unlessRoles: roles } = rule;
  const asksOnlyCondition = scopes.length === 0 && roles.length === 0;
  if (condition === undefined && asksOnlyCondition) return false;
  if (typeof condition === "string") return false;
  if (isPublic && (!asksOnlyCondition || condition?.usesIdentity === true)) return false;
  return findLack({ scopes, roles }, call) === undefined && (condition?.evaluate(call) ?? true) === true;
}

/** Details that cannot be read are not shown; code and message are. */
function redactFailure(error: GatewayError, redaction: Redaction): GatewayError {
  const { statusBytes } = error;
  if (statusBytes === undefined) return error;
  try {
    const shown = redactMessage(statusBytes, redaction.shapes.ofStatus, redaction);
    return shown === statusBytes ? error : error.withStatusBytes(shown);
  } catch {
    return error.withStatusBytes(undefined);
  }
}
