// google.api.HttpBody: a message that stands for a raw HTTP body and its content type.
import type { Field, MessageType } from "../schema/descriptor.ts";
import { Code, GatewayError } from "../status.ts";
import { concatBytes, emptyBytes, lengthField } from "./wire/field-wire.ts";
import { WireReader } from "./wire/wire-reader.ts";

const contentTypeTag = 0x0a;
const dataTag = 0x12;

export interface HttpBody {
  readonly contentType: string;
  readonly data: Uint8Array;
}

export function isHttpBody(type: MessageType): boolean {
  return type.name === "google.api.HttpBody";
}

export function isHttpBodyField(field: Field): boolean {
  return field.type.kind === "message" && isHttpBody(field.type.message);
}

/** The payload of an HttpBody. */
export function toHttpBody(contentType: string, data: Uint8Array): Uint8Array {
  return concatBytes(
    [lengthField(1, Buffer.from(contentType)), lengthField(2, data)].filter((part) => part.length > 0),
  );
}

/** `type/subtype` and parameters in printable ASCII: what may stand in a header line (RFC 9110, section 8.3.1). */
const mediaType = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*;[\x20-\x7e\t]*)?$/;
const maxContentTypeLength = 1024;

/**
 * The raw body a backend sent; `data` is a view into `message`. A missing content type is application/octet-stream; one
 * that is no media type is refused (INTERNAL), since it would become a header as it is.
 */
export function fromHttpBody(message: Uint8Array): HttpBody {
  const reader = new WireReader(message, 0, message.length);
  let contentType = "";
  let data = emptyBytes;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== contentTypeTag && tag !== dataTag) {
      reader.skip(tag);
      continue;
    }
    const end = reader.lengthEnd();
    const value = message.subarray(reader.pos, end);
    if (tag === dataTag) data = value;
    else contentType = Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1");
    reader.pos = end;
  }
  if (contentType === "") return { contentType: "application/octet-stream", data };
  if (contentType.length > maxContentTypeLength || !mediaType.test(contentType)) {
    throw new GatewayError(
      Code.INTERNAL,
      "the backend's google.api.HttpBody has a content_type that is not a media type",
      { reason: "CONTENT_TYPE_INVALID" },
    );
  }
  return { contentType, data };
}
