// Messages against their rules; each rule by itself is the business of protovalidate's conformance suite (npm run protovalidate).
import { expect } from "chai";
import { processorTime } from "../support/processor-time.ts";
import { Rules } from "./validate-text.ts";

const shop = new Rules(`
  message M {
    string id = 1 [(buf.validate.field).string = { min_len: 3, max_len: 8, pattern: "^[a-z]+$" }];
    int32 quantity = 2 [(buf.validate.field).int32 = { gt: 0, lte: 10 }];
    repeated Line order_lines = 3 [(buf.validate.field).repeated = { min_items: 1, max_items: 2 }];
    map<string, int64> stock = 4 [(buf.validate.field).map = { keys: { string: { min_len: 2 } }, values: { int64: { gte: 0 } } }];
    oneof payment {
      option (buf.validate.oneof).required = true;
      string card = 5 [(buf.validate.field).string.len = 4];
      bool cash = 6;
    }
    optional string note = 7 [(buf.validate.field).string.max_len = 3];
    Line main_line = 8;
    repeated string tags = 9 [(buf.validate.field).repeated = { unique: true, items: { string: { in: ["a", "b"] } } }];
  }
  message Line { string product_id = 1 [(buf.validate.field).required = true]; Line inner = 2; }
  message Free { string anything = 1; Free more = 2; }
`);

const sound = { id: "abc", quantity: 1, orderLines: [{ productId: "p" }], cash: true };

describe("createValidators", () => {
  it("finds nothing wrong with a sound message", () => expect(shop.check(sound)).to.deep.equal([]));

  it("finds all that is wrong at once, each with its path, rule and message", () => {
    const message = { id: "AB", quantity: 11, orderLines: [{ productId: "p" }, {}], stock: { x: -1 }, note: "long" };
    expect(shop.check(message)).to.deep.equal([
      "id string.min_len: must be at least 3 characters",
      "id string.pattern: does not match regex pattern `^[a-z]+$`",
      "quantity int32.gt_lte: must be greater than 0 and less than or equal to 10",
      "orderLines[1].productId required: value is required",
      "stock.x string.min_len (key): must be at least 2 characters",
      "stock.x int64.gte: must be greater than or equal to 0",
      "note string.max_len: must be at most 3 characters",
      "payment required: exactly one field is required in oneof",
    ]);
  });

  it("spares unset fields with presence, and holds the others to their rules as zero", () => {
    expect(shop.check({})).to.include("id string.min_len: must be at least 3 characters");
    expect(shop.check({}).filter((line) => line.startsWith("note"))).to.deep.equal([]);
  });

  it("counts characters, not UTF-16 units", () => {
    expect(shop.check({ ...sound, note: "𝒳𝒴𝒵" })).to.deep.equal([]);
    expect(shop.check({ ...sound, note: "𝒳𝒴𝒵!" })).to.deep.equal(["note string.max_len: must be at most 3 characters"]);
  });

  it("has no validator for a type in which nothing has rules", () => {
    expect(shop.validators.validatorOf(shop.schema.message("Free")!)).to.equal(undefined);
  });

  it("stops at as many violations as are wanted", () => {
    const lines = Array.from({ length: 50 }, () => ({}));
    expect(shop.violations(shop.bytes({ ...sound, orderLines: lines }), "M", 7)).to.have.length(7);
  });

  it("tells of keys that are no identifiers in quotes, shortened", () => {
    const [violation] = shop.check({ ...sound, stock: { ['a "b'.padEnd(100, "x")]: -1 } });
    expect(violation).to.match(/^stock\["a \\"bx{60}…"\] int64\.gte/);
  });
});

describe("a message on the wire", () => {
  const text = (number: number, value: string) => [(number << 3) | 2, value.length, ...Buffer.from(value)];
  const bytes = (...fields: number[][]) => Uint8Array.from(fields.flat());
  const lines = text(3, "\x0a\x01p");
  const cash = [0x30, 1];
  const quantity = [0x10, 1];

  it("is judged by the last value of a field that comes twice", () => {
    expect(shop.check(bytes(text(1, "X"), text(1, "abc"), quantity, lines, cash))).to.deep.equal([]);
    const last = shop.check(bytes(text(1, "abc"), text(1, "X"), quantity, lines, cash));
    expect(last).to.include("id string.min_len: must be at least 3 characters");
  });

  it("is judged with the pieces of a message put together", () => {
    const inner = text(2, "\x0a\x01q");
    const piece = (content: number[]) => [0x42, content.length, ...content];
    expect(shop.check(bytes(text(1, "abc"), quantity, lines, cash, piece(inner), piece(text(1, "p"))))).to.deep.equal(
      [],
    );
    expect(shop.check(bytes(text(1, "abc"), quantity, lines, cash, piece(inner)))).to.deep.equal([
      "mainLine.productId required: value is required",
    ]);
  });

  it("is judged by the last member of a oneof", () => {
    expect(shop.check(bytes(text(1, "abc"), quantity, lines, text(5, "xx"), cash))).to.deep.equal([]);
    expect(shop.check(bytes(text(1, "abc"), quantity, lines, cash, text(5, "xx")))).to.deep.equal([
      "card string.len: must be 4 characters",
    ]);
  });

  it("cannot hide items in several pieces of a list", () => {
    const three = shop.check(bytes(text(1, "abc"), quantity, lines, lines, cash, lines));
    expect(three).to.deep.equal(["orderLines repeated.max_items: must contain no more than 2 item(s)"]);
  });

  it("is refused where it is none", () => {
    expect(() => shop.check(Uint8Array.of(0x0a, 9, 1))).to.throw("malformed protobuf message");
    expect(() => shop.check(Uint8Array.of(0x0a, 2, 0xc3, 0x28))).to.throw("not UTF-8");
    expect(() => shop.check(Uint8Array.of(0x0f))).to.throw("malformed protobuf message");
  });

  it("is refused where it is nested deeper than 100", () => {
    let line: number[] = text(1, "p");
    const nest = (content: number[]) => {
      const length = content.length < 128 ? [content.length] : [(content.length & 0x7f) | 0x80, content.length >> 7];
      return [0x12, ...length, ...content];
    };
    for (let i = 0; i < 150; i++) line = nest(line);
    const [, ...rest] = line;
    const deep = Uint8Array.from([0x42, ...rest]);
    expect(() => shop.violations(deep, "M", 1000)).to.throw("nested too deep");
  });

  it("costs time in proportion to its length", () => {
    const many = (count: number) =>
      shop.bytes({ ...sound, tags: Array.from({ length: count }, (_, index) => `t${index}`) });
    const measure = (count: number) => {
      const message = many(count);
      const started = processorTime();
      shop.violations(message);
      return processorTime(started);
    };
    measure(1000);
    expect(measure(20_000)).to.be.lessThan(2000);
  });
});
