// JSON Schemas of messages, compiled by ajv: what they refuse, and that they never refuse what the rules let pass.
import { toBinary } from "@bufbuild/protobuf";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { toJsonSchema } from "../../src/docs/json-schema.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { strictJson } from "../../src/translate/options.ts";
import { createValidators } from "../../src/validate/validator.ts";
import { type Twin, twinOf } from "../fuzz/es.ts";
import { Random } from "../fuzz/random.ts";
import { randomMessage } from "../fuzz/random-message.ts";
import { head, Rules } from "../validate/validate-text.ts";

const text = `
  // An order.
  message M {
    // Who orders.
    string customer_id = 1 [(buf.validate.field).string = { min_len: 2, max_len: 8, pattern: "^[a-z]+$", prefix: "a" }];
    int32 quantity = 2 [(buf.validate.field).int32 = { gt: 0, lte: 10 }];
    uint32 outside = 3 [(buf.validate.field).uint32 = { gt: 10, lt: 5 }];
    repeated string tags = 4 [(buf.validate.field).repeated = { min_items: 1, max_items: 2, unique: true, items: { string: { in: ["a", "b"] } } }];
    map<string, int64> stock = 5 [(buf.validate.field).map = { max_pairs: 1, keys: { string: { min_len: 2 } } }];
    int64 large = 6 [deprecated = true];
    bytes data = 7;
    Kind kind = 8;
    M inner = 9;
    Line line = 10 [(google.api.field_behavior) = REQUIRED];
    string id = 11 [(google.api.field_behavior) = OUTPUT_ONLY];
    oneof payment { string card = 12; bool cash = 13; }
    google.protobuf.Timestamp at = 14;
    google.protobuf.StringValue note = 15 [(buf.validate.field).string.max_len = 3];
    double ratio = 16;
    string optional_mail = 17 [(buf.validate.field) = { ignore: IGNORE_IF_ZERO_VALUE string: { email: true } }];
    string word = 18 [(buf.validate.field).string = { not_contains: "x", not_in: ["no"] }];
  }
  message Line { string sku = 1 [(buf.validate.field).required = true]; }
  enum Kind { KIND_UNSPECIFIED = 0; NOVEL = 1; }
`;

const compile = (schema: object) =>
  new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

describe("toJsonSchema", () => {
  const rules = new Rules(text);
  const schema = toJsonSchema(rules.schema.message("M")!, strictJson);
  const accepts = compile(schema);
  const sound = { customerId: "abc", quantity: 1, line: { sku: "s" }, tags: ["a"] };

  it("defines every message once, and names it in references", () => {
    expect(schema.$ref).to.equal("#/$defs/M");
    expect(Object.keys(schema.$defs as object)).to.deep.equal(["Kind", "Line", "M"]);
  });

  it("has comments, deprecation and what only one side sets", () => {
    const { properties, description } = (
      schema.$defs as Record<string, { properties: Record<string, object>; description: string }>
    ).M;
    expect(description).to.equal("An order.");
    expect(properties.customerId).to.include({ description: "Who orders.", minLength: 2 });
    expect(properties.large).to.include({ deprecated: true });
    expect(properties.id).to.include({ readOnly: true });
  });

  it("takes a sound message", () => {
    const more = {
      stock: { ab: "1" },
      large: "5",
      data: "AQ==",
      kind: "NOVEL",
      cash: true,
      at: "2026-01-01T00:00:00Z",
      note: null,
      ratio: 1.5,
      inner: sound,
    };
    expect(accepts({ ...sound, ...more }), JSON.stringify(accepts.errors)).to.equal(true);
  });

  const refused: Record<string, object> = {
    "a text that is too short": { customerId: "a" },
    "a text that is too long": { customerId: "aaaaaaaaaaa" },
    "a text without the pattern": { customerId: "aB" },
    "a text without the prefix": { customerId: "bcd" },
    "a number out of its range": { quantity: 0 },
    "a number in the range that is left out": { outside: 7 },
    "too many items": { tags: ["a", "b", "a"] },
    "too few items": { tags: [] },
    "the same item twice": { tags: ["a", "a"] },
    "an item that is none of those": { tags: ["c"] },
    "a key that is too short": { stock: { a: "1" } },
    "too many entries": { stock: { ab: "1", cd: "2" } },
    "a message without what it has to have": { line: {} },
    "a value that is none of the enum": { kind: "MAGAZINE" },
    "a wrong value where only none is spared": { optionalMail: 5 },
    "a text with what it must not have": { word: "axb" },
    "a text that is ruled out": { word: "no" },
  };
  for (const [title, part] of Object.entries(refused))
    it(`refuses ${title}`, () => expect(accepts({ ...sound, ...part })).to.equal(false));

  it("can have the names of the protos", () => {
    const other = toJsonSchema(rules.schema.message("M")!, { ...strictJson, protoNames: true });
    expect((other.$defs as Record<string, { properties: object }>).M.properties).to.have.property("customer_id");
  });

  const neverStricter = (twin: Twin, random: Random, accepted: (json: unknown) => boolean) => {
    const validate = createValidators(twin.schema, { outputOnly: "ignore" }).validatorOf(twin.type);
    const write = compileJsonWriter(twin.type, twin.schema, { ...strictJson, emitDefaults: false });
    let sounds = 0;
    for (let i = 0; i < 20; i++) {
      const wire = toBinary(twin.desc, randomMessage(random, twin));
      if ((validate?.(wire, { maxViolations: 1 }) ?? []).length > 0) continue;
      sounds++;
      const json = write(wire).toString();
      expect(accepted(JSON.parse(json)), json).to.equal(true);
    }
    return sounds;
  };

  it("takes whatever keeps the rules", () => {
    const twin = twinOf(
      `${head} package t; message M0 {
        string a = 1 [(buf.validate.field).string = { max_len: 5, not_contains: "a" }];
        int32 b = 2 [(buf.validate.field).int32 = { gte: 0, lte: 100000 }];
        repeated uint32 c = 3 [(buf.validate.field).repeated = { max_items: 2, items: { uint32: { not_in: [1, 2] } } }];
        map<string, bool> d = 4 [(buf.validate.field).map = { max_pairs: 2, keys: { string: { max_len: 6 } } }];
        string e = 5 [(buf.validate.field) = { ignore: IGNORE_IF_ZERO_VALUE string: { min_len: 2 } }];
        M0 f = 6;
        double g = 7 [(buf.validate.field).double = { gte: 5, lte: 0, finite: true }];
      }`,
      "t.M0",
    );
    const accepted = compile(toJsonSchema(twin.type, strictJson));
    let sounds = 0;
    for (let seed = 1; seed < 30; seed++) sounds += neverStricter(twin, new Random(seed), accepted);
    expect(sounds).to.be.greaterThan(10);
  });
});
