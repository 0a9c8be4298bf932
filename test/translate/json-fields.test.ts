// Cardinality, presence, oneofs, maps, groups, extensions and enums, both ways.
import { expect } from "chai";
import { codecOf, hex } from "./json-fixture.ts";

describe("fields of a message", () => {
  const codec = codecOf(`
    enum Color { COLOR_NONE = 0; COLOR_RED = 1; COLOR_ALSO_RED = 1; COLOR_NEG = -2; option allow_alias = true; }
    message Inner { int32 a = 1; string b = 2; }
    message M {
      int32 plain = 1; optional int32 maybe = 2; Inner inner = 3; repeated int32 packed = 4; repeated int32 loose = 5 [packed = false];
      repeated string texts = 6; repeated Inner inners = 7; map<string, int32> counts = 8; map<int32, Inner> by_id = 9;
      map<bool, string> flags = 10; oneof choice { string left = 11; int32 right = 12; Inner middle = 13; } Color color = 14;
      repeated Color colors = 15; string odd_name = 16 [json_name = "@odd"]; map<uint64, Color> tints = 17; map<sint32, bytes> blobs = 18;
    }`);
  const sparse = codec.with({ emitDefaults: false });

  const both: readonly (readonly [string, string, string])[] = [
    ["a field without presence", '{"plain":1}', "08 01"],
    ["a field with presence and its zero", '{"maybe":0}', "10 00"],
    ["an empty message", '{"inner":{}}', "1a 00"],
    ["a nested message", '{"inner":{"a":1,"b":"x"}}', "1a 05 08 01 12 01 78"],
    ["a packed list", '{"packed":[1,0,300]}', "22 04 01 00 ac02"],
    ["an unpacked list", '{"loose":[1,0]}', "28 01 28 00"],
    ["a list of strings", '{"texts":["a",""]}', "32 01 61 32 00"],
    ["a list of messages", '{"inners":[{},{"a":2}]}', "3a 00 3a 02 08 02"],
    ["a map", '{"counts":{"a":1,"":0}}', "42 05 0a 01 61 10 01 42 04 0a 00 10 00"],
    ["a map of messages", '{"byId":{"-1":{"a":1}}}', "4a 0f 08 ffffffffffffffffff01 12 02 08 01"],
    ["a map by bool", '{"flags":{"true":"x"}}', "52 05 08 01 12 01 78"],
    [
      "a map by unsigned number to an enum",
      '{"tints":{"18446744073709551615":"COLOR_RED"}}',
      "8a01 0d 08 ffffffffffffffffff01 10 01",
    ],
    ["a map by signed number to bytes", '{"blobs":{"-1":"AQ=="}}', "9201 05 08 01 12 01 01"],
    ["a string of a oneof, empty", '{"left":""}', "5a 00"],
    ["a number of a oneof, zero", '{"right":0}', "60 00"],
    ["a message of a oneof", '{"middle":{}}', "6a 00"],
    ["an enum", '{"color":"COLOR_RED"}', "70 01"],
    ["a negative enum", '{"color":"COLOR_NEG"}', "70 feffffffffffffffff01"],
    ["an unknown number of an open enum", '{"color":7}', "70 07"],
    ["a list of enums", '{"colors":["COLOR_NONE",5]}', "7a 02 00 05"],
    ["a name of its own", '{"@odd":"x"}', "8201 01 78"],
  ];
  for (const [what, json, wire] of both)
    it(`has both forms: ${what}`, () => {
      expect(sparse.read(json)).to.equal(hex(wire));
      expect(sparse.write(wire)).to.equal(json);
    });

  const readOnly: readonly (readonly [string, string, string])[] = [
    ["zeros without presence are not sent", '{"plain":0,"color":0,"texts":[],"counts":{},"packed":[]}', ""],
    [
      "null is unset",
      '{"plain":null,"maybe":null,"inner":null,"packed":null,"counts":null,"left":null,"color":null}',
      "",
    ],
    ["null leaves a oneof to another member", '{"left":null,"middle":null,"right":1}', "60 01"],
    ["both spellings are read", '{"by_id":{},"odd_name":"x"}', "8201 01 78"],
    ["an escaped key is the same key", '{"\\u0070lain":1}', "08 01"],
    ["an enum by number", '{"color":1.0}', "70 01"],
    ["an enum by an alias", '{"color":"COLOR_ALSO_RED"}', "70 01"],
    ["an enum by an escaped name", '{"color":"COLOR_\\u0052ED"}', "70 01"],
    ["a map key in another spelling", '{"byId":{"1.0":{}}}', "4a 04 08 01 12 00"],
    ["fields in any order, in that order", '{"texts":["a"],"plain":1}', "32 01 61 08 01"],
    ["an empty object", " {\r\n\t} ", ""],
  ];
  for (const [what, json, wire] of readOnly)
    it(`reads JSON: ${what}`, () => {
      expect(sparse.read(json)).to.equal(hex(wire));
    });

  const writeOnly: readonly (readonly [string, string, string])[] = [
    ["no bytes", "", "{}"],
    ["the last of a repeated singular field", "08 01 08 02", '{"plain":2}'],
    ["the last zero of a repeated singular field", "08 01 08 00", "{}"],
    ["a message in pieces, merged", "1a 02 08 01 1a 03 12 01 78", '{"inner":{"a":1,"b":"x"}}'],
    [
      "a message in pieces with another field between",
      "1a 02 08 01 20 05 1a 02 08 02",
      '{"inner":{"a":2},"packed":[5]}',
    ],
    ["fields out of order", "32 01 61 08 01", '{"plain":1,"texts":["a"]}'],
    ["fields out of order inside a message", "1a 05 12 01 78 08 01", '{"inner":{"a":1,"b":"x"}}'],
    ["a list in pieces", "32 01 61 08 01 32 01 62", '{"plain":1,"texts":["a","b"]}'],
    ["a packed list in pieces, one of them unpacked", "22 02 01 02 20 03 22 01 04", '{"packed":[1,2,3,4]}'],
    ["an unpacked list sent packed", "2a 02 01 02", '{"loose":[1,2]}'],
    ["an empty packed list", "22 00", '{"packed":[]}'],
    [
      "the last of a map key",
      "42 05 0a 01 61 10 01 42 05 0a 01 62 10 02 42 05 0a 01 61 10 03",
      '{"counts":{"a":3,"b":2}}',
    ],
    [
      "the last of a map key in another spelling",
      "4a 04 08 01 12 00 4a 07 08 8100 12 02 08 05",
      '{"byId":{"1":{"a":5}}}',
    ],
    ["a map entry without a key", "42 02 10 01", '{"counts":{"":1}}'],
    ["a map entry without a value", "42 03 0a 01 61", '{"counts":{"a":0}}'],
    [
      "an empty map entry",
      "42 00 4a 00 52 00 8a01 00",
      '{"counts":{"":0},"byId":{"0":{}},"flags":{"false":""},"tints":{"0":"COLOR_NONE"}}',
    ],
    ["a map entry, value first", "42 05 10 01 0a 01 61", '{"counts":{"a":1}}'],
    ["a map entry with an unknown field", "42 07 0a 01 61 10 01 18 05", '{"counts":{"a":1}}'],
    [
      "a map entry with its message in pieces",
      "4a 0b 08 01 12 02 08 01 12 03 12 01 78",
      '{"byId":{"1":{"a":1,"b":"x"}}}',
    ],
    ["the last member of a oneof", "5a 01 61 60 05", '{"right":5}'],
    ["the last member of a oneof, sent before", "60 05 5a 01 61", '{"left":"a"}'],
    ["a message of a oneof, merged", "6a 02 08 01 6a 03 12 01 78", '{"middle":{"a":1,"b":"x"}}'],
    [
      "a message of a oneof, not merged with one before another member",
      "6a 02 08 01 60 05 6a 03 12 01 78",
      '{"middle":{"b":"x"}}',
    ],
    [
      "unknown fields of every wire type",
      "f80f 01 fa0f 02 0000 fd0f 00000000 f90f 0000000000000000 fb0f 08 01 fc0f 08 01",
      '{"plain":1}',
    ],
    ["a known field of another wire type", "0a 02 0102 18 01 30 01", "{}"],
  ];
  for (const [what, wire, json] of writeOnly)
    it(`writes JSON: ${what}`, () => {
      expect(sparse.write(wire)).to.equal(json);
    });

  it("writes defaults in declaration order, and nothing that can be unset", () => {
    expect(codec.write("")).to.equal(
      '{"plain":0,"packed":[],"loose":[],"texts":[],"inners":[],"counts":{},"byId":{},"flags":{},"color":"COLOR_NONE","colors":[],"@odd":"","tints":{},"blobs":{}}',
    );
  });

  it("fills defaults between the fields that came", () => {
    expect(codec.write("1a 00 72 00".replace("72 00", "7001"))).to.equal(
      '{"plain":0,"inner":{"a":0,"b":""},"packed":[],"loose":[],"texts":[],"inners":[],"counts":{},"byId":{},"flags":{},"color":"COLOR_RED","colors":[],"@odd":"","tints":{},"blobs":{}}',
    );
  });

  it("keeps writing right after many messages in another order", () => {
    for (let i = 0; i < 250; i++) expect(sparse.write("32 01 61 08 01")).to.equal('{"plain":1,"texts":["a"]}');
    expect(sparse.write("08 01 32 01 61")).to.equal('{"plain":1,"texts":["a"]}');
  });

  it("refuses what has the wrong shape", () => {
    const texts: readonly (readonly [string, string])[] = [
      ['{"inner":1}', "inner"],
      ['{"inner":[]}', "inner"],
      ['{"packed":1}', "packed"],
      ['{"packed":{}}', "packed"],
      ['{"packed":[null]}', "packed[0]"],
      ['{"packed":[1,[2]]}', "packed[1]"],
      ['{"texts":"a"}', "texts"],
      ['{"inners":[{},null]}', "inners[1]"],
      ['{"counts":[]}', "counts"],
      ['{"counts":{"a":null}}', "counts.a"],
      ['{"byId":{"x":{}}}', "byId.x"],
      ['{"byId":{"1.5":{}}}', 'byId["1.5"]'],
      ['{"flags":{"1":""}}', 'flags["1"]'],
      ['{"byId":{"2147483648":{}}}', 'byId["2147483648"]'],
      ['{"color":"RED"}', "color"],
      ['{"color":1.5}', "color"],
      ['{"color":2147483648}', "color"],
      ['{"color":true}', "color"],
      ['{"color":"1"}', "color"],
      ["[]", ""],
      ["null", ""],
      ["1", ""],
    ];
    for (const [json, path] of texts) expect(codec.refusal(json).violations[0].field, json).to.equal(path);
  });

  it("refuses a field that is given twice", () => {
    const texts = [
      '{"plain":1,"plain":1}',
      '{"plain":null,"plain":1}',
      '{"byId":{},"by_id":{}}',
      '{"plain":1,"pl\\u0061in":2}',
      '{"odd_name":"","@odd":""}',
      '{"counts":{"a":1,"a":1}}',
      '{"counts":{"a":1,"\\u0061":1}}',
      '{"byId":{"1":{},"1.0":{}}}',
      '{"flags":{"true":"","true":""}}',
      '{"blobs":{"0":"","-0":""}}',
      '{"tints":{},"plain":1,"tints":{}}',
    ];
    for (const json of texts) expect(codec.refusal(json).reason, json).to.equal("FIELD_DUPLICATE");
  });

  it("refuses a second member of a oneof", () => {
    for (const json of ['{"left":"a","right":1}', '{"left":"","middle":{}}', '{"middle":{},"left":null,"right":0}'])
      expect(codec.refusal(json).reason, json).to.equal("ONEOF_DUPLICATE");
  });
});

