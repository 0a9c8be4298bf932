// One HTTP request → one message: path captures, query and body woven together. Compiled once per binding.
import { didYouMean } from "../../diagnostic.ts";
import type { Binding } from "../../schema/binding.ts";
import type { Field, Schema } from "../../schema/descriptor.ts";
import { createDraft } from "./overlay-draft.ts";
import {
  compileGlobs,
  defaultQueryLimits,
  type Parameter,
  parseQuery,
  refuseFragment,
  refuseSemicolons,
  systemParameters,
} from "./query.ts";
import { Binder, type Bound, Violations } from "./query-binder.ts";
import { compileBody } from "./body.ts";
import { type BindCaptures, compileCaptures, compilePlainCaptures } from "./captures.ts";
import type { RequestOptions, RequestParts } from "./request-options.ts";

/** Throws GatewayError: 400 with a violation for everything wrong in path, query and form, or for the first fault of a JSON body; 415. */
export type ReadRequest = (parts: RequestParts) => Uint8Array;

export function compileRequest(binding: Binding, schema: Schema, options: RequestOptions): ReadRequest {
  const lenient = options.profile === "grpc-gateway";
  const { binder, bodyPath, bindCaptures, bindQuery, readsQuery } = compileUrl(binding, schema, options);
  const { input } = binding.method;
  const body = compileBody(binding, schema, options);
  const isBare = binding.variables.length === 0;
  const plain = binding.body.kind === "none" ? compilePlainCaptures(binding, binder) : undefined;
  return (parts) => {
    const { query } = parts;
    if (isBare && (query === "" || !readsQuery) && body.isJson(parts)) return body.readJson(parts);
    if (plain !== undefined && parts.body === undefined && (query === "" || !readsQuery)) {
      const message = plain(parts.captures);
      if (message !== undefined) return message;
    }
    const root = createDraft(input);
    const bound: Bound = { root, bodyPath, violations: new Violations() };
    bindCaptures(bound, parts.captures);
    const format = body.formatOf(parts);
    // In Go a form's values come before those that the query has for the same name.
    if (lenient) body.bindForm(binder, bound, format, parts);
    bindQuery(bound, query);
    if (!lenient) body.bindForm(binder, bound, format, parts);
    bound.violations.finish();
    return body.weave(root, format, parts);
  };
}

/** What a request's URL gives its message, path before query. */
export interface UrlBinding {
  readonly binder: Binder;
  /** The fields down to what the body stands for, unless it is the whole message. */
  readonly bodyPath: readonly Field[];
  /** Whether the query is looked at. */
  readonly readsQuery: boolean;
  readonly bindCaptures: BindCaptures;
  readonly bindQuery: (bound: Bound, query: string) => void;
}

export function compileUrl(binding: Binding, schema: Schema, options: RequestOptions): UrlBinding {
  const lenient = options.profile === "grpc-gateway";
  const binder = new Binder(schema, {
    text: { json: options.json, goSyntax: lenient },
    lenient,
    isIgnored: compileGlobs(options.queryIgnore),
    maxFormParameters: (options.queryLimits ?? defaultQueryLimits).maxParameters,
  });
  const { body } = binding;
  const takesQuery = body.kind !== "all";
  const readsQuery = !lenient || (takesQuery && hasFieldsForQuery(binding));
  return {
    binder,
    bodyPath: body.kind === "field" ? [...(body.parents ?? []), body.field] : [],
    readsQuery,
    bindCaptures: compileCaptures(binding, binder),
    bindQuery: (bound, query) => {
      if (query === "" || !readsQuery) return;
      if (lenient) refuseSemicolons(query, "query string");
      else refuseFragment(query);
      bindParameters(binder, bound, parseQuery(query, options.queryLimits), takesQuery);
    },
  };
}

/** grpc-gateway does not look at the query, well-formed or not, where path and body take every field. */
function hasFieldsForQuery({ method, variables, body }: Binding): boolean {
  const taken = new Set(variables.filter(({ fields }) => fields.length === 1).map(({ fields }) => fields[0]));
  if (body.kind === "field" && (body.parents ?? []).length === 0) taken.add(body.field);
  return method.input.fields.some((field) => !taken.has(field));
}

function bindParameters(binder: Binder, bound: Bound, parameters: readonly Parameter[], takesQuery: boolean): void {
  const { lenient, isIgnored } = binder.options;
  for (const { name, value } of parameters) {
    if (bound.violations.isFull) return;
    if (name.startsWith("$")) {
      if (!lenient && !systemParameters.has(name)) refuseSystem(bound, name);
    } else if (takesQuery) binder.bind(bound, name, { kind: "text", text: value });
    else if (!lenient && !isIgnored(name))
      bound.violations.add(name, "the whole message is in the body here; the query must be empty", "QUERY_NOT_ALLOWED");
  }
}

function refuseSystem({ violations }: Bound, name: string): void {
  const hint = didYouMean(name, systemParameters);
  violations.add(
    name,
    `is not a parameter of the gateway (${[...systemParameters].join(", ")})${hint === undefined ? "" : `; ${hint}`}`,
    "FIELD_UNKNOWN",
  );
}
