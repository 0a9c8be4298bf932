import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { startExamples } from "../../examples/start.ts";
import type { Examples } from "../../examples/start.ts";
import { connect } from "./client.ts";
import type { TestClient } from "./client.ts";

describe("example shop.v1.Catalog", () => {
  let examples: Examples;
  let catalog: TestClient;

  beforeEach(async () => {
    examples = await startExamples({ port: 0 });
    catalog = connect(examples, "shop.v1.Catalog");
  });

  afterEach(async () => {
    catalog.stub.close();
    await examples.close();
  });

  const names = (reply: { products: { name: string }[] }): string[] => reply.products.map(({ name }) => name);

  it("lists by filter and order", async () => {
    const reply = await catalog.call("ListProducts", {
      filter: { category: "KITCHEN", tags: ["tea"], max_price: "2000" },
      order_by: "price desc",
    });
    expect(names(reply)).to.deep.equal(["products/mug"]);
    expect(reply.total_size).to.equal(1);
    const inStock = await catalog.call("ListProducts", { filter: { in_stock: { value: false } } });
    expect(names(inStock)).to.deep.equal(["products/chef-knife"]);
  });

  it("lists archived products only when asked to", async () => {
    expect((await catalog.call("ListProducts", {})).total_size).to.equal(8);
    expect((await catalog.call("ListProducts", { show_archived: true })).total_size).to.equal(9);
  });

  it("pages through all products once", async () => {
    const seen: string[] = [];
    let page_token = "";
    do {
      const reply = await catalog.call("ListProducts", { page_size: 3, page_token, order_by: "title" });
      seen.push(...names(reply));
      page_token = reply.next_page_token;
    } while (page_token !== "");
    expect(seen).to.have.length(8);
    expect(new Set(seen).size).to.equal(8);
  });

  it("refuses a page token of another query, and a made-up one", async () => {
    const { next_page_token } = await catalog.call("ListProducts", { page_size: 3 });
    const other = await catalog.fail("ListProducts", { page_token: next_page_token, order_by: "price" });
    expect(other.code).to.equal(status.INVALID_ARGUMENT);
    expect(other.message).to.include("another query");
    expect((await catalog.fail("ListProducts", { page_token: "x" })).message).to.include("not a token");
  });

  it("refuses an unknown order and a negative page size", async () => {
    const order = await catalog.fail("ListProducts", { order_by: "colour" });
    expect(order.message).to.equal('order_by: must be one of name, title, price, create_time, with or without " desc"');
    expect(
      (await catalog.fail("ListProducts", { page_size: -1 })).details.BadRequest.field_violations[0].field,
    ).to.equal("page_size");
  });

  it("says which resource is missing", async () => {
    const failure = await catalog.fail("GetProduct", { name: "products/spoon" });
    expect(failure.code).to.equal(status.NOT_FOUND);
    expect(failure.details.ResourceInfo).to.include({
      resource_type: "shop.v1.Product",
      resource_name: "products/spoon",
    });
  });

  it("gets several products in the order asked for, or none", async () => {
    expect(names(await catalog.call("BatchGetProducts", { names: ["products/mug", "products/fern"] }))).to.deep.equal([
      "products/mug",
      "products/fern",
    ]);
    expect((await catalog.fail("BatchGetProducts", { names: ["products/mug", "products/spoon"] })).code).to.equal(
      status.NOT_FOUND,
    );
    expect((await catalog.fail("BatchGetProducts", { names: [] })).code).to.equal(status.INVALID_ARGUMENT);
  });

  it("creates with an id asked for or made from the title, once", async () => {
    const product = { title: "Tea Towel!", price: { currency: "EUR", minor_units: "700" } };
    expect((await catalog.call("CreateProduct", { product })).name).to.equal("products/tea-towel");
    expect((await catalog.call("CreateProduct", { product, product_id: "towel" })).state).to.equal("ACTIVE");
    expect((await catalog.fail("CreateProduct", { product })).code).to.equal(status.ALREADY_EXISTS);
    expect((await catalog.fail("CreateProduct", { product, product_id: "A/b" })).message).to.include("product_id");
  });

  it("reports all that is wrong with a product at once", async () => {
    const failure = await catalog.fail("CreateProduct", { product: { title: " ", stock: -1 }, product_id: "x" });
    expect(failure.code).to.equal(status.INVALID_ARGUMENT);
    const fields = failure.details.BadRequest.field_violations.map(({ field }: { field: string }) => field);
    expect(fields).to.deep.equal([
      "product.title",
      "product.price.currency",
      "product.price.minor_units",
      "product.stock",
    ]);
  });

  it("changes only what the mask names", async () => {
    const before = await catalog.call("GetProduct", { name: "products/mug" });
    const product = { name: "products/mug", title: "Cup", description: "ignored", translations: { fr: "Tasse" } };
    const mask = { paths: ["title", "translations.fr", "stock", "price.minor_units"] };
    const failure = await catalog.fail("UpdateProduct", { product, update_mask: mask });
    expect(failure.message).to.include("product.price.minor_units");
    const after = await catalog.call("UpdateProduct", { product, update_mask: { paths: mask.paths.slice(0, 3) } });
    expect(after).to.include({ title: "Cup", description: before.description, etag: "2" });
    expect(after.translations).to.deep.equal({ de: "Becher", fr: "Tasse" });
    expect(after).not.to.have.property("stock");
  });

  it("takes map keys that objects inherit", async () => {
    const product = { name: "products/mug", translations: { de: "Becher" } };
    const update_mask = { paths: ["translations.constructor", "translations.toString"] };
    const reply = await catalog.call("UpdateProduct", { product, update_mask });
    expect(reply.translations).to.deep.equal({ de: "Becher" });
  });

  it("replaces all settable fields with the mask *, and the set ones without a mask", async () => {
    const product = { name: "products/mug", title: "Cup", price: { currency: "EUR", minor_units: "1" } };
    expect((await catalog.call("UpdateProduct", { product: { ...product, tags: [] } })).tags).to.deep.equal([
      "tea",
      "coffee",
    ]);
    const replaced = await catalog.call("UpdateProduct", { product, update_mask: { paths: ["*"] } });
    expect(replaced).to.deep.include({ tags: [], description: "", state: "ACTIVE" });
  });

  it("refuses a mask path that is unknown or not a client's to change", async () => {
    for (const path of ["colour", "state", "title.x", "price.minor_unitz", "__proto__", "translations.__proto__", ""]) {
      const failure = await catalog.fail("UpdateProduct", {
        product: { name: "products/mug" },
        update_mask: { paths: [path] },
      });
      expect(failure.message, path).to.equal(`update_mask: "${path}" is not a field a client may change`);
    }
  });

  it("refuses an update when somebody was faster", async () => {
    const product = { name: "products/mug", title: "Cup", etag: "1" };
    const update = { product, update_mask: { paths: ["title"] } };
    await catalog.call("UpdateProduct", update);
    const failure = await catalog.fail("UpdateProduct", update);
    expect(failure.code).to.equal(status.ABORTED);
    expect(failure.details.ErrorInfo).to.deep.include({ reason: "ETAG_MISMATCH", metadata: { etag: "2" } });
  });

  it("deletes what was never ordered, and archives the rest", async () => {
    await catalog.call("DeleteProduct", { name: "products/fern" });
    expect((await catalog.fail("GetProduct", { name: "products/fern" })).code).to.equal(status.NOT_FOUND);
    const failure = await catalog.fail("DeleteProduct", { name: "products/mug" });
    expect(failure.code).to.equal(status.FAILED_PRECONDITION);
    expect(failure.details.PreconditionFailure.violations[0]).to.include({ type: "ORDERED", subject: "products/mug" });
    expect((await catalog.call("ArchiveProduct", { name: "products/mug" })).state).to.equal("ARCHIVED");
  });

  it("serves pictures and takes new ones", async () => {
    const png = await catalog.call("GetProductImage", { name: "products/mug/image" });
    expect(png.content_type).to.equal("image/png");
    expect(png.data.subarray(1, 4).toString()).to.equal("PNG");
    const data = Buffer.from("<svg/>");
    const info = await catalog.call("UploadProductImage", {
      name: "products/mug/image",
      image: { content_type: "image/svg+xml; charset=utf-8", data },
      alt_text: "A mug",
    });
    expect(info).to.include({ content_type: "image/svg+xml", size_bytes: "6", alt_text: "A mug" });
    expect((await catalog.call("GetProductImage", { name: "products/mug/image" })).data.equals(data)).to.equal(true);
    const image = { content_type: "text/plain", data };
    expect((await catalog.fail("UploadProductImage", { name: "products/mug/image", image })).message).to.include(
      "image.content_type",
    );
    expect((await catalog.fail("GetProductImage", { name: "products/name-sign/image" })).code).to.equal(
      status.NOT_FOUND,
    );
  });
});
