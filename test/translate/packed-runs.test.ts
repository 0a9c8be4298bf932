// Packed runs far longer than what is reserved at once, of every type: as JSON and from it, and cut in the middle of an
// element.
import { expect } from "chai";
import { GatewayError } from "../../src/status.ts";
import { WireReader } from "../../src/translate/wire/wire-reader.ts";
import { type Codec, codecOf, hexOf, thrownBy } from "./json-fixture.ts";
import { Random } from "../fuzz/random.ts";

/** For every type what its elements look like, from the fewest bytes on the wire to the most. */
const elements: Readonly<Record<string, readonly string[]>> = {
  int32: ["0", "127", "128", "-1", "2147483647", "-2147483648", "65536"],
  uint32: ["0", "127", "128", "4294967295", "2147483648", "99999999"],
  sint32: ["-64", "63", "-65", "2147483647", "-2147483648"],
  fixed32: ["0", "4294967295", "10000"],
  sfixed32: ["-2147483648", "-1", "2147483647"],
  int64: ['"0"', '"127"', '"-1"', '"-9223372036854775808"', '"9223372036854775807"', '"4294967296"'],
  uint64: ['"127"', '"18446744073709551615"', '"9999999999999999"', '"10000000000000000"', '"100000000"'],
  sint64: ['"-64"', '"63"', '"-9223372036854775808"', '"9223372036854775807"', '"-100000000000"'],
  fixed64: ['"0"', '"18446744073709551615"', '"4294967295"'],
  sfixed64: ['"-4294967296"', '"-9223372036854775808"', '"7"'],
  bool: ["true", "false"],
  E: ['"E_ZERO"', '"E_ONE"', "-1", "300"],
  double: [
    "0.1",
    "-0",
    "-2.5e-300",
    "1.7976931348623157e+308",
    "-1234.125",
    "0.000001",
    '"NaN"',
    "3e-7",
    "1999999.999",
  ],
  float: ["0.5", "-0", "0.00390625", "3.4028235e+38", '"-Infinity"', "999.999", "16777216", "0.1", "1e-45"],
};

describe("packed runs", () => {
  for (const [type, choices] of Object.entries(elements)) {
    const codec = codecOf(`enum E { E_ZERO = 0; E_ONE = 1; } message M { repeated ${type} list = 1; }`);
    const random = new Random(11);
    const alike = choices.map((choice) => Array.from({ length: 3000 }, () => choice));
    const mixed = Array.from({ length: 3000 }, () => choices[(random.bits() >>> 0) % choices.length]);

    it(`of ${type} are written whole, alike or mixed`, () => {
      for (const list of [...alike, mixed]) {
        const json = `{"list":[${list.join(",")}]}`;
        expect(codec.write(codec.read(json))).to.equal(json);
      }
    });

    it(`of ${type} that end inside of an element are refused`, () => {
      const wire = Buffer.from(codec.read(`{"list":[${choices[choices.length - 1]}]}`), "hex");
      // Of a lone byte nothing can be cut; a varint that goes on takes its place.
      const run = wire.length > 3 ? wire.subarray(2, -1) : Buffer.of(0xff);
      const cut = Buffer.concat([Buffer.of(0x0a, run.length), run]);
      expect(thrownBy(() => codec.write(hexOf(cut))).message).to.match(/^malformed protobuf message: truncated/);
    });
  }
});

/** Elements that some type takes and another refuses, or that no JSON has. */
const oddElements = [
  ["", '"', "- 1", "1 2", '" 1"', '"\\u0031"'],
  '1 -1 -0 00 01 -01 1.0 1. .5 1e2 1E-2 +1 --1 "" 0x1 "1" "-7" "01" "1 1" "1.5" "1e2" "NaN" null true [1] {}'.split(
    " ",
  ),
  "999999999 1000000000 2147483647 2147483648 -2147483648 -2147483649 4294967295 4294967296 -4294967296".split(" "),
  "999999999999999999 9223372036854775807 9223372036854775808 -9223372036854775808 123456789012345678".split(" "),
  "18446744073709551615 18446744073709551616 99999999999999999999999 1000000000000000000".split(" "),
  "0.1 123456789.123456789 1234567890.5 0.1234567890123456789 0.000000001000000001 9007199.254740993".split(" "),
  "9007199.254740991 8999999.999999999 9000000.000000001 0.3 1.000000000 3.4028236e38 5e-324 1e400".split(" "),
  "0.4999999999999999722444243843710864894092082977294921875 0.123456789 1.5.5 0.0".split(" "),
].flat();

describe("lists of numbers", () => {
  /** What becomes of a list: its elements' bytes, or nothing where it is refused. */
  const bytesOf = (codec: Codec, list: readonly string[], separator: string): string | undefined => {
    try {
      const wire = Buffer.from(codec.read(`{"list":[${list.join(separator)}]}`), "hex");
      const reader = new WireReader(wire, 1, wire.length);
      return wire.length === 0 ? "" : hexOf(wire.subarray(wire.length - (reader.lengthEnd() - reader.pos)));
    } catch (error) {
      expect(error).to.be.instanceOf(GatewayError);
      return undefined;
    }
  };
  for (const type of Object.keys(elements).filter((name) => name !== "bool" && name !== "E"))
    it(`of ${type} are read as their elements are alone, whatever their form`, () => {
      const codec = codecOf(`message M { repeated ${type} list = 1 [packed = true]; }`);
      const zeros = Array.from({ length: 40 }, () => "0");
      const rest = bytesOf(codec, zeros, ",")!;
      let read = 0;
      for (const element of [...oddElements, ...elements[type]]) {
        const alone = bytesOf(codec, [element], "");
        const expected = element === "" || alone === undefined ? undefined : alone + rest;
        for (const separator of [",", ", ", " ,\n"])
          expect(bytesOf(codec, [element, ...zeros], separator), element).to.equal(expected);
        if (alone !== undefined) read++;
      }
      expect(read).to.be.greaterThan(10);
    });
});
