import { expect } from "chai";
import { createProtos, run } from "./capture.ts";

describe("sluice routes", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  it("lists every route, aligned", async () => {
    const { code, out } = await run(["routes", folder.protos]);
    expect(code).to.equal(0);
    expect(out.split("\n")).to.deep.equal([
      "POST   /shop.v1.Orders/Ping                  shop.v1.Orders.Ping",
      "POST   /v1/orders                            shop.v1.Orders.CreateOrder",
      "GET    /v1/orders/{id}                       shop.v1.Orders.GetOrder",
      "POST   /v1/orders/{id}:cancel                shop.v1.Orders.CancelOrder",
      "GET    /v1/orders/{id}:watch                 shop.v1.Orders.WatchOrder (server-streaming)",
      "PATCH  /v1/orders/{order.id}                 shop.v1.Orders.UpdateOrder",
      "GET    /v1/shelves/{shelf}/{kind}/{path=**}  shop.v1.Orders.ListShelf",
      "GET    /v1/{name=users/*/orders/*}           shop.v1.Orders.GetOrder",
      "",
    ]);
  });

  it("prints JSON for scripts", async () => {
    const { out } = await run(["routes", folder.protos, "--json"]);
    const [first] = JSON.parse(out) as Record<string, unknown>[];
    expect(first).to.include({
      httpMethod: "POST",
      path: "/shop.v1.Orders/Ping",
      method: "shop.v1.Orders.Ping",
      kind: "unary",
      body: "*",
      origin: "default",
    });
  });

  it("follows profile and rules", async () => {
    const rules = folder.write("rules.yaml", "http: {rules: [{selector: shop.v1.Orders.Ping, get: /ping}]}");
    const { out } = await run(["routes", folder.protos, "--profile", "grpc-gateway", "--http-rules", rules]);
    expect(out).to.contain("/ping").and.not.to.contain("/shop.v1.Orders/Ping");
  });

  it("keeps diagnostics out of the list", async () => {
    const { code, out, error } = await run(["routes", folder.protos, "--upstream", "nope"]);
    expect([code, out]).to.deep.equal([1, ""]);
    expect(error).to.contain("has no port");
  });

  it("does not colour what is padded", async () => {
    const plain = (await run(["routes", folder.protos])).out;
    const coloured = (await run(["routes", folder.protos], { isTerminal: true })).out;
    // oxlint-disable-next-line no-control-regex -- escape sequences are the point
    expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).to.equal(plain);
  });
});
