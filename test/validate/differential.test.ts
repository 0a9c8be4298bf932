// The validators against @bufbuild/protovalidate: the same violations of the same messages, well-formed or put together strangely.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Path } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { expect } from "chai";
import fc from "fast-check";
import { type Twin, twinOf } from "../fuzz/es.ts";
import { mutateWire } from "../fuzz/mutate-wire.ts";
import { fuzzParameters, Random } from "../fuzz/random.ts";
import { randomMessage } from "../fuzz/random-message.ts";
import { GatewayError } from "../../src/status.ts";
import type { Violation } from "../../src/validate/inspection.ts";
import { createValidators } from "../../src/validate/validator.ts";
import { head } from "./validate-text.ts";

const numeric = ["int32", "sint64", "uint32", "fixed64", "float", "double", "sfixed32", "uint64"];

const rules = twinOf(
  `${head}
  import "google/protobuf/empty.proto";
  import "google/protobuf/struct.proto";
  package t;
  message M0 {
    option (buf.validate.message) = {
      oneof: { fields: ["rival_a", "rival_b"], required: true }
      cel: { id: "m.cel" message: "a is not longer than b" expression: "this.a.size() <= this.b.size()" }
      cel: { id: "m.lines" expression: "this.lines.all(l, l.n < 200) ? '' : 'has a large n'" }
    };
    string a = 1 [(buf.validate.field).string = { min_len: 2, max_len: 5, not_contains: "a", pattern: "^[^b]" }];
    optional string b = 2 [(buf.validate.field).string = { min_bytes: 2, max_bytes: 9, prefix: "a" }];
    string c = 3 [(buf.validate.field) = { ignore: IGNORE_IF_ZERO_VALUE string: { in: ["a", "b", ""] not_in: ["c"] suffix: "b" contains: "b" } }];
    bytes d = 4 [(buf.validate.field).bytes = { min_len: 2, max_len: 6, prefix: "\\x01", not_in: ["", "\\x00"] }];
    repeated Line lines = 5 [(buf.validate.field).repeated = { min_items: 1, max_items: 2 }];
    map<int32, Line> by_number = 6 [(buf.validate.field).map = { min_pairs: 1, keys: { int32: { gt: 0 } } }];
    map<string, int64> by_name = 7 [(buf.validate.field).map = { max_pairs: 2, keys: { string: { min_len: 1, max_len: 4 } } values: { int64: { not_in: [0, 1] gte: -5 } } }];
    repeated uint64 numbers = 8 [(buf.validate.field).repeated = { unique: true, items: { uint64: { lt: 1000 } ignore: IGNORE_IF_ZERO_VALUE } }];
    repeated string names = 9 [(buf.validate.field).repeated = { unique: true, items: { cel: { id: "i.cel" message: "has a c" expression: "!this.contains('c')" } } }];
    Kind kind = 10 [(buf.validate.field).enum = { defined_only: true, not_in: [1] }];
    repeated Kind kinds = 11 [(buf.validate.field).repeated.items.enum.in = 2];
    google.protobuf.Duration duration = 12 [(buf.validate.field).duration = { gt: { seconds: -2 } lte: { seconds: 100000 } }];
    google.protobuf.Timestamp timestamp = 13 [(buf.validate.field).timestamp = { gte: { seconds: 0 } lt: { seconds: 4000000000 nanos: 5 } }];
    google.protobuf.FieldMask mask = 14 [(buf.validate.field).field_mask = { in: ["a", "user"] not_in: ["a.b_c"] }];
    google.protobuf.Any any = 15 [(buf.validate.field).any = { in: ["type.googleapis.com/google.protobuf.Duration"] }];
    google.protobuf.Int32Value wrapped = 16 [(buf.validate.field).int32 = { gt: -100, lt: 100 }];
    google.protobuf.StringValue text = 17 [(buf.validate.field) = { required: true string: { max_len: 4 } }];
    oneof choice {
      option (buf.validate.oneof).required = true;
      Line line = 18 [(buf.validate.field).cel = { id: "f.cel" message: "n is even" expression: "this.n % 2 == 1" }];
      int32 number = 19 [(buf.validate.field).int32.const = 1];
      bool yes = 20 [(buf.validate.field).bool.const = true];
    }
    int32 rival_a = 21 [(buf.validate.field).int32.gt = 3];
    optional int32 rival_b = 22 [(buf.validate.field).int32.gt = 3];
    M0 inner = 23;
    int32 required_number = 24 [(buf.validate.field).required = true];
    repeated bool required_list = 25 [(buf.validate.field).required = true];
    Line ignored = 26 [(buf.validate.field).ignore = IGNORE_ALWAYS];
    ${numeric.map((type, index) => `${type} number_${type} = ${30 + index} [(buf.validate.field).${type} = { gt: ${index % 2 === 0 ? 100 : 3}, lte: ${index % 2 === 0 ? 5 : 120}, not_in: [4, 7] }];`).join("\n")}
  }
  message Line {
    string sku = 1 [(buf.validate.field).string.min_len = 1];
    int32 n = 2 [(buf.validate.field).int32 = { lt: 1000 }];
    Line more = 3;
  }
  enum Kind { ZERO = 0; ONE = 1; TWO = 2; }
`,
  "t.M0",
);

