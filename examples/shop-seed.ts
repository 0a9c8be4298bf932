// What is in the shop when it opens.
import { createPng } from "./png.ts";
import type { HttpBody, Order, Product, Shop, User } from "./shop.ts";

interface ProductSeed {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly cents: number;
  readonly tags: readonly string[];
  readonly german: string;
  readonly stock?: number;
  readonly rating?: number;
  readonly material?: string;
  readonly colour: number;
  readonly state?: string;
  /** Day of November 2026. */
  readonly day: number;
}

const products: readonly ProductSeed[] = [
  {
    id: "teapot",
    title: "Teapot",
    description: "Stoneware, holds one litre.",
    category: "KITCHEN",
    cents: 3450,
    tags: ["tea", "gift"],
    german: "Teekanne",
    stock: 12,
    rating: 4.5,
    material: "stoneware",
    colour: 0x335577,
    day: 1,
  },
  {
    id: "mug",
    title: "Mug",
    description: "Fits the teapot.",
    category: "KITCHEN",
    cents: 1250,
    tags: ["tea", "coffee"],
    german: "Becher",
    stock: 80,
    rating: 4.75,
    material: "stoneware",
    colour: 0x775533,
    day: 2,
  },
  {
    id: "chef-knife",
    title: "Chef's knife",
    description: "Carbon steel; wipe it dry.",
    category: "KITCHEN",
    cents: 8900,
    tags: ["steel"],
    german: "Kochmesser",
    stock: 0,
    material: "steel",
    colour: 0x999999,
    day: 3,
  },
  {
    id: "notebook",
    title: "Notebook",
    description: "192 pages, dotted.",
    category: "STATIONERY",
    cents: 990,
    tags: ["paper", "gift"],
    german: "Notizbuch",
    stock: 200,
    rating: 4,
    colour: 0xddccaa,
    day: 4,
  },
  {
    id: "fountain-pen",
    title: "Fountain pen",
    description: "With a converter for ink from a bottle.",
    category: "STATIONERY",
    cents: 4200,
    tags: ["ink", "gift"],
    german: "Füller",
    stock: 7,
    rating: 5,
    colour: 0x112244,
    day: 5,
  },
  {
    id: "ink",
    title: "Ink",
    description: "Blue-black, 50 ml.",
    category: "STATIONERY",
    cents: 1190,
    tags: ["ink"],
    german: "Tinte",
    stock: 31,
    colour: 0x101030,
    day: 6,
  },
  {
    id: "fern",
    title: "Fern",
    description: "Likes the shade.",
    category: "GARDEN",
    cents: 1600,
    tags: ["plant", "gift"],
    german: "Farn",
    stock: 3,
    rating: 3.5,
    colour: 0x228833,
    day: 7,
  },
  {
    id: "name-sign",
    title: "Name sign",
    description: "Enamel, painted to order.",
    category: "GARDEN",
    cents: 5500,
    tags: ["enamel"],
    german: "Namensschild",
    colour: 0xffffff,
    day: 8,
  },
  {
    id: "watering-can",
    title: "Watering can",
    description: "Zinc, five litres.",
    category: "GARDEN",
    cents: 3900,
    tags: ["zinc"],
    german: "Gießkanne",
    stock: 0,
    state: "ARCHIVED",
    colour: 0x889999,
    day: 9,
  },
];

