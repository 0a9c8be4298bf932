// A schema and its bindings as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1.html): what GET /openapi.json of the admin listener says.
import type { AnswerRule } from "../schema/answer-rule.ts";
import type { Binding } from "../schema/binding.ts";
import type { Method, Schema } from "../schema/descriptor.ts";
import type { StreamRule } from "../schema/stream-rule.ts";
import { strictJson } from "../translate/options.ts";
import { describeError } from "./openapi-error.ts";
import type { ErrorShape } from "./openapi-error.ts";
import { describeOperation, nameOperations } from "./openapi-operation.ts";
import type { Operation } from "./openapi-operation.ts";
import { toPathItem } from "./openapi-path.ts";
import { createSchemas, toText } from "./openapi-schema.ts";
import type { FieldNotes, OpenApiParameter, SchemaObject } from "./openapi-schema.ts";
import type { JsonShape } from "./type-expression.ts";

/** How callers say who they are: `components.securitySchemes`. */
export type SecurityScheme =
  | { readonly type: "http"; readonly scheme: "bearer" | "basic"; readonly bearerFormat?: string }
  | { readonly type: "apiKey"; readonly in: "header" | "cookie"; readonly name: string }
  | { readonly type: "mutualTLS" };

export interface OpenApiInputs {
  readonly schema: Schema;
  readonly bindings: readonly Binding[];
  /** How the gateway writes JSON; the strict profile's way when absent. */
  readonly json?: JsonShape;
  readonly errors?: ErrorShape;
  /** Streams are lines of `{"result": …}`, as grpc-gateway has them. */
  readonly streamsAsResults?: boolean;
  /** By the name they have in the document. */
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  /** What is to be told of fields beyond their protos. */
  readonly notes?: FieldNotes;
  readonly authOf?: (method: Method) => "required" | "optional" | "public";
  readonly isCached?: (method: Method) => boolean;
  readonly isPartial?: (method: Method) => boolean;
  /** What is in force for a method. */
  readonly answerRuleOf: (method: Method) => AnswerRule;
  readonly streamRuleOf: (method: Method) => StreamRule;
}

type Verb = "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace";

export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, SchemaObject>>;
    readonly responses: Readonly<Record<string, object>>;
    readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  };
}

export type PathItem = Partial<Record<Verb, Operation>>;

const verbs: readonly Verb[] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
/** What a binding of any method is shown as. */
const anyVerb: readonly Verb[] = ["get", "put", "post", "patch", "delete"];

const about = [
  "Made by the gateway from its protos. Messages are ProtoJSON (https://protobuf.dev/programming-guides/json/).",
  "Any request may have the query parameters `$fields` (a part of the answer), `$pretty` and `$timeout`.",
].join(" ");

/** The same document for the same schema and bindings, at every run. */
export function describeOpenApi(inputs: OpenApiInputs): OpenApiDocument {
  const { schema, bindings, json = strictJson, errors = "status", securitySchemes = {}, authOf } = inputs;
  const schemas = createSchemas(json, inputs.notes);
  const error = describeError(errors, schema, schemas);
  const context = {
    schemas,
    json,
    schemes: Object.keys(securitySchemes),
    authOf: authOf ?? (() => "public" as const),
    isCached: inputs.isCached ?? (() => false),
    isPartial: inputs.isPartial ?? (() => false),
    statusOf: (method: Method) => inputs.answerRuleOf(method).status,
    streamRuleOf: inputs.streamRuleOf,
    streamsAsResults: inputs.streamsAsResults ?? false,
  };
  const nameOf = nameOperations(schema);
  const paths = new Map<
    string,
    { readonly path: string; readonly names: readonly string[]; readonly item: PathItem }
  >();
  let leftOut = 0;
  for (const binding of bindings) {
    const { shape, path, parameters } = toPathItem(binding, json, schemas);
    // Paths that differ in the names of their parameters only are the same to OpenAPI.
    let known = paths.get(shape);
    if (known === undefined) {
      known = { path, names: parameters.map(({ name }) => name), item: {} };
      paths.set(shape, known);
    }
    const renamed = rename(parameters, known.names);
    for (const verb of verbsOf(binding)) {
      if (known.item[verb] === undefined)
        known.item[verb] = describeOperation(binding, renamed, nameOf(binding.method), context);
      else leftOut++;
    }
    if (verbsOf(binding).length === 0) leftOut++;
  }
  const note = leftOut === 0 ? "" : ` ${leftOut} of its routes cannot be told in OpenAPI and are left out.`;
  return {
    openapi: "3.1.0",
    info: { title: toTitle(schema), version: toVersion(schema), description: `${about}${note}` },
    servers: [{ url: "/" }],
    tags: schema.services.map(({ name, comment }) => ({ name, ...toText({ comment }) })),
    paths: Object.fromEntries([...paths.values()].map(({ path, item }) => [path, item])),
    components: {
      schemas: schemas.all(),
      responses: { Error: error },
      ...(Object.keys(securitySchemes).length === 0 ? {} : { securitySchemes }),
    },
  };
}

function rename(parameters: readonly OpenApiParameter[], names: readonly string[]): OpenApiParameter[] {
  return parameters.map((parameter, index) =>
    parameter.name === names[index] ? parameter : { ...parameter, name: names[index] },
  );
}

/** OpenAPI has no place for other methods than these. */
function verbsOf({ httpMethod, body }: Binding): readonly Verb[] {
  if (httpMethod === "*") return body.kind === "none" ? anyVerb : anyVerb.filter((verb) => verb !== "get");
  const verb = verbs.find((own) => own.toUpperCase() === httpMethod);
  return verb === undefined ? [] : [verb];
}

function packagesOf({ services }: Schema): string[] {
  return [...new Set(services.map(({ name }) => name.slice(0, Math.max(0, name.lastIndexOf(".")))))];
}

function toTitle(schema: Schema): string {
  const packages = packagesOf(schema).filter((name) => name !== "");
  return packages.length === 0 ? "API" : packages.slice(0, 10).join(", ");
}

/** That of the packages, where they agree. */
function toVersion(schema: Schema): string {
  const versions = new Set(packagesOf(schema).map((name) => /\.(v\d\w*)$/.exec(name)?.[1]));
  const [version] = versions;
  return versions.size === 1 && version !== undefined ? version : "unversioned";
}