const formatNames = [
  ..."email hostname ip ipv4 ipv6 uri uri_ref address uuid tuuid ip_with_prefixlen ipv4_with_prefixlen".split(" "),
  ..."ipv6_with_prefixlen ip_prefix ipv4_prefix ipv6_prefix host_and_port ulid protobuf_fqn protobuf_dot_fqn".split(
    " ",
  ),
];

const formats = twinOf(
  `${head}
  package t;
  message M0 {
    ${formatNames.map((name, index) => `string f_${name} = ${index + 1} [(buf.validate.field).string.${name} = true];`).join("\n")}
    string f_header_name = 40 [(buf.validate.field).string.well_known_regex = KNOWN_REGEX_HTTP_HEADER_NAME];
    string f_header_value = 41 [(buf.validate.field).string.well_known_regex = KNOWN_REGEX_HTTP_HEADER_VALUE];
    string f_loose_name = 42 [(buf.validate.field).string = { well_known_regex: KNOWN_REGEX_HTTP_HEADER_NAME strict: false }];
  }
`,
  "t.M0",
);

class Pair {
  readonly #twin: Twin;
  readonly #validate;
  readonly #theirs;

  constructor(twin: Twin) {
    this.#twin = twin;
    const validators = createValidators(twin.schema, { outputOnly: "reject" });
    this.#validate = validators.validatorOf(twin.type)!;
    expect(validators.problems.map(({ message }) => message)).to.deep.equal([]);
    this.#theirs = createValidator({ registry: twin.registry });
  }

  ours(wire: Uint8Array): string[] {
    return this.#validate(wire, { maxViolations: 10_000 }).map(toLine).sort();
  }

  theirs(wire: Uint8Array): string[] {
    const result = this.#theirs.validate(this.#twin.desc, fromBinary(this.#twin.desc, wire));
    if (result.kind === "error") throw result.error;
    return (result.violations ?? [])
      .map(({ field, ruleId, message, forKey }) => `${theirPath(field)} ${ruleId}${forKey ? " key" : ""} ${message}`)
      .sort();
  }
}

function theirPath(path: Path): string {
  const parts = path.map((step) => {
    if (step.kind === "list_sub") return `[${step.index}]`;
    if (step.kind === "map_sub")
      return `[${typeof step.key === "string" ? JSON.stringify(step.key) : String(step.key)}]`;
    return `.${step.kind === "extension" ? step.typeName : step.name}`;
  });
  return parts.join("").replace(/^\./, "");
}

function toLine({ rule, steps }: Violation): string {
  const path = steps.map((step) => {
    if (typeof step !== "object") return `[${typeof step === "string" ? JSON.stringify(step) : String(step)}]`;
    return `.${"protoName" in step ? step.protoName : step.name}`;
  });
  return `${path.join("").replace(/^\./, "")} ${rule.id}${rule.forKey ? " key" : ""} ${rule.message}`;
}

/** The messages of times list values in another form there; the conformance suite has them as they are here. */
const withoutTimes = (lines: readonly string[]) =>
  lines.map((line) => line.replace(/ (timestamp|duration)\.(\w+) .*$/, " $1.$2"));

function expectSame(ours: readonly string[], theirs: readonly string[], about = ""): void {
  const [one, other] = [withoutTimes(ours), withoutTimes(theirs)];
  const only = (lines: readonly string[], others: readonly string[]) => lines.filter((line) => !others.includes(line));
  const difference = [
    ...only(one, other).map((line) => `ours: ${line}`),
    ...only(other, one).map((line) => `theirs: ${line}`),
  ];
  expect(difference.join("\n"), about).to.equal("");
  expect(one.length).to.equal(other.length);
}

