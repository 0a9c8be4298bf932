// `sluice explain METHOD URL`: runs one request through router and REST front with nothing behind them, and shows what it becomes.
// `sluice explain pkg.Service.Method`: what there is to say of a method without a request.
import type { DescribedComposition } from "../compose/describe.ts";
import { keepBack } from "../caching.ts";
import { formatDuration } from "../config/quantity.ts";
import type { Metadata } from "../metadata.ts";
import type { Config } from "../config/config.ts";
import { compileJsonWriter } from "../translate/json/json-writer.ts";
import { createUpstreams } from "../upstream/upstreams.ts";
import type { Method } from "../schema/descriptor.ts";
import type { Transport } from "../upstream/transport.ts";
import { DiagnosticError } from "../diagnostic.ts";
import { toJsonOptions, toTransportLimits, toUpstreamTargets } from "../gateway-options.ts";
import { parseRequest } from "./explain-request.ts";
import { compilePolicies } from "../policy/policies.ts";
import { listChain, findForwarding } from "./chain-list.ts";
import type { ChainEntry } from "./chain-list.ts";
import { describePolicy } from "./policy-list.ts";
import type { PolicyLine } from "./describe-parts.ts";
import { composedBy, describeComposed, findNamedMethod, isMethodName, timeoutOf } from "./explain-method.ts";
import { findCommand } from "./flags.ts";
import { rehearse } from "./rehearse.ts";
import type { Rehearsal, RehearsedCall } from "./rehearse.ts";
import { UsageError } from "./parse-flags.ts";
import type { ParsedFlags } from "./parse-flags.ts";
import { loadProject } from "./project.ts";
import type { FetchSchemaBytes, Project } from "./project.ts";
import { describeRules } from "../validate/describe-rules.ts";
import { formatForPeople } from "./report.ts";
import { toRouteEntry } from "./route-list.ts";
import type { RouteEntry } from "./route-list.ts";
import { printable } from "./terminal.ts";
import type { Style, Terminal } from "./terminal.ts";

/** What is printed, and the object of `--json`. */
interface Explanation {
  readonly binding: RouteEntry | undefined;
  readonly captures: readonly (readonly [string, string])[];
  /** The request's messages as JSON text, one for a method that takes one; undefined when there is no call. */
  readonly messages: readonly string[] | undefined;
  readonly metadata: readonly (readonly [string, string])[];
  readonly timeoutMs: number | undefined;
  readonly target: string | undefined;
  /** What is in force for the method, and what its calls pass. */
  readonly policy: readonly PolicyLine[];
  readonly chain: readonly ChainEntry[];
  /** Of a method that the gateway answers itself. */
  readonly composed: DescribedComposition | undefined;
  /** What the messages have to be like, as far as they are held against it. */
  readonly rules: readonly string[];
  readonly answer: Rehearsal["answer"];
}

export async function runExplain(flags: ParsedFlags, terminal: Terminal, fetch: FetchSchemaBytes): Promise<number> {
  const [method, url, ...protos] = flags.positionals;
  if (isMethodName(method)) return runForMethod(method, flags, terminal, fetch);
  if (url === undefined) throw new UsageError(`arguments are missing; usage: ${findCommand("explain")?.usage}`);
  const request = parseRequest(method, url, flags);
  const { project, diagnostics } = await loadProject(flags, protos, terminal, fetch);
  for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
  if (project === undefined) return 1;
  const explanation = await explain(
    project,
    await rehearse(project, request, await unlessUnserved(findForwarding(project))),
  );
  print(`${request.method} ${request.target}`, explanation, flags, terminal);
  return explanation.answer === undefined || explanation.answer.status < 400 ? 0 : 1;
}

async function runForMethod(
  name: string,
  flags: ParsedFlags,
  terminal: Terminal,
  fetch: FetchSchemaBytes,
): Promise<number> {
  const { project, diagnostics } = await loadProject(flags, flags.positionals.slice(1), terminal, fetch);
  for (const diagnostic of diagnostics) terminal.error(formatForPeople(diagnostic, terminal.errorStyle));
  if (project === undefined) return 1;
  const method = findNamedMethod(project, name);
  const binding = project.bindings.find((one) => one.method === method);
  const said = await describeMethod(project, method);
  const nothing = { captures: [], messages: undefined, metadata: [], timeoutMs: undefined, answer: undefined };
  print(
    method.name,
    { ...nothing, ...said, binding: binding && toRouteEntry(binding, said.composed !== undefined) },
    flags,
    terminal,
  );
  return 0;
}

function print(title: string, explanation: Explanation, flags: ParsedFlags, terminal: Terminal): void {
  if (flags.has("json")) terminal.out(formatJson(explanation));
  else for (const line of formatLines(title, explanation, terminal.outStyle)) terminal.out(line);
}

type SaidOfMethod = Pick<Explanation, "target" | "policy" | "chain" | "composed" | "rules">;

async function describeMethod(project: Project, method: Method): Promise<SaidOfMethod> {
  const { config, schema } = project;
  const composed = composedBy(project, method);
  return {
    target: composed === undefined ? findTarget(config, method) : undefined,
    policy: describePolicy({ ...compilePolicies({ config, schema }).policyOf(method), store: config.cache.store }),
    chain: (await unlessUnserved(listChain(project, method))) ?? [],
    composed,
    rules: findRules(project, method),
  };
}

const noMethod: SaidOfMethod = { target: undefined, policy: [], chain: [], composed: undefined, rules: [] };

