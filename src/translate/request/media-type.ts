// The Content-Type of a request: parsed strictly, sorted into the kinds of body a request can have.
import { Code, GatewayError } from "../../status.ts";

export interface MediaType {
  /** Lower case, without parameters: `application/json`. */
  readonly essence: string;
  /** Names lower case, values unquoted. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const essenceShape = new RegExp(`^(${token}/${token})[ \\t]*(?=;|$)`);
const parameterShape = new RegExp(
  `;[ \\t]*(${token})=(?:(${token})|"((?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]|\\\\[\\x20-\\x7e])*)")[ \\t]*`,
  "y",
);
const maxLength = 1024;
const maxParameters = 16;

/** RFC 9110, section 8.3.1; undefined for anything else, including a parameter given twice. */
export function parseMediaType(text: string): MediaType | undefined {
  if (text.length > maxLength) return undefined;
  const head = essenceShape.exec(text);
  if (head === null) return undefined;
  const parameters = new Map<string, string>();
  let at = head[0].length;
  while (at < text.length) {
    parameterShape.lastIndex = at;
    const match = parameterShape.exec(text);
    if (match === null) return undefined;
    const name = match[1].toLowerCase();
    if (parameters.has(name) || parameters.size >= maxParameters) return undefined;
    parameters.set(name, match[2] ?? match[3].replaceAll(/\\(.)/g, "$1"));
    at = parameterShape.lastIndex;
  }
  return { essence: head[1].toLowerCase(), parameters };
}

export type BodyFormat =
  | { readonly kind: "json" }
  | { readonly kind: "protobuf" }
  | { readonly kind: "form" }
  | { readonly kind: "multipart"; readonly boundary: string };

const json: BodyFormat = { kind: "json" };
const protobuf: BodyFormat = { kind: "protobuf" };
const form: BodyFormat = { kind: "form" };

/** A body without a Content-Type is read as JSON. Throws GatewayError 415 for a type no body here has. */
export function toBodyFormat(contentType: string | undefined): BodyFormat {
  if (contentType === undefined || contentType === "application/json") return json;
  const type = parseMediaType(contentType);
  if (type === undefined)
    throw unsupported(`Content-Type ${JSON.stringify(contentType.slice(0, 60))} is not a valid media type`);
  const { essence, parameters } = type;
  if (essence === "application/x-protobuf" || essence === "application/protobuf") return protobuf;
  if (essence === "application/json" || essence === "application/x-www-form-urlencoded") {
    const charset = parameters.get("charset")?.toLowerCase() ?? "utf-8";
    if (charset !== "utf-8" && charset !== "utf8") throw unsupported(`${essence} must be in UTF-8`);
    return essence === "application/json" ? json : form;
  }
  if (essence !== "multipart/form-data") throw unsupported(`${essence} bodies are not read here`);
  const boundary = parameters.get("boundary") ?? "";
  if (!isBoundary(boundary)) throw unsupported("multipart/form-data needs a boundary of 1 to 70 characters");
  return { kind: "multipart", boundary };
}

/** `values`: JSON values in an array, or one after the other. `lines`: one after the other, an array being a value like others. */
export type StreamFormat = "values" | "lines";

const lineTypes: ReadonlySet<string> = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl"]);

/** How the messages of a client stream come. Throws GatewayError 415 for a type that has no messages one by one. */
export function toStreamFormat(contentType: string | undefined): StreamFormat {
  if (contentType === undefined || contentType === "application/json") return "values";
  const type = parseMediaType(contentType);
  if (type === undefined)
    throw unsupported(`Content-Type ${JSON.stringify(contentType.slice(0, 60))} is not a valid media type`, streamed);
  const { essence, parameters } = type;
  if (essence !== "application/json" && !lineTypes.has(essence))
    throw unsupported(`${essence} has no messages one by one`, streamed);
  const charset = parameters.get("charset")?.toLowerCase() ?? "utf-8";
  if (charset !== "utf-8" && charset !== "utf8") throw unsupported(`${essence} must be in UTF-8`, streamed);
  return essence === "application/json" ? "values" : "lines";
}

/** RFC 2046, section 5.1.1. */
function isBoundary(text: string): boolean {
  return /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(text);
}

const accepted = "application/json, application/x-protobuf, application/x-www-form-urlencoded, multipart/form-data";
const streamed = "application/json, application/x-ndjson, application/jsonl";

function unsupported(what: string, instead = accepted): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, `${what}; send one of ${instead}`, {
    reason: "CONTENT_TYPE_UNSUPPORTED",
    httpStatus: 415,
  });
}
