// The backends of the compositions under test: orders, users, a catalog and recommendations, and what they answer unless a test says otherwise.
import { startGateway } from "../support/gateway.ts";
import type { Answer, GatewayFixture, GatewaySource, ReceivedCall } from "../support/gateway.ts";

const head = (name: string) => `syntax = "proto3"; package ${name}.v1;`;
const read = "option idempotency_level = NO_SIDE_EFFECTS;";

/** By path below the folder of protos. */
export const backendProtos: Readonly<Record<string, string>> = {
  "orders.proto": `${head("orders")}
    message GetOrderRequest { string id = 1; }
    message Line { string product_id = 1; uint32 quantity = 2; }
    message Order {
      string id = 1; string customer_id = 2; repeated Line lines = 3; repeated string notes = 4; map<string, string> labels = 5;
    }
    service Orders {
      rpc GetOrder(GetOrderRequest) returns (Order) { ${read} }
      rpc CloseOrder(GetOrderRequest) returns (Order);
      rpc WatchOrder(GetOrderRequest) returns (stream Order) { ${read} }
    }`,
  "users.proto": `${head("users")}
    message GetUserRequest { string id = 1; optional int32 page = 2; }
    message User { string id = 1; string name = 2; Address address = 3; }
    message Address { string city = 1; }
    service Users { rpc GetUser(GetUserRequest) returns (User) { ${read} } }`,
  "catalog.proto": `${head("catalog")}
    message GetProductRequest { string id = 1; string currency = 2; }
    message Product { string id = 1; string title = 2; int64 price = 3; }
    message BatchGetProductsRequest { repeated string ids = 1; string currency = 2; repeated int64 numbers = 3; }
    message BatchGetProductsResponse { repeated Product products = 1; repeated string titles = 2; }
    service Catalog {
      rpc GetProduct(GetProductRequest) returns (Product) { ${read} }
      rpc BatchGetProducts(BatchGetProductsRequest) returns (BatchGetProductsResponse) { ${read} }
    }`,
  "reco.proto": `${head("reco")} import "catalog.proto";
    message ForUserRequest { string user_id = 1; }
    message ForUserResponse { repeated catalog.v1.Product items = 1; }
    service Reco { rpc ForUser(ForUserRequest) returns (ForUserResponse) { ${read} } }`,
};

/** What the view's file begins with. */
export const viewHead = `syntax = "proto3"; package views.v1;
  import "google/api/annotations.proto"; import "sluice/annotations.proto";
  import "orders.proto"; import "users.proto"; import "catalog.proto";
  message GetOrderViewRequest { string order_id = 1; bool with_reco = 2; string currency = 3; }
  message OrderLineView { catalog.v1.Product product = 1; orders.v1.Line line = 2; uint32 quantity = 3; }
  message OrderView {
    orders.v1.Order order = 1; users.v1.User customer = 2; repeated OrderLineView lines = 3;
    repeated catalog.v1.Product recommendations = 4; repeated catalog.v1.Product products = 5; string city = 6;
    map<string, string> labels = 7; repeated string notes = 8; repeated uint32 quantities = 9;
  }
`;

/** The whole of a view's file: its service with one composed method. */
export function viewOf(compose: string): string {
  return `${viewHead}
service OrderViews {
  rpc GetOrderView(GetOrderViewRequest) returns (OrderView) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/v1/order-views/{order_id}" };
    option (sluice.compose) = { ${compose} };
  }
}
`;
}

export const step = {
  order: 'step { id: "order" call: "orders.v1.Orders/GetOrder" set: "id = req.order_id" }',
  customer: 'step { id: "customer" call: "users.v1.Users/GetUser" set: "id = order.customer_id" }',
  products:
    'step { id: "products" each: "order.lines" call: "catalog.v1.Catalog/GetProduct" set: "id = it.product_id" }',
  batched: `step { id: "products" each: "order.lines" call: "catalog.v1.Catalog/GetProduct" set: "id = it.product_id"
    batch { call: "catalog.v1.Catalog/BatchGetProducts" keys: "ids" items: "products" key: "id" } }`,
} as const;

type Handler = (call: ReceivedCall) => Answer | Promise<Answer>;

export const reply = (message: object): Answer => ({ kind: "reply", message: JSON.stringify(message) });
export const failure = (code: number, message: string): Answer => ({ kind: "status", code, message });

function toProduct(id: string): object {
  return { id, title: `The ${id}` };
}

const asked = (call: ReceivedCall) => JSON.parse(call.message) as { id?: string; ids?: string[]; userId?: string };

export const handlers: Readonly<Record<string, Handler>> = {
  "orders.v1.Orders/GetOrder": (call) =>
    reply({
      id: asked(call).id,
      customerId: "ada",
      lines: [
        { productId: "mug", quantity: 2 },
        { productId: "pen", quantity: 1 },
        { productId: "mug", quantity: 5 },
      ],
    }),
  "users.v1.Users/GetUser": (call) => reply({ id: asked(call).id, name: "Ada", address: { city: "London" } }),
  "catalog.v1.Catalog/GetProduct": (call) => reply(toProduct(asked(call).id ?? "")),
  "catalog.v1.Catalog/BatchGetProducts": (call) =>
    reply({ products: (asked(call).ids ?? []).toReversed().map(toProduct) }),
  "reco.v1.Reco/ForUser": () => reply({ items: [toProduct("hat")] }),
};

/** A gateway in front of one server that is all the backends. */
export function startShop(
  view: string,
  { handlers: own, ...more }: Partial<Omit<GatewaySource, "protos">> = {},
): Promise<GatewayFixture> {
  return startGateway({
    protos: { ...backendProtos, "views.proto": view },
    handlers: { ...handlers, ...own },
    ...more,
  });
}

export async function withShop<T>(
  compose: string,
  run: (shop: GatewayFixture) => Promise<T>,
  more: Partial<Omit<GatewaySource, "protos">> = {},
): Promise<T> {
  const shop = await startShop(viewOf(compose), more);
  try {
    return await run(shop);
  } finally {
    await shop.close();
  }
}

export interface Got {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly partial: string | undefined;
}

export async function get(shop: GatewayFixture, target = "/v1/order-views/7", ...headers: string[]): Promise<Got> {
  const { status, body, headers: head } = await shop.request({ method: "GET", target, headers });
  return { status, body: JSON.parse(body.toString()) as Got["body"], partial: head.get("x-sluice-partial") };
}

/** `orders.v1.Orders/GetOrder {"id":"7"}`, in the order they came in. */
export function listCalls({ calls }: GatewayFixture): string[] {
  return calls.map(({ method, message }) => `${method} ${message}`);
}
