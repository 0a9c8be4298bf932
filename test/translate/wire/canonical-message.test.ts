// One form for messages that mean the same; none of it for those that may not.
import { expect } from "chai";
import { toCanonical } from "../../../src/translate/wire/canonical-message.ts";
import { schemaOf } from "../../support/schema.ts";

const type = schemaOf(`
  syntax = "proto3"; package t;
  message M {
    string text = 1; int32 number = 2; M child = 3; repeated int32 list = 4;
    oneof kind { string one = 5; string other = 6; M third = 7; }
    map<string, string> labels = 8; fixed32 small = 9; fixed64 large = 10; string far = 1000;
  }
`).message("t.M")!;

const canonical = (hex: string): string =>
  Buffer.from(toCanonical(Buffer.from(hex.replaceAll(" ", ""), "hex"), type)).toString("hex");

describe("toCanonical", () => {
  const ordered: readonly (readonly [title: string, from: string, to: string])[] = [
    ["fields", "1001 0a0178", "0a0178 1001"],
    ["fields in messages", "1a05 1001 0a0178", "1a05 0a0178 1001"],
    ["messages in messages", "1a07 1a05 1001 0a0178", "1a07 1a05 0a0178 1001"],
    ["of all wire types", "5101020304050607084d01020304 1001", "1001 4d01020304 510102030405060708"],
    ["with long tags", "c23e0178 0a0178", "0a0178 c23e0178"],
    ["one member of a oneof", "2a0178 1001", "1001 2a0178"],
  ];
  for (const [title, from, to] of ordered)
    it(`puts in order ${title}`, () => expect(canonical(from)).to.equal(to.replaceAll(" ", "")));

  const same: readonly (readonly [title: string, hex: string])[] = [
    ["what is in order", "0a0178 1001"],
    ["nothing", ""],
    ["values of one field", "2002 2001 2003"],
    ["two members of a oneof", "320178 2a0179"],
    ["two members of a oneof inside", "1a06 320178 2a0179 1001"],
    ["unknown fields", "9a0601 1001 0a0178"],
    ["unknown fields inside", "1a06 f80701 1001 1a00"],
    ["groups", "5b5c 1001"],
    ["what is no message", "0a05 78"],
    ["what is no message inside", "1a020a05 1001"],
    ["endless varints", "10ffffffffffffffffffffff01"],
  ];
  for (const [title, hex] of same)
    it(`leaves alone ${title}`, () => expect(canonical(hex)).to.equal(hex.replaceAll(" ", "")));

  it("leaves alone what is nested without end", () => {
    let hex = Buffer.from("10010a0178", "hex");
    for (let i = 0; i < 40; i++) hex = Buffer.concat([Buffer.from([0x1a, hex.length]), hex]);
    expect(canonical(hex.toString("hex"))).to.equal(hex.toString("hex"));
  });

  it("leaves alone what is large", () => {
    const large = Buffer.concat([
      Buffer.from("1001", "hex"),
      Buffer.from([0x0a, 0x80, 0x80, 0x01]),
      Buffer.alloc(16_384),
    ]);
    expect(toCanonical(large, type)).to.equal(large);
  });
});
