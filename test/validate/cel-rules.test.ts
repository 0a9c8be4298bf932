// Rules in CEL: what they see, what is refused at start, and how much they may take.
import { expect } from "chai";
import { RuleFailure, RuleTooCostly } from "../../src/validate/rule-failure.ts";
import { createValidators } from "../../src/validate/validator.ts";
import { processorTime } from "../support/processor-time.ts";
import { schemaOf } from "../support/schema.ts";
import { Rules } from "./validate-text.ts";

const problemsOf = (text: string) => new Rules(text).problems("M");
const field = (option: string, type = "string") => `message M { ${type} f = 1 [${option}]; }`;
const cel = (expression: string) =>
  `(buf.validate.field).cel = { id: "x", message: "m", expression: ${JSON.stringify(expression)} }`;

describe("rules in CEL", () => {
  const order = new Rules(`
    message M {
      option (buf.validate.message).cel = {
        id: "order.dates" message: "must end after it starts" expression: "this.ends > this.starts"
      };
      option (buf.validate.message).cel = {
        id: "order.total" expression: "this.lines.all(l, l.price >= 0) ? '' : 'has a line with a price below zero'"
      };
      int64 starts = 1;
      int64 ends = 2;
      repeated Line lines = 3;
      string host = 4 [(buf.validate.field) = { ignore: IGNORE_IF_ZERO_VALUE cel_expression: "this.isHostname()" }];
      repeated uint32 ports = 5 [(buf.validate.field).repeated.items.cel = { id: "port" message: "is no port" expression: "this < 65536u" }];
      map<string, Line> by_name = 6 [(buf.validate.field).map.values.cel = { id: "named" message: "has no price" expression: "this.price > 0" }];
    }
    message Line { int32 price = 1; }
  `);

  it("see messages, items and values of maps, and say where they failed", () => {
    const lines = order.check({
      starts: 2,
      ends: 1,
      lines: [{ price: -1 }],
      host: "-",
      ports: [80, 70000],
      byName: { a: { price: 1 }, b: {} },
    });
    expect(lines).to.deep.equal([
      'host this.isHostname(): "this.isHostname()" returned false',
      "ports[1] port: is no port",
      "byName.b named: has no price",
      "order.dates: must end after it starts",
      "order.total: has a line with a price below zero",
    ]);
  });

  it("let pass what they hold for", () => expect(order.check({ ends: 1, ports: [80] })).to.deep.equal([]));

  it("see one time in the whole message", () => {
    const rules = new Rules(field(cel("this == now"), "google.protobuf.Timestamp"));
    const validate = rules.validators.validatorOf(rules.schema.message("M")!)!;
    const message = rules.bytes({ f: "2026-01-02T03:04:05Z" });
    expect(validate(message, { maxViolations: 1, nowMs: Date.UTC(2026, 0, 2, 3, 4, 5) })).to.deep.equal([]);
    expect(validate(message, { maxViolations: 1, nowMs: 0 })).to.have.length(1);
  });

  it("that fail on what a message holds do not let it pass", () => {
    const rules = new Rules(field(cel("100 / this > 1"), "int32"));
    expect(rules.check({ f: 5 })).to.deep.equal([]);
    expect(() => rules.check({ f: 0 })).to.throw(RuleFailure, "x: ");
  });
});