/** The fern has a picture one can read. */
const fernPicture = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><path d="M32 60V8M32 20L16 10M32 20L48 10M32 36L12 26M32 36L52 26" stroke="green"/></svg>\n`;

const users: readonly User[] = [
  {
    name: "users/ada",
    display_name: "Ada",
    email: "ada@example.com",
    role: "CUSTOMER",
    addresses: { home: { lines: ["12 Analytical Row"], city: "London", postal_code: "W1A 0AX", country: "GB" } },
    loyalty_points: "9007199254740993",
    newsletter: { value: false },
    create_time: november(1),
  },
  {
    name: "users/blaise",
    display_name: "Blaise",
    email: "blaise@example.com",
    role: "CUSTOMER",
    addresses: {},
    loyalty_points: "120",
    newsletter: null,
    create_time: november(2),
  },
  {
    name: "users/grace",
    display_name: "Grace",
    email: "grace@example.com",
    role: "ADMIN",
    addresses: { work: { lines: ["Counter 3"], city: "Arlington", postal_code: "22201", country: "US" } },
    loyalty_points: "0",
    newsletter: { value: true },
    create_time: november(3),
  },
];

/** Order numbers start where JavaScript's numbers stop being exact. */
export const firstOrderNumber = 9007199254740993n;

const orders: readonly Order[] = [
  {
    name: "users/ada/orders/1001",
    number: String(firstOrderNumber),
    lines: [
      { product: "products/teapot", quantity: 1, unit_price: euros(3450) },
      { product: "products/mug", quantity: 2, unit_price: euros(1250) },
    ],
    state: "PLACED",
    total: euros(5950),
    home: { address: "home" },
    labels: { packed: "no" },
    gift_note: { value: "Enjoy!" },
    return_window: { seconds: "1209600", nanos: 0 },
    create_time: november(10),
    tracking_number: "",
  },
  {
    name: "users/ada/orders/1002",
    number: String(firstOrderNumber + 1n),
    lines: [{ product: "products/ink", quantity: 3, unit_price: euros(1190) }],
    state: "SHIPPED",
    total: euros(3570),
    pickup: { shop: "Baker Street" },
    labels: { packed: "yes" },
    gift_note: null,
    return_window: { seconds: "1209600", nanos: 0 },
    create_time: november(11),
    tracking_number: "SL-1002",
  },
  {
    name: "users/blaise/orders/1003",
    number: String(firstOrderNumber + 2n),
    lines: [{ product: "products/notebook", quantity: 1, unit_price: euros(990) }],
    state: "PLACED",
    total: euros(990),
    email: "blaise@example.com",
    labels: {},
    gift_note: { value: "" },
    return_window: { seconds: "1209600", nanos: 500_000_000 },
    create_time: november(12),
    tracking_number: "",
  },
];

/** A shop with goods on its shelves. */
export function createShop(): Shop {
  const shop: Shop = {
    products: new Map(),
    pictures: new Map(),
    users: new Map(users.map((user) => [user.name, structuredClone(user)])),
    orders: new Map(orders.map((order) => [order.name, structuredClone(order)])),
    payments: new Map(),
    paymentRequests: new Map(),
    now: { seconds: String(Date.UTC(2026, 10, 21, 9) / 1000), nanos: 0 },
  };
  for (const seed of products) {
    const product = toProduct(seed);
    shop.products.set(product.name, product);
    if (seed.id !== "name-sign")
      shop.pictures.set(`${product.name}/image`, { body: drawPicture(seed), alt_text: seed.title });
  }
  return shop;
}

function drawPicture(seed: ProductSeed): HttpBody {
  if (seed.id === "fern") return { content_type: "image/svg+xml", data: Buffer.from(fernPicture) };
  return { content_type: "image/png", data: createPng(8, seed.colour) };
}

function toProduct(seed: ProductSeed): Product {
  return {
    name: `products/${seed.id}`,
    title: seed.title,
    description: seed.description,
    category: seed.category,
    price: euros(seed.cents),
    tags: [...seed.tags],
    translations: { de: seed.german },
    ...(seed.stock === undefined ? {} : { stock: seed.stock }),
    attributes: seed.material === undefined ? null : { fields: { material: { stringValue: seed.material } } },
    rating: seed.rating === undefined ? null : { value: seed.rating },
    state: seed.state ?? "ACTIVE",
    create_time: november(seed.day),
    update_time: november(seed.day),
    etag: "1",
  };
}

function euros(cents: number): { readonly currency: string; readonly minor_units: string } {
  return { currency: "EUR", minor_units: String(cents) };
}

function november(day: number): { readonly seconds: string; readonly nanos: number } {
  return { seconds: String(Date.UTC(2026, 10, day, 12) / 1000), nanos: 0 };
}
