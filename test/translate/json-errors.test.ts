// What a client is told: the fault, the path of the field, the line and the column.
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import { locateJson } from "../../src/translate/json/locate-json.ts";
import { codecOf, thrownBy } from "./json-fixture.ts";

const codec = codecOf(`
  enum State { STATE_UNSPECIFIED = 0; STATE_ACTIVE = 1; STATE_DELETED = 2; }
  message Line { string product_id = 1; int32 quantity = 2; }
  message M { string name = 1; repeated Line lines = 2; map<string, Line> by_name = 3; State state = 4; double price = 5; bytes data = 6; oneof c { int32 a = 7; int32 b = 8; } }`);

const messages: readonly (readonly [string, string, string, string])[] = [
  // json, reason, path, message
  ["", "JSON_SYNTAX", "", "the JSON ends where an object (t.M) is expected (line 1, column 1)"],
  [" \n ", "JSON_SYNTAX", "", "the JSON ends where an object (t.M) is expected (line 2, column 2)"],
  ["{", "JSON_SYNTAX", "", "the JSON ends where a field name in quotes is expected (line 1, column 2)"],
  ["{]", "JSON_SYNTAX", "", "expected a field name in quotes, found ] (line 1, column 2)"],
  ["{name:1}", "JSON_SYNTAX", "", "expected a field name in quotes, found name (line 1, column 2)"],
  ["{'name':1}", "JSON_SYNTAX", "", "expected a field name in quotes, found 'name' (line 1, column 2)"],
  ['{"name"}', "JSON_SYNTAX", "name", 'name: expected ":", found } (line 1, column 8)'],
  ['{"name" "x"}', "JSON_SYNTAX", "name", 'name: expected ":", found the string "x" (line 1, column 9)'],
  ['{"name":}', "JSON_SYNTAX", "name", "name: expected a string, found } (line 1, column 9)"],
  ['{"name":"x"', "JSON_SYNTAX", "name", 'name: the JSON ends where "," or "}" is expected (line 1, column 12)'],
  ['{"name":"x",}', "JSON_SYNTAX", "name", "name: expected a field name after the comma, found } (line 1, column 13)"],
  [
    '{"name":"x" "price":1}',
    "JSON_SYNTAX",
    "name",
    'name: expected "," or "}", found the string "price" (line 1, column 13)',
  ],
  ['{"name":"x"}}', "JSON_SYNTAX", "", "unexpected text after the JSON value (line 1, column 13)"],
  ['{"name":"x', "JSON_SYNTAX", "name", "name: the JSON ends inside a string (line 1, column 11)"],
  [
    '{"name":"a\tb"}',
    "JSON_SYNTAX",
    "name",
    String.raw`name: a control character must be escaped in a string (\u0009) (line 1, column 11)`,
  ],
  ['{"name":"a\\qb"}', "JSON_SYNTAX", "name", "name: unknown escape in a string (line 1, column 11)"],
  [
    '{"name":"\\u00g0"}',
    "JSON_SYNTAX",
    "name",
    String.raw`name: expected four hexadecimal digits after \u (line 1, column 14)`,
  ],
  ['{"name":"\\ud83d"}', "UTF8_INVALID", "name", "name: a lone surrogate is no character (line 1, column 10)"],
  ['{"name":"\\ude00"}', "UTF8_INVALID", "name", "name: a lone surrogate is no character (line 1, column 10)"],
  ['{"name":"\\ud83d\\u0041"}', "UTF8_INVALID", "name", "name: a lone surrogate is no character (line 1, column 10)"],
  ['{"name":nul}', "VALUE_INVALID", "name", "name: expected null, found nul (line 1, column 9)"],
  ['{"name":1}', "VALUE_INVALID", "name", "name: expected a string, found 1 (line 1, column 9)"],
  ['{"name":{"a":1}}', "VALUE_INVALID", "name", "name: expected a string, found an object (line 1, column 9)"],
  ['{"lines":{}}', "VALUE_INVALID", "lines", "lines: expected an array, found an object (line 1, column 10)"],
  [
    '{"lines":[{},]}',
    "JSON_SYNTAX",
    "lines[1]",
    "lines[1]: expected a value after the comma, found ] (line 1, column 14)",
  ],
  [
    '{"lines":[{} {}]}',
    "JSON_SYNTAX",
    "lines[0]",
    'lines[0]: expected "," or "]", found an object (line 1, column 14)',
  ],
  [
    '{"lines":[{},{"quantity":1.5}]}',
    "VALUE_INVALID",
    "lines[1].quantity",
    "lines[1].quantity: expected an integer (int32), found 1.5 (line 1, column 26)",
  ],
  [
    '{\n  "lines": [\n    {"quantity": 3000000000}\n  ]\n}',
    "VALUE_OUT_OF_RANGE",
    "lines[0].quantity",
    "lines[0].quantity: the number is out of range for int32 (line 3, column 18)",
  ],
  [
    '{"byName":{"a b":{"quantity":"x"}}}',
    "VALUE_INVALID",
    'byName["a b"].quantity',
    'byName["a b"].quantity: expected an integer (int32), found the string "x" (line 1, column 30)',
  ],
  ['{"byName":{"a":null}}', "VALUE_INVALID", "byName.a", "byName.a: a map value must not be null (line 1, column 16)"],
  ['{"byName":{1:{}}}', "JSON_SYNTAX", "byName", "byName: expected a map key in quotes, found 1 (line 1, column 12)"],
  ['{"lines":[null]}', "VALUE_INVALID", "lines[0]", "lines[0]: an array element must not be null (line 1, column 11)"],
  ['{"nmae":"x"}', "FIELD_UNKNOWN", "nmae", 'nmae: t.M has no field "nmae"; did you mean "name"? (line 1, column 2)'],
  [
    '{"lines":[{"productid":"x"}]}',
    "FIELD_UNKNOWN",
    "lines[0].productid",
    'lines[0].productid: t.Line has no field "productid"; did you mean "productId"? (line 1, column 12)',
  ],
  [
    '{"somethingElse":1}',
    "FIELD_UNKNOWN",
    "somethingElse",
    'somethingElse: t.M has no field "somethingElse" (line 1, column 2)',
  ],
  ['{"name":"é","x":1}', "FIELD_UNKNOWN", "x", 'x: t.M has no field "x"; did you mean "a"? (line 1, column 13)'],
  [
    '{"state":"STATE_ACTVE"}',
    "ENUM_UNKNOWN",
    "state",
    'state: unknown value "STATE_ACTVE" of enum t.State; did you mean "STATE_ACTIVE"? (line 1, column 10)',
  ],
  [
    '{"state":"OPEN"}',
    "ENUM_UNKNOWN",
    "state",
    'state: unknown value "OPEN" of enum t.State; expected STATE_UNSPECIFIED, STATE_ACTIVE, STATE_DELETED (line 1, column 10)',
  ],
  ['{"name":"a","name":"b"}', "FIELD_DUPLICATE", "name", "name: the field is given twice (line 1, column 13)"],
  ['{"a":1,"b":2}', "ONEOF_DUPLICATE", "b", 'b: another field of oneof "c" is already given (line 1, column 8)'],
  [
    '{"byName":{"k":{},"\\u006b":{}}}',
    "FIELD_DUPLICATE",
    'byName["\\u006b"]',
    String.raw`byName["\u006b"]: the map key is given twice (line 1, column 19)`,
  ],
  ['{"data":"a b="}', "VALUE_INVALID", "data", "data: expected base64 (line 1, column 9)"],
  [
    '{"price":1e999}',
    "VALUE_OUT_OF_RANGE",
    "price",
    "price: the number is out of range for double (line 1, column 10)",
  ],
  [
    '{"price":"1,5"}',
    "VALUE_INVALID",
    "price",
    'price: expected a number (double), found the string "1,5" (line 1, column 10)',
  ],
  ["\ufeff{}", "JSON_SYNTAX", "", "the JSON begins with a byte order mark; leave it out (line 1, column 1)"],
  ["[]", "VALUE_INVALID", "", "expected an object (t.M), found an array (line 1, column 1)"],
  ["nonsense", "VALUE_INVALID", "", "expected an object (t.M), found nonsense (line 1, column 1)"],
];

