// Which products a list has, and in which order.
import { invalidArgument } from "./rpc-error.ts";
import type { Product, Timestamp } from "./shop.ts";

export interface ProductQuery {
  readonly filter: ProductFilter | null;
  readonly order_by: string;
  readonly show_archived: boolean;
}

interface ProductFilter {
  readonly category: string;
  readonly tags: readonly string[];
  readonly text: string;
  readonly max_price?: string;
  readonly created_since: Timestamp | null;
  readonly in_stock: { readonly value: boolean } | null;
}

/** Comparison is by code unit, so that the order is the same on every machine. */
const sortKeys: Readonly<Record<string, (product: Product) => string | bigint>> = {
  name: (product) => product.name,
  title: (product) => product.title,
  price: (product) => BigInt(product.price?.minor_units ?? 0),
  create_time: (product) => BigInt(product.create_time?.seconds ?? 0),
};

export function findProducts(products: readonly Product[], query: ProductQuery): Product[] {
  const { filter } = query;
  const found = products.filter(
    (product) => (query.show_archived || product.state !== "ARCHIVED") && (filter === null || matches(product, filter)),
  );
  return sortProducts(found, query.order_by);
}

function matches(product: Product, filter: ProductFilter): boolean {
  if (filter.category !== "CATEGORY_UNSPECIFIED" && product.category !== filter.category) return false;
  if (!filter.tags.every((tag) => product.tags.includes(tag))) return false;
  if (!`${product.title}\n${product.description}`.toLowerCase().includes(filter.text.toLowerCase())) return false;
  if (filter.max_price !== undefined && BigInt(product.price?.minor_units ?? 0) > BigInt(filter.max_price))
    return false;
  if (filter.created_since !== null && Number(product.create_time?.seconds) < Number(filter.created_since.seconds))
    return false;
  return filter.in_stock === null || filter.in_stock.value === (product.stock !== 0);
}

function sortProducts(products: readonly Product[], orderBy: string): Product[] {
  const [name = "name", direction, ...rest] = orderBy.trim() === "" ? [] : orderBy.trim().split(/ +/);
  const key = Object.hasOwn(sortKeys, name) ? sortKeys[name] : undefined;
  if (key === undefined || (direction !== undefined && direction !== "desc") || rest.length > 0) {
    throw invalidArgument("order_by", `must be one of ${Object.keys(sortKeys).join(", ")}, with or without " desc"`);
  }
  const sign = direction === "desc" ? -1 : 1;
  return products.toSorted((a, b) => sign * compare(key(a), key(b)) || compare(a.name, b.name));
}

function compare(a: string | bigint, b: string | bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
