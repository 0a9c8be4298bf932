// An overlay while it grows: path captures first, then what the query or a form adds, each checked against what is there.
import type { Field, MessageType, Oneof } from "../../schema/descriptor.ts";
import type { Overlay, OverlayEntry } from "./overlay.ts";
import { fieldWire } from "../wire/field-wire.ts";

export type Source = "path" | "query";

export interface DraftValue {
  readonly kind: "value";
  readonly source: Source;
  readonly text: string;
  /** The parameter's, as the client spelled it; undefined for what the path set. */
  readonly name?: string;
  /** One a value; map entries complete. */
  readonly payloads: Uint8Array[];
  /** Map keys seen, by their bytes. */
  readonly keys: Set<string>;
}

export interface DraftNode {
  readonly kind: "node";
  readonly type: MessageType;
  readonly entries: Map<Field, DraftValue | DraftNode>;
  /** The member of a oneof that is set. */
  readonly oneofs: Map<Oneof, Field>;
}

export function createDraft(type: MessageType): DraftNode {
  return { kind: "node", type, entries: new Map(), oneofs: new Map() };
}

/** The node of a nested message, made when missing. Undefined where the field already has a value as a whole. */
export function draftBelow(parent: DraftNode, field: Field): DraftNode | undefined {
  const existing = parent.entries.get(field);
  if (existing !== undefined) return existing.kind === "node" ? existing : undefined;
  if (field.type.kind !== "message") return undefined;
  const node = createDraft(field.type.message);
  addEntry(parent, field, node);
  return node;
}

export function addEntry(parent: DraftNode, field: Field, entry: DraftValue | DraftNode): void {
  parent.entries.set(field, entry);
  if (field.oneof !== undefined) parent.oneofs.set(field.oneof, field);
}

export function newValue(source: Source, text: string, payloads: Uint8Array[]): DraftValue {
  return { kind: "value", source, text, payloads, keys: new Set() };
}

export function finishDraft(node: DraftNode): Overlay {
  const overlay: Overlay = new Map<Field, OverlayEntry>();
  for (const [field, entry] of node.entries) {
    if (entry.kind === "node") overlay.set(field, { kind: "node", node: finishDraft(entry) });
    else
      overlay.set(field, {
        kind: "value",
        wire: fieldWire(field, entry.payloads),
        text: entry.text,
        source: entry.source,
      });
  }
  return overlay;
}
