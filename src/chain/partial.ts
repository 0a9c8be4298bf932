// What clients are told of a reply that lacks parts, whoever put it together.
import type { Call, Reply } from "../call.ts";

export const partialHeader = "x-sluice-partial";

/** Nothing of one that is whole. */
export function tellPartial(call: Call, { partial }: Reply): void {
  if (partial !== undefined) call.addReplyHeader(partialHeader, partial.join(", "));
}
