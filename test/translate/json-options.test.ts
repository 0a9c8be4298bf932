// Every switch of the JSON options, reading and writing.
import { expect } from "chai";
import { grpcGatewayJson, type JsonOptions, strictJson } from "../../src/translate/options.ts";
import { codecOf, hex } from "./json-fixture.ts";

const proto = `
  import "google/protobuf/any.proto";
  enum State { STATE_UNSPECIFIED = 0; STATE_ACTIVE = 1; }
  message Inner { int32 some_value = 1; }
  message M {
    int32 small_number = 1; int64 big_number = 2; repeated uint64 big_list = 3; State state = 4; Inner inner = 5; optional int32 maybe = 6;
    oneof choice { string left = 7; Inner right = 8; } map<int64, State> by_id = 9; google.protobuf.Any any = 10; optional State other = 11;
  }`;
const text = `syntax = "proto3"; package t; ${proto}`;
const strict = codecOf(text);
const some = "08 01 10 05 1a 01 07 20 01 2a 00 3a 00 4a 04 08 02 10 01";

describe("JSON options", () => {
  it("write lowerCamelCase, strings for 64 bits, names of enums and defaults", () => {
    expect(strict.write(some)).to.equal(
      '{"smallNumber":1,"bigNumber":"5","bigList":["7"],"state":"STATE_ACTIVE","inner":{"someValue":0},"left":"","byId":{"2":"STATE_ACTIVE"}}',
    );
  });

  it("protoNames writes names as in the proto, and reads both", () => {
    const codec = strict.with({ protoNames: true });
    expect(codec.write("08 01 2a 02 08 01")).to.equal(
      '{"small_number":1,"big_number":"0","big_list":[],"state":"STATE_UNSPECIFIED","inner":{"some_value":1},"by_id":{}}',
    );
    expect(codec.read('{"smallNumber":1,"big_number":2}')).to.equal(hex("08 01 10 02"));
  });

  it("emitDefaults off leaves out what is zero, also when it was sent", () => {
    expect(strict.with({ emitDefaults: false }).write("08 00 10 00 20 00 2a 02 08 00 30 00 3a 00")).to.equal(
      '{"inner":{},"maybe":0,"left":""}',
    );
  });

  it("emitNullMessages writes null for an unset message, not for a member of a oneof", () => {
    expect(strict.with({ emitNullMessages: true }).write(""))
      .to.include('"inner":null')
      .and.to.include('"any":null')
      .and.not.include("right");
  });

  it("enumsAsNumbers writes numbers, and reads both", () => {
    const codec = strict.with({ enumsAsNumbers: true, emitDefaults: false });
    expect(codec.write("20 01 4a 04 08 02 10 01")).to.equal('{"state":1,"byId":{"2":1}}');
    expect(codec.read('{"state":"STATE_ACTIVE"}')).to.equal("2001");
    expect(strict.with({ enumsAsNumbers: true }).write("")).to.include('"state":0');
  });

  it("int64AsNumbers writes numbers, but keys of maps stay strings", () => {
    const codec = strict.with({ int64AsNumbers: true });
    expect(codec.write("10 ffffffffffffffff7f 1a 0a ffffffffffffffffff01 4a 04 08 02 10 01")).to.equal(
      '{"smallNumber":0,"bigNumber":9223372036854775807,"bigList":[18446744073709551615],"state":"STATE_UNSPECIFIED","byId":{"2":"STATE_ACTIVE"}}',
    );
    expect(codec.write("")).to.include('"bigNumber":0');
  });

  it("stripEnumPrefix writes the short name and reads both", () => {
    const codec = strict.with({ stripEnumPrefix: true });
    expect(codec.write("20 01")).to.include('"state":"ACTIVE"');
    expect(codec.write("")).to.include('"state":"UNSPECIFIED"');
    for (const name of ["ACTIVE", "STATE_ACTIVE"]) expect(codec.read(`{"state":"${name}"}`)).to.equal("2001");
    expect(strict.refusal('{"state":"ACTIVE"}').reason).to.equal("ENUM_UNKNOWN");
  });

  it("stripEnumPrefix leaves an enum alone whose values do not all have the prefix, or have nothing behind it", () => {
    const codec = codecOf(
      "enum E { E_A = 0; B = 1; } enum F { F_1 = 0; F_B = 1; } enum HTTPCode { HTTP_CODE_OK = 0; } message M { E e = 1; F f = 2; HTTPCode c = 3; }",
    ).with({ stripEnumPrefix: true });
    expect(codec.write("")).to.equal('{"e":"E_A","f":"F_1","c":"OK"}');
  });

  it("caseInsensitiveEnums reads names in any case", () => {
    const codec = strict.with({ caseInsensitiveEnums: true, stripEnumPrefix: true });
    for (const name of ["state_active", "State_Active", "active", "ACTIVE", "\\u0061ctive"])
      expect(codec.read(`{"state":"${name}"}`)).to.equal("2001");
    expect(strict.refusal('{"state":"state_active"}').message).to.include('did you mean "STATE_ACTIVE"?');
  });

  it("unknownFields ignore skips fields and enum names, but not what is no JSON", () => {
    const codec = strict.with({ unknownFields: "ignore" });
    expect(
      codec.read('{"x":{"y":[1,"a",null,true,{"z":[]}]},"smallNumber":1,"state":"NEW","byId":{"1":"NEW"},"":-1.5e3}'),
    ).to.equal("0801");
    for (const json of [
      '{"x":}',
      '{"x":[1,]}',
      '{"x":{"y"}}',
      '{"x":"\\q"}',
      '{"x":01}',
      '{"x":tru}',
      '{"x":{"a":1,}}',
      '{"x":{1:2}}',
      '{"x":[1 2]}',
    ])
      expect(codec.refusal(json).reason, json).to.match(/JSON_SYNTAX|VALUE_INVALID/);
    expect(codec.refusal('{"x":"\\ud800"}').reason).to.equal("UTF8_INVALID");
  });

  it("allowTrailing reads the first value only", () => {
    const codec = strict.with({ allowTrailing: true });
    expect(codec.read('{"smallNumber":1} {"smallNumber":2} nonsense')).to.equal("0801");
    expect(strict.refusal('{"smallNumber":1} {}').message).to.equal(
      "unexpected text after the JSON value (line 1, column 19)",
    );
  });

  it("maxDepth bounds objects and arrays together", () => {
    const codec = codecOf("message M { M m = 1; repeated M l = 2; map<string, M> n = 3; }");
    const nested = (depth: number): string => '{"m":'.repeat(depth - 1) + "{}" + "}".repeat(depth - 1);
    codec.read(nested(100));
    expect(codec.refusal(nested(101)).reason).to.equal("DEPTH_EXCEEDED");
    const shallow = codec.with({ maxDepth: 5 });
    shallow.read('{"l":[{"n":{"a":{}}}]}');
    for (const json of ['{"l":[{"n":{"a":{"m":{}}}}]}', nested(6)])
      expect(shallow.refusal(json).message).to.match(/nested deeper than 5 levels/);
    expect(codec.with({ maxDepth: 5, unknownFields: "ignore" }).refusal('{"x":[[[[[]]]]]}').reason).to.equal(
      "DEPTH_EXCEEDED",
    );
  });

  it("indent writes a member a line", () => {
    const codec = strict.with({ indent: 2, emitDefaults: false });
    expect(codec.write("1a 02 07 08 2a 02 08 01 3a 06 7b5b2c3a5c22")).to.equal(
      [
        "{",
        '  "bigList": [',
        '    "7",',
        '    "8"',
        "  ],",
        '  "inner": {',
        '    "someValue": 1',
        "  },",
        String.raw`  "left": "{[,:\\\""`,
        "}",
      ].join("\n"),
    );
    expect(codec.write("")).to.equal("{}");
    expect(codec.write("1a 00 2a 00")).to.equal('{\n  "bigList": [],\n  "inner": {}\n}');
    expect(strict.with({ emitDefaults: false }).write("08 01", undefined, 4)).to.equal('{\n    "smallNumber": 1\n}');
    expect(codec.write("08 01", undefined, 0)).to.equal('{"smallNumber":1}');
  });

  it("unresolvedAny writes an Any of an unknown type in base64, or refuses it", () => {
    const any = "52 15 0a 0e 782f756e6b6e6f776e2e54797065 12 03 01 02 03";
    expect(() => strict.write(any)).to.throw(
      'google.protobuf.Any of "x/unknown.Type", a type that no loaded .proto defines',
    );
    expect(strict.with({ unresolvedAny: "base64", emitDefaults: false }).write(any)).to.equal(
      '{"any":{"@type":"x/unknown.Type","value":"AQID"}}',
    );
  });
});

describe("profiles", () => {
  it("are frozen, and differ as documented", () => {
    expect(Object.isFrozen(strictJson) && Object.isFrozen(grpcGatewayJson)).to.equal(true);
    const changed = (Object.keys(strictJson) as (keyof JsonOptions)[]).filter(
      (key) => strictJson[key] !== grpcGatewayJson[key],
    );
    expect(changed.toSorted()).to.deep.equal(["allowTrailing", "boundFields", "emitNullMessages", "unknownFields"]);
  });

  it("grpc-gateway writes null for unset messages and omits unset optionals and oneofs, as protojson does", () => {
    expect(codecOf(text, "M", grpcGatewayJson).write("")).to.equal(
      '{"smallNumber":0,"bigNumber":"0","bigList":[],"state":"STATE_UNSPECIFIED","inner":null,"byId":{},"any":null}',
    );
  });
});
