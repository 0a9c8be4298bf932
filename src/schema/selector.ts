// Selectors of methods as configuration writes them: `shop.v1.Orders.GetOrder`, `shop.v1.Orders.*`, `shop.v1.*` (all below), `*`.
import { didYouMean } from "../diagnostic.ts";

/** For messages: what a selector that cannot be read should have been. */
export const selectorForm =
  "a method as shop.v1.Orders.GetOrder, a service as shop.v1.Orders.*, a package as shop.v1.*, or *";

/** One that ends in `.*` takes everything below, at any depth; there are no other wildcards. */
export function isSelector(text: string): boolean {
  return text === "*" || /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\.\*)?$/.test(text);
}

/** `name` is `pkg.Service.Method`. */
export function isSelected(selector: string, name: string): boolean {
  if (selector === "*") return true;
  return selector.endsWith(".*") ? name.startsWith(selector.slice(0, -1)) : selector === name;
}

/** Of two selectors that take a method, the one with the higher rank says more about it: the method's own name, then the longer package. */
export function rankSelector(selector: string): number {
  if (selector === "*") return 0;
  return selector.endsWith(".*") ? selector.split(".").length - 1 : Infinity;
}

/** How much the closest of the selectors says about a method; below zero where none takes it. */
export function rankSelectors(selectors: readonly string[], name: string): number {
  return Math.max(-1, ...selectors.filter((one) => isSelected(one, name)).map(rankSelector));
}

/** The one of the list that says most about a method; undefined when none takes it. */
export function closestSelector(selectors: readonly string[], name: string): string | undefined {
  let closest: string | undefined;
  for (const selector of selectors) {
    if (!isSelected(selector, name)) continue;
    if (closest === undefined || rankSelector(selector) > rankSelector(closest)) closest = selector;
  }
  return closest;
}

/** What to do about a selector that takes none of these methods, one sentence. */
export function suggestSelector(selector: string, names: readonly string[]): string {
  const known = listSelectors(names);
  const candidates = selector.endsWith(".*") ? known.filter((name) => name.endsWith(".*")) : known;
  return (
    nearestByEnding(selector, known) ??
    didYouMean(selector, candidates) ??
    nearestByLetters(selector, known) ??
    `write ${selectorForm}`
  );
}

/** Every selector, but `*`, that takes one of the methods. */
function listSelectors(names: readonly string[]): string[] {
  const all = new Set<string>();
  for (const name of names) {
    all.add(name);
    for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1))
      all.add(`${name.slice(0, dot)}.*`);
  }
  return [...all];
}

/** `Orders.GetOrder` or `/shop.v1.Orders/GetOrder` for `shop.v1.Orders.GetOrder`; `shop.v1.Orders` for `shop.v1.Orders.*`. */
function nearestByEnding(selector: string, known: readonly string[]): string | undefined {
  const tail = selector.replace(/^[/.]/, "").replaceAll("/", ".");
  if (tail === "" || tail === "*" || tail === ".*") return undefined;
  const isEnding = (name: string): boolean => name === tail || name.endsWith(`.${tail}`);
  const found = known.find((name) => isEnding(name)) ?? known.find((name) => isEnding(name.slice(0, -2)));
  return found === undefined ? undefined : `did you mean "${found}"?`;
}

/** `shop.v1.orders.*` for `shop.v1.Orders.*`. */
function nearestByLetters(selector: string, known: readonly string[]): string | undefined {
  const found = known.find((name) => name.toLowerCase() === selector.toLowerCase());
  return found === undefined ? undefined : `did you mean "${found}"?`;
}
