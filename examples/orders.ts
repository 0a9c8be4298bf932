// shop.v1.Orders: what users bought; nested below users.
import { status } from "@grpc/grpc-js";
import { cutPage } from "./paging.ts";
import type { PageRequest } from "./paging.ts";
import { invalidArgument, notFound, RpcError } from "./rpc-error.ts";
import { unary } from "./serve.ts";
import type { ServiceSource } from "./serve.ts";
import { firstOrderNumber } from "./shop-seed.ts";
import type { Order, OrderLine, Product, Shop } from "./shop.ts";

export function createOrders(shop: Shop): ServiceSource {
  return {
    service: "shop.v1.Orders",
    file: "shop/v1/orders.proto",
    implementation: {
      ListOrders: unary((request: PageRequest & ListQuery) => listOrders(shop, request)),
      GetOrder: unary(({ name }: { name: string }) => getOrder(shop, name)),
      CreateOrder: unary((request: CreateRequest) => createOrder(shop, request)),
      CancelOrder: unary(({ name }: { name: string }) => {
        const order = getOrder(shop, name);
        if (order.state === "CANCELLED") return order;
        requirePlaced(order, "cancelled");
        return save(shop, { ...order, state: "CANCELLED" });
      }),
      ShipOrder: unary(({ name, tracking_number }: { name: string; tracking_number: string }) => {
        const order = getOrder(shop, name);
        if (tracking_number === "") throw invalidArgument("tracking_number", "must not be empty");
        requirePlaced(order, "shipped");
        return save(shop, { ...order, state: "SHIPPED", tracking_number });
      }),
      ListOrderLines: unary(({ parent }: { parent: string }) => ({ lines: getOrder(shop, parent).lines })),
      SetOrderLabels: unary(({ name, labels }: { name: string; labels: Record<string, string> }) => {
        return { labels: save(shop, { ...getOrder(shop, name), labels }).labels };
      }),
    },
  };
}

interface ListQuery {
  readonly parent: string;
  readonly states: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

interface CreateRequest {
  readonly parent: string;
  readonly order: Order | null;
  readonly validate_only: boolean;
}

function listOrders(shop: Shop, request: PageRequest & ListQuery): object {
  const { parent, states, labels } = request;
  if (parent !== "" && !shop.users.has(parent)) throw notFound("shop.v1.User", parent);
  const found = [...shop.orders.values()].filter(
    (order) =>
      (parent === "" || order.name.startsWith(`${parent}/`)) &&
      (states.length === 0 || states.includes(order.state)) &&
      Object.entries(labels).every(([key, value]) => order.labels[key] === value),
  );
  const { page, next_page_token } = cutPage(found, request, { parent, states, labels });
  return { orders: page, next_page_token };
}

function getOrder(shop: Shop, name: string): Order {
  const order = shop.orders.get(name);
  if (order === undefined) throw notFound("shop.v1.Order", name);
  return order;
}

function save(shop: Shop, order: Order): Order {
  shop.orders.set(order.name, order);
  return order;
}

function requirePlaced(order: Order, verb: string): void {
  if (order.state === "PLACED") return;
  throw new RpcError(status.FAILED_PRECONDITION, `${order.name} is ${order.state} and cannot be ${verb}`, [
    {
      type: "PreconditionFailure",
      violations: [{ type: "ORDER_STATE", subject: order.name, description: `state is ${order.state}, not PLACED` }],
    },
  ]);
}

function createOrder(shop: Shop, request: CreateRequest): Order {
  const { parent, order, validate_only } = request;
  if (!shop.users.has(parent)) throw notFound("shop.v1.User", parent);
  if (order === null || order.lines.length === 0) throw invalidArgument("order.lines", "must have at least one line");
  const lines = order.lines.map((line, index) => priceLine(shop, line, index));
  const number = firstOrderNumber + BigInt(shop.orders.size);
  const placed: Order = {
    ...order,
    name: `${parent}/orders/${1001 + shop.orders.size}`,
    number: String(number),
    lines,
    state: "PLACED",
    total: { currency: "EUR", minor_units: String(lines.reduce((sum, line) => sum + lineTotal(line), 0n)) },
    return_window: order.return_window ?? { seconds: String(14 * 24 * 3600), nanos: 0 },
    create_time: shop.now,
    tracking_number: "",
  };
  if (validate_only) return placed;
  takeFromStock(shop, lines);
  return save(shop, placed);
}

function lineTotal(line: OrderLine): bigint {
  return BigInt(line.unit_price?.minor_units ?? 0) * BigInt(line.quantity);
}

function priceLine(shop: Shop, line: OrderLine, index: number): OrderLine {
  const product = shop.products.get(line.product);
  const field = `order.lines[${index}]`;
  if (product === undefined)
    throw invalidArgument(`${field}.product`, `"${line.product}" is not a product of this shop`);
  if (line.quantity < 1 || line.quantity > 99) throw invalidArgument(`${field}.quantity`, "must be 1 to 99");
  if (product.state === "ARCHIVED") throw unavailable(product, "is no longer sold");
  if (product.stock !== undefined && product.stock < line.quantity)
    throw unavailable(product, `has ${product.stock} left`);
  return { ...line, unit_price: product.price };
}

function unavailable(product: Product, why: string): RpcError {
  return new RpcError(status.FAILED_PRECONDITION, `${product.name} ${why}`, [
    { type: "PreconditionFailure", violations: [{ type: "STOCK", subject: product.name, description: why }] },
  ]);
}

function takeFromStock(shop: Shop, lines: readonly OrderLine[]): void {
  for (const line of lines) {
    const product = shop.products.get(line.product);
    if (product?.stock !== undefined)
      shop.products.set(product.name, { ...product, stock: product.stock - line.quantity });
  }
}
