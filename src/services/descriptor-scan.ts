// Reads from FileDescriptorProto bytes what server reflection looks things up by: names, imports, extensions.
import { WireCursor, wireLength, wireVarint } from "../schema/descriptor/wire.ts";

export interface Declaration {
  /** Fully qualified, without a leading dot. */
  readonly name: string;
  /** Fields, oneofs and methods, the members of something declared. */
  readonly isMember: boolean;
}

export interface ExtensionDeclaration {
  readonly extendee: string;
  readonly number: number;
}

export interface ScannedFile {
  readonly declarations: readonly Declaration[];
  readonly extensions: readonly ExtensionDeclaration[];
}

/** Field numbers of google/protobuf/descriptor.proto. */
const inFile = { package: 2, message: 4, enum: 5, service: 6, extension: 7, sourceInfo: 9 } as const;
const inMessage = { name: 1, field: 2, message: 3, enum: 4, extension: 6, oneof: 8 } as const;
const inEnum = { name: 1, value: 2 } as const;
const inService = { name: 1, method: 2 } as const;
const inField = { name: 1, extendee: 2, number: 3 } as const;

/** Throws WireError on malformed bytes. Members are left out unless asked for: they are most of a file. */
export function scanFile(bytes: Uint8Array, withMembers: boolean): ScannedFile {
  const scan = new Scan(withMembers);
  scan.file(bytes);
  return scan;
}

class Scan implements ScannedFile {
  readonly declarations: Declaration[] = [];
  readonly extensions: ExtensionDeclaration[] = [];
  readonly #withMembers: boolean;

  constructor(withMembers: boolean) {
    this.#withMembers = withMembers;
  }

  file(bytes: Uint8Array): void {
    const scope = textOf(bytes, inFile.package);
    for (const [field, value] of messagesIn(bytes)) {
      if (field === inFile.message) this.#message(value, scope);
      else if (field === inFile.enum) this.#enum(value, scope);
      else if (field === inFile.service) this.#container(value, scope, inService.name, [inService.method]);
      else if (field === inFile.extension) this.#extension(value, scope);
    }
  }

  #message(bytes: Uint8Array, scope: string): void {
    const name = this.#container(bytes, scope, inMessage.name, [inMessage.field, inMessage.oneof]);
    for (const [field, value] of messagesIn(bytes)) {
      if (field === inMessage.message) this.#message(value, name);
      else if (field === inMessage.enum) this.#enum(value, name);
      else if (field === inMessage.extension) this.#extension(value, name);
    }
  }

  /** The values of an enum are siblings of it, not members (protobuf's scoping rules come from C++). */
  #enum(bytes: Uint8Array, scope: string): void {
    this.#declare(join(scope, textOf(bytes, inEnum.name)), false);
    for (const [field, value] of messagesIn(bytes))
      if (field === inEnum.value) this.#declare(join(scope, textOf(value, 1)), false);
  }

  #extension(bytes: Uint8Array, scope: string): void {
    this.#declare(join(scope, textOf(bytes, inField.name)), false);
    const extendee = textOf(bytes, inField.extendee).replace(/^\./, "");
    this.extensions.push({ extendee, number: numberOf(bytes, inField.number) });
  }

  #container(bytes: Uint8Array, scope: string, nameField: number, memberFields: readonly number[]): string {
    const name = join(scope, textOf(bytes, nameField));
    this.#declare(name, false);
    if (!this.#withMembers) return name;
    for (const [field, value] of messagesIn(bytes))
      if (memberFields.includes(field)) this.#declare(join(name, textOf(value, 1)), true);
    return name;
  }

  #declare(name: string, isMember: boolean): void {
    this.declarations.push({ name, isMember });
  }
}

/** Without source_code_info: comments and positions are for who writes protos, not for every client. Unchanged if it has none. */
export function withoutSourceInfo(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  const cursor = new WireCursor(bytes);
  let start = 0;
  let hasAny = false;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    cursor.skip(tag);
    if (tag >>> 3 === inFile.sourceInfo) hasAny = true;
    else kept.push(bytes.subarray(start, cursor.position));
    start = cursor.position;
  }
  return hasAny ? Buffer.concat(kept) : bytes;
}

function join(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}

/** The length-delimited fields of a message. */
function* messagesIn(bytes: Uint8Array): Iterable<readonly [field: number, value: Uint8Array]> {
  const cursor = new WireCursor(bytes);
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if ((tag & 7) === wireLength) yield [tag >>> 3, cursor.view()];
    else cursor.skip(tag);
  }
}

function textOf(bytes: Uint8Array, wanted: number): string {
  const cursor = new WireCursor(bytes);
  let text = "";
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === ((wanted << 3) | wireLength)) text = cursor.string();
    else cursor.skip(tag);
  }
  return text;
}

function numberOf(bytes: Uint8Array, wanted: number): number {
  const cursor = new WireCursor(bytes);
  let number = 0;
  while (!cursor.isAtEnd) {
    const tag = cursor.tag();
    if (tag === ((wanted << 3) | wireVarint)) number = cursor.int32();
    else cursor.skip(tag);
  }
  return number;
}
