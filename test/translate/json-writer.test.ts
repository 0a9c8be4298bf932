// Replies: only some fields, one field, and bytes that are no message.
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import { parsePartial, type PartialMask } from "../../src/translate/reply/partial.ts";
import { codecOf, fromHex, thrownBy } from "./json-fixture.ts";

const codec = codecOf(`
  import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
  message Inner { string name = 1; int32 age = 2; Inner deeper = 3; }
  message M { string id = 1; Inner inner = 2; repeated Inner list = 3; map<string, Inner> by_name = 4; repeated int32 ints = 5;
    google.protobuf.Timestamp at = 6; google.protobuf.Value value = 7; oneof c { string left = 8; Inner right = 9; } map<string, int32> counts = 10; google.protobuf.StringValue wrapped = 11; }`);
const sparse = codec.with({ emitDefaults: false });
const some =
  "0a 01 61 12 07 0a 01 78 10 02 1a 00 1a 03 0a 01 79 1a 02 10 05 22 0a 0a 01 6b 12 05 0a 01 7a 10 03 2a 02 01 02 42 01 6c";

function keep(paths: string): PartialMask {
  return parsePartial(codec.type, paths);
}

describe("compileJsonWriter with a mask", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["id", '{"id":"a"}'],
    ["left,id", '{"id":"a","left":"l"}'],
    ["inner.name", '{"inner":{"name":"x"}}'],
    ["inner.age,inner.deeper.name", '{"inner":{"age":2,"deeper":{}}}'],
    ["inner.name,inner", '{"inner":{"name":"x","age":2,"deeper":{}}}'],
    ["list.age", '{"list":[{},{"age":5}]}'],
    ["byName.age", '{"byName":{"k":{"age":3}}}'],
    ["by_name", '{"byName":{"k":{"name":"z","age":3}}}'],
    ["ints", '{"ints":[1,2]}'],
    ["counts", "{}"],
    ["right.name", "{}"],
  ];
  for (const [paths, json] of cases)
    it(`writes ${paths}`, () => {
      expect(sparse.write(some, keep(paths))).to.equal(json);
    });

  it("writes the defaults of the wanted fields only", () => {
    expect(codec.write("", keep("id,ints,inner.name,left,counts"))).to.equal('{"id":"","ints":[],"counts":{}}');
    expect(codec.write("12 00 1a 00", keep("inner.name,list.age"))).to.equal(
      '{"inner":{"name":""},"list":[{"age":0}]}',
    );
  });

  it("writes bytes in any order", () => {
    expect(sparse.write("42 01 6c 1a 02 10 05 0a 01 61 1a 00", keep("id,list.age"))).to.equal(
      '{"id":"a","list":[{"age":5},{}]}',
    );
    expect(sparse.write("12 02 10 01 1a 00 12 02 10 02", keep("inner.age"))).to.equal('{"inner":{"age":2}}');
  });
});

describe("compileFieldWriter", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["id", "0a 01 61 2a 01 05", '"a"'],
    ["id", "", '""'],
    ["inner", "12 02 10 05", '{"name":"","age":5}'],
    ["inner", "", '{"name":"","age":0}'],
    ["list", "1a 00 0a 01 61 1a 02 10 05", '[{"name":"","age":0},{"name":"","age":5}]'],
    ["list", "", "[]"],
    ["byName", "22 05 0a 01 6b 12 00", '{"k":{"name":"","age":0}}'],
    ["byName", "", "{}"],
    ["ints", "2a 02 01 02", "[1,2]"],
    ["at", "32 02 08 01", '"1970-01-01T00:00:01Z"'],
    ["at", "", "null"],
    ["value", "3a 02 08 00", "null"],
    ["value", "", "null"],
    ["left", "42 01 78", '"x"'],
    ["left", "", '""'],
    ["right", "4a 00", '{"name":"","age":0}'],
    ["wrapped", "5a 00", '""'],
    ["wrapped", "", "null"],
  ];
  for (const [field, wire, json] of cases)
    it(`writes ${field} of ${wire === "" ? "nothing" : wire}`, () => {
      expect(codec.writeField(field, wire)).to.equal(json);
    });

  it("writes only some fields of it", () => {
    const mask = parsePartial(codec.schema.message("t.Inner")!, "age");
    expect(codec.writeField("inner", "12 05 0a 01 78 10 02", mask)).to.equal('{"age":2}');
  });
});

