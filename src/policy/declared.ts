// What the protos say of methods and services, the options of sluice/annotations.proto: who may call them, how often and for how long, which answers are kept and which calls made again, how streams and answers reach clients.
import type { AuthLevel, AuthRule } from "../chain/policy.ts";
import { parseTimeout } from "../metadata.ts";
import type { Declared, Method, OptionMessage, OptionValue, Service } from "../schema/descriptor.ts";
import { isLimitFault, readLimitRule } from "../schema/limit-rule.ts";
import type { LimitRule } from "../schema/limit-rule.ts";
import type { Doubt } from "../schema/link/doubt.ts";
import type { CacheRule } from "../schema/cache-rule.ts";
import { readCache } from "./declared-cache.ts";
import { isMessage, text, texts } from "./option-values.ts";
import type { Fault } from "./option-values.ts";
import type { RetryRule } from "../schema/retry-rule.ts";
import { place } from "./placed.ts";
import type { Placed, Report } from "./placed.ts";
import { readRetry } from "./declared-retry.ts";
import type { SaidInParts } from "./parts.ts";
import { readDeclaredParts } from "./read-parts.ts";

export interface DeclaredPolicy extends SaidInParts {
  /** Undefined where it is left to others. */
  readonly level: Placed<AuthLevel> | undefined;
  readonly rule: Placed<AuthRule> | undefined;
  readonly limits: readonly Placed<LimitRule>[];
  readonly timeoutMs: Placed<number> | undefined;
  readonly cache: Placed<CacheRule> | undefined;
  readonly retry: Placed<RetryRule | "off"> | undefined;
}

interface OptionNames {
  readonly auth: string;
  readonly limit: string;
  readonly timeout: string;
  readonly cache: string;
  readonly retry: string;
  readonly stream: string;
  readonly http: string;
}

const methodOptions: OptionNames = {
  auth: "(sluice.auth)",
  limit: "(sluice.limit)",
  timeout: "(sluice.timeout)",
  cache: "(sluice.cache)",
  retry: "(sluice.retry)",
  stream: "(sluice.stream)",
  http: "(sluice.http)",
};
const serviceOptions: OptionNames = {
  auth: "(sluice.service_auth)",
  limit: "(sluice.service_limit)",
  timeout: "(sluice.service_timeout)",
  cache: "(sluice.service_cache)",
  retry: "(sluice.service_retry)",
  stream: "(sluice.service_stream)",
  http: "(sluice.service_http)",
};

/** Without what is wrong, which is reported; what follows from options that could not be read is not. */
export function readMethod(method: Method, report: Report, doubt?: Doubt): DeclaredPolicy {
  return read(method, methodOptions, { report, isReported: (option) => doubt?.isWrongOption(method, option) === true });
}

export function readService(service: Service, report: Report): DeclaredPolicy {
  return read(service, serviceOptions, { report, isReported: () => false });
}

interface Reading {
  readonly report: Report;
  readonly isReported: (option: string) => boolean;
}

function read(declared: Declared, names: OptionNames, { report, isReported }: Reading): DeclaredPolicy {
  const fault = (option: string, message: string, hint?: string): void => {
    if (isReported(option)) return;
    report({
      severity: "error",
      position: declared.optionPosition(option),
      message: `${declared.name}: ${message}`,
      hint,
      rule: "method-option",
    });
  };
  const auth = declared.options.get(names.auth);
  return {
    level: isMessage(auth) ? readLevel(declared, names.auth, auth) : undefined,
    rule: isMessage(auth) ? readRule(declared, names.auth, { auth, fault }) : undefined,
    limits: readLimits(declared, names.limit, fault),
    timeoutMs: readTimeout(declared, names.timeout, fault),
    cache: readCache(declared, names.cache, fault),
    retry: readRetry(declared, names.retry, fault),
    ...readDeclaredParts(declared, names, fault),
  };
}

