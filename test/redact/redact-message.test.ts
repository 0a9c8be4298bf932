// Messages without what a caller may not see: by hand, and against a slow redactor that decodes, deletes and encodes again.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect } from "chai";
import fc from "fast-check";
import { twinOf } from "../fuzz/es.ts";
import type { Twin } from "../fuzz/es.ts";
import { mutateWire } from "../fuzz/mutate-wire.ts";
import { fuzzParameters, Random } from "../fuzz/random.ts";
import { randomMessage } from "../fuzz/random-message.ts";
import { redactMessage } from "../../src/redact/redact-message.ts";
import { compileShapes } from "../../src/redact/shape.ts";
import type { RedactedField } from "../../src/redact/shape.ts";
import { GatewayError } from "../../src/status.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { strictJson } from "../../src/translate/options.ts";
import { fromMessage } from "../support/gateway.ts";
import { findShown, redactSlowly } from "./redact-slowly.ts";

const proto = `
  edition = "2023";
  package t;
  import "google/protobuf/any.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/empty.proto";
  import "google/protobuf/wrappers.proto";
  option features.field_presence = IMPLICIT;
  message M0 {
    string name = 1;
    string ssn = 2;
    repeated string emails = 3;
    repeated int32 costs = 4;
    repeated int32 loose = 5 [features.repeated_field_encoding = EXPANDED];
    map<string, Line> by_name = 6;
    map<int32, string> notes = 7;
    Line line = 8;
    repeated Line lines = 9;
    oneof choice { Line picked = 10; string code = 11; M0 deep = 12; }
    google.protobuf.Any any = 13;
    repeated google.protobuf.Any anys = 14;
    map<string, google.protobuf.Any> any_by_name = 15;
    Line group = 16 [features.message_encoding = DELIMITED];
    repeated M0 children = 17 [features.message_encoding = DELIMITED];
    Line secret = 18;
    google.protobuf.Struct struct = 20;
    google.protobuf.Any any_group = 21 [features.message_encoding = DELIMITED];
    sint64 large_number_of_a_field = 500000;
    string nickname = 22 [features.field_presence = EXPLICIT];
    extensions 1000 to 1999;
  }
  message Line { string sku = 1; double cost = 2; bytes raw = 3; Line more = 4; Kind kind = 5; }
  message Plain { Plain more = 1; google.protobuf.Struct struct = 2; }
  message Set { option message_set_wire_format = true; extensions 4 to max; }
  message Holder { Set set = 1; M0 m = 2; }
  enum Kind { ZERO = 0; ONE = 1; }
  extend M0 { string hidden_extension = 1000; Line seen_extension = 1001; }
  extend Set { Line line_item = 2000; Line hidden_item = 2001; }
`;

const gates: Readonly<Record<string, RedactedField>> = {
  "t.M0.ssn": { gate: 0, mask: undefined },
  "t.M0.emails": { gate: 1, mask: "***" },
  "t.M0.costs": { gate: 0, mask: undefined },
  "t.M0.loose": { gate: 1, mask: undefined },
  "t.M0.notes": { gate: 2, mask: undefined },
  "t.M0.code": {
    gate: 1,
    mask: "a mask that is longer than most of the texts that it stands for, by far indeed, and then some",
  },
  "t.M0.secret": { gate: 2, mask: undefined },
  "t.M0.large_number_of_a_field": { gate: 0, mask: undefined },
  "t.M0.nickname": { gate: 2, mask: "" },
  "t.Line.cost": { gate: 0, mask: undefined },
  "t.Line.raw": { gate: 2, mask: undefined },
  "t.Line.kind": { gate: 1, mask: undefined },
  "t.hidden_extension": { gate: 0, mask: undefined },
  "t.hidden_item": { gate: 0, mask: undefined },
};

const redacted = new Map(Object.entries(gates));
const all = [true, true, true];

function redactorOf({ schema }: Twin, type: string) {
  const shapes = compileShapes(schema, redacted);
  const shape = shapes.of(schema.message(type)!);
  return (wire: Uint8Array, closed: readonly boolean[] = all) =>
    shape === undefined ? wire : redactMessage(wire, shape, { shapes, closed });
}

const twin = twinOf(proto, "t.M0");

