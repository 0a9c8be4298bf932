// The interceptors that the configuration names: modules of the user's own, loaded at start and put where it says.
import { pathToFileURL } from "node:url";
import type { Handler } from "./call.ts";
import { findCustomProblems } from "./chain/points.ts";
import type { CustomInterceptor } from "./chain/points.ts";
import type { Point } from "./schema/points.ts";
import type { Config, InterceptorConfig } from "./config/config.ts";
import { DiagnosticError } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { formatPosition } from "./policy/placed.ts";
import type { Method } from "./schema/descriptor.ts";
import { Code, GatewayError } from "./status.ts";

/** What the default export of a module is, or what it answers when it is a function. */
export interface ModuleInterceptor {
  /** Of one that stands before or after a point. */
  readonly intercept?: unknown;
  /** Of one around the upstream. */
  readonly wrap?: unknown;
}

/** For `interceptors` of createGateway. Rejects with DiagnosticError for modules that cannot be used, all of them at once. */
export async function loadInterceptors(config: Pick<Config, "interceptors">): Promise<CustomInterceptor[]> {
  const problems: Diagnostic[] = [];
  const loaded: CustomInterceptor[] = [];
  for (const entry of config.interceptors) {
    // One after the other: modules may count on the order they are named in.
    const result = await loadModule(entry);
    if (typeof result === "string") problems.push(toProblem(entry, result));
    else loaded.push(result);
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
  return loaded;
}

/** In their places without their code: for who only wants to know where they stand. */
export function standIns({ interceptors }: Pick<Config, "interceptors">): CustomInterceptor[] {
  return interceptors
    .map((entry) => toCustom(entry, { intercept() {}, wrap: (next: Handler) => next }))
    .filter(isCustom);
}

function isCustom(made: CustomInterceptor | string): made is CustomInterceptor {
  return typeof made !== "string";
}

/** Throws DiagnosticError for interceptors that would not run: one that does not guards nothing, and nobody would know. */
export function checkInterceptors(
  { interceptors, grpc }: Config,
  given: readonly CustomInterceptor[],
  methods: readonly Method[],
): void {
  const missing = interceptors.filter((entry) => !given.some(({ from }) => from === placeOf(entry)));
  const problems = [
    ...missing.map((entry) => ({ ...toProblem(entry, "it is not loaded"), hint: loadHint })),
    // Of methods without a proto nobody knows the names.
    ...findCustomProblems(given, grpc.proxyUnknown ? undefined : methods),
  ];
  if (problems.length > 0) throw new DiagnosticError(problems);
}

const loadHint =
  "give createGateway what loadInterceptors(config) resolves to: { interceptors: await loadInterceptors(config) }";

/** Text is what is wrong. */
async function loadModule(entry: InterceptorConfig): Promise<CustomInterceptor | string> {
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(entry.module).href)) as { default?: unknown }).default;
  } catch (error) {
    return describeImportError(error);
  }
  if (exported === undefined)
    return "it has no default export: export default { intercept(call) {} }, or a function that answers such";
  try {
    const made: unknown = typeof exported === "function" ? await (exported as Factory)(entry.options, kit) : exported;
    return toCustom(entry, made);
  } catch (error) {
    return `its function throws: ${error instanceof Error ? error.message : String(error)}`;
  }
}

type Factory = (options: Readonly<Record<string, unknown>>, given: typeof kit) => unknown;

/** What a module needs to refuse calls, wherever it stands and whichever copy of the package it would find. */
const kit = { Code, GatewayError } as const;

function toCustom(entry: InterceptorConfig, made: unknown): CustomInterceptor | string {
  const { intercept, wrap } = (typeof made === "object" && made !== null ? made : {}) as ModuleInterceptor;
  const base = { name: entry.name, methods: entry.methods, from: placeOf(entry) };
  if (entry.place.kind === "around") {
    if (typeof wrap !== "function")
      return `it stands around the upstream and has no wrap(next)${other("intercept", intercept)}`;
    return { ...base, around: "upstream", wrap: (next) => Reflect.apply(wrap, made, [next]) as Handler };
  }
  const { kind, point } = entry.place;
  if (typeof intercept !== "function")
    return `it stands ${kind} ${point} and has no intercept(call)${other("wrap", wrap)}`;
  return {
    ...base,
    [kind]: point as Point,
    intercept: (call) => Reflect.apply(intercept, made, [call]) as void | Promise<void>,
  };
}

function other(name: string, value: unknown): string {
  return typeof value === "function" ? `, but ${name}: is it meant to stand elsewhere?` : "";
}

function placeOf({ positionOf, name }: InterceptorConfig): string {
  const position = positionOf();
  return position === undefined ? name : formatPosition(position);
}

function toProblem(entry: InterceptorConfig, message: string): Diagnostic {
  return {
    severity: "error",
    position: entry.positionOf(["module"]),
    message: `the interceptor ${JSON.stringify(entry.name)}: ${message}`,
    rule: "interceptor-module",
  };
}

function describeImportError(error: unknown): string {
  const { code = "", message = String(error) } = (
    error instanceof Error ? error : {}
  ) as Partial<NodeJS.ErrnoException>;
  const first = message.split("\n")[0];
  if (/^ERR_IMPORT_A(?:SSERTION_TYPE|TTRIBUTE)_MISSING$/.test(code))
    return "it is no code; name a module of JavaScript, .mjs or .js";
  if (code === "ERR_UNKNOWN_FILE_EXTENSION")
    return "Node cannot run this kind of file: compile TypeScript to JavaScript first, and name the .mjs or .js file";
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND")
    return `it, or something that it imports, is not there: ${first}`;
  return `it cannot be loaded: ${first}`;
}
