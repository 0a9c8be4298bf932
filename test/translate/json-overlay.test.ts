// Values of the path and the query, woven into the message while its JSON is read.
import { expect } from "chai";
import type { Overlay, OverlayEntry } from "../../src/translate/request/overlay.ts";
import { codecOf, fromHex, hex } from "./json-fixture.ts";

const codec = codecOf(`edition = "2023"; package t; option features.field_presence = IMPLICIT;
  message Inner { string name = 1; int32 age = 2; Inner deeper = 3; }
  message M { string id = 1; Inner inner = 2; repeated int32 list = 3; Inner group = 4 [features.message_encoding = DELIMITED];
    oneof choice { string left = 5; int32 right = 6; Inner middle = 7; } int32 plain = 8; }`);
const lenient = codec.with({ boundFields: "override" });
const inner = codec.schema.message("t.Inner")!;

const value = (wire: string, text: string, source: "path" | "query" = "path"): OverlayEntry => ({
  kind: "value",
  wire: fromHex(wire),
  text,
  source,
});

function overlayOf(
  entries: Readonly<Record<string, OverlayEntry>>,
  of: (name: string) => ReturnType<typeof codec.field> = codec.field,
): Overlay {
  return new Map(Object.entries(entries).map(([name, entry]) => [of(name), entry]));
}

const below = (entries: Readonly<Record<string, OverlayEntry>>): OverlayEntry => ({
  kind: "node",
  node: overlayOf(entries, (name) => inner.field(name)!),
});

describe("an overlay", () => {
  it("adds what the body does not say", () => {
    expect(codec.read("{}", overlayOf({ id: value("0a 01 61", "a") }))).to.equal("0a0161");
    expect(codec.read('{"plain":1}', overlayOf({ id: value("0a 01 61", "a") }))).to.equal(hex("40 01 0a 01 61"));
    expect(codec.read('{"id":null}', overlayOf({ id: value("0a 01 61", "a") }))).to.equal("0a0161");
  });

  it("takes the same value from the body, in any spelling", () => {
    const overlay = overlayOf({ id: value("0a 01 61", "a"), list: value("1a 02 01 02", "1", "query") });
    expect(codec.read('{"id":"\\u0061","list":[1.0,"2"]}', overlay)).to.equal(hex("0a 01 61 1a 02 01 02"));
  });

  it("refuses another value, naming where the first came from", () => {
    const error = codec.refusal('{"plain":1,"id":"b"}', overlayOf({ id: value("0a 01 61", "a") }));
    expect([error.reason, error.message]).to.deep.equal([
      "FIELD_BOUND",
      'id: the path already sets this field to "a"; leave it out or send the same value (line 1, column 17)',
    ]);
    expect(codec.refusal('{"list":[1]}', overlayOf({ list: value("1a 02 01 02", "2", "query") })).message).to.include(
      'the query already sets this field to "2"',
    );
    expect(codec.refusal('{"id":""}', overlayOf({ id: value("0a 01 61", "a") })).reason).to.equal("FIELD_BOUND");
  });

  it("wins over the body without a word where it may", () => {
    expect(lenient.read('{"id":"b","plain":1}', overlayOf({ id: value("0a 01 61", "a") }))).to.equal(
      hex("0a 01 61 40 01"),
    );
    expect(lenient.refusal('{"id":1}', overlayOf({ id: value("0a 01 61", "a") })).reason).to.equal("VALUE_INVALID");
  });

  it("reaches into nested messages, whether the body has them or not", () => {
    const overlay = overlayOf({
      inner: below({ name: value("0a 01 61", "a"), deeper: below({ age: value("10 07", "7") }) }),
    });
    expect(codec.read("{}", overlay)).to.equal(hex("12 07 0a 01 61 1a 02 10 07"));
    expect(codec.read('{"inner":null}', overlay)).to.equal(hex("12 07 0a 01 61 1a 02 10 07"));
    expect(codec.read('{"inner":{"age":1}}', overlay)).to.equal(hex("12 09 10 01 0a 01 61 1a 02 10 07"));
    expect(codec.read('{"inner":{"deeper":{"name":"x"},"name":"a"}}', overlay)).to.equal(
      hex("12 0a 1a 05 0a 01 78 10 07 0a 01 61"),
    );
    expect(codec.refusal('{"inner":{"deeper":{"age":8}}}', overlay).violations[0].field).to.equal("inner.deeper.age");
  });

  it("reaches into a delimited message", () => {
    const overlay = overlayOf({ group: below({ age: value("10 07", "7") }) });
    expect(codec.read("{}", overlay)).to.equal(hex("23 10 07 24"));
    expect(codec.read('{"group":{"name":"x"}}', overlay)).to.equal(hex("23 0a 01 78 10 07 24"));
  });

  it("does not reach into messages of the same type elsewhere", () => {
    const overlay = overlayOf({ inner: below({ name: value("0a 01 61", "a") }) });
    expect(codec.read('{"middle":{"name":"b"},"inner":{"deeper":{"name":"b"}}}', overlay)).to.equal(
      hex("3a 03 0a 01 62 12 08 1a 03 0a 01 62 0a 01 61"),
    );
  });

  it("excludes the other members of its oneof", () => {
    const overlay = overlayOf({ left: value("2a 01 61", "a") });
    for (const json of ['{"right":1}', '{"middle":{}}']) {
      const error = codec.refusal(json, overlay);
      expect(error.reason).to.equal("ONEOF_DUPLICATE");
      expect(error.message).to.include('another field of oneof "choice" is already given in the path or query');
      expect(lenient.read(json, overlay)).to.equal("2a0161");
    }
    expect(codec.read('{"right":null,"left":"a"}', overlay)).to.equal("2a0161");
    expect(lenient.refusal('{"right":"x"}', overlay).reason).to.equal("VALUE_INVALID");
  });

  it("is woven into the one field that a body is", () => {
    const node = below({ name: value("0a 01 61", "a") });
    expect(codec.readField("inner", '{"age":1}', node.kind === "node" ? node.node : undefined)).to.equal(
      hex("12 05 10 01 0a 01 61"),
    );
  });
});

describe("a body that is one field", () => {
  it("is read with its tag, and null is no bytes", () => {
    expect(codec.readField("id", '"a"')).to.equal("0a0161");
    expect(codec.readField("list", "[1,2]")).to.equal("1a020102");
    expect(codec.readField("group", '{"age":1}')).to.equal("23100124");
    for (const name of ["id", "inner", "list", "left"]) expect(codec.readField(name, " null ")).to.equal("");
  });
});
