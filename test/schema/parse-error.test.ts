// What parseProto says about malformed files: all of it, once, at the right place.
import { expect } from "chai";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import type { Diagnostic } from "../../src/diagnostic.ts";
import { parseProto } from "../../src/schema/parse/file.ts";
import { malformed } from "./parse/malformed.ts";

function diagnose(source: string | Uint8Array): Diagnostic[] {
  const found: Diagnostic[] = [];
  parseProto(source, "f.proto", (diagnostic) => found.push(diagnostic));
  return found;
}

function say(source: string | Uint8Array): string[] {
  return diagnose(source).map(
    (diagnostic) => `${formatDiagnostic(diagnostic).replace("f.proto:", "")} [${diagnostic.rule}]`,
  );
}

describe("parseProto on malformed files", () => {
  malformed.forEach(({ source, expected }) => {
    const title = JSON.stringify(source.replace('syntax = "proto3";\n', ""));
    it(`explains ${title.slice(0, 120)}`, () => expect(say(source)).to.deep.equal(expected));
  });

  it("reports several errors of one file, each once and in order", () => {
    const source = [
      'syntax = "proto3";',
      'import "a.proto"',
      "message A {",
      "  string a = 0;",
      "  mesage B { int32 x 1; }",
      "  oneof c { repeated int32 d = 2; }",
      "  enum E { X = 0, Y; }",
      "}",
      "service S {",
      "  rpc F(A) returns A;",
      "  rpc G(A);",
      '  rpc H(A) returns (A) { option (google.api.http) = { get "/x" }; }',
      "}",
      "message C { string z = 19000; }",
    ].join("\n");
    expect(say(source).map((text) => text.replace(/ .*\[/, " ["))).to.deep.equal([
      "2:17: [missing-semicolon]",
      "4:14: [field-number]",
      "5:3: [unknown-keyword]",
      "5:22: [syntax]",
      "6:13: [oneof-label]",
      "7:17: [missing-semicolon]",
      "7:20: [missing-number]",
      "10:20: [syntax]",
      "11:11: [missing-returns]",
      "12:59: [syntax]",
      "14:24: [field-number]",
    ]);
  });

  it("stops at a hundred diagnostics and says so", () => {
    const found = diagnose(`syntax = "proto3"; message A { ${"int32 a = 0;\n".repeat(500)} }`);
    expect(found).to.have.lengthOf(100);
    expect(found[99].rule).to.equal("too-many-errors");
  });

  it("bounds the size of a file", () => {
    const found = diagnose(new Uint8Array(16 * 1024 * 1024 + 1));
    expect(found.map(({ rule }) => rule)).to.deep.equal(["file-too-large"]);
  });

  it("bounds the depth of messages and of aggregates, and goes on behind", () => {
    const messages = "message A {".repeat(1000) + "}".repeat(1000);
    const value = `option (a) = {${"b {".repeat(1000)}${"}".repeat(1000)}};`;
    const found = diagnose(`syntax = "proto3";\n${messages}\n${value}\nmessage B { int32 a = 0; }`);
    expect(found.map(({ rule, position }) => [rule, position?.line])).to.deep.equal([
      ["nesting-too-deep", 2],
      ["nesting-too-deep", 3],
      ["field-number", 4],
    ]);
  });

  it("accepts 64 levels of messages", () => {
    expect(say(`syntax = "proto3";\n${"message A {".repeat(64)}${"}".repeat(64)}`)).to.deep.equal([]);
  });

  it("names bytes that are not UTF-8 outside of comments", () => {
    const source = (text: string): Uint8Array => Buffer.from(`syntax = "proto3";\n${text}`, "latin1");
    expect(say(source("// caf\xe9\nmessage A {}"))).to.deep.equal([]);
    expect(
      diagnose(source('option a = "caf\xe9";')).map(({ rule, position }) => [rule, position?.column]),
    ).to.deep.equal([["invalid-utf8", 16]]);
    expect(diagnose(source("message Caf\xe9 {}")).map(({ rule }) => rule)).to.deep.equal(["invalid-utf8"]);
  });

  it("says of a file that is no text what it is", () => {
    expect(diagnose(Buffer.from('\ufeffsyntax = "proto3";', "utf16le")).map(({ message }) => message)).to.deep.equal([
      "the file is UTF-16, expected UTF-8",
    ]);
    expect(diagnose(Uint8Array.of(10, 0, 1)).map(({ rule }) => rule)).to.deep.equal(["not-text"]);
  });
});
