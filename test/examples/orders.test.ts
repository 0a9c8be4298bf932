import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { startExamples } from "../../examples/start.ts";
import type { Examples } from "../../examples/start.ts";
import { connect } from "./client.ts";
import type { TestClient } from "./client.ts";

describe("example shop.v1.Orders", () => {
  let examples: Examples;
  let orders: TestClient;

  beforeEach(async () => {
    examples = await startExamples({ port: 0 });
    orders = connect(examples, "shop.v1.Orders");
  });

  afterEach(async () => {
    orders.stub.close();
    await examples.close();
  });

  const names = (reply: { orders: { name: string }[] }): string[] => reply.orders.map(({ name }) => name);

  it("lists the orders of one user or of all, by state and labels", async () => {
    expect(names(await orders.call("ListOrders", { parent: "users/ada" }))).to.have.length(2);
    expect(names(await orders.call("ListOrders", {}))).to.have.length(3);
    expect(names(await orders.call("ListOrders", { states: ["SHIPPED"] }))).to.deep.equal(["users/ada/orders/1002"]);
    expect(names(await orders.call("ListOrders", { labels: { packed: "no" } }))).to.deep.equal([
      "users/ada/orders/1001",
    ]);
    expect((await orders.fail("ListOrders", { parent: "users/eve" })).code).to.equal(status.NOT_FOUND);
  });

  it("places an order with prices, a number beyond 2^53 and less stock", async () => {
    const order = { lines: [{ product: "products/fern", quantity: 3 }], pickup: { shop: "Baker Street" } };
    const placed = await orders.call("CreateOrder", { parent: "users/ada", order });
    expect(placed).to.deep.include({
      name: "users/ada/orders/1004",
      number: "9007199254740996",
      state: "PLACED",
      total: { currency: "EUR", minor_units: "4800" },
    });
    const failure = await orders.fail("CreateOrder", { parent: "users/ada", order });
    expect(failure.code).to.equal(status.FAILED_PRECONDITION);
    expect(failure.details.PreconditionFailure.violations[0].description).to.equal("has 0 left");
  });

  it("only checks when asked to", async () => {
    const order = { lines: [{ product: "products/mug", quantity: 1 }] };
    await orders.call("CreateOrder", { parent: "users/ada", order, validate_only: true });
    expect(names(await orders.call("ListOrders", {}))).to.have.length(3);
  });

  it("names the line that is wrong", async () => {
    const lines = [
      { product: "products/mug", quantity: 1 },
      { product: "products/mug", quantity: 100 },
    ];
    const failure = await orders.fail("CreateOrder", { parent: "users/ada", order: { lines } });
    expect(failure.details.BadRequest.field_violations[0].field).to.equal("order.lines[1].quantity");
  });

  it("cancels and ships placed orders only", async () => {
    expect((await orders.call("CancelOrder", { name: "users/ada/orders/1001" })).state).to.equal("CANCELLED");
    expect((await orders.call("CancelOrder", { name: "users/ada/orders/1001" })).state).to.equal("CANCELLED");
    const failure = await orders.fail("CancelOrder", { name: "users/ada/orders/1002" });
    expect(failure.code).to.equal(status.FAILED_PRECONDITION);
    expect(failure.message).to.equal("users/ada/orders/1002 is SHIPPED and cannot be cancelled");
    const ship = { name: "users/blaise/orders/1003", tracking_number: "SL-1" };
    expect((await orders.call("ShipOrder", ship)).tracking_number).to.equal("SL-1");
    expect((await orders.fail("ShipOrder", { ...ship, tracking_number: "" })).code).to.equal(status.INVALID_ARGUMENT);
  });

  it("answers with lines and labels", async () => {
    const { lines } = await orders.call("ListOrderLines", { parent: "users/ada/orders/1001" });
    expect(lines.map(({ product }: { product: string }) => product)).to.deep.equal(["products/teapot", "products/mug"]);
    const labels = { fragile: "yes" };
    expect((await orders.call("SetOrderLabels", { name: "users/ada/orders/1001", labels })).labels).to.deep.equal(
      labels,
    );
    expect((await orders.call("GetOrder", { name: "users/ada/orders/1001" })).labels).to.deep.equal(labels);
  });
});
