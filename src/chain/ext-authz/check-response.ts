// What an ext_authz server answers: envoy.service.auth.v3.CheckResponse from bytes. The server is trusted to decide, not to write sound messages.
import { WireCursor, WireError, wireLength, wireVarint } from "../../schema/descriptor/wire.ts";
import { readStruct } from "./struct.ts";

/** A header it wants set: `append` beside what is there, else in its place. */
export interface HeaderChange {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  readonly append: boolean;
}

export interface Allowed {
  readonly kind: "allowed";
  readonly headers: readonly HeaderChange[];
  /** Lower case. */
  readonly remove: readonly string[];
  readonly replyHeaders: readonly HeaderChange[];
  /** How many changes of the query it wants: the request is read already, and none is made. */
  readonly queryChanges: number;
  /** Null-prototype objects. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Denied {
  readonly kind: "denied";
  /** google.rpc.Code; never 0. */
  readonly code: number;
  /** 0 where it names none. */
  readonly httpStatus: number;
  readonly headers: readonly HeaderChange[];
  readonly body: string;
}

export type CheckResponse = Allowed | Denied;

const maxHeaders = 256;
const lengthOf = (field: number): number => (field << 3) | wireLength;
const varintOf = (field: number): number => (field << 3) | wireVarint;

/** Throws WireError for bytes that are none, or contradict themselves. */
export function readCheckResponse(bytes: Uint8Array): CheckResponse {
  const cursor = new WireCursor(bytes);
  let code = 0;
  let denied: DeniedResponse | undefined;
  let ok: OkResponse | undefined;
  let metadata: Readonly<Record<string, unknown>> | undefined;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === lengthOf(1)) code = readCode(cursor.message());
    else if (tag === lengthOf(2)) [denied, ok] = [readDenied(cursor.message()), undefined];
    else if (tag === lengthOf(3)) [denied, ok] = [undefined, readOk(cursor.message())];
    else if (tag === lengthOf(4)) metadata = readStruct(cursor.message());
    // Its own failure, told in so many words: not a decision about the call, whatever the status is.
    else if (tag === lengthOf(5)) throw new WireError("the response is an error of the server");
    else cursor.skip(tag);
  }
  if (code !== 0) return { kind: "denied", code, httpStatus: 0, headers: [], body: "", ...denied };
  if (denied !== undefined) throw new WireError("the status is OK, and the response is a denial");
  return {
    kind: "allowed",
    headers: ok?.headers ?? [],
    remove: ok?.remove ?? [],
    replyHeaders: ok?.replyHeaders ?? [],
    queryChanges: ok?.queryChanges ?? 0,
    metadata: ok?.metadata ?? metadata ?? {},
  };
}

/** Of google.rpc.Status; its message is for the server's own log. */
function readCode(cursor: WireCursor): number {
  let code = 0;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === varintOf(1)) code = cursor.int32();
    else cursor.skip(tag);
  }
  return code;
}

type DeniedResponse = Pick<Denied, "httpStatus" | "headers" | "body">;

function readDenied(cursor: WireCursor): DeniedResponse {
  const headers: HeaderChange[] = [];
  let httpStatus = 0;
  let body = "";
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === lengthOf(1)) httpStatus = readCode(cursor.message());
    else if (tag === lengthOf(2)) push(headers, readHeaderOption(cursor.message()));
    else if (tag === lengthOf(3)) body = cursor.string();
    else cursor.skip(tag);
  }
  return { httpStatus, headers, body };
}

interface OkResponse {
  readonly headers: readonly HeaderChange[];
  readonly remove: readonly string[];
  readonly replyHeaders: readonly HeaderChange[];
  readonly queryChanges: number;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

function readOk(cursor: WireCursor): OkResponse {
  const headers: HeaderChange[] = [];
  const replyHeaders: HeaderChange[] = [];
  const remove: string[] = [];
  let queryChanges = 0;
  let metadata: Readonly<Record<string, unknown>> | undefined;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === lengthOf(2)) push(headers, readHeaderOption(cursor.message()));
    else if (tag === lengthOf(3)) metadata = readStruct(cursor.message());
    else if (tag === lengthOf(5)) push(remove, cursor.string().toLowerCase());
    else if (tag === lengthOf(6)) push(replyHeaders, readHeaderOption(cursor.message()));
    else {
      if (tag === lengthOf(7) || tag === lengthOf(8)) queryChanges++;
      cursor.skip(tag);
    }
  }
  return { headers, remove, replyHeaders, queryChanges, metadata };
}

/**
 * envoy.config.core.v3.HeaderValueOption: of its two ways to say so, `append` counts, and no `append` is false, as in Envoy's own
 * filter (which took `append_action` for one release, and what came of its default for a fault).
 */
function readHeaderOption(cursor: WireCursor): HeaderChange {
  let header = { name: "", value: "" };
  let append = false;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === lengthOf(1)) header = readHeaderValue(cursor.message());
    else if (tag === lengthOf(2)) append = readBool(cursor.message());
    else cursor.skip(tag);
  }
  return { ...header, append };
}

function readHeaderValue(cursor: WireCursor): { readonly name: string; readonly value: string } {
  let name = "";
  let value = "";
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === lengthOf(1)) name = cursor.string().toLowerCase();
    else if (tag === lengthOf(2) || tag === lengthOf(3)) value = cursor.string();
    else cursor.skip(tag);
  }
  return { name, value };
}

/** google.protobuf.BoolValue. */
function readBool(cursor: WireCursor): boolean {
  let value = false;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === varintOf(1)) value = cursor.bool();
    else cursor.skip(tag);
  }
  return value;
}

function push<T>(list: T[], entry: T): void {
  if (list.length >= maxHeaders) throw new WireError(`more than ${maxHeaders} headers`);
  list.push(entry);
}
