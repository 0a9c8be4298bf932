// Numbers, strings and bytes as JSON text, against what the runtime makes of the same values.
import { ok, strictEqual as equal } from "node:assert/strict";
import { expect } from "chai";
import { ByteSink, viewOf } from "../../src/translate/wire/byte-sink.ts";
import {
  writeDouble,
  writeFloat,
  writeInt32,
  writeInt64,
  writePadded,
  writeUint,
  writeUint64,
} from "../../src/translate/json/write-number.ts";
import { writeBase64, writeString } from "../../src/translate/json/write-text.ts";
import { Random } from "../fuzz/random.ts";
import { thrownBy } from "./json-fixture.ts";

function textOf(write: (out: ByteSink) => void): string {
  const out = new ByteSink();
  write(out);
  return out.take(0).toString();
}

const halves = (value: bigint): [number, number] => [
  Number(BigInt.asIntN(32, value)),
  Number(BigInt.asIntN(32, value >> 32n)),
];

describe("writeUint, writeInt32, writePadded", () => {
  it("write every number of digits", () => {
    for (let power = 0; power < 16; power++)
      for (const value of [10 ** power - 1, 10 ** power, 10 ** power + 1, 9 * 10 ** power])
        if (Number.isSafeInteger(value)) expect(textOf((out) => writeUint(out, value))).to.equal(String(value));
  });

  it("write the ends of the ranges", () => {
    for (const value of [0, -1, 2 ** 31 - 1, -(2 ** 31)])
      expect(textOf((out) => writeInt32(out, value))).to.equal(String(value));
    for (const value of [2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1])
      expect(textOf((out) => writeUint(out, value))).to.equal(String(value));
  });

  it("pad with zeros to the width", () => {
    for (const [value, width, expected] of [
      [0, 3, "000"],
      [7, 2, "07"],
      [42, 9, "000000042"],
      [999_999_999, 9, "999999999"],
      [5, 1, "5"],
    ] as const)
      expect(textOf((out) => writePadded(out, value, width))).to.equal(expected);
  });
});

describe("writeInt64, writeUint64", () => {
  it("write what BigInt writes", () => {
    const random = new Random(64);
    const corners = [
      0n,
      1n,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
      2n ** 63n,
      2n ** 64n - 1n,
      10n ** 18n,
      10n ** 19n,
      999_999_999n,
      10n ** 18n - 1n,
    ];
    for (const value of [...corners, ...Array.from({ length: 20_000 }, () => random.bigint())]) {
      const [lo, hi] = halves(value);
      equal(
        textOf((out) => writeUint64(out, lo, hi)),
        String(value),
      );
      equal(
        textOf((out) => writeInt64(out, lo, hi)),
        String(BigInt.asIntN(64, value)),
      );
    }
  });
});

describe("writeDouble", () => {
  it("writes what the runtime writes, the shortest text that reads back", () => {
    const random = new Random(7);
    for (let i = 0; i < 30_000; i++) {
      const value = random.double();
      if (!Number.isFinite(value) || Object.is(value, -0)) continue;
      // How many decimals are tried first depends on the number before.
      textOf((out) => writeDouble(out, random.below(1_000_000_000) / 10 ** random.below(10)));
      const text = textOf((out) => writeDouble(out, value));
      equal(Number(text), value);
      ok(text.length <= String(value).length, `${text} for ${value}`);
    }
  });

  it("writes decimals of every length and size", () => {
    for (let power = -12; power < 23; power++)
      for (const digits of [1, 12, 15, 123, 999, 1001, 123_456_789, 0.1 + 0.2, 1 / 3]) {
        const value = digits * 10 ** power;
        expect(textOf((out) => writeDouble(out, value))).to.equal(String(value));
        expect(textOf((out) => writeDouble(out, -value))).to.equal(String(-value));
      }
  });

  it("writes what is no number as a string, and keeps the sign of zero", () => {
    expect([NaN, Infinity, -Infinity, 0, -0].map((value) => textOf((out) => writeDouble(out, value)))).to.deep.equal([
      '"NaN"',
      '"Infinity"',
      '"-Infinity"',
      "0",
      "-0",
    ]);
  });
});

