import { expect } from "chai";
import { closestSelector, isSelected, isSelector, rankSelector, suggestSelector } from "../../src/schema/selector.ts";

const names = [
  "shop.v1.Orders.GetOrder",
  "shop.v1.Orders.Watch",
  "shop.v1.Catalog.GetItem",
  "shop.v1.admin.Users.Drop",
];

describe("selectors of methods", () => {
  it("take a method, a service, a package with everything below, or all", () => {
    const taken = (selector: string): string[] => names.filter((name) => isSelected(selector, name));
    expect(taken("shop.v1.Orders.Watch")).to.deep.equal(["shop.v1.Orders.Watch"]);
    expect(taken("shop.v1.Orders.*")).to.deep.equal(["shop.v1.Orders.GetOrder", "shop.v1.Orders.Watch"]);
    expect(taken("shop.v1.*")).to.deep.equal(names);
    expect(taken("shop.*")).to.deep.equal(names);
    expect(taken("*")).to.deep.equal(names);
  });

  it("never take a name that only begins alike", () => {
    expect(isSelected("shop.v1.Orders.*", "shop.v1.OrdersAdmin.Drop")).to.equal(false);
    expect(isSelected("shop.v1.Orders.Get", "shop.v1.Orders.GetOrder")).to.equal(false);
    expect(isSelected("shop.v1.orders.*", "shop.v1.Orders.GetOrder")).to.equal(false);
  });

  it("have no other form", () => {
    for (const text of ["*", "shop.*", "shop.v1.Orders.*", "Orders.GetOrder", "_a.b1"])
      expect(isSelector(text), text).to.equal(true);
    for (const text of [
      "",
      ".*",
      "shop.**",
      "shop.*.Get",
      "shop.v1.Get*",
      "/shop.v1.Orders/Get",
      "a..b",
      "a.",
      "a.*.",
      "a b",
      "1a",
    ])
      expect(isSelector(text), text).to.equal(false);
  });

  it("say more the closer they are to the method", () => {
    const all = ["*", "shop.v1.Orders.*", "shop.*", "shop.v1.Orders.GetOrder", "shop.v1.*"];
    expect(all.toSorted((a, b) => rankSelector(a) - rankSelector(b))).to.deep.equal([
      "*",
      "shop.*",
      "shop.v1.*",
      "shop.v1.Orders.*",
      "shop.v1.Orders.GetOrder",
    ]);
    expect(closestSelector(all, "shop.v1.Orders.GetOrder")).to.equal("shop.v1.Orders.GetOrder");
    expect(closestSelector(all, "shop.v1.Catalog.GetItem")).to.equal("shop.v1.*");
    expect(closestSelector(["other.*"], "shop.v1.Catalog.GetItem")).to.equal(undefined);
  });

  it("that take nothing get a suggestion", () => {
    const cases = {
      "shop.v1.Order.*": "shop.v1.Orders.*",
      "shop.v1.Orders": "shop.v1.Orders.*",
      "Orders.GetOrder": "shop.v1.Orders.GetOrder",
      "Catalog.*": "shop.v1.Catalog.*",
      "/shop.v1.Orders/GetOrder": "shop.v1.Orders.GetOrder",
      "shop.v1.Orders.GetOrdr": "shop.v1.Orders.GetOrder",
    };
    for (const [selector, expected] of Object.entries(cases))
      expect(suggestSelector(selector, names)).to.equal(`did you mean "${expected}"?`);
    expect(suggestSelector("warehouse.*", names)).to.match(/^write a method as/);
  });
});
