// Which name each message, enum and service has in a generated module: short where that is unambiguous, the same at every run.
import type { EnumType, MessageType, Service } from "../schema/descriptor.ts";

export type NamedType = MessageType | EnumType;

export interface TypeName {
  /** Of the value as replies carry it; of the only form there is where nothing replies with it. */
  readonly name: string;
  /** Of the value as requests carry it. */
  readonly sentName: string;
}

/** Names that are given once each. */
export class NamePool {
  readonly #taken: Set<string>;

  constructor(reserved: Iterable<string> = []) {
    this.#taken = new Set(reserved);
  }

  /** The first of `name`, `name_2`, `name_3` … that is free together with everything that `derive` makes of it. */
  take(name: string, derive: (name: string) => readonly string[] = () => []): string {
    for (let count = 1; ; count++) {
      const candidate = count === 1 ? name : `${name}_${count}`;
      const all = [candidate, ...derive(candidate)];
      if (all.some((each) => this.#taken.has(each))) continue;
      for (const each of all) this.#taken.add(each);
      return candidate;
    }
  }
}

export interface NamingOptions {
  /** Every package of the schema. */
  readonly packages: ReadonlySet<string>;
  readonly pool: NamePool;
  /** The message has one form in replies and another in requests. */
  readonly isTwofold: (type: NamedType) => boolean;
}

export function nameTypes(
  types: Iterable<NamedType>,
  { packages, pool, isTwofold }: NamingOptions,
): ReadonlyMap<NamedType, TypeName> {
  const ordered = [...types].sort((a, b) => compareText(a.name, b.name));
  const shared = countNames(ordered.map((type) => splitName(type.name, packages).short));
  return new Map(
    ordered.map((type) => {
      const { short, qualified } = splitName(type.name, packages);
      const isDouble = isTwofold(type);
      const derive = isDouble ? (given: string) => [`${given}Init`] : undefined;
      const name = pool.take((shared.get(short) ?? 0) > 1 ? qualified : short, derive);
      return [type, { name, sentName: isDouble ? `${name}Init` : name }];
    }),
  );
}

/** The keys of services in the generated api: `ticker` for `realtime.v1.Ticker`. */
export function nameServices(services: readonly Service[]): ReadonlyMap<Service, string> {
  const pool = new NamePool();
  const shared = countNames(services.map((service) => memberName(lastPart(service.name))));
  return new Map(
    [...services]
      .sort((a, b) => compareText(a.name, b.name))
      .map((service) => {
        const short = memberName(lastPart(service.name));
        const qualified = service.name.split(".").map(capitalize).join("");
        return [service, pool.take((shared.get(short) ?? 0) > 1 ? memberName(qualified) : short)];
      }),
  );
}

/** Throws for a type that was not named: a fault of the caller. */
export function nameOf(type: NamedType, names: ReadonlyMap<NamedType, TypeName>): TypeName {
  const name = names.get(type);
  if (name === undefined) throw new Error(`${type.name} has no name in the module`);
  return name;
}

/** `watchTicks` for `WatchTicks`. What every object has, and `then`, which await would call, get an underscore. */
export function memberName(name: string): string {
  const word = toWord(name);
  const member = word.slice(0, 1).toLowerCase() + word.slice(1);
  return member === "then" || member in Object.prototype ? `${member}_` : member;
}

export function lastPart(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf(".") + 1);
}

/** By code unit, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function countNames(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** `Order_Line` and `ShopV1Order_Line` for `shop.v1.Order.Line`, the message Line inside the message Order. */
function splitName(fullName: string, packages: ReadonlySet<string>): { short: string; qualified: string } {
  const parts = fullName.split(".");
  let start = parts.length - 1;
  while (start > 0 && !packages.has(parts.slice(0, start).join("."))) start -= 1;
  const short = capitalize(parts.slice(start).join("_"));
  return { short, qualified: parts.slice(0, start).map(capitalize).join("") + short };
}

/** A capital keeps it apart from every word that means something to TypeScript. */
function capitalize(text: string): string {
  const word = toWord(text);
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Names of protos are words already; what comes as a descriptor set must not get further than this either. */
function toWord(name: string): string {
  return name.replaceAll(/\W/g, "_").replace(/^(?=\d|$)/, "_");
}
