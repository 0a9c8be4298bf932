// The messages of a stream opened by path: the binder of REST, with a body that comes in messages. Path and query go into the first one.
import type { Binding } from "../../schema/binding.ts";
import type { Schema } from "../../schema/descriptor.ts";
import { isHttpBody, isHttpBodyField } from "../../translate/http-body.ts";
import { compileJsonWriter } from "../../translate/json/json-writer.ts";
import { compileReply, compileShownMessage } from "../../translate/reply/reply.ts";
import type { ReplyView } from "../../translate/reply/reply.ts";
import { compileBody } from "../../translate/request/body.ts";
import { jsonBody, noBody } from "../../translate/request/body-format.ts";
import type { RequestFormat } from "../../translate/request/body-format.ts";
import { createDraft } from "../../translate/request/overlay-draft.ts";
import { Violations } from "../../translate/request/query-binder.ts";
import type { Bound } from "../../translate/request/query-binder.ts";
import { compileUrl } from "../../translate/request/request.ts";
import type { RequestOptions } from "../../translate/request/request-options.ts";

/** A message as the client sent it, JSON text or protobuf bytes → the request. Throws GatewayError (3). */
export type ReadMessage = (message: Uint8Array) => Uint8Array;
export type WriteMessage = (message: Uint8Array) => Uint8Array;

export interface BoundRequest {
  /** Undefined: there is no body. */
  first(message: Uint8Array | undefined): Uint8Array;
}

export interface BoundMessages {
  /** Throws GatewayError (3) for everything wrong in path and query. */
  bind(captures: readonly string[], query: string): BoundRequest;
  readonly next: ReadMessage;
  readonly write: WriteMessage;
}

export interface BindingOptions {
  readonly binding: Binding;
  readonly schema: Schema;
  readonly options: RequestOptions;
  readonly form: "json" | "proto";
}

export function compileBoundMessages({ binding, schema, options, form }: BindingOptions): BoundMessages {
  const { method, httpMethod } = binding;
  const { bodyPath, bindCaptures, bindQuery } = compileUrl(binding, schema, options);
  const { weave, isJson, readJson } = compileBody(withBody(binding), schema, options);
  const format: RequestFormat = form === "json" ? jsonBody : { kind: "protobuf" };
  const parts = { captures: [], query: "", contentType: undefined, method: httpMethod };
  // Nothing to weave in: the reader alone will do, and most streams have nothing else.
  const isPlain = form === "json" && isJson({ ...parts, body: Buffer.from("{}"), contentType: "application/json" });
  return {
    bind(captures, query) {
      const bound: Bound = { root: createDraft(method.input), bodyPath, violations: new Violations() };
      bindCaptures(bound, captures);
      bindQuery(bound, query);
      bound.violations.finish();
      return {
        first: (message) =>
          message === undefined
            ? weave(bound.root, noBody, { ...parts, body: undefined })
            : weave(bound.root, format, { ...parts, body: toBuffer(message) }),
      };
    },
    next: (message) => {
      const body = toBuffer(message);
      return isPlain ? readJson({ ...parts, body }) : weave(createDraft(method.input), format, { ...parts, body });
    },
    write: compileWrite({ binding, schema, options, form }),
  };
}

/** A client stream without a body in its rule takes whole requests: its messages have to come from somewhere. */
function withBody(binding: Binding): Binding {
  const { kind } = binding.method;
  const isClientStream = kind === "client-streaming" || kind === "bidi-streaming";
  return isClientStream && binding.body.kind === "none" ? { ...binding, body: { kind: "all" } } : binding;
}

const views = {
  json: { accept: "json", fields: undefined, pretty: false },
  proto: { accept: "protobuf", fields: undefined, pretty: false },
} as const satisfies Record<string, ReplyView>;

function compileWrite({ binding, schema, options, form }: BindingOptions): WriteMessage {
  const write = compileReply(binding, schema, options);
  const view = views[form];
  const { responseBody, method } = binding;
  const isRaw =
    responseBody === undefined
      ? isHttpBody(method.output)
      : responseBody.cardinality === "singular" && isHttpBodyField(responseBody);
  if (!isRaw) return (message) => write(message, view).body;
  // Here an HttpBody is a message like others.
  const shown = compileShownMessage(binding);
  const type = schema.message("google.api.HttpBody");
  const toJson = form === "json" && type !== undefined ? compileJsonWriter(type, schema, options.json) : undefined;
  return toJson === undefined ? shown : (message) => toJson(shown(message));
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
