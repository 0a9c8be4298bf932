// google.protobuf.Struct from bytes that no encoder sends but a backend may: what counts, and that it costs no more.
import { expect } from "chai";
import { codecOf } from "./json-fixture.ts";

const codec = codecOf(`import "google/protobuf/struct.proto"; message M { google.protobuf.Struct s = 1; }`);

function lengthField(tag: number, content: Buffer): Buffer {
  const head = content.length < 0x80 ? [content.length] : [(content.length & 0x7f) | 0x80, content.length >>> 7];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const text = (value: string): Buffer => lengthField(26, Buffer.from(value));
const key = (name: string): Buffer => lengthField(10, Buffer.from(name));
const entry = (name: string, value: Buffer): Buffer =>
  lengthField(10, Buffer.concat([key(name), lengthField(18, value)]));
const written = (...entries: Buffer[]): unknown =>
  (JSON.parse(codec.write(lengthField(10, Buffer.concat(entries)).toString("hex"))) as { s: unknown }).s;

describe("google.protobuf.Struct", () => {
  it("keeps the last of two entries of one key", () => {
    expect(written(entry("a", text("1")), entry("b", text("2")), entry("a", text("3")))).to.deep.equal({
      a: "3",
      b: "2",
    });
  });

  it("takes a value before its key, an entry without one or the other, and unknown fields", () => {
    const reversed = lengthField(10, Buffer.concat([lengthField(18, text("1")), key("a")]));
    const keyless = lengthField(10, lengthField(18, text("2")));
    const valueless = lengthField(10, key("c"));
    const unknown = lengthField(26, Buffer.from("x"));
    expect(written(reversed, unknown, keyless, valueless)).to.deep.equal({ a: "1", "": "2", c: null });
  });

  it("merges a value that comes in pieces", () => {
    const pieces = [entry("x", text("1")), entry("y", text("2"))].map((part) => lengthField(18, lengthField(42, part)));
    expect(written(lengthField(10, Buffer.concat([key("a"), ...pieces])))).to.deep.equal({ a: { x: "1", y: "2" } });
  });

  it("starts over once, not once a level", () => {
    // Twice the work at each of these levels would take years.
    let value = text("deep");
    for (let level = 0; level < 40; level++)
      value = lengthField(42, Buffer.concat([entry("a", value), entry("b", text("1")), entry("b", text("2"))]));
    let found = written(entry("a", value)) as Record<string, unknown>;
    for (let level = 0; level < 41; level++) {
      if (level > 0) expect(found.b).to.equal("2");
      found = found.a as Record<string, unknown>;
    }
    expect(found).to.equal("deep");
  });
});