describe("messages with more fields, oneofs and numbers than fit in a word", () => {
  const names = Array.from({ length: 80 }, (_, index) => index);
  const codec = codecOf(`message M {
    ${names.map((index) => `int32 f${index} = ${index * 7 + 1};`).join(" ")}
    ${names
      .slice(0, 40)
      .map(
        (index) => `oneof o${index} { int32 a${index} = ${1000 + index * 2}; int32 b${index} = ${1001 + index * 2}; }`,
      )
      .join(" ")}
  }`).with({ emitDefaults: false });

  it("reads and writes every field", () => {
    const json = `{${[...names.map((index) => `"f${index}":${index + 1}`), ...names.slice(0, 40).map((index) => `"b${index}":0`)].join(",")}}`;
    expect(codec.write(codec.read(json))).to.equal(json);
  });

  it("sees a field twice, and a oneof twice, wherever it is", () => {
    for (const index of names)
      expect(codec.refusal(`{"f${index}":0,"f${index}":0}`).reason).to.equal("FIELD_DUPLICATE");
    for (const index of names.slice(0, 40))
      expect(codec.refusal(`{"a${index}":0,"b${index}":0}`).reason).to.equal("ONEOF_DUPLICATE");
  });

  it("writes the last member of the last oneof", () => {
    const wire = codec.read('{"b39":7}');
    expect(codec.write(codec.read('{"a39":1}') + wire)).to.equal('{"b39":7}');
  });
});

