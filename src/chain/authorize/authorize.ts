// Whether the caller may: scopes, roles and conditions of the rules of a method. Why not goes to the log; the client hears that it is not allowed.
import type { Call } from "../../call.ts";
import type { Method, Schema } from "../../schema/descriptor.ts";
import { Code, GatewayError } from "../../status.ts";
import { bearerChallenge, credentialsMissing, quoteText } from "../authenticate/refusals.ts";
import type { Interceptor } from "../compose.ts";
import type { AuthRule, PolicyOf, Sourced } from "../policy.ts";
import { lazily } from "../../lazily.ts";
import type { Condition } from "./condition.ts";

const loadConditions = lazily(import.meta.url, "./condition.js") as () => typeof import("./condition.ts");

export interface AuthorizeOptions {
  readonly policyOf: PolicyOf;
  readonly schema: Schema;
  /** What clients are told they are to have credentials for. */
  readonly realm: string;
}

interface CompiledRule {
  readonly rule: AuthRule;
  /** For the log: `own-orders (sluice.yaml:9:5)`. */
  readonly shown: string;
  /** Undefined where the rule has none; text where it cannot be had for this method: then nobody passes. */
  readonly condition: Condition | string | undefined;
  readonly asksIdentity: boolean;
}

/** Why not, and what would help. */
interface Refusal {
  readonly why: string;
  readonly lacks: "scopes" | "roles" | "when";
}

const name = "authorize";
const emptyMessage = new Uint8Array(0);

export function createAuthorize({ policyOf, schema, realm }: AuthorizeOptions): Interceptor {
  return {
    name,
    compile(method) {
      const policy = policyOf(method);
      if (policy.rules.length === 0) return undefined;
      const rules = policy.rules.map((rule) => compileRule(rule, method, schema));
      const isAboutRequest = ({ condition }: CompiledRule): boolean =>
        typeof condition === "object" && condition.usesRequest;
      const ofRequest = rules.filter(isAboutRequest);
      const mayRefuse = ofRequest.some(({ rule }) => !rule.shadow);
      const judge = new Judge({ realm, isPublic: policy.auth.value === "public" });
      const askAll = (call: Call): void => {
        for (let i = 0; i < rules.length; i++) judge.ask(rules[i], call);
      };
      if (ofRequest.length === 0) return askAll;
      return (call) => {
        askAll(call);
        const askOf = (message: Uint8Array): void => {
          for (const rule of ofRequest) judge.askOfMessage(rule, call, message);
        };
        call.onRequest(askOf);
        // Who says nothing is judged as if it had said that.
        call.onNoRequest(() => askOf(emptyMessage));
        if (mayRefuse) call.awaitsRequest = true;
      };
    },
  };
}

function compileRule({ value: rule, from }: Sourced<AuthRule>, method: Method, schema: Schema): CompiledRule {
  const findEnum = (one: string): ReturnType<Schema["enum"]> => schema.enum(one);
  const knowsRequest = schema.method(method.name) === method;
  const compiled =
    rule.when === undefined
      ? undefined
      : loadConditions().compileCondition(rule.when, { method, findEnum, knowsRequest });
  const condition = compiled !== undefined && "faults" in compiled ? compiled.faults[0].message : compiled;
  const asksOfCondition = typeof condition === "object" && condition.usesIdentity;
  const asksIdentity = rule.scopes.length > 0 || rule.roles.length > 0 || asksOfCondition;
  return { rule, shown: `${rule.name} (${from})`, condition, asksIdentity };
}

class Judge {
  readonly #realm: string;
  readonly #isPublic: boolean;
  /** Of rules in shadow mode: one note a call, however many messages it has. */
  readonly #noted = new WeakMap<Call, Set<CompiledRule>>();

  constructor({ realm, isPublic }: { readonly realm: string; readonly isPublic: boolean }) {
    this.#realm = realm;
    this.#isPublic = isPublic;
  }

  /** All but what is about messages. Throws GatewayError. */
  ask(rule: CompiledRule, call: Call): void {
    const refusal = findLack(rule.rule, call) ?? askCondition(rule, call);
    if (refusal !== undefined) this.#refuse(rule, call, refusal);
  }

  askOfMessage(rule: CompiledRule, call: Call, message: Uint8Array): void {
    const { condition } = rule;
    const answer = typeof condition === "object" ? condition.evaluate(call, message) : true;
    if (answer === true) return;
    if (!rule.rule.shadow) call.refusedBy = name;
    this.#refuse(rule, call, { why: `${rule.rule.when}: ${answer}`, lacks: "when" });
  }

  #refuse(rule: CompiledRule, call: Call, refusal: Refusal): void {
    if (rule.rule.shadow) {
      this.#noteOnce(rule, call, refusal);
      return;
    }
    call.note(name, `refused by ${rule.shown}: ${refusal.why}`);
    if (call.identity === undefined && rule.asksIdentity && !this.#isPublic)
      throw credentialsMissing(bearerChallenge(this.#realm));
    throw refusal.lacks === "scopes" ? insufficientScope(this.#realm, rule.rule.scopes) : notAllowed();
  }

  #noteOnce(rule: CompiledRule, call: Call, { why }: Refusal): void {
    const noted = this.#noted.get(call) ?? new Set();
    if (noted.has(rule)) return;
    this.#noted.set(call, noted.add(rule));
    call.note(name, `would be refused by ${rule.shown}: ${why}`);
  }
}

/** What the caller has not of what the rule names. Nearly always nothing is missing: that is found out without making a list. */
export function findLack(
  { scopes, roles }: Pick<AuthRule, "scopes" | "roles">,
  { identity }: Call,
): Refusal | undefined {
  if (!hasAll(identity?.scopes, scopes)) {
    const missing = scopes.filter((scope) => identity?.scopes?.includes(scope) !== true);
    return { why: `the scopes ${missing.join(" ")} are missing`, lacks: "scopes" };
  }
  if (roles.length === 0 || roles.some((role) => identity?.roles?.includes(role) === true)) return undefined;
  return { why: `none of the roles ${roles.join(", ")}`, lacks: "roles" };
}

function hasAll(own: readonly string[] | undefined, wanted: readonly string[]): boolean {
  return wanted.length === 0 || (own !== undefined && wanted.every((scope) => own.includes(scope)));
}

function askCondition({ rule, condition }: CompiledRule, call: Call): Refusal | undefined {
  if (condition === undefined) return undefined;
  if (typeof condition === "string") return { why: condition, lacks: "when" };
  const answer = condition.usesRequest ? true : condition.evaluate(call);
  return answer === true ? undefined : { why: `${rule.when}: ${answer}`, lacks: "when" };
}

function notAllowed(): GatewayError {
  return new GatewayError(Code.PERMISSION_DENIED, "not allowed", { reason: "NOT_ALLOWED" });
}

/** RFC 6750 section 3.1: the scopes are what the client has to ask for. */
function insufficientScope(realm: string, scopes: readonly string[]): GatewayError {
  return new GatewayError(Code.PERMISSION_DENIED, "not allowed: the token lacks a scope", {
    reason: "INSUFFICIENT_SCOPE",
    headers: {
      "www-authenticate": `${bearerChallenge(realm)}, error="insufficient_scope", scope=${quoteText(scopes.join(" "))}`,
    },
  });
}
