import { expect } from "chai";
import { ByteSink } from "../../src/translate/wire/byte-sink.ts";
import { WireReader } from "../../src/translate/wire/wire-reader.ts";
import {
  closeLength,
  openLength,
  writeDoubleBits,
  writeFixed32,
  writeFloatBits,
  writeVarint32,
  writeVarint64,
} from "../../src/translate/wire/write-wire.ts";
import { Random } from "../fuzz/random.ts";
import { varint } from "../fuzz/mutate-wire.ts";
import { hexOf, thrownBy } from "./json-fixture.ts";

function bytesOf(write: (out: ByteSink) => void): Buffer {
  const out = new ByteSink();
  write(out);
  return out.take(0);
}

const reader = (bytes: Uint8Array): WireReader => new WireReader(Buffer.from(bytes), 0, bytes.length);

describe("varints", () => {
  it("are written as seven bits a byte and read back", () => {
    const random = new Random(11);
    const values = [
      0n,
      1n,
      127n,
      128n,
      16_383n,
      16_384n,
      2n ** 31n,
      2n ** 32n - 1n,
      2n ** 32n,
      2n ** 35n,
      2n ** 63n,
      2n ** 64n - 1n,
    ];
    for (const value of [...values, ...Array.from({ length: 5000 }, () => random.bigint())]) {
      const lo = Number(BigInt.asIntN(32, value));
      const hi = Number(BigInt.asIntN(32, value >> 32n));
      const bytes = bytesOf((out) => writeVarint64(out, lo, hi));
      expect(hexOf(bytes)).to.equal(hexOf(varint(value)));
      const cursor = reader(bytes);
      cursor.varint64();
      expect([cursor.lo, cursor.hi, cursor.pos]).to.deep.equal([lo, hi, bytes.length]);
      expect(reader(bytes).varint32()).to.equal(lo);
      if (value < 2n ** 32n) expect(hexOf(bytesOf((out) => writeVarint32(out, Number(value))))).to.equal(hexOf(bytes));
    }
  });

  it("are read with bytes after them, too, and with needless ones inside", () => {
    for (const [bytes, value] of [
      ["8000 00000000000000000000", 0],
      ["ac02 00000000000000000000", 300],
      ["ff808080 8080808000 0000", 127],
    ] as const) {
      const cursor = reader(Buffer.from(bytes.replaceAll(" ", ""), "hex"));
      expect(cursor.varint32()).to.equal(value);
    }
  });

  it("of more than ten bytes, or without an end, are malformed", () => {
    for (const bytes of [
      "",
      "80",
      "ffffffff",
      "ffffffffffffffffffff",
      "ffffffffffffffffffff01",
      "8080808080808080808001",
    ]) {
      expect(thrownBy(() => reader(Buffer.from(bytes, "hex")).varint64()).reason, bytes).to.equal("MESSAGE_MALFORMED");
      expect(thrownBy(() => reader(Buffer.from(bytes, "hex")).varint32()).reason, bytes).to.equal("MESSAGE_MALFORMED");
    }
  });
});

describe("fixed values", () => {
  it("are little-endian", () => {
    expect(hexOf(bytesOf((out) => writeFixed32(out, 0x01020304)))).to.equal("04030201");
    expect(hexOf(bytesOf((out) => writeFloatBits(out, 1.5)))).to.equal("0000c03f");
    expect(hexOf(bytesOf((out) => writeDoubleBits(out, -2)))).to.equal("00000000000000c0");
  });

  it("that are cut are malformed", () => {
    for (const read of [
      (cursor: WireReader) => cursor.fixed32(),
      (cursor: WireReader) => cursor.double(),
      (cursor: WireReader) => cursor.float(),
    ])
      expect(thrownBy(() => read(reader(Buffer.of(1, 2, 3)))).reason).to.equal("MESSAGE_MALFORMED");
  });
});

describe("openLength and closeLength", () => {
  it("put the length before a value of any size, whatever was guessed", () => {
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
      for (const guess of [1, 2, 3, 4, 5]) {
        const bytes = bytesOf((out) => {
          out.appendByte(9);
          const at = openLength(out, guess);
          out.appendRange(Buffer.alloc(size, 7), 0, size);
          closeLength(out, at, guess);
          out.appendByte(8);
        });
        const cursor = reader(bytes);
        cursor.pos = 1;
        expect(cursor.lengthEnd() - cursor.pos).to.equal(size);
        expect(bytes.length).to.equal(cursor.pos + size + 1);
        expect(bytes.subarray(cursor.pos, -1).every((byte) => byte === 7)).to.equal(true);
        expect(bytes.at(-1)).to.equal(8);
      }
  });

  it("refuse a length that runs past the end, is negative or has more than 32 bits", () => {
    for (const bytes of ["02 00", "ffffffff0f 00", "ffffffffffffffffff01 00", "8180808010 00"])
      expect(thrownBy(() => reader(Buffer.from(bytes.replaceAll(" ", ""), "hex")).lengthEnd()).reason, bytes).to.equal(
        "MESSAGE_MALFORMED",
      );
  });
});
