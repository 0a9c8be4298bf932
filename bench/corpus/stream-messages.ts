// The messages of the bench `stream`: a tick of 200 bytes of JSON, and its protobuf bytes, of which only the sequence changes.

export const floodPath = "/v1/ticks:flood";
export const holdPath = "/v1/ticks:hold";
export const echoPath = "/v1/ticks:echo";
export const floodMethod = "bench.stream.v1.Streams/Flood";
export const holdMethod = "bench.stream.v1.Streams/Hold";
export const echoMethod = "bench.stream.v1.Streams/Echo";

const rest = {
  symbol: "instruments/sluice",
  price: 1487.25,
  bid: 1487,
  ask: 1487.5,
  volume: "98213",
  atMicros: "1795000000000000",
  side: "SIDE_SELL",
  venue: "Frankfurt",
  flags: ["open", "auction"],
};

/** What every gateway must make of a tick. */
export function tick(sequence: number): Readonly<Record<string, unknown>> {
  return { sequence, ...rest };
}

export function tickJson(sequence: number): string {
  return JSON.stringify(tick(sequence));
}

/** The bytes of a tick after its sequence; the backends have the same. */
const restBytes = Buffer.concat([
  field(2, Buffer.from(rest.symbol)),
  double(3, rest.price),
  double(4, rest.bid),
  double(5, rest.ask),
  varint(6, BigInt(rest.volume)),
  varint(7, BigInt(rest.atMicros)),
  varint(8, 2n),
  field(9, Buffer.from(rest.venue)),
  ...rest.flags.map((flag) => field(10, Buffer.from(flag))),
]);

export function tickBytes(sequence: number): Buffer {
  const head = Buffer.alloc(5);
  head[0] = (1 << 3) | 5;
  head.writeUInt32LE(sequence, 1);
  return Buffer.concat([head, restBytes]);
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function double(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (number << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function varint(number: number, value: bigint): Buffer {
  const bytes = [number << 3];
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 127n) | 128);
  }
}
