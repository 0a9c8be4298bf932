// What of a schema with errors is not to be relied on, so that checks that go on with it report no consequences.
import type { MessageType, Method } from "../descriptor.ts";
import type { FileNode, MessageNode, MethodNode } from "./node.ts";
import type { Position } from "../../diagnostic.ts";

/** Asked before something is reported as missing or as left out. */
export interface Doubt {
  /** A field of this name may have been written, and not been read or resolved. */
  mayHaveField(message: MessageType, name: string): boolean;
  /** A service, or a method of one, may have been written under this name; of a dotted one the last part counts. */
  mayDeclare(name: string): boolean;
  /** Fields of the message were lost: those that are known are not all. */
  mayLackFields(message: MessageType): boolean;
  /** The option, as `(google.api.http).get`, or a part of it was reported as wrong or not read: it has more than is known. */
  mayLackOption(method: Method, path: string): boolean;
  /** The option, or a part of it, was reported as wrong. */
  isWrongOption(method: Method, path: string): boolean;
}

export function createDoubt(files: readonly FileNode[]): Doubt {
  return {
    mayHaveField: (message, name) => mayHaveField(message as MessageNode, name),
    mayDeclare: (name) => files.some((file) => file.raw.damage?.mayDeclare(name) === true),
    mayLackFields: (message) => mayLackFields(message as MessageNode),
    mayLackOption: (method, path) => mayLackOption(method as MethodNode, path),
    isWrongOption: (method, path) => isWrongOption(method as MethodNode, path),
  };
}

export function mayHaveField(message: MessageNode, name: string): boolean {
  // Declared, but not resolved or a second time: that was reported already.
  return message.isUnsure || message.raw.fields.some((field) => field.name === name) || mentions(message, name);
}

function mayLackFields(message: MessageNode): boolean {
  return message.isUnsure || message.fields.length < message.raw.fields.length || isDamaged(message);
}

function mayLackOption(method: MethodNode, path: string): boolean {
  return isWrongOption(method, path) || isDamaged({ file: method.service.file, position: method.position });
}

function isWrongOption({ wrongOptions }: MethodNode, path: string): boolean {
  return wrongOptions.some((written) => isSameOption(written, path));
}

/** `(api.http)` and `(.google.api.http)` are both `(google.api.http).get`: the package may be written in part. */
function isSameOption(written: string, path: string): boolean {
  const name = written.replace(/^\(\.?|\)$/g, "");
  const full = /^\(([^)]*)\)/.exec(path)?.[1] ?? path.replace(/\..*$/, "");
  return full === name || full.endsWith(`.${name}`);
}

interface Placed {
  readonly file: FileNode;
  readonly position: Position;
}

/** What was read of the declaration may not be all of it. */
export function isDamaged({ file, position }: Placed): boolean {
  return file.raw.damage?.touches(position) === true;
}

/** What was read of the declaration may belong to another one. */
export function isMisnested({ file, position }: Placed): boolean {
  return file.raw.damage?.isMisnested === true && file.raw.damage.touches(position);
}

/** The word may stand for something that was lost from the declaration. */
export function mentions({ file, position }: Placed, word: string): boolean {
  return file.raw.damage?.mentions(position, word) === true;
}