const levels: ReadonlyMap<OptionValue | undefined, AuthLevel> = new Map<OptionValue, AuthLevel>([
  ["PUBLIC", "public"],
  ["OPTIONAL", "optional"],
  ["REQUIRED", "required"],
]);

function readLevel(declared: Declared, option: string, auth: OptionMessage): Placed<AuthLevel> | undefined {
  const level = levels.get(auth.get("level"));
  return level === undefined ? undefined : place(level, declared.optionPosition(`${option}.level`));
}

function readRule(
  declared: Declared,
  option: string,
  { auth, fault }: { readonly auth: OptionMessage; readonly fault: Fault },
): Placed<AuthRule> | undefined {
  const [scopes, roles] = ["scopes", "roles"].map((field) => texts(auth.get(field)));
  const [when, name] = ["when", "name"].map((field) => text(auth.get(field)));
  const [wrongScopes, wrongRoles] = [scopesProblem(scopes), rolesProblem(roles)];
  if (wrongScopes !== undefined) fault(`${option}.scopes`, wrongScopes);
  if (wrongRoles !== undefined) fault(`${option}.roles`, wrongRoles);
  if (scopes.length === 0 && roles.length === 0 && when === "") {
    for (const field of ["shadow", "name"])
      if (auth.has(field)) fault(`${option}.${field}`, `${field} is about scopes, roles and when, and there are none`);
    return undefined;
  }
  const first = ["scopes", "roles", "when"].find((field) => auth.has(field)) ?? "when";
  const rule: AuthRule = {
    name: name === "" ? declared.name : name,
    scopes,
    roles,
    when: when === "" ? undefined : when,
    shadow: auth.get("shadow") === true,
  };
  return place(rule, declared.optionPosition(`${option}.${first}`));
}

/** RFC 6749 section 3.3. */
export function scopesProblem(scopes: readonly string[]): string | undefined {
  const wrong = scopes.find((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope));
  if (wrong === undefined) return undefined;
  return `${JSON.stringify(wrong)} is no scope: printable ASCII without blanks, quotes and backslashes`;
}

export function rolesProblem(roles: readonly string[]): string | undefined {
  return roles.includes("") ? "a role is empty" : undefined;
}

function readLimits(declared: Declared, option: string, fault: Fault): Placed<LimitRule>[] {
  const written = declared.options.get(option);
  if (!Array.isArray(written)) return [];
  return (written as readonly OptionValue[]).flatMap((limit, index) => {
    if (!isMessage(limit)) return [];
    const at = `${option}[${index}]`;
    const rule = readLimitRule({
      name: text(limit.get("name")),
      ...(limit.has("key") ? { key: texts(limit.get("key")) } : {}),
      rate: text(limit.get("rate")),
      ...optionalCount(limit, "burst"),
      ...optionalCount(limit, "cost"),
      of: limit.get("of") === "MESSAGES" ? "messages" : "calls",
    });
    if (!isLimitFault(rule)) return [place(rule, declared.optionPosition(at))];
    fault(limit.has(rule.at) ? `${at}.${rule.at}` : at, `${rule.at} of a limit: ${rule.message}`, rule.hint);
    return [];
  });
}

/** Zero, as it is in a message, is what was not set. */
function optionalCount(limit: OptionMessage, field: "burst" | "cost"): Partial<Record<"burst" | "cost", number>> {
  const value = limit.get(field);
  return typeof value === "number" && value !== 0 ? { [field]: value } : {};
}

function readTimeout(declared: Declared, option: string, fault: Fault): Placed<number> | undefined {
  const written = declared.options.get(option);
  if (written === undefined) return undefined;
  const ms = typeof written === "string" ? parseTimeout(written) : undefined;
  if (ms !== undefined && ms > 0) return place(ms, declared.optionPosition(option));
  fault(option, `${JSON.stringify(written)} is no timeout; a positive duration is expected, e.g. "1.5s" or "500ms"`);
  return undefined;
}
