// Which lists are of one length: a step has as many results as the list that its `each` goes over, through all steps there are between.
import type { KnownStep } from "./known-step.ts";

/** `order.lines` for `products`, where that is what it goes over; lists of one origin go together. */
export function toOrigin(list: string, steps: ReadonlyMap<string, KnownStep>, passed = 0): string {
  const each = steps.get(list)?.settings.each;
  // Steps that wait for each other are told elsewhere.
  if (each === undefined || passed > steps.size) return list;
  return toOrigin(each.split("[]", 1)[0], steps, passed + 1);
}