async function explain(project: Project, { match, call, timeoutMs, answer }: Rehearsal): Promise<Explanation> {
  const { config, schema } = project;
  const said = match === undefined ? noMethod : await describeMethod(project, match.binding.method);
  const write =
    call === undefined
      ? undefined
      : compileJsonWriter(call.method.input, schema, {
          ...toJsonOptions(config),
          unresolvedAny: "base64",
          emitDefaults: false,
          emitNullMessages: false,
          indent: 2,
        });
  return {
    ...said,
    binding: match === undefined ? undefined : toRouteEntry(match.binding, said.composed !== undefined),
    captures:
      match === undefined
        ? []
        : match.binding.template.variables.map(({ path }, index) => [path, match.captures[index]]),
    messages: write === undefined ? undefined : call?.messages.map((message) => write(message).toString()),
    metadata: call === undefined ? [] : toPairs(toBackend(project, call)),
    timeoutMs: call === undefined ? timeoutMs : Math.min(timeoutMs ?? Infinity, timeoutOf(project, call.method)),
    answer: call === undefined ? answer : undefined,
  };
}

/** A method with a cache sends on what its answer may depend on, and nothing else. */
function toBackend({ config, schema }: Project, { method, metadata, messages: [message] }: RehearsedCall): Metadata {
  const { policyOf } = compilePolicies({ config, schema });
  return method.kind === "unary" ? keepBack({ method, metadata, message }, { config, policyOf }) : metadata;
}

/** What could not be served, keys that cannot be read say, is told at start, not here. */
async function unlessUnserved<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

/** By the rules that calls follow; no transport is ever opened. */
function findTarget(config: Config, method: Method): string | undefined {
  try {
    const upstreams = createUpstreams({
      targets: toUpstreamTargets(config),
      transport: () => ({}) as Transport,
      limits: toTransportLimits(config),
    });
    return upstreams.targetOf(method);
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

function findRules(project: Project, method: Method): readonly string[] {
  const isChecked = project.config.validation.enabled && compilePolicies(project).policyOf(method).validate.value;
  return isChecked ? describeRules(method.input) : [];
}

function toPairs(list: readonly string[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < list.length; index += 2) pairs.push([list[index], list[index + 1]]);
  return pairs;
}

function formatJson({ captures, messages, timeoutMs, metadata, answer, ...rest }: Explanation): string {
  const parsed = messages?.map((message) => JSON.parse(message) as unknown);
  const takesMany = /^(?:client|bidi)-streaming$/.test(rest.binding?.kind ?? "");
  const object = {
    ...rest,
    timeoutMs: timeoutMs === Infinity ? undefined : timeoutMs,
    captures: captures.map(([variable, value]) => ({ variable, value })),
    ...(takesMany ? { messages: parsed } : { message: parsed?.[0] }),
    metadata: metadata.map(([name, value]) => ({ name, value })),
    answer:
      answer === undefined
        ? undefined
        : {
            status: answer.status,
            headers: toPairs(answer.headers).map(([name, value]) => ({ name, value })),
            body: answer.body,
          },
  };
  return JSON.stringify(object, undefined, 2);
}

/** Of the rules of a request; --json has them all. */
const shownRules = 20;

function formatLines(request: string, explanation: Explanation, style: Style): string[] {
  const { binding, captures, messages = [], metadata, timeoutMs, target, policy, chain, rules, answer } = explanation;
  const { composed } = explanation;
  const rows: (readonly [string, string])[] = [];
  if (binding !== undefined) {
    rows.push(["binding", `${binding.httpMethod} ${binding.path}`]);
    if (binding.body !== "")
      rows.push(["body", binding.body === "*" ? "the whole message (*)" : `the field ${binding.body}`]);
    rows.push(
      ["rule", `${binding.file}:${binding.line} (${binding.origin})`],
      ["method", `${binding.method} (${binding.kind})`],
    );
  }
  for (const [variable, value] of captures) rows.push(["capture", `${variable} = ${JSON.stringify(value)}`]);
  for (const message of messages) rows.push(["message", message]);
  for (const [name, value] of metadata) rows.push(["metadata", `${name}: ${value}`]);
  for (const rule of rules.slice(0, shownRules)) rows.push(["check", rule]);
  if (rules.length > shownRules) rows.push(["check", `and ${rules.length - shownRules} more`]);
  if (timeoutMs !== undefined) rows.push(["deadline", timeoutMs === Infinity ? "none" : formatDuration(timeoutMs)]);
  for (const { what, text, from } of policy) rows.push(["policy", `${what} ${text} (${from})`]);
  if (chain.length > 0)
    rows.push(["chain", chain.map(({ name, from }) => (from === undefined ? name : `${name} (${from})`)).join(" → ")]);
  if (composed !== undefined) rows.push(...describeComposed(composed));
  else if (binding !== undefined) rows.push(["target", target ?? "none: calls answer 503; name one with --upstream"]);
  return [
    style.bold(printable(request)),
    ...rows.map((row, index) => formatRow(row, rows[index - 1]?.[0], style)),
    ...formatAnswer(answer, style),
  ];
}

/** The label once for rows that share it; further lines of a value indented below. */
function formatRow([label, value]: readonly [string, string], previous: string | undefined, style: Style): string {
  const indent = " ".repeat(11);
  const head = (label === previous ? "" : label).padEnd(9);
  return `  ${style.dim(head)}${value.split("\n").map(printable).join(`\n${indent}`)}`;
}

function formatAnswer(answer: Rehearsal["answer"], style: Style): string[] {
  if (answer === undefined) return [];
  const paint = answer.status < 400 ? style.green : style.red;
  const headers = toPairs(answer.headers).map(([name, value]) => `${name}: ${printable(value)}`);
  return [
    "",
    paint(`HTTP ${answer.status}`),
    ...headers,
    ...(answer.body === "" ? [] : ["", ...answer.body.split("\n").map(printable)]),
  ];
}
