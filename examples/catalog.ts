// shop.v1.Catalog: products and their pictures.
import { createHash } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { applyMask, expandMask } from "./field-mask.ts";
import type { Shape } from "./field-mask.ts";
import { cutPage } from "./paging.ts";
import type { PageRequest } from "./paging.ts";
import { findProducts } from "./catalog-search.ts";
import type { ProductQuery } from "./catalog-search.ts";
import { alreadyExists, invalidArgument, notFound, RpcError } from "./rpc-error.ts";
import { unary } from "./serve.ts";
import type { ServiceSource } from "./serve.ts";
import { toId } from "./shop.ts";
import type { HttpBody, Product, Shop } from "./shop.ts";

const settable: Shape = {
  title: null,
  description: null,
  category: null,
  price: { currency: null, minor_units: null },
  tags: null,
  translations: { "*": null },
  stock: null,
  attributes: { fields: { "*": null } },
  rating: { value: null },
};

const pictureTypes = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"];
const maxPictureBytes = 1024 * 1024;

export function createCatalog(shop: Shop): ServiceSource {
  return {
    service: "shop.v1.Catalog",
    file: "shop/v1/catalog.proto",
    implementation: {
      ListProducts: unary((request: PageRequest & ProductQuery) => listProducts(shop, request)),
      GetProduct: unary(({ name }: { name: string }) => getProduct(shop, name)),
      BatchGetProducts: unary(({ names }: { names: string[] }) => batchGetProducts(shop, names)),
      CreateProduct: unary((request: { product: Product | null; product_id: string }) => createProduct(shop, request)),
      UpdateProduct: unary((request: UpdateRequest) => updateProduct(shop, request)),
      DeleteProduct: unary((request: { name: string; etag: string }) => deleteProduct(shop, request)),
      ArchiveProduct: unary(({ name }: { name: string }) => {
        return saveProduct(shop, { ...getProduct(shop, name), state: "ARCHIVED" });
      }),
      GetProductImage: unary(({ name }: { name: string }) => {
        const picture = shop.pictures.get(name);
        if (picture === undefined) throw notFound("shop.v1.ProductImage", name);
        return picture.body;
      }),
      UploadProductImage: unary((request: UploadRequest) => uploadPicture(shop, request)),
    },
  };
}

interface UpdateRequest {
  readonly product: Product | null;
  readonly update_mask: { readonly paths: readonly string[] } | null;
}

interface UploadRequest {
  readonly name: string;
  readonly image: HttpBody | null;
  readonly alt_text: string;
}

function listProducts(shop: Shop, request: PageRequest & ProductQuery): object {
  const { page_size: _size, page_token: _token, ...query } = request;
  const found = findProducts([...shop.products.values()], query);
  const { page, next_page_token } = cutPage(found, request, query);
  return { products: page, next_page_token, total_size: found.length };
}

function getProduct(shop: Shop, name: string): Product {
  const product = shop.products.get(name);
  if (product === undefined) throw notFound("shop.v1.Product", name);
  return product;
}

function batchGetProducts(shop: Shop, names: readonly string[]): object {
  if (names.length === 0) throw invalidArgument("names", "must have at least one name");
  if (names.length > 100) throw invalidArgument("names", "must have at most 100 names");
  return { products: names.map((name) => getProduct(shop, name)) };
}

function createProduct(
  shop: Shop,
  request: { readonly product: Product | null; readonly product_id: string },
): Product {
  if (request.product === null) throw invalidArgument("product", "is missing");
  const id = toId(request.product_id, request.product.title);
  if (id === undefined) throw invalidArgument("product_id", "must have 1 to 40 lower-case letters, digits and hyphens");
  const name = `products/${id}`;
  if (shop.products.has(name)) throw alreadyExists("shop.v1.Product", name);
  const product: Product = { ...request.product, name, state: "ACTIVE", create_time: shop.now, etag: "0" };
  checkProduct(product);
  return saveProduct(shop, product);
}

