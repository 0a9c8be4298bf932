import { expect } from "chai";
import { describeRules } from "../../src/validate/describe-rules.ts";
import { Rules } from "./validate-text.ts";

describe("describeRules", () => {
  it("gives the rules of a type, and of what is in it, a line a field", () => {
    const { schema } = new Rules(`
      message M {
        option (buf.validate.message).cel = { id: "m.dates" expression: "true" };
        string id = 1 [(buf.validate.field).string = { min_len: 3, in: ["abc", "abd"] }, (buf.validate.field).required = true];
        repeated Line lines = 2 [(buf.validate.field).repeated.max_items = 9];
        oneof payment { option (buf.validate.oneof).required = true; string card = 3; bool cash = 4; }
        google.protobuf.Duration wait = 5 [(buf.validate.field).duration.lt.seconds = 5];
        map<string, Line> by_name = 6;
        string free = 7;
        M inner = 8;
        string name = 9 [(google.api.field_behavior) = OUTPUT_ONLY, (google.api.field_behavior) = IMMUTABLE];
        bytes data = 10 [(buf.validate.field).bytes.prefix = "\\x01"];
      }
      message Line { int32 n = 1 [(buf.validate.field).int32 = { gt: 0, lt: 9 }]; }
    `);
    expect(describeRules(schema.message("M")!)).to.deep.equal([
      "M: cel m.dates",
      "payment: required",
      'id: string.min_len 3, string.in ["abc", "abd"], required',
      "lines: repeated.max_items 9",
      "lines[].n: int32.gt 0, int32.lt 9",
      "wait: duration.lt 5s",
      "name: OUTPUT_ONLY",
      "data: bytes.prefix 01",
    ]);
  });
});
