// What of a schema with errors is not to be relied on, so that checks that go on with it report no consequences.
import type { MessageType, Method } from "./descriptor.ts";
import type { FileNode, MessageNode, MethodNode } from "./link-node.ts";
import type { Position } from "../diagnostic.ts";

/** Asked before something is reported as missing or as left out. */
export interface Doubt {
  /** A field of this name may have been written, and not been read or resolved. */
  mayHaveField(message: MessageType, name: string): boolean;
  /** A service, or a method of one, may have been written under this name; of a dotted one the last part counts. */
  mayDeclare(name: string): boolean;
  /** Options of the method were reported as wrong: what they lack is not left out by its author. */
  hasWrongOptions(method: Method): boolean;
  /** Options of the method may have been written, and not been read. */
  mayHaveOptions(method: Method): boolean;
}

export function createDoubt(files: readonly FileNode[]): Doubt {
  return {
    mayHaveField: (message, name) => mayHaveField(message as MessageNode, name),
    mayDeclare: (name) => files.some((file) => file.raw.damage?.mayDeclare(name) === true),
    hasWrongOptions: (method) => (method as MethodNode).hasWrongOptions,
    mayHaveOptions: ({ service, position }) => isDamaged({ file: (service as MethodNode["service"]).file, position }),
  };
}

export function mayHaveField(message: MessageNode, name: string): boolean {
  // Declared, but not resolved or a second time: that was reported already.
  return message.isUnsure || message.raw.fields.some((field) => field.name === name) || mentions(message, name);
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
