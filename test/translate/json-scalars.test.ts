// Every scalar kind, JSON text ⇄ protobuf bytes.
import { expect } from "chai";
import fc from "fast-check";
import { codecOf, hex } from "./json-fixture.ts";

const kinds = codecOf(`message M {
  int32 i32 = 1; uint32 u32 = 2; sint32 s32 = 3; fixed32 f32 = 4; sfixed32 sf32 = 5;
  int64 i64 = 6; uint64 u64 = 7; sint64 s64 = 8; fixed64 f64 = 9; sfixed64 sf64 = 10;
  bool flag = 11; double dbl = 12; float flt = 13; string text = 14; bytes data = 15;
}`).with({ emitDefaults: false });

/** Field, JSON value, its bytes; both ways. */
const values: readonly (readonly [string, string, string])[] = [
  ["i32", "1", "08 01"],
  ["i32", "-1", "08 ffffffffffffffffff01"],
  ["i32", "2147483647", "08 ffffffff07"],
  ["i32", "-2147483648", "08 80808080f8ffffffff01"],
  ["u32", "4294967295", "10 ffffffff0f"],
  ["s32", "-1", "18 01"],
  ["s32", "2147483647", "18 feffffff0f"],
  ["s32", "-2147483648", "18 ffffffff0f"],
  ["f32", "4294967295", "25 ffffffff"],
  ["sf32", "-2", "2d feffffff"],
  ["i64", '"1"', "30 01"],
  ["i64", '"-1"', "30 ffffffffffffffffff01"],
  ["i64", '"9223372036854775807"', "30 ffffffffffffffff7f"],
  ["i64", '"-9223372036854775808"', "30 80808080808080808001"],
  ["u64", '"18446744073709551615"', "38 ffffffffffffffffff01"],
  ["s64", '"-9223372036854775808"', "40 ffffffffffffffffff01"],
  ["s64", '"9223372036854775807"', "40 feffffffffffffffff01"],
  ["f64", '"18446744073709551615"', "49 ffffffffffffffff"],
  ["sf64", '"-9007199254740993"', "51 ffffffffffffdfff"],
  ["flag", "true", "58 01"],
  ["dbl", "1.5", "61 000000000000f83f"],
  ["dbl", "-0", "61 0000000000000080"],
  ["dbl", '"NaN"', "61 000000000000f87f"],
  ["dbl", '"Infinity"', "61 000000000000f07f"],
  ["dbl", '"-Infinity"', "61 000000000000f0ff"],
  ["dbl", "5e-324", "61 0100000000000000"],
  ["dbl", "1.7976931348623157e+308", "61 ffffffffffffef7f"],
  ["flt", "0.1", "6d cdcccc3d"],
  ["flt", "3.4028235e+38", "6d ffff7f7f"],
  ["flt", '"-Infinity"', "6d 000080ff"],
  ["text", '"é\\n😀"', "72 07 c3a9 0a f09f9880"],
  ["data", '"/+8="', "7a 02 ffef"],
];

/** Other spellings of a value that are read. */
const spellings: readonly (readonly [string, string, string])[] = [
  ["i32", '"1"', "08 01"],
  ["i32", "1.0", "08 01"],
  ["i32", "1e2", "08 64"],
  ["i32", '"1e2"', "08 64"],
  ["i32", "100e-2", "08 01"],
  ["i32", "-0", ""],
  ["i32", '"\\u0031"', "08 01"],
  ["u32", "-0.0", ""],
  ["i64", "1", "30 01"],
  ["i64", "9223372036854775807", "30 ffffffffffffffff7f"],
  ["i64", "9223372036854775807.000", "30 ffffffffffffffff7f"],
  ["i64", "922337203685477580.7e1", "30 ffffffffffffffff7f"],
  ["u64", "18446744073709551615", "38 ffffffffffffffffff01"],
  ["i64", "0e999999999999", ""],
  ["dbl", '"1.5"', "61 000000000000f83f"],
  ["dbl", "1e-400", ""],
  ["dbl", '"\\u0031.5"', "61 000000000000f83f"],
  ["dbl", "123456789012345678901234567890", "61 3e376cff90eef845"],
  ["flt", "3.4028235677973362e38", "6d ffff7f7f"],
  ["data", '"_-8"', "7a 02 ffef"],
  ["data", '"\\/+8="', "7a 02 ffef"],
  ["data", '"/-8="', "7a 02 ffef"],
  ["data", '""', ""],
  ["text", '"\\u00e9\\n\\ud83d\\ude00"', "72 07 c3a9 0a f09f9880"],
  ["text", '"\\"\\\\\\/\\b\\f\\r\\t"', "72 07 225c2f080c0d09"],
  ["text", '"\\u0000"', "72 01 00"],
];

