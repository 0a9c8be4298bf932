// Which comment a declaration gets.
import { expect } from "chai";
import { cleanComment } from "../../src/schema/parse/comment.ts";
import { parseProto } from "../../src/schema/parse/file.ts";
import type { RawMessage } from "../../src/schema/proto-file.ts";

function message(body: string): RawMessage {
  const file = parseProto(`syntax = "proto3";\n${body}`, "f.proto", ({ message: text }) => {
    throw new Error(text);
  });
  return file.messages[0];
}

const fieldComments = (body: string): string[] =>
  message(`message A {\n${body}\n}`).fields.map(({ comment }) => comment);

describe("comments of declarations", () => {
  it("are the ones just above, of neighbouring lines", () => {
    expect(fieldComments("// one\n//   two\nint32 a = 1;")).to.deep.equal(["one\n  two"]);
  });

  it("are else the ones behind, on the same line", () => {
    expect(fieldComments("int32 a = 1; // a\nint32 b = 2; /* b\n more */\n int32 c = 3;")).to.deep.equal([
      "a",
      "b\nmore",
      "",
    ]);
  });

  it("prefer the one above to the one behind", () => {
    expect(fieldComments("// above\nint32 a = 1; // behind")).to.deep.equal(["above"]);
  });

  it("leave out detached ones", () => {
    expect(fieldComments("int32 a = 1;\n// of a\n\n// of none\n\n// of b\nint32 b = 2;")).to.deep.equal([
      "of a",
      "of b",
    ]);
  });

  it("leave out a block between two tokens of a line", () => {
    expect(fieldComments("int32 a = 1; /* whose? */ int32 b = 2;")).to.deep.equal(["", ""]);
  });

  it("leave out what stands before a closing brace, unless it is behind the last declaration", () => {
    expect(fieldComments("int32 a = 1;\n\n// end")).to.deep.equal([""]);
    expect(fieldComments("int32 a = 1;\n// end")).to.deep.equal(["end"]);
  });

  it("belong to blocks too, above them or behind their brace", () => {
    expect(message("// above\nmessage A {}").comment).to.equal("above");
    expect(message("message A { // behind\n}").comment).to.equal("behind");
    expect(message("message A {\n// inside\n}").comment).to.equal("inside");
  });

  it("belong to oneofs, enums, values, services, methods and extensions", () => {
    const file = parseProto(
      'syntax = "proto3";\nmessage M {\n// o\noneof o {\n// x\nint32 x = 1; } }\n// e\nenum E {\n// v\nV = 0; }\n// s\nservice S {\n// r\nrpc R(M) returns (M) {\n// not r\n} }\nextend M { // ext\nint32 f = 1; // f\n}',
      "f.proto",
      () => undefined,
    );
    const found = [
      file.messages[0].oneofs,
      file.messages[0].fields,
      file.enums,
      file.enums[0].values,
      file.services,
      file.services[0].methods,
    ];
    expect(found.map(([{ comment }]) => comment)).to.deep.equal(["o", "x", "e", "v", "s", "r"]);
    expect(file.extensions[0].comment).to.equal("f");
  });

  it("lose their markers", () => {
    expect(message("/**\n * Doc.\n *\n *   - item\n **/\nmessage A {}").comment).to.equal("Doc.\n\n  - item");
    expect(message("/// three\n/// slashes\nmessage A {}").comment).to.equal("three\nslashes");
    expect(message("/* no\n   stars */\r\nmessage A {}").comment).to.equal("no\nstars");
  });
});

describe("cleanComment", () => {
  it("takes the common indentation and the blank lines around off", () => {
    expect(cleanComment("\n  a\n    b\n\n  c  \n\n")).to.equal("a\n  b\n\nc");
    expect(cleanComment("")).to.equal("");
  });
});
