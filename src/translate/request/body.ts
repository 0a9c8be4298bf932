// The body of a request, in any of its formats, and what path and query bound → the message's bytes.
import type { Binding } from "../../schema/binding.ts";
import type { MessageType, Schema } from "../../schema/descriptor.ts";
import { bindForm } from "./form-body.ts";
import { isHttpBody } from "../http-body.ts";
import { compileJsonReader } from "../json/json-reader.ts";
import { encodeOverlay } from "./overlay.ts";
import { finishDraft } from "./overlay-draft.ts";
import { type BoundFields, weaveProto } from "./proto-body.ts";
import { compileFieldBody } from "./body-field.ts";
import { compileFormat, isFilled, jsonBody, noBody, rawBody, type RequestBody } from "./body-format.ts";
import { parseMediaType } from "./media-type.ts";
import type { RequestOptions } from "./request-options.ts";
import { emptyBytes } from "../wire/field-wire.ts";

export function compileBody(binding: Binding, schema: Schema, options: RequestOptions): RequestBody {
  if (binding.body.kind === "none") return compileNoBody(options);
  if (binding.body.kind === "all") return compileWholeBody(binding.method.input, schema, options);
  return compileFieldBody(
    { input: binding.method.input, parents: binding.body.parents ?? [], field: binding.body.field },
    schema,
    options,
  );
}

/** grpc-gateway reads urlencoded forms of a rule without a body, as Go's Request.ParseForm does. */
function compileNoBody(options: RequestOptions): RequestBody {
  const readsForms = options.profile === "grpc-gateway";
  return {
    isJson: () => false,
    readJson: () => emptyBytes,
    formatOf: ({ body, contentType }) => {
      const isForm =
        readsForms &&
        isFilled(body) &&
        contentType !== undefined &&
        parseMediaType(contentType)?.essence === "application/x-www-form-urlencoded";
      return isForm ? { kind: "form" } : noBody;
    },
    bindForm: (binder, bound, format, { body, method }) => {
      if (format.kind === "form" && (method === "POST" || method === "PUT" || method === "PATCH"))
        bindForm(binder, bound, body!, format);
    },
    weave: (root) => encodeOverlay(finishDraft(root)),
  };
}

function compileWholeBody(input: MessageType, schema: Schema, options: RequestOptions): RequestBody {
  const read = compileJsonReader(input, schema, options.json);
  const formatOf = compileFormat(isHttpBody(input), options);
  const bound: BoundFields = options.json.boundFields;
  return {
    isJson: (parts) => formatOf(parts) === jsonBody,
    readJson: ({ body }) => read(body!),
    formatOf,
    bindForm: (binder, target, format, { body }) => {
      if (format.kind === "form" || format.kind === "multipart") bindForm(binder, target, body!, format);
    },
    weave: (root, format, { body, contentType }) => {
      const overlay = finishDraft(root);
      if (format.kind === "json") return read(body!, overlay.size === 0 ? undefined : overlay);
      if (format.kind === "protobuf") return weaveProto(input, body!, overlay, bound);
      if (format.kind === "raw") return weaveProto(input, rawBody(body, contentType), overlay, "override");
      return encodeOverlay(overlay);
    },
  };
}
