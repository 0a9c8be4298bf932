// The messages of the load bench, as JSON and as framed gRPC bytes.

export const itemId = "8f14e45f";
export const itemPath = `/v1/items/${itemId}`;
export const orderPath = "/v1/orders:echo";
export const itemMethod = "/bench.load.v1.Load/GetItem";
export const watchMethod = "/bench.load.v1.Load/WatchItem";

/** What every gateway answers to a GET of the item; the backend has the same in bytes. */
export const item = {
  id: itemId,
  title: "Cast iron pan, 28 cm",
  price: { currency: "EUR", units: "49", nanos: 990000000 },
  quantity: 17,
  state: "STATE_ACTIVE",
  visible: true,
};

/** GetItemRequest or Item.id: field 1, a string. */
function idBytes(id: string): Buffer {
  return Buffer.concat([Buffer.from([0x0a, id.length]), Buffer.from(id)]);
}

/** A message with the five bytes that go before it in gRPC's stream. */
export function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export const itemRequest = framed(idBytes(itemId));

/** An order of nested messages; about 220 bytes of JSON for each line, and 34 lines make the 7.6 KB of the bench. */
export function order(lines: number): unknown {
  return {
    id: "orders/2026-11-000187",
    customer: { name: "Ada Lovelace", email: "ada@example.org", number: "900719925474099" },
    lines: Array.from({ length: lines }, (_, index) => ({
      item: {
        id: `items/${1000 + index}`,
        title: `Cast iron pan, ${20 + (index % 17)} cm`,
        price: { currency: "EUR", units: String(19 + index), nanos: 990000000 },
        quantity: 3 + (index % 90),
        state: index % 2 === 0 ? "STATE_ACTIVE" : "STATE_SOLD",
        visible: true,
      },
      count: 1 + (index % 7),
      weight: 1.25 + (index % 40),
      tags: ["kitchen", "iron"],
    })),
    labels: { channel: "web", campaign: "autumn" },
  };
}

/** The item's bytes after its id, as the backends append them. */
export const itemRest = Buffer.concat([
  field(2, Buffer.from("Cast iron pan, 28 cm")),
  field(3, Buffer.concat([field(1, Buffer.from("EUR")), Buffer.from([0x10, 49, 0x18]), varint(990000000)])),
  Buffer.from([0x20, 17, 0x28, 1, 0x30, 1]),
]);

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
