// Which bindings could take requests from another: those that a table of what they insist on cannot rule out. Comparing each with
// each would take the square of their number.
import type { Binding } from "../binding.ts";

/** In the order of `bindings`. */
export type FindRivals = (binding: Binding) => readonly Binding[];

export function indexRivals(bindings: readonly Binding[]): FindRivals {
  const counts = new Map<string, number>();
  const demands = bindings.map(demandsOf);
  for (const demand of demands.flat()) counts.set(demand, (counts.get(demand) ?? 0) + 1);
  const byRarest = new Map<string, number[]>();
  for (const [order, [first, ...others]] of demands.entries()) {
    const rarest = others.reduce((best, demand) => (counts.get(demand)! < counts.get(best)! ? demand : best), first);
    const orders = byRarest.get(rarest);
    if (orders === undefined) byRarest.set(rarest, [order]);
    else orders.push(order);
  }
  return (binding) =>
    [...offersOf(binding)]
      .flatMap((offer) => byRarest.get(offer) ?? [])
      .sort((one, other) => one - other)
      .map((order) => bindings[order])
      .filter((rival) => rival !== binding);
}

/** All of which a request must have for the binding to match it. */
function demandsOf({ httpMethod, template: { segments, verb } }: Binding): string[] {
  const literals = segments.flatMap((segment) => (segment.kind === "literal" ? [`/${segment.value}`] : []));
  return [`${httpMethod} `, ...(verb === undefined ? [] : [`:${verb}`]), ...literals];
}

/** Whatever the requests of a binding have that a rival may demand; a last literal with a colon also reads as a verb. */
function offersOf({ httpMethod, template: { segments, verb } }: Binding): ReadonlySet<string> {
  const offers = new Set([`${httpMethod} `, "* ", "GET "]);
  if (verb !== undefined) offers.add(`:${verb}`);
  for (const segment of segments) if (segment.kind === "literal") offers.add(`/${segment.value}`);
  const last = segments[segments.length - 1];
  if (last?.kind !== "literal") return offers;
  for (let colon = last.value.indexOf(":"); colon >= 0; colon = last.value.indexOf(":", colon + 1)) {
    offers.add(`/${last.value.slice(0, colon)}`);
    offers.add(last.value.slice(colon));
  }
  return offers;
}
