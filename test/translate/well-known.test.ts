// Every message with a JSON form of its own, both ways, with its limits.
import { expect } from "chai";
import { codecOf, fromHex, hex, hexOf, thrownBy } from "./json-fixture.ts";

const imports = ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"]
  .map((name) => `import "google/protobuf/${name}.proto";`)
  .join(" ");
const codec = codecOf(`${imports}
  message Plain { string a = 1; int32 b = 2; }
  message M {
    google.protobuf.Timestamp at = 1; google.protobuf.Duration for = 2; google.protobuf.FieldMask mask = 3; google.protobuf.Struct struct = 4;
    google.protobuf.Value value = 5; google.protobuf.ListValue list = 6; google.protobuf.Any any = 7; google.protobuf.Empty empty = 8;
    google.protobuf.DoubleValue w_double = 9; google.protobuf.FloatValue w_float = 10; google.protobuf.Int64Value w_int64 = 11; google.protobuf.UInt64Value w_uint64 = 12;
    google.protobuf.Int32Value w_int32 = 13; google.protobuf.UInt32Value w_uint32 = 14; google.protobuf.BoolValue w_bool = 15;
    google.protobuf.StringValue w_string = 16; google.protobuf.BytesValue w_bytes = 17; google.protobuf.NullValue nothing = 18;
    repeated google.protobuf.Value values = 19; map<string, google.protobuf.Value> by_name = 20; oneof c { google.protobuf.Value one = 21; google.protobuf.NullValue none = 22; }
    repeated google.protobuf.Timestamp times = 23; repeated google.protobuf.StringValue texts = 24; repeated google.protobuf.NullValue nulls = 25; map<string, google.protobuf.Duration> durations = 26;
  }`).with({ emitDefaults: false });

/** The field, tag and length included. */
function at(field: string, content: string): string {
  const bytes = fromHex(content);
  const { number } = codec.field(field);
  const tag = number * 8 + 2;
  return hexOf(
    Buffer.concat([
      tag < 128 ? Buffer.of(tag) : Buffer.of((tag & 127) | 128, tag >> 7),
      Buffer.of(bytes.length),
      bytes,
    ]),
  );
}

const both: readonly (readonly [string, string, string])[] = [
  ["at", '"1970-01-01T00:00:00Z"', ""],
  ["at", '"1970-01-01T00:00:01Z"', "08 01"],
  ["at", '"1969-12-31T23:59:59.999999999Z"', "08 ffffffffffffffffff01 10 ff93ebdc03"],
  ["at", '"1970-01-01T00:00:00.100Z"', "10 80c2d72f"],
  ["at", '"1970-01-01T00:00:00.000001Z"', "10 e807"],
  ["at", '"1970-01-01T00:00:00.000000001Z"', "10 01"],
  ["at", '"0001-01-01T00:00:00Z"', "08 8092b8c398feffffff01"],
  ["for", '"0s"', ""],
  ["for", '"1.500s"', "08 01 10 80cab5ee01"],
  ["for", '"-0.500s"', "10 80b6ca91feffffffff01"],
  ["for", '"-1.000000001s"', "08 ffffffffffffffffff01 10 ffffffffffffffffff01"],
  ["mask", '""', ""],
  ["mask", '"a,fooBar.bazQux"', "0a 01 61 0a 0f 666f6f5f6261722e62617a5f717578"],
  ["struct", "{}", ""],
  ["struct", '{"a":null,"":1.5}', "0a 07 0a 01 61 12 02 08 00 0a 0d 0a 00 12 09 11 000000000000f83f"],
  ["value", "null", "08 00"],
  ["value", "1", "11 000000000000f03f"],
  ["value", '"x"', "1a 01 78"],
  ["value", "true", "20 01"],
  ["value", "false", "20 00"],
  ["value", "{}", "2a 00"],
  ["value", "[]", "32 00"],
  ["list", "[]", ""],
  ["list", "[1,null]", "0a 09 11 000000000000f03f 0a 02 08 00"],
  ["any", "{}", ""],
  ["any", '{"@type":"x/t.Plain","a":"y"}', "0a 09 782f742e506c61696e 12 03 0a 01 79"],
  ["any", '{"@type":"x/t.Plain"}', "0a 09 782f742e506c61696e"],
  [
    "any",
    '{"@type":"a.b/c/google.protobuf.Duration","value":"1s"}',
    "0a 1e 612e622f632f676f6f676c652e70726f746f6275662e4475726174696f6e 12 02 08 01",
  ],
  [
    "any",
    '{"@type":"x/google.protobuf.Value","value":null}',
    "0a 17 782f676f6f676c652e70726f746f6275662e56616c7565 12 02 08 00",
  ],
  [
    "any",
    '{"@type":"x/google.protobuf.Int64Value","value":"5"}',
    "0a 1c 782f676f6f676c652e70726f746f6275662e496e74363456616c7565 12 02 08 05",
  ],
  [
    "any",
    '{"@type":"x/google.protobuf.Any","value":{"@type":"x/t.Plain","b":1}}',
    "0a 15 782f676f6f676c652e70726f746f6275662e416e79 12 0f 0a 09 782f742e506c61696e 12 02 10 01",
  ],
  ["any", '{"@type":"x/google.protobuf.Empty"}', "0a 17 782f676f6f676c652e70726f746f6275662e456d707479"],
  ["empty", "{}", ""],
  ["wDouble", "0", ""],
  ["wDouble", "-0", "09 0000000000000080"],
  ["wDouble", '"NaN"', "09 000000000000f87f"],
  ["wFloat", "0.1", "0d cdcccc3d"],
  ["wInt64", '"-1"', "08 ffffffffffffffffff01"],
  ["wUint64", '"18446744073709551615"', "08 ffffffffffffffffff01"],
  ["wInt32", "0", ""],
  ["wUint32", "4294967295", "08 ffffffff0f"],
  ["wBool", "true", "08 01"],
  ["wBool", "false", ""],
  ["wString", '""', ""],
  ["wString", '"x"', "0a 01 78"],
  ["wBytes", '"/w=="', "0a 01 ff"],
];

