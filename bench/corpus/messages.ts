// The fixtures of the codec bench as ProtoJSON, made from a fixed seed: the same bytes on every machine.

/** A small linear congruential generator: the bench must not change with the runtime's own. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

const words =
  "amber basalt cedar delta ember fjord grove harbor iris juniper kelp lagoon meadow north opal prairie".split(" ");

export interface Fixture {
  readonly name: string;
  readonly type: string;
  readonly json: unknown;
}

export function createFixtures(): Fixture[] {
  const random = createRandom(20261121);
  const word = (): string => words[random(words.length)];
  const text = (count: number): string => Array.from({ length: count }, word).join(" ");
  const times = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const price = (): unknown => ({
    currency: "EUR",
    units: String(1 + random(500)),
    nanos: 10_000_000 * (1 + random(98)),
  });
  return [
    {
      name: "small",
      type: "bench.v1.Small",
      json: { id: "products/8842", name: "Harbor lamp", updatedAt: "1795248000123", stock: 42, active: true },
    },
    {
      name: "nested",
      type: "bench.v1.Nested",
      json: {
        orderId: "orders/20261121-7",
        lines: times(200, (index) => ({
          productId: `products/${1000 + index}`,
          quantity: 1 + random(9),
          price: price(),
          gift: true,
        })),
        status: "STATUS_SHIPPED",
      },
    },
    {
      name: "strings",
      type: "bench.v1.Strings",
      json: {
        title: text(8),
        body: `${text(300)} "quoted" and\nbroken – über allem`,
        tags: times(40, word),
        paragraphs: times(30, () => text(30)),
        checksum: Buffer.from(text(10)).toString("base64"),
      },
    },
    {
      name: "numbers",
      type: "bench.v1.Numbers",
      json: {
        samples: times(200, () => random(1_000_000) / 1000 + 0.25),
        counts: times(200, () => random(100_000)),
        ids: times(
          200,
          () => `${1 + random(9_000)}${String(random(1e9)).padStart(9, "0")}${String(random(1e5)).padStart(5, "0")}`,
        ),
        ratios: times(100, () => random(256) / 256 + 0.00390625),
        sizes: times(200, () => random(4_000_000)),
        deltas: times(100, () => String(random(20_000) - 10_000)),
        hash: "12297829382473034410",
      },
    },
    {
      name: "maps",
      type: "bench.v1.Maps",
      json: {
        labels: Object.fromEntries(times(100, (index) => [`${word()}-${index}`, text(2)])),
        counters: Object.fromEntries(times(100, (index) => [`${word()}.${index}`, String(random(1_000_000) + 1)])),
        names: Object.fromEntries(times(100, (index) => [String(index * 7 + 1), word()])),
        prices: Object.fromEntries(times(50, (index) => [`sku-${index}`, price()])),
      },
    },
    {
      name: "decimals",
      type: "bench.v1.Decimals",
      json: {
        readings: times(200, () => (random(1e9) + random(1e9) / 1e9) / 1e7),
        path: times(100, () => ({ latitude: (1 + random(90e6)) / 1e6, longitude: (1 + random(180e6)) / 1e6 })),
      },
    },
    {
      name: "markup",
      type: "bench.v1.Strings",
      json: {
        title: "Überraschend schöne Grüße aus Köln",
        body: times(60, () => `<p class="${word()}">${text(6)}</p>`).join("\n"),
        tags: times(20, () => `${word()} ${word()}`),
        paragraphs: times(20, () => `быстрая коричневая лиса прыгает ${text(3)} через ленивую собаку`),
        checksum: Buffer.from(text(10)).toString("base64"),
      },
    },
    {
      name: "negatives",
      type: "bench.v1.Numbers",
      json: {
        samples: times(100, () => -(1 + random(1e6)) / 100),
        counts: times(200, () => -1 - random(1e6)),
        ids: times(200, () => `-${1 + random(1e9)}${String(random(1e9)).padStart(9, "0")}`),
        ratios: [],
        sizes: [],
        deltas: times(100, () => `-${1 + random(1e9)}`),
        hash: "1",
      },
    },
  ];
}