describe("validators against @bufbuild/protovalidate", () => {
  it("find the same in random messages", () => {
    const pair = new Pair(rules);
    let violations = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const wire = toBinary(rules.desc, randomMessage(new Random(seed), rules));
        const ours = pair.ours(wire);
        violations += ours.length;
        expectSame(ours, pair.theirs(wire));
      }),
      fuzzParameters(120),
    );
    expect(violations).to.be.greaterThan(500);
  });

  it("find the same in messages made of two, which merge", () => {
    const pair = new Pair(rules);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const half = () => toBinary(rules.desc, randomMessage(random, rules));
        const wire = Buffer.concat([half(), half()]);
        expectSame(pair.ours(wire), pair.theirs(wire));
      }),
      fuzzParameters(60),
    );
  });

  it("throw nothing but GatewayError at bytes that are damaged, and find the same where both can read them", () => {
    const pair = new Pair(rules);
    let compared = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const wire = mutateWire(random, toBinary(rules.desc, randomMessage(random, rules)));
        let ours: string[];
        try {
          ours = pair.ours(wire);
        } catch (error) {
          expect(error).to.be.instanceOf(GatewayError);
          return;
        }
        let theirs: string[];
        try {
          theirs = pair.theirs(wire);
        } catch {
          return;
        }
        compared++;
        expectSame(ours, theirs);
      }),
      fuzzParameters(120),
    );
    expect(compared).to.be.greaterThan(20);
  });

  it("take the same texts for addresses, hosts, URIs and the like", () => {
    const pair = new Pair(formats);
    const { fields } = formats.desc;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const text = mutateText(new Random(seed));
        const message = Object.fromEntries(fields.map((field) => [field.localName, text]));
        const wire = toBinary(formats.desc, { $typeName: formats.desc.typeName, ...message });
        // After a URI that it refuses it reads on as a reference where it stopped: "a:b#c#d" passes there.
        const isSure = (line: string) => !line.startsWith("f_uri_ref") || !/^[^/?#]*:/.test(text);
        expectSame(pair.ours(wire).filter(isSure), pair.theirs(wire).filter(isSure), JSON.stringify(text));
      }),
      fuzzParameters(1500),
    );
  });
});

const texts = [
  "ada@example.com",
  "a.b+c@x-y.example",
  "example.com",
  "a-b.c9.example.",
  "xn--bcher-kva.example",
  "1.2.3.4",
  "127.0.0.1",
  "::1",
  "fe80::1%eth0",
  "1:2:3:4:5:6:7:8",
  "::ffff:1.2.3.4",
  "2001:db8::/32",
  "10.0.0.0/8",
  "10.1.2.3/24",
  "2001:db8::1/64",
  "https://user:pw@example.com:8080/a/b;c?d=e&f#g",
  "http://[::1]:80/",
  "urn:isbn:1",
  "mailto:a@b.c",
  "//example.com/x",
  "a/b:c",
  "../x?y#z",
  "http://%41.example/%zz",
  "http://[v1.a:b]/",
  "http://[fe80::1%25en0]/",
  "6f7a1f2e-7d3c-4a5b-8c9d-0e1f2a3b4c5d",
  "6f7a1f2e7d3c4a5b8c9d0e1f2a3b4c5d",
  "01ARZ3NDEKTSV4RRFFQ69G5FAV",
  "example.com:443",
  "[::1]:8080",
  "1.2.3.4:65535",
  "localhost:0",
  ":authority",
  "x-y_z",
  "a.b.C_d",
  ".a.b",
  "",
  "a b\tc",
];
const pieces = [
  ...Array.from("@.:/[]%?#-_+ 0123456789abfgzAFG~!$&'()*,;=\u0000\t\né😀"),
  "::",
  "%25",
  "%41",
  "//",
  "..",
  "256",
  "/33",
  "/129",
];

function mutateText(random: Random): string {
  let text = random.pick(texts);
  for (let count = random.below(4); count > 0; count--) {
    const at = random.below(text.length + 1);
    const until = random.chance(50) ? at : Math.min(text.length, at + 1 + random.below(3));
    const inserted = random.chance(20) ? random.pick(texts) : random.chance(80) ? random.pick(pieces) : "";
    text = text.slice(0, at) + inserted + text.slice(until);
  }
  // Halves of characters are no text.
  return Buffer.from(text).toString();
}
