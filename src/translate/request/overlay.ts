// Values from the path and the query that are woven into a request message while its body is read.
import type { Field } from "../../schema/descriptor.ts";
import { concatBytes, taggedValue } from "../wire/field-wire.ts";

export type OverlayEntry =
  | {
      readonly kind: "value";
      /** Complete field encoding (tag and value; several for a repeated field), as the JSON reader would write it. */
      readonly wire: Uint8Array;
      /** What the client sent, for messages. */
      readonly text: string;
      readonly source: "path" | "query";
    }
  | { readonly kind: "node"; readonly node: Overlay };

/** By field of one message; nested singular messages hold their own overlay. */
export type Overlay = Map<Field, OverlayEntry>;

/** The protobuf fields of an overlay without a body; a message named below is written even when all its values are zero. */
export function encodeOverlay(overlay: Overlay): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [field, entry] of overlay)
    parts.push(entry.kind === "value" ? entry.wire : taggedValue(field, encodeOverlay(entry.node)));
  return concatBytes(parts);
}
