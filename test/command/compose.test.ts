// What the commands tell of composed methods: `sluice explain`, `sluice routes`, `sluice check`.
import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Folder } from "../config/yaml-fixture.ts";
import { backendProtos, step, viewHead, viewOf } from "../compose/shop.ts";
import { run } from "./capture.ts";

const compose = `timeout: "800ms" ${step.order} ${step.customer} ${step.batched}
  step { id: "reco" call: "reco.v1.Reco/ForUser" set: "user_id = order.customer_id" optional: true timeout: "150ms" if: "req.with_reco" }
  step { id: "each" call: "catalog.v1.Catalog/GetProduct" each: "products" set: "id = it.id" set: "currency = customer.name" }
  out: "order = order" out: "customer = customer" out: "lines[].product = products[]" out: "recommendations = reco.items"
  out: "products = each[]"`;

describe("composed methods on the command line", () => {
  let folder: Folder;

  before(() => {
    folder = createFolder();
    for (const [path, text] of Object.entries(backendProtos)) folder.write(`protos/${path}`, text);
    folder.write("protos/views.proto", viewOf(compose));
  });
  after(() => folder.dispose());

  const tell = async (...argv: string[]): Promise<string[]> => {
    const { out, error } = await run([...argv, `${folder.path}/protos`]);
    expect(error).to.equal("");
    return out.replaceAll(`${folder.path}/protos/`, "").split("\n");
  };

  it("are explained by name: steps as a tree, round trips, calls, and what the reply is made of", async () => {
    const lines = await tell("explain", "OrderViews.GetOrderView");
    expect(lines[0]).to.equal("views.v1.OrderViews.GetOrderView");
    const from = lines.findIndex((line) => line.startsWith("  composed"));
    expect(lines.slice(from, from + 11)).to.deep.equal([
      "  composed 3 round trips, 4 calls, one for each of products, one more for each further 100 of order.lines (views.proto:16:12)",
      "  steps    order: orders.v1.Orders/GetOrder",
      "           ├ customer: users.v1.Users/GetUser",
      "           │ └ each: catalog.v1.Catalog/GetProduct for each of products (after products too)",
      "           ├ products: catalog.v1.Catalog/BatchGetProducts for each of order.lines, 100 a call",
      "           └ reco: reco.v1.Reco/ForUser (optional; within 150ms; if req.with_reco)",
      "  out      order = order",
      "           customer = customer",
      "           lines[].product = products[]",
      "           recommendations = reco.items",
      "           products = each[]",
    ]);
  });

  it("are explained as docs/compose.md shows it", async () => {
    const page = readFileSync("docs/compose.md", "utf8");
    const [, service] = /^```proto\n([\s\S]*?)^```$/m.exec(page) ?? [];
    const [, shown] = /^```console\n([\s\S]*?)^```$/m.exec(page) ?? [];
    folder.write("docs/views.proto", `${viewHead}${service}`);
    const protos = Object.keys(backendProtos).map((path) => `${folder.path}/protos/${path}`);
    const { out } = await run([
      "explain",
      "OrderViews.GetOrderView",
      `${folder.path}/docs/views.proto`,
      ...protos,
      "-I",
      `${folder.path}/protos`,
    ]);
    const wanted = shown.split("\n").filter((line) => line.startsWith("  "));
    expect(wanted.length).to.be.greaterThan(5);
    // The place is that of the test's own file.
    const told = out.replace(/\([^()]*views\.proto:\d+:\d+\)$/m, "(views.proto:20:5)").split("\n");
    expect(told.filter((line) => wanted.includes(line))).to.deep.equal(wanted);
  });

  it("are explained for a request, too, and have no target", async () => {
    const lines = await tell("explain", "GET", "/v1/order-views/7");
    expect(lines.join("\n")).to.contain("  composed 3 round trips").and.not.to.contain("  target");
    expect(lines).to.include("  deadline 800ms");
  });

  it("are one object in JSON", async () => {
    const { composed, binding } = JSON.parse(
      (await tell("explain", "views.v1.OrderViews/GetOrderView", "--json")).join("\n"),
    ) as {
      composed: { roundTrips: number };
      binding: { composed: boolean };
    };
    expect([composed.roundTrips, binding.composed]).to.deep.equal([3, true]);
  });

  it("leave other methods explained by name", async () => {
    const lines = await tell("explain", "Users.GetUser");
    expect(lines[0]).to.equal("users.v1.Users.GetUser");
    expect(lines.join("\n")).to.contain("policy   auth public").and.not.to.contain("composed");
  });

  it("are named rightly, and by one name", async () => {
    const { code, error } = await run(["explain", "Views.GetOrderView", `${folder.path}/protos`]);
    expect([code, error]).to.deep.equal([
      2,
      'error: there is no method "Views.GetOrderView"; did you mean "OrderViews.GetOrderView"?\n',
    ]);
  });

  it("are marked among the routes, and in what is in force", async () => {
    const routes = await tell("routes");
    expect(routes.find((line) => line.includes("/v1/order-views"))).to.match(
      / views\.v1\.OrderViews\.GetOrderView \(composed\)$/,
    );
    expect(routes.filter((line) => line.includes("(composed)"))).to.have.length(1);
    const policies = (await tell("routes", "--policy")).join("\n");
    expect(policies).to.match(
      /composed +order → customer, products, reco → each: 3 round trips, 4 calls.* +views\.proto:16:12/,
    );
  });

  it("use the imports of what they call by name", async () => {
    const called = folder.write(
      "used/a.proto",
      `syntax = "proto3"; package a; message A {} service S { rpc Get(A) returns (A) { option idempotency_level = NO_SIDE_EFFECTS; } }`,
    );
    const view = (call: string): string =>
      `syntax = "proto3"; package b; import "a.proto"; import "sluice/annotations.proto";
message A {} message B {} service V { rpc View(B) returns (A) { option (sluice.compose) = { step { id: "a" call: "${call}" } }; } }`;
    const of = async (call: string): Promise<string> =>
      (await run(["check", folder.write("used/b.proto", view(call)), called, "-I", `${folder.path}/used`])).out;
    expect(await of("a.S/Get")).not.to.contain("is not used");
    expect(await of("c.S/Get")).to.contain('import "a.proto" is not used');
  });

  it("are checked", async () => {
    const wrong = folder.write(
      "wrong/views.proto",
      viewOf(`${step.order} ${step.customer.replace("customer_id", "customer")}`),
    );
    const { code, out } = await run(["check", wrong, "-I", `${folder.path}/protos`]);
    expect(code).to.equal(1);
    expect(out).to.contain('orders.v1.Order has no field "customer"; it has id, customer_id, ');
  });
});