function updateProduct(shop: Shop, request: UpdateRequest): Product {
  if (request.product === null) throw invalidArgument("product", "is missing");
  const before = getProduct(shop, request.product.name);
  checkEtag(before, request.product.etag);
  // `name` and `etag` say which product is meant; in a mask they are not a change.
  const mask = (request.update_mask?.paths ?? []).filter((path) => path !== "name" && path !== "etag");
  const onlyIdentity = mask.length === 0 && (request.update_mask?.paths.length ?? 0) > 0;
  const paths = onlyIdentity ? [] : expandMask(mask, request.product, settable);
  const after = applyMask(before, request.product, paths, settable);
  checkProduct(after);
  return saveProduct(shop, after);
}

function deleteProduct(shop: Shop, request: { readonly name: string; readonly etag: string }): object {
  const product = getProduct(shop, request.name);
  checkEtag(product, request.etag);
  const order = [...shop.orders.values()].find(({ lines }) => lines.some((line) => line.product === product.name));
  if (order !== undefined) {
    throw new RpcError(status.FAILED_PRECONDITION, `${product.name} was ordered and cannot be deleted; archive it`, [
      {
        type: "PreconditionFailure",
        violations: [{ type: "ORDERED", subject: product.name, description: `${order.name} has it` }],
      },
    ]);
  }
  shop.products.delete(product.name);
  shop.pictures.delete(`${product.name}/image`);
  return {};
}

function checkEtag(product: Product, etag: string): void {
  if (etag === "" || etag === product.etag) return;
  throw new RpcError(status.ABORTED, `${product.name} has changed since it was read`, [
    { type: "ErrorInfo", reason: "ETAG_MISMATCH", domain: "shop.example.com", metadata: { etag: product.etag } },
  ]);
}

/** All that is wrong at once, not the first only. */
function checkProduct(product: Product): void {
  const wrong: { field: string; description: string }[] = [];
  if (product.title.trim() === "") wrong.push({ field: "product.title", description: "must not be empty" });
  if (!/^[A-Z]{3}$/.test(product.price?.currency ?? "")) {
    wrong.push({ field: "product.price.currency", description: "must be three upper-case letters, like EUR" });
  }
  if (BigInt(product.price?.minor_units ?? 0) <= 0n) {
    wrong.push({ field: "product.price.minor_units", description: "must be more than 0" });
  }
  if ((product.stock ?? 0) < 0) wrong.push({ field: "product.stock", description: "must not be negative" });
  if (wrong.length === 0) return;
  const message = wrong.map(({ field, description }) => `${field} ${description}`).join("; ");
  throw new RpcError(status.INVALID_ARGUMENT, message, [{ type: "BadRequest", field_violations: wrong }]);
}

function saveProduct(shop: Shop, product: Product): Product {
  const saved = { ...product, update_time: shop.now, etag: String(Number(product.etag) + 1) };
  shop.products.set(saved.name, saved);
  return saved;
}

function uploadPicture(shop: Shop, request: UploadRequest): object {
  getProduct(shop, request.name.replace(/\/image$/, ""));
  const { content_type, data } = request.image ?? { content_type: "", data: Buffer.alloc(0) };
  const type = content_type.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!pictureTypes.includes(type))
    throw invalidArgument("image.content_type", `must be one of ${pictureTypes.join(", ")}`);
  if (data.length === 0) throw invalidArgument("image.data", "must not be empty");
  if (data.length > maxPictureBytes) throw invalidArgument("image.data", `must have at most ${maxPictureBytes} bytes`);
  shop.pictures.set(request.name, { body: { content_type: type, data }, alt_text: request.alt_text });
  return {
    name: request.name,
    content_type: type,
    size_bytes: String(data.length),
    sha256: createHash("sha256").update(data).digest(),
    alt_text: request.alt_text,
  };
}