describe("bytes that are no message", () => {
  const broken: readonly (readonly [string, string])[] = [
    ["half a tag", "80"],
    ["field number zero", "00 01"],
    ["a tag of more than 32 bits", "8080808010 01"],
    ["a tag of eleven bytes", "8080808080808080808001 01"],
    ["no length", "0a"],
    ["half a length", "0a 80"],
    ["a length past the end", "0a 02 61"],
    ["a negative length", "0a ffffffffffffffffff01 61"],
    ["a length of more than 32 bits", "0a 8180808010 61"],
    ["a string that is no UTF-8", "0a 01 ff"],
    ["no value", "12 01 10"],
    ["a varint past the end of its message", "12 02 10 80 01"],
    ["a varint of eleven bytes", "12 0c 10 ffffffffffffffffffff01"],
    ["a message longer than the one around it", "12 03 1a 05 10 01 10 01 10 01"],
    ["a list cut inside an element", "2a 02 01 80"],
    ["the end of a group that was not begun", "0c"],
    ["a known field as the end of a group", "14"],
    ["an unknown group without end", "fb07 08 01"],
    ["an unknown group with another end", "fb07 08 01 f407"],
    ["wire type 6", "0e 01"],
    ["wire type 7", "0f 01"],
    ["half an unknown fixed32", "fd07 00 00"],
    ["half an unknown fixed64", "f907 00 00 00 00"],
    ["a map entry cut short", "22 03 0a 05 6b"],
    ["a map entry with half a key", "52 02 0a 05"],
    ["a timestamp cut short", "32 02 08 80"],
    ["a value cut short", "3a 03 11 00 00"],
    ["a value with a string that is no UTF-8", "3a 03 1a 01 ff"],
    ["a wrapper with a string that is no UTF-8", "5a 03 0a 01 ff"],
  ];
  for (const [what, wire] of broken)
    it(`are one error: ${what}`, () => {
      for (const act of [
        () => codec.write(wire),
        () => sparse.write(wire, keep("id,inner,list,byName,ints,at,value,counts,wrapped")),
      ]) {
        const error = thrownBy(act);
        expect([error.code, error.reason]).to.deep.equal([Code.INTERNAL, "MESSAGE_MALFORMED"]);
        expect(error.message).to.match(/^malformed protobuf message: /);
      }
      expect(codec.write("")).to.be.a("string");
    });

  it("are one error wherever a good message is cut, unless it is cut between fields", () => {
    const whole = fromHex(some);
    let good = 0;
    for (let length = 0; length < whole.length; length++) {
      try {
        JSON.parse(codec.write(whole.toString("hex", 0, length)));
        good++;
      } catch (error) {
        expect((error as { reason?: string }).reason).to.equal("MESSAGE_MALFORMED");
      }
    }
    expect(good).to.equal(7);
  });

  it("are refused when nested too deep", () => {
    const nested = (depth: number): string => {
      let bytes = Buffer.alloc(0);
      for (let i = 0; i < depth; i++) {
        const length =
          bytes.length < 128 ? Buffer.of(bytes.length) : Buffer.of((bytes.length & 127) | 128, bytes.length >> 7);
        bytes = Buffer.concat([Buffer.of(i === depth - 1 ? 0x12 : 0x1a), length, bytes]);
      }
      return bytes.toString("hex");
    };
    sparse.write(nested(99));
    expect(thrownBy(() => sparse.write(nested(100))).message).to.equal("malformed protobuf message: nested too deep");
    const groups = "fb07".repeat(101) + "fc07".repeat(101);
    expect(thrownBy(() => sparse.write(groups)).reason).to.equal("MESSAGE_MALFORMED");
  });
});