describe("writeFloat", () => {
  it("writes a text that reads back to the same float and is never longer than it must be", () => {
    const random = new Random(32);
    for (let i = 0; i < 30_000; i++) {
      const value = random.float();
      if (!Number.isFinite(value) || Object.is(value, -0)) continue;
      const text = textOf((out) => writeFloat(out, value));
      ok(Object.is(Math.fround(Number(text)), value), `${value} as ${text}`);
      ok(text.length <= String(Number(value.toPrecision(9))).length, `${text} for ${value}`);
    }
  });

  it("writes the decimal that was meant, whatever was written before", () => {
    for (const before of [0.5, 0.123456789, 0.00001])
      for (const text of [
        "0.1",
        "0.3",
        "1.5",
        "3.14",
        "16777216",
        "3.4028235e+38",
        "1.1754944e-38",
        "1e-45",
        "0.000001",
        "123456.7",
      ]) {
        textOf((out) => writeDouble(out, before));
        expect(textOf((out) => writeFloat(out, Math.fround(Number(text))))).to.equal(String(Number(text)));
      }
  });

  it("writes the largest floats as floats", () => {
    expect(Math.fround(Number(textOf((out) => writeFloat(out, 3.4028234663852886e38))))).to.equal(
      3.4028234663852886e38,
    );
  });
});

function stringOf(bytes: Uint8Array, replaceInvalid = false): string {
  return textOf((out) =>
    writeString(out, { bytes, view: viewOf(bytes), hasView: true }, 0, bytes.length, replaceInvalid),
  );
}

describe("writeString", () => {
  it("writes what JSON.parse reads back", () => {
    const random = new Random(3);
    for (let i = 0; i < 5000; i++) {
      const text = random.text() + random.text();
      expect(JSON.parse(stringOf(Buffer.from(text)))).to.equal(text);
    }
  });

  it("finds a character that needs an escape at every place of a long string", () => {
    for (const special of ['"', "\\", "\u0001", "é", "😀"])
      for (let at = 0; at < 70; at++) {
        const text = `${"a".repeat(at)}${special}${"b".repeat(69 - at)}`;
        expect(JSON.parse(stringOf(Buffer.from(text)))).to.equal(text);
      }
  });

  it("escapes all control characters, the short ones shortly", () => {
    expect(stringOf(Buffer.from('\b\t\n\f\r"\\\u0000\u001f/\u007f'))).to.equal(
      String.raw`"\b\t\n\f\r\"\\\u0000\u001f/` + '\u007f"',
    );
  });

  const broken = [
    "80",
    "c0 80",
    "c3",
    "e0 80 80",
    "e2 82",
    "ed a0 80",
    "f0 80 80 80",
    "f0 9f 98",
    "f4 90 80 80",
    "f5 80 80 80",
    "ff",
    "e2 28 a1",
    "f0 9f 22 80",
  ];

  it("refuses what is not UTF-8", () => {
    for (const bytes of broken)
      expect(thrownBy(() => stringOf(Buffer.from(bytes.replaceAll(" ", ""), "hex"))).reason, bytes).to.equal(
        "MESSAGE_MALFORMED",
      );
  });

  it("replaces it, where the field does not promise UTF-8, as TextDecoder does", () => {
    const random = new Random(8);
    const samples = [
      ...broken.map((bytes) => Buffer.from(bytes.replaceAll(" ", ""), "hex")),
      ...Array.from({ length: 3000 }, () => Buffer.from(random.bytes())),
    ];
    for (const bytes of samples)
      expect(JSON.parse(stringOf(bytes, true)), bytes.toString("hex")).to.equal(
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
      );
  });
});

describe("writeBase64", () => {
  it("writes what Buffer writes", () => {
    const random = new Random(9);
    for (let length = 0; length < 200; length++) {
      const bytes = Buffer.from(Array.from({ length }, () => random.below(256)));
      expect(textOf((out) => writeBase64(out, bytes, 0, length))).to.equal(`"${bytes.toString("base64")}"`);
    }
  });
});
