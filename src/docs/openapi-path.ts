// A path template as OpenAPI has paths: variables there cover one segment each, so a longer one of ours is several, or text between.
import type { Binding, BoundVariable } from "../schema/binding.ts";
import type { OpenApiParameter, Schemas } from "./openapi-schema.ts";
import { toText } from "./openapi-schema.ts";
import { memberOf } from "./type-expression.ts";
import type { JsonShape } from "./type-expression.ts";

export interface OpenApiPath {
  /** The path with nothing in the braces: what OpenAPI tells paths apart by. */
  readonly shape: string;
  readonly path: string;
  /** In the order of the path. */
  readonly parameters: readonly OpenApiParameter[];
}

export function toPathItem(binding: Binding, json: JsonShape, schemas: Schemas): OpenApiPath {
  const { template, variables } = binding;
  const { segments, verb } = template;
  const parameters: OpenApiParameter[] = [];
  let path = "";
  segments.forEach((segment, index) => {
    if (segment.kind === "literal") {
      path += `/${encode(segment.value)}`;
      return;
    }
    const bound = variables.find(({ variable }) => variable.start <= index && index < variable.end);
    const name = nameParameter(bound, index, binding, json);
    parameters.push(describeParameter(name, bound, segment.kind === "multi", schemas));
    path += `/{${name}}`;
  });
  if (path === "") path = "/";
  if (verb !== undefined) path += `:${encode(verb)}`;
  return { shape: path.replaceAll(/\{[^{}]*\}/g, "{}"), path, parameters };
}

/** After the field; numbered where one field is made of several, or none. */
function nameParameter(bound: BoundVariable | undefined, index: number, binding: Binding, json: JsonShape): string {
  const { segments } = binding.template;
  if (bound === undefined) return `segment_${index + 1}`;
  const { start, end } = bound.variable;
  const own = segments.slice(start, end).filter(({ kind }) => kind !== "literal").length;
  const field = bound.fields.map((part) => memberOf(part, json)).join(".");
  if (own === 1) return field;
  const at = segments.slice(start, index + 1).filter(({ kind }) => kind !== "literal").length;
  return `${field}_${at}`;
}

function describeParameter(
  name: string,
  bound: BoundVariable | undefined,
  isMulti: boolean,
  schemas: Schemas,
): OpenApiParameter {
  const field = bound?.fields.at(-1);
  const isWhole = bound !== undefined && !bound.variable.isMulti && field !== undefined;
  const notes = [
    field?.comment.trim() ?? "",
    isWhole || bound === undefined ? "" : `A part of \`${bound.variable.path}\`.`,
    isMulti ? "May hold several segments of the path, with the slashes between them." : "",
  ];
  return {
    name,
    in: "path",
    required: true,
    ...toText({ comment: notes.filter((note) => note !== "").join("\n\n") }),
    ...(field?.deprecated === true ? { deprecated: true } : {}),
    schema: isWhole ? schemas.ofField(field) : { type: "string" },
  };
}

/** Braces would be a parameter. */
function encode(text: string): string {
  return encodeURI(text).replaceAll("?", "%3F").replaceAll("#", "%23");
}