describe("proto2", () => {
  const codec = codecOf(`
    syntax = "proto2"; package t;
    enum Size { SMALL = 1; LARGE = 2; }
    message Inner { optional int32 a = 1; }
    message M {
      optional int32 plain = 1 [default = 5]; required string name = 2; repeated int32 loose = 3;
      optional group Result = 4 { optional int32 a = 1; repeated group Row = 2 { optional string b = 1; } }
      optional Size size = 5; repeated Size sizes = 6; map<string, Size> by_name = 7; oneof choice { Size one = 8; string other = 9; }
      extensions 100 to 200;
    }
    extend M { optional int32 extra = 100; repeated Inner more = 101; }
    message Scope { extend M { optional string inside = 102; } }`);

  const both: readonly (readonly [string, string, string])[] = [
    ["a zero that is not the default", '{"plain":0}', "08 00"],
    ["an unpacked list", '{"loose":[1,2]}', "18 01 18 02"],
    ["a group", '{"result":{"a":1}}', "23 08 01 24"],
    ["groups in a group", '{"result":{"row":[{"b":"x"},{}]}}', "23 13 0a 01 78 14 13 14 24"],
    ["a closed enum", '{"size":"LARGE"}', "28 02"],
    [
      "extensions",
      '{"[t.extra]":1,"[t.more]":[{"a":2},{}],"[t.Scope.inside]":"x"}',
      "a006 01 aa06 02 08 02 aa06 00 b206 01 78",
    ],
  ];
  for (const [what, json, wire] of both)
    it(`has both forms: ${what}`, () => {
      expect(codec.read(json)).to.equal(hex(wire));
      expect(codec.with({ emitDefaults: false }).write(wire)).to.equal(json);
    });

  it("writes unset lists and maps, but no default of a field with presence and no extension", () => {
    expect(codec.write("")).to.equal('{"loose":[],"sizes":[],"byName":{}}');
  });

  it("leaves out the numbers that a closed enum lacks", () => {
    const sparse = codec.with({ emitDefaults: false });
    expect(sparse.write("28 07")).to.equal("{}");
    expect(sparse.write("28 02 28 07")).to.equal('{"size":"LARGE"}');
    expect(sparse.write("30 01 30 07 30 02")).to.equal('{"sizes":["SMALL","LARGE"]}');
    expect(sparse.write("32 03 01 07 02")).to.equal('{"sizes":["SMALL","LARGE"]}');
    expect(sparse.write("3a 05 0a 01 61 10 07 3a 05 0a 01 62 10 01")).to.equal('{"byName":{"b":"SMALL"}}');
    expect(sparse.write("3a 05 0a 01 61 10 01 3a 05 0a 01 61 10 07 08 01")).to.equal(
      '{"plain":1,"byName":{"a":"SMALL"}}',
    );
    expect(sparse.write("4a 01 78 40 07")).to.equal('{"other":"x"}');
  });

  it("refuses them from a client", () => {
    expect(codec.refusal('{"size":7}').message).to.equal(
      'size: unknown value "7" of enum t.Size; expected SMALL, LARGE (line 1, column 9)',
    );
    expect(codec.with({ unknownFields: "ignore" }).read('{"size":7}')).to.equal("2807");
  });

  it("replaces what is no UTF-8, which proto2 does not promise", () => {
    expect(JSON.parse(codec.write("12 03 61 ff 62"))).to.include({ name: "a\ufffdb" });
  });

  it("refuses an extension of another name", () => {
    for (const json of ['{"[t.extr]":1}', '{"extra":1}', '{"t.extra":1}', '{"[t.inside]":"x"}'])
      expect(codec.refusal(json).reason, json).to.equal("FIELD_UNKNOWN");
    expect(codec.refusal('{"[t.extra]":1,"[t.extra]":1}').reason).to.equal("FIELD_DUPLICATE");
  });
});

