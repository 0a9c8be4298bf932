// What the file says of methods by selector, as it spells that, and as the gateway runs by it: rules of `auth`, policies, interceptors.
import type { Position } from "../diagnostic.ts";
import type { AnswerSettings } from "../schema/answer-rule.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import type { RetryRule } from "../schema/retry-rule.ts";
import type { StreamSettings } from "../schema/stream-rule.ts";

export interface AuthRuleSettings {
  name: string;
  methods?: string[];
  scopes?: string[];
  roles?: string[];
  when?: string;
  shadow?: boolean;
}

export interface RedactSettings {
  fields: string[];
  unless_scopes?: string[];
  unless_roles?: string[];
  unless?: string;
  mask?: string;
}

export interface PolicySettings {
  methods: string[];
  timeout?: string;
  max_in_flight?: number;
  validate?: boolean;
  cache?: "off" | CacheRuleSettings;
  retry?: "on" | "off" | RetryRuleSettings;
  redact?: RedactSettings[];
  stream?: StreamSettings;
  http?: AnswerSettings;
}

export interface CacheRuleSettings {
  ttl: string;
  stale_while_revalidate?: string;
  stale_if_error?: string;
  public?: boolean;
  vary?: string[];
}

export interface RetryRuleSettings {
  max_attempts?: number;
  codes?: string[];
  initial_backoff?: string;
  max_backoff?: string;
  multiplier?: number;
  per_try_timeout?: string;
  idempotent?: boolean;
}

export interface InterceptorSettings {
  module: string;
  name?: string;
  before?: string;
  after?: string;
  around?: "upstream";
  methods?: string[];
  options?: Record<string, unknown>;
}

/** Something that the file says of methods. */
export interface Selecting {
  /** Selectors. */
  readonly methods: readonly string[];
  /** Of a key of it, `methods[0]` as `["methods", 0]`; of the whole without one. Undefined where there is no file. */
  readonly positionOf: (path?: readonly (string | number)[]) => Position | undefined;
}

export interface AuthRuleConfig extends Selecting {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly when: string | undefined;
  readonly shadow: boolean;
}

/** Fields of replies, by their full names, and who sees them. */
export interface RedactConfig {
  readonly fields: readonly string[];
  readonly unlessScopes: readonly string[];
  readonly unlessRoles: readonly string[];
  readonly unless: string | undefined;
  readonly mask: string | undefined;
}

/** What is undefined it leaves as it is. */
export interface PolicyConfig extends Selecting {
  readonly timeoutMs: number | undefined;
  readonly maxInFlight: number | undefined;
  readonly validate: boolean | undefined;
  /** `off` for what a proto says. */
  readonly cache: "off" | CacheRule | undefined;
  readonly retry: RetryRule | "off" | undefined;
  readonly redact: readonly RedactConfig[];
  /** As the file has them: what is wrong with them is told where the protos are known. */
  readonly stream: StreamSettings | undefined;
  readonly http: AnswerSettings | undefined;
}

/** A module with an interceptor of one's own. */
export interface InterceptorConfig extends Selecting {
  /** Absolute path. */
  readonly module: string;
  readonly name: string;
  readonly place: InterceptorPlace;
  /** Given to the module's function, as they stand. */
  readonly options: Readonly<Record<string, unknown>>;
}

export type InterceptorPlace =
  | { readonly kind: "before" | "after"; readonly point: string }
  | { readonly kind: "around"; readonly point: "upstream" };
