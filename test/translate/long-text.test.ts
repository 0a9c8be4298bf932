// Strings and bytes long enough for the paths that take several bytes at a time, cut at every place that matters to them.
import { strictEqual as equal, throws } from "node:assert/strict";
import { strictJson } from "../../src/translate/options.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { schemaOf } from "../support/schema.ts";

const schema = schemaOf(`syntax = "proto3"; package t; message M { string s = 1; bytes b = 2; }`);
const type = schema.message("t.M")!;
const read = compileJsonReader(type, schema, strictJson);
const write = compileJsonWriter(type, schema, { ...strictJson, emitDefaults: false });

function lengthField(tag: number, content: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([tag, ...length, rest]), content]);
}

function expectBothWays(text: string): void {
  const wire = lengthField(10, Buffer.from(text));
  const json = JSON.stringify({ s: text });
  equal(write(wire).toString(), json);
  equal(Buffer.from(read(Buffer.from(json))).equals(wire), true);
}

/** One of every kind of character: plain, short escapes, control, two to four bytes. */
const characters = ["a", '"', "\\", "\n", "\t", "\u0001", "\u001f", "\u007f", "é", "я", "漢", "€", "🚀"];

describe("long strings", () => {
  it("keep every character at every place of a word", () => {
    for (const character of characters)
      for (let before = 0; before < 9; before++)
        for (const after of [0, 1, 2, 3, 5, 30, 60])
          expectBothWays(`${"x".repeat(before)}${character}${"y".repeat(after)}${character}`);
  });

  it("keep characters that lie across the steps in which room is made", () => {
    for (const character of characters)
      for (let before = 4088; before < 4100; before++)
        for (const first of ["", "é", '"'])
          expectBothWays(`${first}${"x".repeat(before)}${character.repeat(6)}${"z".repeat(4200)}`);
  });

  it("keep text of nothing but other characters than ASCII, or but escapes", () => {
    for (const character of characters) expectBothWays(character.repeat(9001));
  });

  it("refuse invalid UTF-8 wherever it stands", () => {
    for (const before of [0, 3, 60, 4095, 4096, 9000]) {
      const text = Buffer.concat([Buffer.from(`é${"x".repeat(before)}`), Buffer.from([0xc3]), Buffer.alloc(60, 0x79)]);
      throws(() => write(lengthField(10, text)), /invalid UTF-8/);
      throws(() => read(Buffer.concat([Buffer.from('{"s":"'), text, Buffer.from('"}')])), /invalid UTF-8/);
    }
  });

  it("refuse a control character wherever it stands", () => {
    for (const before of [0, 3, 60, 4095, 4096, 9000])
      throws(() => read(Buffer.from(`{"s":"\\n${"é".repeat(before)}\u0001${"y".repeat(60)}"}`)), /control character/);
  });
});

describe("bytes", () => {
  it("keep every length, in both alphabets, with padding and without", () => {
    for (let length = 1; length < 70; length++) {
      const content = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length * 101) & 255));
      const wire = lengthField(18, content);
      equal(write(wire).toString(), JSON.stringify({ b: content.toString("base64") }));
      for (const text of [
        content.toString("base64"),
        content.toString("base64url"),
        content.toString("base64").replaceAll("=", ""),
      ])
        equal(Buffer.from(read(Buffer.from(JSON.stringify({ b: text })))).equals(wire), true);
    }
  });

  it("refuse a byte that is no digit, wherever it stands", () => {
    for (let at = 0; at < 11; at++)
      for (const byte of ["*", " ", "é", "="]) {
        const text = "AAAAAAAAAAA";
        throws(
          () => read(Buffer.from(JSON.stringify({ b: text.slice(0, at) + byte + text.slice(at + 1, 10) }))),
          /expected base64/,
        );
      }
  });
});