describe("delimited messages of an edition", () => {
  const codec = codecOf(`edition = "2023"; package t; option features.message_encoding = DELIMITED;
    message M { M child = 1; repeated M list = 2; map<string, M> nodes = 3; int32 a = 4 [features.field_presence = IMPLICIT]; }`);

  it("are groups on the wire, but for the values of a map", () => {
    const json = '{"child":{"a":1},"list":[{},{"a":2}],"nodes":{"k":{"child":{}}}}';
    const wire = "0b 20 01 0c 13 14 13 20 02 14 1a 07 0a 01 6b 12 02 0b 0c";
    expect(codec.read(json)).to.equal(hex(wire));
    expect(codec.with({ emitDefaults: false }).write(wire)).to.equal(json);
  });

  it("merge", () => {
    expect(codec.with({ emitDefaults: false }).write("0b 20 01 0c 0b 13 14 0c")).to.equal(
      '{"child":{"list":[{}],"a":1}}',
    );
  });

  it("are malformed when they do not end, or end as another", () => {
    for (const wire of ["0b", "0b 20", "0b 20 01", "0b 14", "0b 0b 0c", "0c", "13 0c 14"])
      expect(() => codec.write(wire), wire).to.throw("malformed protobuf message");
  });
});

describe("a name that is one field's JSON name and another's proto name", () => {
  const proto = `message M { string foo_bar = 1; string between = 2; string other = 3 [json_name = "foo_bar"]; }`;

  for (const protoNames of [false, true]) {
    const codec = codecOf(proto).with({ protoNames });
    it(`is the JSON name, wherever it stands${protoNames ? ", also where replies have proto names" : ""}`, () => {
      expect(codec.type.field("foo_bar")?.number).to.equal(3);
      for (const key of ["foo_bar", "foo\\u005fbar"]) {
        expect(codec.read(`{"${key}":"xyz"}`)).to.equal("1a 03 78797a".replaceAll(" ", ""));
        expect(codec.read(`{"between":"ab","${key}":"xyz"}`)).to.equal("120261621a0378797a");
        expect(codec.read(`{"${key}":"xyz","fooBar":"ab"}`)).to.equal("1a0378797a0a026162");
      }
    });
  }
});