/** From JSON to JSON. */
function show(json: unknown, closed = all, type = "t.M0"): unknown {
  const message = twin.schema.message(type)!;
  const wire = compileJsonReader(message, twin.schema, strictJson)(Buffer.from(JSON.stringify(json)));
  return JSON.parse(fromMessage(twin.schema, message, redactorOf(twin, type)(wire, closed)));
}

describe("redactMessage", () => {
  it("leaves out fields of every kind, at every depth, and nothing else", () => {
    const line = { sku: "a", cost: 1.5, raw: "AAAA", kind: "ONE", more: { sku: "b", cost: 2 } };
    const bare = { sku: "a", more: { sku: "b" } };
    const known = {
      name: "Ada",
      ssn: "1",
      costs: [1, 2],
      loose: [3],
      notes: { "1": "x" },
      secret: line,
      line,
      lines: [line],
    };
    expect(
      show({ ...known, byName: { x: line, "": {} }, group: line, children: [known, {}], deep: { picked: line } }),
    ).to.deep.equal({
      name: "Ada",
      line: bare,
      lines: [bare],
      byName: { x: bare, "": {} },
      group: bare,
      children: [{ name: "Ada", line: bare, lines: [bare] }, {}],
      deep: { picked: bare },
    });
  });

  it("masks what has a mask, each value of a list", () => {
    const { mask } = gates["t.M0.code"];
    expect(show({ emails: ["a@b", "", "c"], code: "x", nickname: "y" })).to.deep.equal({
      emails: ["***", "***", "***"],
      code: mask,
      nickname: "",
    });
  });

  it("shows callers what their gates let through, and looks further below it", () => {
    const json = { ssn: "1", secret: { sku: "a", cost: 1, kind: "ONE" } };
    expect(show(json, [false, false, false])).to.deep.equal(json);
    expect(show(json, [true, false, false])).to.deep.equal({ secret: { sku: "a", kind: "ONE" } });
    expect(show(json, [false, true, true])).to.deep.equal({ ssn: "1" });
  });

  it("looks into an Any of a type it knows, an Any in it, and lets others pass", () => {
    const any = { "@type": "type.googleapis.com/t.Line", sku: "a", cost: 1 };
    const bare = { "@type": "type.googleapis.com/t.Line", sku: "a" };
    const nested = (value: unknown) => ({ "@type": "type.googleapis.com/google.protobuf.Any", value });
    const plain = { "@type": "type.googleapis.com/t.Plain", more: {} };
    expect(
      show({ any, anys: [any, plain, nested(any)], anyByName: { x: nested(nested(any)) }, anyGroup: any }),
    ).to.deep.equal({
      any: bare,
      anys: [bare, plain, nested(bare)],
      anyByName: { x: nested(nested(bare)) },
      anyGroup: bare,
    });
    const unknown = bytesOf(13, [...textOf(1, "type.googleapis.com/t.Nowhere"), ...textOf(2, "anything")]);
    expect(redactorOf(twin, "t.M0")(unknown)).to.equal(unknown);
  });

  it("finds the type of an Any that stands behind its value, and the last of several", () => {
    const line = [0x0a, 1, 0x61, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    const wire = bytesOf(13, [
      ...bytesOf(2, line),
      ...textOf(1, "type.googleapis.com/t.Plain"),
      ...bytesOf(2, line),
      ...textOf(1, "x/t.Line"),
    ]);
    const shown = bytesOf(13, [
      ...bytesOf(2, [0x0a, 1, 0x61]),
      ...textOf(1, "type.googleapis.com/t.Plain"),
      ...bytesOf(2, [0x0a, 1, 0x61]),
      ...textOf(1, "x/t.Line"),
    ]);
    expect(hex(redactorOf(twin, "t.M0")(wire))).to.equal(hex(shown));
  });

  it("lets no Any in two pieces be put together from what neither shows", () => {
    const value = bytesOf(13, bytesOf(2, [0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]));
    const type = bytesOf(13, textOf(1, "type.googleapis.com/t.Line"));
    expect(() => redactorOf(twin, "t.M0")(Buffer.concat([type, value]))).to.throw(GatewayError, "no type_url");
    const other = bytesOf(13, [...textOf(1, "x/t.Nowhere"), ...bytesOf(2, [0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f])]);
    const shown = fromBinary(twin.desc, redactorOf(twin, "t.M0")(Buffer.concat([other, type])));
    expect(findShown(shown, twin, closedFields(all))).to.deep.equal([]);
    expect((shown as unknown as { any: { value: Uint8Array } }).any.value.length).to.equal(0);
  });

  it("knows extensions, and the items of a MessageSet in either form", () => {
    const line = [0x0a, 1, 0x61, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
    const bare = line.slice(0, 3);
    const extended = Buffer.concat([textOf(1000, "secret"), bytesOf(1001, line)]);
    expect(hex(redactorOf(twin, "t.M0")(extended))).to.equal(hex(bytesOf(1001, bare)));
    const item = (id: number, message: number[]) => [0x0b, 0x10, ...varint(id), ...bytesOf(3, message), 0x0c];
    const late = [0x0b, ...bytesOf(3, line), 0x10, ...varint(2000), 0x0c];
    const set = bytesOf(1, [
      ...item(2000, line),
      ...item(2001, line),
      ...late,
      ...bytesOf(2001, line),
      ...bytesOf(2000, line),
    ]);
    const shown = [...item(2000, bare), 0x0b, ...bytesOf(3, bare), 0x10, ...varint(2000), 0x0c, ...bytesOf(2000, bare)];
    expect(hex(redactorOf(twin, "t.Holder")(set))).to.equal(hex(bytesOf(1, shown)));
  });

  it("does not show a field in another wire format, nor under a tag in more bytes than it needs", () => {
    const redact = redactorOf(twin, "t.M0");
    for (const wire of [
      [0x10, 1],
      [0x15, 1, 2, 3, 4],
      [0x11, 1, 2, 3, 4, 5, 6, 7, 8],
      [0x13, 0x08, 1, 0x14],
      [0x92, 0x80, 0, 1, 0x61],
    ])
      expect(hex(redact(Uint8Array.from(wire)))).to.equal("");
    const asGroup = [0x43, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x44];
    expect(hex(redact(Uint8Array.from(asGroup)))).to.equal("4344");
  });

  it("leaves fields alone that it does not know", () => {
    const unknown = [...textOf(30, "x"), 0xf8, 0x01, 5, 0x83, 0x02, 0x08, 1, 0x84, 0x02];
    const wire = Buffer.from([...unknown, ...textOf(2, "ssn"), ...unknown]);
    expect(hex(redactorOf(twin, "t.M0")(wire))).to.equal(hex([...unknown, ...unknown]));
  });

  it("hands on the very bytes of a message that has nothing to hide, and looks at none of a type that cannot have", () => {
    const wire = Buffer.concat([textOf(1, "Ada"), bytesOf(8, textOf(1, "sku")), bytesOf(9, [])]);
    expect(redactorOf(twin, "t.M0")(wire)).to.equal(wire);
    expect(compileShapes(twin.schema, redacted).of(twin.schema.message("t.Plain")!)).to.equal(undefined);
  });

  const cases: readonly (readonly [string, readonly number[]])[] = [
    ["a length that runs past the end", [0x12, 5, 1]],
    ["one that runs past the message it is in", [0x42, 2, 0x0a, 5, 1, 1, 1, 1]],
    ["a field number of zero", [0x00, 1]],
    ["a group without an end", [0x8b, 0x01, 0x0a, 0]],
    ["a group that another ends", [0x83, 0x01, 0x8c, 0x01]],
    ["an end without a group", [0x0c]],
    ["a hidden group without an end", [0x13, 0x08, 1]],
    ["a truncated varint", [0x12, 0x80]],
    ["a wire type that there is not", [0x0f]],
    ["what is no message where one is hidden in", [0x42, 1, 0xff]],
  ];
  for (const [what, wire] of cases)
    it(`refuses ${what}`, () =>
      expect(() => redactorOf(twin, "t.M0")(Uint8Array.from(wire))).to.throw(
        GatewayError,
        "malformed protobuf message",
      ));

  it("goes a hundred messages deep and no further", () => {
    const nest = (depth: number, wrap: (inner: Buffer) => Buffer): Buffer => {
      let wire: Buffer = textOf(2, "ssn");
      for (let i = 0; i < depth; i++) wire = wrap(wire);
      return wire;
    };
    const asMessage = (inner: Buffer) => bytesOf(12, inner);
    const asGroup = (inner: Buffer) => Buffer.concat([Buffer.from([0x8b, 0x01]), inner, Buffer.from([0x8c, 0x01])]);
    for (const wrap of [asMessage, asGroup]) {
      expect(Buffer.from(redactorOf(twin, "t.M0")(nest(99, wrap))).includes("ssn")).to.equal(false);
      expect(() => redactorOf(twin, "t.M0")(nest(100, wrap))).to.throw(GatewayError, "nested too deep");
    }
    const deepAny = nest(60, (inner) => bytesOf(13, [...textOf(1, "t/t.M0"), ...bytesOf(2, inner)]));
    expect(() => redactorOf(twin, "t.M0")(deepAny)).to.throw(GatewayError, "nested too deep");
  });

  it("takes a message that is nothing but hidden fields", () => {
    const wire = Buffer.concat(
      Array.from({ length: 50_000 }, (_, i) => Buffer.from(i % 2 === 0 ? [0x12, 0] : [0x0a, 0])),
    );
    expect(redactorOf(twin, "t.M0")(wire).length).to.equal(50_000);
    const hidden = Buffer.from(Array.from({ length: 50_000 }, () => [0x12, 0]).flat());
    expect(redactorOf(twin, "t.M0")(hidden).length).to.equal(0);
    const masked = Buffer.from(Array.from({ length: 50_000 }, () => [0x1a, 0]).flat());
    expect(redactorOf(twin, "t.M0")(masked).length).to.equal(250_000);
  });
});

const closedFields = (closed: readonly boolean[]): ReadonlyMap<string, string | undefined> =>
  new Map([...redacted].filter(([, { gate }]) => closed[gate]).map(([name, { mask }]) => [name, mask]));

function randomGates(random: Random): boolean[] {
  return all.map(() => random.chance(60));
}

describe("redactMessage against decoding, deleting and encoding", () => {
  const expectSame = (of: Twin, wire: Uint8Array, closed: readonly boolean[]): boolean => {
    const redact = redactorOf(of, "t.M0");
    const ours = redact(wire, closed);
    const theirs = toBinary(of.desc, redactSlowly(fromBinary(of.desc, wire), of, closedFields(closed)));
    // Once through the same encoder, in an Any as well.
    const again = toBinary(of.desc, redactSlowly(fromBinary(of.desc, ours), of, new Map()));
    expect(hex(again)).to.equal(hex(theirs));
    // Nothing of it is left to be taken out.
    expect(hex(redact(ours, closed))).to.equal(hex(ours));
    return ours !== wire;
  };

  it("is the same for random messages and callers", () => {
    let changed = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const wire = toBinary(twin.desc, randomMessage(random, twin));
        if (expectSame(twin, wire, randomGates(random))) changed++;
      }),
      fuzzParameters(300),
    );
    expect(changed).to.be.greaterThan(50);
  });

  it("is the same for messages made of two, which merge", () => {
    // Of an Any the halves do not merge into one that says anything.
    const without = twinOf(proto.replace(/google.protobuf.Any any(?:_group)? = \d+[^;]*;/g, ""), "t.M0");
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const half = () => toBinary(without.desc, randomMessage(random, without));
        expectSame(without, Buffer.concat([half(), half()]), randomGates(random));
      }),
      fuzzParameters(150),
    );
  });

  it("throws nothing but GatewayError at bytes that are damaged, and shows nothing of what others can read of the rest", () => {
    let read = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const wire = mutateWire(random, toBinary(twin.desc, randomMessage(random, twin)));
        let ours: Uint8Array;
        try {
          ours = redactorOf(twin, "t.M0")(wire);
        } catch (error) {
          expect(error).to.be.instanceOf(GatewayError);
          return;
        }
        let message: ReturnType<typeof fromBinary>;
        try {
          message = fromBinary(twin.desc, ours);
        } catch {
          return;
        }
        read++;
        expect(findShown(message, twin, closedFields(all))).to.deep.equal([]);
      }),
      fuzzParameters(300),
    );
    expect(read).to.be.greaterThan(10);
  });
});

function hex(bytes: Iterable<number>): string {
  return Buffer.from([...bytes]).toString("hex");
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function bytesOf(number: number, content: Iterable<number>): Buffer {
  const bytes = [...content];
  return Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length), ...bytes]);
}

function textOf(number: number, text: string): Buffer {
  return bytesOf(number, Buffer.from(text));
}
