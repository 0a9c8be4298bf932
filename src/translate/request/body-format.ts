// Which format the body of a request has, from its Content-Type, its length and what the rule wants of it.
import { Code, GatewayError } from "../../status.ts";
import { toHttpBody } from "../http-body.ts";
import type { DraftNode } from "./overlay-draft.ts";
import type { Binder, Bound } from "./query-binder.ts";
import { type BodyFormat, parseMediaType, toBodyFormat } from "./media-type.ts";
import type { RequestOptions, RequestParts } from "./request-options.ts";
import { emptyBytes } from "../wire/field-wire.ts";

/** `raw`: the body as it is, for google.api.HttpBody. `none`: no body, or an empty one. */
export type RequestFormat = BodyFormat | { readonly kind: "raw" } | { readonly kind: "none" };

/** How the bodies of one binding are read. */
export interface RequestBody {
  /** JSON and nothing to fill in: `readJson` may be called at once. */
  readonly isJson: (parts: RequestParts) => boolean;
  readonly readJson: (parts: RequestParts) => Uint8Array;
  /** Throws GatewayError 415. */
  readonly formatOf: (parts: RequestParts) => RequestFormat;
  /** Binds a form's fields like a query; nothing for other formats. */
  readonly bindForm: (binder: Binder, bound: Bound, format: RequestFormat, parts: RequestParts) => void;
  readonly weave: (root: DraftNode, format: RequestFormat, parts: RequestParts) => Uint8Array;
}

export const noBody: RequestFormat = { kind: "none" };
export const jsonBody: RequestFormat = { kind: "json" };
/** For google.api.HttpBody, whatever its type. */
export const rawFormat: RequestFormat = { kind: "raw" };

/** `isRaw`: the body is a google.api.HttpBody. Throws GatewayError 415. */
export function compileFormat(isRaw: boolean, options: RequestOptions): (parts: RequestParts) => RequestFormat {
  const readsOnlyJson = options.profile === "grpc-gateway";
  return ({ body, contentType }) => {
    if (isRaw && !(readsOnlyJson && isTakenForJson(contentType)))
      return isFilled(body) || contentType !== undefined ? rawFormat : noBody;
    if (!isFilled(body)) return noBody;
    if (!readsOnlyJson) {
      const format = toBodyFormat(contentType);
      return format.kind === "json" ? jsonBody : format;
    }
    return isBlank(body) ? noBody : jsonBody;
  };
}

export function isFilled(body: Buffer | undefined): body is Buffer {
  return body !== undefined && body.length > 0;
}

/** Go's decoder reports white space as the end of the input, which grpc-gateway forgives. */
function isBlank(body: Buffer): boolean {
  return body[0] <= 0x20 && body.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** curl says urlencoded for what its users mean as JSON. */
export function isTakenForJson(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  const essence = parseMediaType(contentType)?.essence;
  return essence === "application/json" || essence === "application/x-www-form-urlencoded";
}

export function rawBody(body: Buffer | undefined, contentType: string | undefined): Uint8Array {
  if (contentType !== undefined && parseMediaType(contentType) === undefined) {
    throw new GatewayError(Code.INVALID_ARGUMENT, "Content-Type is not a valid media type", {
      reason: "CONTENT_TYPE_UNSUPPORTED",
      httpStatus: 415,
    });
  }
  return toHttpBody(contentType ?? "", body ?? emptyBytes);
}
