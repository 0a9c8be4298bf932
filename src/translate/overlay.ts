// Values from the path and the query that are woven into a request message while its body is read.
import type { Field } from "../schema/descriptor.ts";

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