const roundTrips: readonly (readonly [string, string])[] = [
  ["at", '"9999-12-31T23:59:59.999999999Z"'],
  ["at", '"2000-02-29T12:34:56Z"'],
  ["for", '"315576000000s"'],
  ["value", '[null,[{"a":[]}]]'],
];

describe("well-known types", () => {
  for (const [field, json, wire] of both)
    it(`have both forms: ${field} ${json}`, () => {
      const text = `{"${field}":${json}}`;
      expect(codec.read(text)).to.equal(at(field, wire));
      expect(codec.write(at(field, wire))).to.equal(text);
    });

  for (const [field, json] of roundTrips)
    it(`come back as they were: ${field} ${json}`, () => {
      const text = `{"${field}":${json}}`;
      expect(codec.write(codec.read(text))).to.equal(text);
    });

  const readOnly: readonly (readonly [string, string, string])[] = [
    ["at", '"1970-01-01T01:00:01+01:00"', '"1970-01-01T00:00:01Z"'],
    ["at", '"1970-01-01T00:00:00.5-00:30"', '"1970-01-01T00:30:00.500Z"'],
    ["at", '"1970-01-01T00:00:00.1234567Z"', '"1970-01-01T00:00:00.123456700Z"'],
    ["at", '"1970\\u002d01-01T00:00:00Z"', '"1970-01-01T00:00:00Z"'],
    ["for", '"1.5s"', '"1.500s"'],
    ["for", '"-0s"', '"0s"'],
    ["for", '"007s"', '"7s"'],
    ["wInt64", "5", '"5"'],
    ["wInt32", '"5"', "5"],
    ["wBytes", '"_w"', '"/w=="'],
    ["value", '{"a" : [ 1 , "2" ] }', '{"a":[1,"2"]}'],
    ["any", '{"b":1,"@type":"x/t.Plain","a":"y"}', '{"@type":"x/t.Plain","a":"y","b":1}'],
    [
      "any",
      '{"value":"1s","@type":"x/google.protobuf.Duration"}',
      '{"@type":"x/google.protobuf.Duration","value":"1s"}',
    ],
    ["any", '{"\\u0040type":"x/t.Plain"}', '{"@type":"x/t.Plain"}'],
  ];
  for (const [field, json, written] of readOnly)
    it(`are read: ${field} ${json}`, () => {
      expect(codec.write(codec.read(`{"${field}":${json}}`))).to.equal(`{"${field}":${written}}`);
    });

  const refused: readonly (readonly [string, readonly string[]])[] = [
    [
      "at",
      [
        '"0000-12-31T23:59:59Z"',
        '"10000-01-01T00:00:00Z"',
        '"0001-01-01T00:00:00+00:01"',
        '"9999-12-31T23:59:59-00:01"',
        '"2026-02-29T00:00:00Z"',
        '"1900-02-29T00:00:00Z"',
        '"2026-04-31T00:00:00Z"',
        '"2026-13-01T00:00:00Z"',
        '"2026-00-01T00:00:00Z"',
        '"2026-01-00T00:00:00Z"',
        '"2026-01-01T24:00:00Z"',
        '"2026-01-01T00:60:00Z"',
        '"2026-01-01T00:00:60Z"',
        '"2026-01-01T00:00:00"',
        '"2026-01-01"',
        '"2026-01-01T00:00:00.Z"',
        '"2026-01-01T00:00:00.1234567890Z"',
        '"2026-01-01t00:00:00Z"',
        '"2026-01-01T00:00:00z"',
        '"2026-01-01 00:00:00Z"',
        '"2026-01-01T00:00:00+0100"',
        '"2026-01-01T00:00:00+24:00"',
        '" 2026-01-01T00:00:00Z"',
        '""',
        "0",
        "{}",
      ],
    ],
    [
      "for",
      [
        '"315576000001s"',
        '"-315576000001s"',
        '"1"',
        '"s"',
        '".5s"',
        '"1.s"',
        '"1.0000000000s"',
        '"1e3s"',
        '"+1s"',
        '"1m"',
        '"1 s"',
        '""',
        "1",
        "[]",
      ],
    ],
    ["mask", ['"a_b"', '"a,"', '","', '",a"', "1", '["a"]', "{}"]],
    [
      "struct",
      [
        "[]",
        "1",
        '"x"',
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        "{1:2}",
        '{"a"}',
        '{"a":1,}',
        '{"a":1e400}',
        '{"a":"\\ud800"}',
      ],
    ],
    ["value", ["[1,]", "{,}", "nul", "[,1]", "1e400", "-", '"x', "[1 2]", "undefined", '[{"a":1,"a":2}]']],
    ["list", ["{}", "1", "[1,]", '"x"']],
    [
      "any",
      [
        "1",
        "[]",
        '{"a":1}',
        '{"@type":1}',
        '{"@type":""}',
        '{"@type":"t.Plain"}',
        '{"@type":"x/t.Unknown"}',
        '{"@type":"x/"}',
        '{"@type":"x/t.Plain","c":1}',
        '{"@type":"x/t.Plain","@type":"x/t.Plain"}',
        '{"@type":"x/t.Plain","a":"","\\u0040type":"x/t.Plain"}',
        '{"@type":"x/google.protobuf.Duration"}',
        '{"@type":"x/google.protobuf.Duration","value":"1s","value":"1s"}',
        '{"@type":"x/google.protobuf.Duration","value":"1s","b":1}',
        '{"@type":"x/google.protobuf.Duration","value":"1"}',
        '{"@type":"x/t.Plain","a":"","a":""}',
        '{"@type":"x/t.Plain"',
        '{"a":"","@type"}',
      ],
    ],
    ["empty", ["1", "[]", '{"a":1}', '""']],
    ["wInt32", ['"x"', "1.5", "2147483648", "{}", '{"value":1}']],
    ["wBool", ["1", '"true"']],
    ["wString", ["1"]],
    ["wBytes", ['"*"']],
    ["nothing", ["1.5", '"NULL"', "{}", "true"]],
    ["times", ["[null]"]],
    ["texts", ["[null]"]],
    ["durations", ['{"a":null}']],
  ];
  for (const [field, texts] of refused)
    it(`refuse what is no ${field}`, () => {
      for (const json of texts)
        expect(codec.refusal(`{"${field}":${json}}`).message, json).to.match(/line 1, column \d+/);
    });

  it("take null as a value where it is one, and as unset elsewhere", () => {
    expect(
      codec.write(codec.read('{"values":[null,1],"byName":{"a":null},"one":null,"nulls":[null,"NULL_VALUE",0]}')),
    ).to.equal('{"values":[null,1],"byName":{"a":null},"one":null,"nulls":[null,null,null]}');
    expect(codec.read('{"none":null}')).to.equal("b00100");
    expect(codec.write("b00100")).to.equal('{"none":null}');
    expect(
      codec.read(
        '{"at":null,"for":null,"mask":null,"struct":null,"list":null,"any":null,"empty":null,"wBool":null,"wString":null,"nothing":null,"values":null}',
      ),
    ).to.equal("");
  });

  const unwritable: readonly (readonly [string, string, string])[] = [
    ["at", "08 ffffffffffffffff7f", "outside of the years 1 to 9999"],
    ["at", "08 80cdd3b8f4ff07", "outside of the years 1 to 9999"],
    ["at", "08 80808080808080808001", "outside of the years 1 to 9999"],
    ["at", "10 8094ebdc03", "nanos outside of 0 to 999999999"],
    ["at", "10 ffffffffffffffffff01", "nanos outside of 0 to 999999999"],
    ["for", "08 ffffffffffffffff7f", "more than 10000 years"],
    ["for", "10 8094ebdc03", "nanos outside of one second"],
    ["for", "08 01 10 ffffffffffffffffff01", "of different sign"],
    ["mask", "0a 03 415f62", "has no lowerCamelCase form"],
    ["mask", "0a 04 615f5f62", "has no lowerCamelCase form"],
    ["mask", "0a 03 615f33", "has no lowerCamelCase form"],
    ["mask", "0a 00", "has no lowerCamelCase form"],
    ["mask", "0a 03 612c62", "has no lowerCamelCase form"],
    ["value", "11 000000000000f87f", "NaN or Infinity"],
    ["struct", "0a 0e 0a 01 61 12 09 11 000000000000f07f", "NaN or Infinity"],
    ["any", "12 01 00", "no type_url"],
    ["any", "0a 03 782f79", "no loaded .proto defines"],
  ];
  for (const [field, wire, message] of unwritable)
    it(`have no JSON: ${field} ${wire}`, () => {
      const error = thrownBy(() => codec.write(at(field, wire)));
      expect(error.reason).to.equal("MESSAGE_HAS_NO_JSON");
      expect(error.message).to.include(message);
    });

  it("refuse a field mask that is no UTF-8, and an Any that holds no message", () => {
    expect(thrownBy(() => codec.write(at("mask", "0a 01 ff"))).reason).to.equal("MESSAGE_MALFORMED");
    expect(thrownBy(() => codec.write(at("any", "0a 09 782f742e506c61696e 12 01 0a"))).reason).to.equal(
      "MESSAGE_MALFORMED",
    );
  });

  const odd: readonly (readonly [string, string, string])[] = [
    ["at", "10 01 08 05 08 01", '"1970-01-01T00:00:01.000000001Z"'],
    ["at", "18 07 08 01", '"1970-01-01T00:00:01Z"'],
    ["wString", "0a 01 78 10 01 0a 01 79", '"y"'],
    ["wInt32", "0a 01 05", "0"],
    ["value", "", "null"],
    ["value", "20 01 1a 01 78", '"x"'],
    ["value", "2a 07 0a 05 0a 01 61 12 00 2a 09 0a 07 0a 01 62 12 02 20 01", '{"a":null,"b":true}'],
    ["value", "32 04 0a 02 20 01 32 04 0a 02 20 00", "[true,false]"],
    ["value", "32 04 0a 02 20 01 20 00 32 04 0a 02 20 00", "[false]"],
    ["struct", "0a 07 0a 01 61 12 02 20 01 0a 07 0a 01 61 12 02 20 00", '{"a":false}'],
    ["struct", "0a 07 12 02 20 01 0a 01 61", '{"a":true}'],
    ["struct", "0a 02 12 00 0a 00", '{"":null}'],
    ["struct", "0a 0f 0a 01 61 12 04 32 02 0a 00 12 04 32 02 0a 00", '{"a":[null,null]}'],
    ["any", "12 03 0a 01 79 0a 09 782f742e506c61696e", '{"@type":"x/t.Plain","a":"y"}'],
    ["any", "0a 09 782f742e506c61696e 12 05 10 01 0a 01 79", '{"@type":"x/t.Plain","a":"y","b":1}'],
  ];
  for (const [field, wire, json] of odd)
    it(`are written from odd bytes: ${field} ${wire}`, () => {
      expect(codec.write(at(field, wire))).to.equal(`{"${field}":${json}}`);
    });

  it("write every day of some years, as Date does", () => {
    for (const year of [1, 4, 100, 400, 1582, 1899, 1900, 1969, 1970, 2000, 2024, 2100, 9999])
      for (let day = 0; day < 366; day++) {
        const date = new Date(Date.UTC(2000, 0, 1, 13, 14, 15));
        date.setUTCFullYear(year, 0, 1 + day);
        if (date.getUTCFullYear() !== year) continue;
        const text = `{"at":"${date.toISOString().replace(".000Z", "Z")}"}`;
        expect(codec.write(codec.read(text))).to.equal(text);
      }
  });

  it("count nesting of values as levels", () => {
    const nested = (depth: number): string => `{"value":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    codec.read(nested(99));
    expect(codec.refusal(nested(100)).reason).to.equal("DEPTH_EXCEEDED");
    codec.write(codec.read(nested(40)));
  });

  it("are messages of their own, too", () => {
    const timestamp = codecOf(
      `import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp at = 1; }`,
    );
    expect(timestamp.write(hex("0a 00"))).to.equal('{"at":"1970-01-01T00:00:00Z"}');
  });
});
