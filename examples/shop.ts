// What the four services of the shop share: the messages as TypeScript sees them, the tables, the clock.
export interface Timestamp {
  readonly seconds: string;
  readonly nanos: number;
}

export interface Money {
  readonly currency: string;
  readonly minor_units: string;
}

export interface Product {
  name: string;
  title: string;
  description: string;
  category: string;
  price: Money | null;
  tags: string[];
  translations: Record<string, string>;
  stock?: number;
  attributes: object | null;
  rating: { readonly value: number } | null;
  state: string;
  create_time: Timestamp | null;
  update_time: Timestamp | null;
  etag: string;
}

export interface HttpBody {
  readonly content_type: string;
  readonly data: Buffer;
}

export interface Picture {
  readonly body: HttpBody;
  readonly alt_text: string;
}

export interface User {
  name: string;
  display_name: string;
  email: string;
  role: string;
  addresses: Record<string, object>;
  loyalty_points: string;
  newsletter: { readonly value: boolean } | null;
  create_time: Timestamp | null;
}

export interface OrderLine {
  readonly product: string;
  readonly quantity: number;
  readonly unit_price: Money | null;
}

export interface Order {
  name: string;
  number: string;
  lines: OrderLine[];
  state: string;
  total: Money | null;
  home?: { readonly address: string; readonly not_before?: Timestamp | null } | null;
  pickup?: { readonly shop: string } | null;
  email?: string;
  labels: Record<string, string>;
  gift_note: { readonly value: string } | null;
  return_window: { readonly seconds: string; readonly nanos: number } | null;
  create_time: Timestamp | null;
  tracking_number: string;
}

export interface Payment {
  name: string;
  order: string;
  amount: Money | null;
  card?: { readonly number: string; readonly expiry_month: number; readonly expiry_year: number } | null;
  voucher?: string;
  state: string;
  captured: Money | null;
  create_time: Timestamp | null;
}

/** Every table by resource name, in the order things were added. Lives as long as the process, and no longer. */
export interface Shop {
  readonly products: Map<string, Product>;
  /** By `products/{id}/image`. */
  readonly pictures: Map<string, Picture>;
  readonly users: Map<string, User>;
  readonly orders: Map<string, Order>;
  readonly payments: Map<string, Payment>;
  /** Payments by the request_id they were made with. */
  readonly paymentRequests: Map<string, Payment>;
  /** The shop's clock stands still, so that the same request has the same answer whenever it is tried. */
  readonly now: Timestamp;
}

/** The last part of a new resource name: the id asked for, else made from a title; undefined when neither is fit. */
export function toId(wanted: string, title: string): string | undefined {
  const id =
    wanted === ""
      ? title
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "-")
          .replace(/^-|-$/g, "")
          .slice(0, 40)
      : wanted;
  return /^[a-z0-9-]{1,40}$/.test(id) ? id : undefined;
}