describe("refusals of JSON", () => {
  for (const [json, reason, path, message] of messages)
    it(`are exact for ${JSON.stringify(json)}`, () => {
      const error = codec.refusal(json);
      expect(error.message).to.equal(message);
      expect([error.code, error.reason]).to.deep.equal([Code.INVALID_ARGUMENT, reason]);
      expect(error.violations).to.have.length(1);
      expect([error.violations[0].field, error.violations[0].reason]).to.deep.equal([path, reason]);
    });

  it("count columns in characters behind bytes that are not ASCII, and name bytes that are no UTF-8", () => {
    for (const bytes of ["80", "c328", "eda080", "f4908080", "c0af", "e282"]) {
      const json = Buffer.concat([Buffer.from('{"name":"é😀'), Buffer.from(bytes, "hex"), Buffer.from('"}')]);
      const error = codec.refusal(json);
      expect([error.reason, error.message], bytes).to.deep.equal([
        "UTF8_INVALID",
        "name: invalid UTF-8 in a string (line 1, column 13)",
      ]);
    }
  });

  it("do not repeat a long text of the client", () => {
    const error = codec.refusal(`{"${"x".repeat(100_000)}":1}`);
    expect(error.message.length).to.be.below(800);
    expect(codec.refusal(`{"state":"${"S".repeat(100_000)}"}`).message.length).to.be.below(800);
    expect(codec.refusal(`{"price":"${"1".repeat(100_000)}x"}`).message.length).to.be.below(800);
  });

  it("leave nothing behind for the next request", () => {
    for (const [json] of messages) {
      codec.refusal(json);
      expect(codec.read('{"byName":{"a":{},"b":{}},"name":"x"}')).to.equal("1a050a016112001a050a016212000a0178");
    }
  });

  it("prefix the path of a body that is one field", () => {
    expect(thrownBy(() => codec.readField("lines", '[{},{"quantity":"x"}]')).violations[0].field).to.equal(
      "lines[1].quantity",
    );
    expect(thrownBy(() => codec.readField("byName", '{"a":{"x":1}}')).violations[0].field).to.equal("byName.a.x");
    expect(thrownBy(() => codec.readField("name", "1")).message).to.equal(
      "name: expected a string, found 1 (line 1, column 1)",
    );
    expect(thrownBy(() => codec.readField("name", '"a" "b"')).reason).to.equal("JSON_SYNTAX");
  });
});

describe("locateJson", () => {
  it("finds the path and place of every value", () => {
    const json = '{"a": [1, {"b c": "x"}],\n "d": {"e": []}, "f": 2}';
    const placeOf = (text: string): unknown => Object.values(locateJson(Buffer.from(json), json.indexOf(text)));
    expect(placeOf("1")).to.deep.equal(["a[0]", 1, 8]);
    expect(placeOf('"x"')).to.deep.equal(['a[1]["b c"]', 1, 19]);
    expect(placeOf("[]")).to.deep.equal(["d.e", 2, 13]);
    expect(placeOf("2}")).to.deep.equal(["f", 2, 23]);
    expect(placeOf('"f"')).to.deep.equal(["f", 2, 18]);
  });
});
