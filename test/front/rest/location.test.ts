import { expect } from "chai";
import fc from "fast-check";
import { toLocation } from "../../../src/front/rest/location.ts";

describe("toLocation", () => {
  const cases: readonly (readonly [
    name: string,
    path: string,
    verb: string | undefined,
    location: string | undefined,
  ])[] = [
    ["users/ada/orders/7", "/v1/users/ada/orders", undefined, "/v1/users/ada/orders/7"],
    ["products/5", "/v1/products", undefined, "/v1/products/5"],
    ["7", "/v1/books", undefined, "/v1/books/7"],
    ["7", "/v1/books:import", "import", "/v1/books/7"],
    ["books/7", "/v1/shelves/1:restock", "restock", "/v1/books/7"],
    ["books/7", "/v1beta1/shelves/1", undefined, "/v1beta1/books/7"],
    ["books/7", "/api/shelves", undefined, "/books/7"],
    ["users/a b/orders/7", "/v1/users/a%20b/orders", undefined, "/v1/users/a%20b/orders/7"],
    ["a/ü?", "/v1/a", undefined, "/v1/a/%C3%BC%3F"],
    ["/v2/x?y=1", "/v1/a", undefined, "/v2/x?y=1"],
    ["https://example.org/a b", "/v1/a", undefined, "https://example.org/a%20b"],
    ["javascript:alert(1)", "/v1/a", undefined, "/v1/a/javascript%3Aalert(1)"],
    ["a\r\nset-cookie: b", "/v1/a", undefined, "/v1/a/a%0D%0Aset-cookie%3A%20b"],
    ["", "/v1/a", undefined, undefined],
    ["x".repeat(2049), "/v1/a", undefined, undefined],
  ];
  for (const [name, path, verb, location] of cases) {
    it(`${JSON.stringify(name.slice(0, 40))} after ${path} is ${String(location)}`, () => {
      expect(toLocation(name, path, verb)).to.equal(location);
    });
  }

  it("is always fit for a header", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        const location = toLocation(name, "/v1/a%2Fb/c", undefined);
        return location === undefined || /^[\x21-\x7e]+$/.test(location);
      }),
    );
  });
});
