// What is in force for a method, each thing with where it was said: settled at start from proto options and the configuration.
import type { AnswerRule } from "../schema/answer-rule.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import type { Method } from "../schema/descriptor.ts";
import type { LimitRule } from "../schema/limit-rule.ts";
import type { RetryRule } from "../schema/retry-rule.ts";
import type { StreamRule } from "../schema/stream-rule.ts";

/** `value`, and where that was said: `shop.proto:12:5`, `sluice.yaml:7:3`, `default`. */
export interface Sourced<T> {
  readonly value: T;
  readonly from: string;
}

/**
 * `required`: nobody in particular is refused. `optional`: whoever brings credentials must have good ones. `public`: credentials are
 * not looked at.
 */
export type AuthLevel = "required" | "optional" | "public";

/** A caller passes when all that is named here holds. */
export interface AuthRule {
  /** For the log. */
  readonly name: string;
  /** The caller has all of them. */
  readonly scopes: readonly string[];
  /** The caller has one of them; empty for no matter. */
  readonly roles: readonly string[];
  /** CEL, a bool: over `claims`, `principal`, `scopes`, `roles`, `method`, `peer`, `headers`, and `req`. Undefined for none. */
  readonly when: string | undefined;
  /** What it would refuse is only logged. */
  readonly shadow: boolean;
}

/**
 * `undeclared`: a rule was given to many methods at once, and nothing says of this one that it may be called again; as `off`, which was
 * said of it.
 */
export type RetryPolicy = RetryRule | "off" | "undeclared";

/** A field of replies, and who sees it: callers that all that is named here holds for. Nobody where nothing is. */
export interface RedactRule {
  /** Its full name: `shop.v1.Customer.ssn`. */
  readonly field: string;
  /** The caller has all of them. */
  readonly unlessScopes: readonly string[];
  /** The caller has one of them; empty for no matter. */
  readonly unlessRoles: readonly string[];
  /** CEL, as `AuthRule.when` but for `req`. Undefined for none. */
  readonly unless: string | undefined;
  /** What the others see instead; undefined for nothing. */
  readonly mask: string | undefined;
}

/** Of a rule of several parts those that somebody said something about: each is said, and wins, by itself. */
export type SaidParts<R> = { readonly [Part in keyof R]?: Sourced<R[Part]> };

export interface MethodPolicy {
  readonly auth: Sourced<AuthLevel>;
  readonly rules: readonly Sourced<AuthRule>[];
  readonly limits: readonly Sourced<LimitRule>[];
  /** Milliseconds; undefined for the gateway's default. */
  readonly timeoutMs: Sourced<number> | undefined;
  /** Calls of the method that may be under way at once, in this process. */
  readonly maxInFlight: Sourced<number> | undefined;
  /** Whether request messages are checked against the rules of their type. */
  readonly validate: Sourced<boolean>;
  /** Whether answers are kept, and for how long; undefined for no, as nobody asks for it. */
  readonly cache: Sourced<CacheRule | "off"> | undefined;
  /** When a call that failed is made again; undefined for never, as nobody asks for it. */
  readonly retry: Sourced<RetryPolicy> | undefined;
  /** How the messages of its streams reach clients. */
  readonly stream: SaidParts<StreamRule>;
  /** How the HTTP answers of successful calls look. */
  readonly http: SaidParts<AnswerRule>;
  /** Of the fields that its replies may have. */
  readonly redact: readonly Sourced<RedactRule>[];
}

/** Of every method, those without a proto as well; the same object each time for one method. */
export type PolicyOf = (method: Method) => MethodPolicy;

/** All that is redacted for callers of a method, wherever it stands; the same list for methods of which the same is said. */
export type RedactionOf = (method: Method) => readonly Sourced<RedactRule>[];