describe("scalars from JSON", () => {
  for (const [field, value, wire] of [...values, ...spellings])
    it(`reads ${field} ${value}`, () => {
      expect(kinds.read(`{"${field}":${value}}`)).to.equal(hex(wire));
      expect(kinds.read(` { "${field}"\n:\t${value} } `)).to.equal(hex(wire));
    });

  const outOfRange: readonly (readonly [string, readonly string[]])[] = [
    ["i32", ["2147483648", "-2147483649", "99999999999999999999", "1e10", '"2147483648"', `1${"0".repeat(400)}`]],
    ["u32", ["-1", "4294967296", "1e300"]],
    ["s32", ["2147483648", "-2147483649"]],
    ["f32", ["-1", "4294967296"]],
    ["sf32", ["2147483648", "-2147483649"]],
    ["i64", ["9223372036854775808", "-9223372036854775809", "99999999999999999999", "100000000000000000000", "1e19"]],
    ["u64", ["18446744073709551616", "-1", "184467440737095516150", "1e20"]],
    ["s64", ["9223372036854775808", "-9223372036854775809"]],
    ["f64", ["18446744073709551616", "-1"]],
    ["sf64", ["9223372036854775808", "-9223372036854775809"]],
    ["dbl", ["1e400", "-1e400", '"1e400"']],
    ["flt", ["3.5e38", "1e39", "-1e39", "1e400"]],
  ];
  for (const [field, texts] of outOfRange)
    it(`refuses ${field} out of range`, () => {
      for (const text of texts) {
        const error = kinds.refusal(`{"${field}":${text}}`);
        expect([error.reason, error.violations[0].field], text).to.deep.equal(["VALUE_OUT_OF_RANGE", field]);
      }
    });

  const invalid: readonly (readonly [string, readonly string[]])[] = [
    [
      "i32",
      [
        "1.5",
        "1e-1",
        "0.1",
        "true",
        '"a"',
        '""',
        '" 1"',
        '"1 "',
        '"0x10"',
        '"+1"',
        '"1.5"',
        '"-"',
        '"1',
        "{}",
        "[]",
        '"01"',
        '"NaN"',
      ],
    ],
    ["i64", ["1.5", '"1,5"', '"1_000"', "[1]"]],
    ["dbl", ["true", '""', '"a"', '"nan"', '"infinity"', '"+Infinity"', '" 1"', '".5"', '"5."', '"0x1"', "{}"]],
    ["flt", ["false", '"1f"']],
    ["flag", ["1", "0", '"true"', '""', "[]", "{}"]],
    ["text", ["1", "true", "{}", "[]"]],
    ["data", ["1", '"A"', '"AA=A"', '"AAA=="', '"A==="', '"="', '"AAAA=="', '"A A="', '"é"', '"AA\\u0000="', "[]"]],
  ];
  for (const [field, texts] of invalid)
    it(`refuses what is no ${field}`, () => {
      for (const text of texts)
        expect(kinds.refusal(`{"${field}":${text}}`).reason, text).to.match(/^(?:VALUE_INVALID|JSON_SYNTAX)$/);
    });

  it("refuses numbers that JSON does not know", () => {
    for (const text of [
      "01",
      "-",
      "+1",
      ".5",
      "1.",
      "1e",
      "1e+",
      "0x10",
      "NaN",
      "Infinity",
      "-Infinity",
      "--1",
      "1_0",
      "00",
      "-01",
    ])
      for (const field of ["i32", "i64", "dbl", "flt"])
        expect(() => kinds.read(`{"${field}":${text}}`), text).to.throw();
  });

  it("reads any 64-bit integer exactly", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.boolean(), (value, isQuoted) => {
        const wire = kinds.read(`{"i64":${isQuoted ? `"${value}"` : value},"u64":"${BigInt.asUintN(64, value)}"}`);
        expect(JSON.parse(kinds.write(wire))).to.deep.equal(
          value === 0n ? {} : { i64: String(value), u64: String(BigInt.asUintN(64, value)) },
        );
      }),
      { seed: 64 },
    );
  });

  it("reads any double as JSON.parse does", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 20 }),
        (value, digits) => {
          for (const text of [
            String(value),
            value.toExponential(digits),
            Math.abs(value) < 1e21 ? value.toFixed(digits) : "1",
          ]) {
            if (!Number.isFinite(JSON.parse(text))) continue;
            const bytes = Buffer.from(kinds.read(`{"dbl":${text}}`), "hex");
            expect(bytes.length === 0 ? 0 : bytes.readDoubleLE(1), text).to.equal(JSON.parse(text));
          }
        },
      ),
      { seed: 12, numRuns: 500 },
    );
  });

  it("reads base64 of any length, in both alphabets, with and without padding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (data) => {
        const bytes = Buffer.from(data);
        const expected = kinds.read(`{"data":"${bytes.toString("base64")}"}`);
        expect(expected.endsWith(bytes.toString("hex"))).to.equal(true);
        for (const text of [bytes.toString("base64url"), bytes.toString("base64").replaceAll("=", "")])
          expect(kinds.read(`{"data":"${text}"}`)).to.equal(expected);
      }),
      { seed: 6 },
    );
  });
});

describe("scalars to JSON", () => {
  for (const [field, value, wire] of values)
    it(`writes ${field} ${value}`, () => {
      expect(kinds.write(wire)).to.equal(`{"${field}":${value}}`);
    });

  it("reads a varint of more bits than the field as its low bits", () => {
    expect(kinds.write("08 ffffffffffffffff7f")).to.equal('{"i32":-1}');
    expect(kinds.write("10 ffffffffff0f")).to.equal('{"u32":4294967295}');
    expect(kinds.write("18 ffffffffff7f")).to.equal('{"s32":-2147483648}');
    expect(kinds.write("58 8002")).to.equal('{"flag":true}');
    expect(kinds.write("58 80808080808001")).to.equal('{"flag":true}');
  });

  it("reads numbers with needless bytes", () => {
    expect(kinds.write("08 8180808000")).to.equal('{"i32":1}');
    expect(kinds.write("7a 8200 ffef")).to.equal('{"data":"/+8="}');
  });
});
