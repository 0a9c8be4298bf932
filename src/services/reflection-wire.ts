// The messages of grpc.reflection (v1 and v1alpha have the same) as the server sees them; upstream/reflection-wire.ts is the client's side.
import { WireCursor, wireLength, wireVarint, WireWriter } from "../schema/descriptor/wire.ts";
import { malformedRequest } from "./health-wire.ts";

export type ReflectionQuestion =
  | { readonly kind: "file-by-filename"; readonly path: string }
  | { readonly kind: "file-containing-symbol"; readonly symbol: string }
  | { readonly kind: "file-containing-extension"; readonly type: string; readonly number: number }
  | { readonly kind: "all-extension-numbers"; readonly type: string }
  | { readonly kind: "list-services" };

export interface ReflectionRequest {
  readonly host: string;
  /** Undefined when it is none known here. */
  readonly question: ReflectionQuestion | undefined;
  readonly bytes: Uint8Array;
}

export type ReflectionAnswer =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "extension-numbers"; readonly type: string; readonly numbers: readonly number[] }
  | { readonly kind: "services"; readonly names: readonly string[] }
  | { readonly kind: "error"; readonly code: number; readonly message: string };

/** Throws GatewayError (INVALID_ARGUMENT) on malformed bytes. Of several questions the last counts, as in every oneof. */
export function readReflectionRequest(bytes: Uint8Array): ReflectionRequest {
  let host = "";
  let question: ReflectionQuestion | undefined;
  try {
    const cursor = new WireCursor(bytes);
    while (!cursor.isAtEnd) {
      const tag = cursor.tag();
      if ((tag & 7) !== wireLength) cursor.skip(tag);
      else if (tag >>> 3 === 1) host = cursor.string();
      else question = readQuestion(cursor, tag) ?? question;
    }
  } catch (error) {
    throw malformedRequest(error);
  }
  return { host, question, bytes };
}

function readQuestion(cursor: WireCursor, tag: number): ReflectionQuestion | undefined {
  switch (tag >>> 3) {
    case 3:
      return { kind: "file-by-filename", path: cursor.string() };
    case 4:
      return { kind: "file-containing-symbol", symbol: cursor.string() };
    case 5:
      return readExtension(cursor.message());
    case 6:
      return { kind: "all-extension-numbers", type: cursor.string() };
    case 7:
      cursor.skip(tag);
      return { kind: "list-services" };
    default:
      cursor.skip(tag);
      return undefined;
  }
}

function readExtension(cursor: WireCursor): ReflectionQuestion {
  let type = "";
  let number = 0;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === ((1 << 3) | wireLength)) type = cursor.string();
    else if (tag === ((2 << 3) | wireVarint)) number = cursor.int32();
    else cursor.skip(tag);
  }
  return { kind: "file-containing-extension", type, number };
}

/** ServerReflectionResponse: the host and the request as they came, and the answer. */
export function writeReflectionResponse({ host, bytes }: ReflectionRequest, answer: ReflectionAnswer): Uint8Array {
  const head = new WireWriter();
  if (host !== "") head.stringField(1, host);
  head.bytesField(2, bytes);
  if (answer.kind === "files") return Buffer.concat([head.finish(), ...toFilesField(answer.files)]);
  if (answer.kind === "services") {
    const services = new WireWriter();
    for (const name of answer.names) services.bytesField(1, new WireWriter().stringField(1, name).finish());
    return head.bytesField(6, services.finish()).finish();
  }
  if (answer.kind === "error") {
    const error = new WireWriter().int32Field(1, answer.code).stringField(2, answer.message);
    return head.bytesField(7, error.finish()).finish();
  }
  const numbers = new WireWriter();
  for (const number of answer.numbers) numbers.int32(number);
  const response = new WireWriter().stringField(1, answer.type);
  if (answer.numbers.length > 0) response.bytesField(2, numbers.finish());
  return head.bytesField(5, response.finish()).finish();
}

/** FileDescriptorResponse in pieces: these are the large answers, copied once and not once for each message around them. */
function toFilesField(files: readonly Uint8Array[]): Uint8Array[] {
  const pieces = files.flatMap((file) => [lengthPrefix(1, file.length), file]);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [lengthPrefix(4, length), ...pieces];
}

function lengthPrefix(field: number, length: number): Uint8Array {
  return new WireWriter().tag(field, wireLength).uint32(length).finish();
}