describe("a rule that cannot be enforced", () => {
  const refused: [string, string, string][] = [
    ["an expression that is none", field(cel("this +")), "test.proto:10:"],
    ["a name that nobody knows", field(cel("that == ''")), '"that" is no name that rules know'],
    ["a function that there is not", field(cel("this.isHostName()")), 'there is no function "isHostName"'],
    ["a method of another type", field(cel("this.startsWith('a')"), "int32"), "no matching overload"],
    [
      "a field that there is not",
      `message M { option (buf.validate.message).cel = { id: "x" expression: "this.b == 1" }; int32 a = 1; }`,
      'M has no field "b"',
    ],
    ["an answer that is neither bool nor string", field(cel("size(this)")), "gives neither a bool nor a string"],
    ["an expression of 20 kB", field(cel(`this != '${"x".repeat(20_000)}'`)), "more than 16384 characters"],
    [
      "rules of another type",
      field("(buf.validate.field).string.min_len = 1", "int32"),
      '"string" rules on a value of type int32',
    ],
    [
      "rules of items on what is no list",
      field("(buf.validate.field).repeated.min_items = 1"),
      '"repeated" rules on a value of type string',
    ],
    [
      "rules of one value on a list",
      field("(buf.validate.field).string.min_len = 1", "repeated string"),
      '"string" rules on a list of string',
    ],
    [
      "a pattern that RE2 does not take",
      field('(buf.validate.field).string.pattern = "(?=a)"'),
      "is no regular expression",
    ],
    ["nan as a bound", field("(buf.validate.field).double.lt = nan", "double"), "nan is no bound"],
    [
      "unique messages",
      `message M { repeated M f = 1 [(buf.validate.field).repeated.unique = true]; }`,
      "messages cannot be told to be unique",
    ],
    [
      "a oneof rule of a field that there is not",
      `message M { option (buf.validate.message).oneof = { fields: ["a", "b"] }; int32 a = 1; }`,
      'names "b", which is no field',
    ],
  ];
  for (const [title, text, expected] of refused) {
    it(`is an error at start: ${title}`, () => {
      const problems = problemsOf(text);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.include(expected);
      expect(problems[0]).to.match(/^test\.proto:\d+:\d+: M/);
    });
  }

  it("is told with the place of the very option", () => {
    const [problem] = problemsOf(
      `message M {\n  string a = 1 [\n    (buf.validate.field).string.min_len = 1,\n    (buf.validate.field).string.pattern = "("];\n}`,
    );
    expect(problem).to.match(/^test\.proto:13:5: M\.a: the pattern "\("/);
  });

  it("is found in messages inside messages", () => {
    expect(
      problemsOf(
        `message M { repeated N n = 1; } message N { map<string, O> o = 1; } message O { int32 f = 1 [${cel("nothing")}]; }`,
      ),
    ).to.have.length(1);
  });

  it("is one on an extension, which nobody looks at", () => {
    const schema = schemaOf(`
      syntax = "proto2";
      import "buf/validate/validate.proto";
      message M { extensions 100 to 200; }
      extend M { optional int32 more = 100 [(buf.validate.field).int32.gt = 0]; }
    `);
    const validators = createValidators(schema, { outputOnly: "reject" });
    validators.validatorOf(schema.message("M")!);
    expect(validators.problems.map(({ message }) => message)).to.deep.equal([
      "more: rules of an extension are not enforced",
    ]);
  });

  it("may be a type of its own or an enum's value by its full name", () => {
    expect(problemsOf(`enum E { A = 0; B = 1; } ${field(cel("this == E.B || type(this) == int"), "E")}`)).to.deep.equal(
      [],
    );
    expect(problemsOf(field(cel("duration('1s') < this"), "google.protobuf.Duration"))).to.deep.equal([]);
  });
});

describe("a rule in CEL on a hostile message", () => {
  const bounded = (expression: string, type = "repeated int32") => {
    const rules = new Rules(field(cel(expression), type));
    rules.validators.validatorOf(rules.schema.message("M")!);
    expect(rules.problems()).to.deep.equal([]);
    return (value: unknown) => {
      const message = rules.bytes({ f: value });
      const started = processorTime();
      try {
        return { lines: rules.check(message), ms: processorTime(started) };
      } catch (error) {
        return { error, ms: processorTime(started) };
      }
    };
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it("holds for a list of fifty thousand", () => {
    expect(bounded("this.all(x, x > 0)")(numbers(50_000)).lines).to.deep.equal([]);
  });

  const costly = {
    "a loop in a loop": "this.all(x, this.exists(y, y == x))",
    "a loop in a loop whose errors nobody sees": "this.exists(x, this.all(y, y < 0)) || true",
    "a look through the list for each item": "this.all(x, x in this)",
    "lists made of lists": "this.map(x, this.map(y, y)).size() > 0",
    "a list that is compared for each item": "this.all(x, this == this)",
  };
  for (const [title, expression] of Object.entries(costly)) {
    it(`is stopped: ${title}`, () => {
      const { error, ms } = bounded(expression)(numbers(30_000));
      expect(error).to.be.instanceOf(RuleTooCostly);
      // Unbounded, it is nine hundred million turns.
      expect(ms).to.be.lessThan(10_000);
    });
  }

  it("is stopped: a long string for each character of another", () => {
    const rules = bounded("this.split('').all(c, !this.contains(c + c + c))", "string");
    expect(rules("ab".repeat(40_000)).error).to.be.instanceOf(RuleTooCostly);
  });

  it("counts over all rules of one message, and anew for the next", () => {
    const all = bounded("this.all(x, x > 0)");
    expect(all(numbers(60_000)).lines).to.deep.equal([]);
    expect(all(numbers(60_000)).lines).to.deep.equal([]);
  });

  it("is not decoded where it has very many fields", () => {
    const rules = new Rules(
      `message M { option (buf.validate.message).cel = { id: "x" message: "m" expression: "this.n.size() >= 0" }; repeated N n = 1; } message N { N n = 1; }`,
    );
    expect(rules.check(Buffer.alloc(2 * 50_000, "\x0a\x00"))).to.deep.equal([]);
    expect(() => rules.check(Buffer.alloc(2 * 100_001, "\x0a\x00"))).to.throw(RuleTooCostly, "more than 100000 fields");
    expect(() => rules.check(Buffer.alloc(4 * 60_000, "\x0a\x02\x0a\x00"))).to.throw(RuleTooCostly);
  });

  it("takes no pattern of any length out of a message", () => {
    const rules = new Rules(
      `message M { option (buf.validate.message).cel = { id: "x" expression: "this.b.matches(this.a)" }; string a = 1; string b = 2; }`,
    );
    expect(rules.check({ a: "^b+$", b: "bb" })).to.deep.equal([]);
    expect(() => rules.check({ a: "b".repeat(2000), b: "b" })).to.throw(RuleFailure, "more than 1024 characters");
  });
});
