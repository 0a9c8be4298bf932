// The messages of a client stream: path and query are woven into the first one, the later ones are what the body says alone.
import type { Binding } from "../../schema/binding.ts";
import type { Schema } from "../../schema/descriptor.ts";
import { compileBody } from "./body.ts";
import { jsonBody, noBody, rawFormat } from "./body-format.ts";
import type { RequestFormat } from "./body-format.ts";
import { createDraft } from "./overlay-draft.ts";
import type { DraftNode } from "./overlay-draft.ts";
import { Violations } from "./query-binder.ts";
import type { Bound } from "./query-binder.ts";
import { compileUrl } from "./request.ts";
import type { RequestOptions, RequestParts } from "./request-options.ts";

export interface StreamHead {
  /** Decoded, in the order of `binding.variables`. */
  readonly captures: readonly string[];
  /** Raw, without the `?`. */
  readonly query: string;
  readonly method: string;
}

/** The messages of one request, in turn. They throw GatewayError (400). */
export interface StreamMessages {
  /** Whether path or query set a field, so that there is a message even without a body. */
  readonly hasHead: boolean;
  /** What the URL gives, alone. */
  withoutBody(): Uint8Array;
  /** A message in JSON. */
  fromJson(json: Buffer): Uint8Array;
  /** A message in protobuf, or, where the body is a field, what is in it. */
  fromProto(bytes: Buffer): Uint8Array;
  /** A piece of a google.api.HttpBody; the type goes into the first one. */
  fromRaw(piece: Buffer, contentType: string | undefined): Uint8Array;
}

const protobufBody: RequestFormat = { kind: "protobuf" };

/** Throws GatewayError (400) with a violation for everything wrong in path and query. */
export type ReadStream = (head: StreamHead) => StreamMessages;

export function compileStreamRequest(binding: Binding, schema: Schema, options: RequestOptions): ReadStream {
  const { bodyPath, bindCaptures, bindQuery } = compileUrl(binding, schema, options);
  const { weave } = compileBody(toFrameBinding(binding), schema, options);
  const { input } = binding.method;
  return ({ captures, query, method }) => {
    const bound: Bound = { root: createDraft(input), bodyPath, violations: new Violations() };
    bindCaptures(bound, captures);
    bindQuery(bound, query);
    bound.violations.finish();
    let head: DraftNode | undefined = bound.root;
    const read = (format: RequestFormat, body: Buffer | undefined, contentType: string | undefined): Uint8Array => {
      const root = head ?? createDraft(input);
      head = undefined;
      const parts: RequestParts = { captures: [], query: "", body, contentType, method };
      return weave(root, format, parts);
    };
    return {
      hasHead: bound.root.entries.size > 0,
      withoutBody: () => read(noBody, undefined, undefined),
      fromJson: (json) => read(jsonBody, json, undefined),
      fromProto: (bytes) => read(protobufBody, bytes, undefined),
      fromRaw: (piece, contentType) => read(rawFormat, piece, contentType),
    };
  };
}

/** A rule without a body says nothing about the messages of a stream, as there is no other place for them: they are whole requests. */
function toFrameBinding(binding: Binding): Binding {
  const { kind } = binding.method;
  const isClientStream = kind === "client-streaming" || kind === "bidi-streaming";
  return isClientStream && binding.body.kind === "none" ? { ...binding, body: { kind: "all" } } : binding;
}
