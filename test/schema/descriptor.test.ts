// Descriptor bytes: what is refused and how, positions, and the way back to bytes.
import { readFileSync } from "node:fs";
import { fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import fc from "fast-check";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import type { Diagnostic } from "../../src/diagnostic.ts";
import { readDescriptorSet, readFileDescriptor } from "../../src/schema/descriptor/read.ts";
import { linkSchema } from "../../src/schema/link/link.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { schemaOf } from "../support/schema.ts";

const fixtures = new URL("../../../test/schema/fixtures/", import.meta.url).pathname;
const set = readFileSync(`${fixtures}options.binpb`);

function read(bytes: Uint8Array): { files: number | undefined; reports: readonly string[] } {
  const diagnostics: Diagnostic[] = [];
  const files = readDescriptorSet(bytes, "x.binpb", (diagnostic) => diagnostics.push(diagnostic));
  return { files: files?.length, reports: diagnostics.map(formatDiagnostic) };
}

/** A length-delimited field, for writing broken descriptors by hand. */
function field(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = Buffer.from(content);
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), bytes]);
}

const varint = (number: number, value: number) => Buffer.from([number << 3, value]);

describe("readDescriptorSet", () => {
  const hint =
    "; make one with: protoc --include_imports --include_source_info -o out.binpb, or: buf build -o out.binpb";
  const deep = () => {
    let message = field(1, "M");
    for (let depth = 0; depth < 120; depth++) message = Buffer.concat([field(1, "M"), field(3, message)]);
    return field(1, Buffer.concat([field(1, "a.proto"), field(4, message)]));
  };
  const rows: readonly [string, Uint8Array, string][] = [
    ["nothing", new Uint8Array(0), "the file is empty"],
    ["zeros", new Uint8Array(64), "this is not a FileDescriptorSet: field number 0 at byte 0"],
    ["a set without files", varint(9, 1), "this is not a FileDescriptorSet: it holds no file"],
    [
      "a length beyond the end",
      Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 0x0f]),
      "this is not a FileDescriptorSet: a value of 4294967295 bytes at byte 6, of which 0 are there",
    ],
    [
      "a varint without end",
      Buffer.alloc(12, 0xff),
      "this is not a FileDescriptorSet: a varint longer than 10 bytes ends at byte 10",
    ],
    [
      "a file without a name",
      field(1, field(2, "pkg")),
      "this is not a FileDescriptorSet: a file without a name in x.binpb",
    ],
    [
      "a group without an end",
      Buffer.from([0x0b, 0x08, 0x01]),
      "this is not a FileDescriptorSet: the data ends in the middle of a value at byte 3",
    ],
    [
      "text that is not UTF-8",
      field(1, field(1, Buffer.from([0x61, 0xff]))),
      'this is not a FileDescriptorSet: text that is not UTF-8: "a\ufffd"',
    ],
    [
      "an unknown edition",
      field(1, Buffer.concat([field(1, "a.proto"), field(12, "editions"), Buffer.from([0x70, 0xeb, 0x07])])),
      "this is not a FileDescriptorSet: a.proto is of edition 1003; proto2, proto3, 2023 and 2024 are known",
    ],
    ["messages nested too deep", deep(), "this is not a FileDescriptorSet: messages nested deeper than 100"],
  ];
  for (const [what, bytes, message] of rows) {
    it(`refuses ${what}`, () => {
      expect(read(bytes)).to.deep.equal({ files: undefined, reports: [`x.binpb:1:1: error: ${message}${hint}`] });
    });
  }

  it("reads what protoc writes", () => {
    expect(read(set)).to.deep.equal({ files: 5, reports: [] });
  });

  it("reports once, or links, whatever byte is changed or cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(set.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(set.length - 1)),
        (changes, cut) => {
          const bytes = Buffer.from(set);
          for (const [at, value] of changes) bytes[at] = value;
          const reports: Diagnostic[] = [];
          const files = readDescriptorSet(cut === null ? bytes : bytes.subarray(0, cut), "x.binpb", (diagnostic) =>
            reports.push(diagnostic),
          );
          if (files === undefined) {
            expect(reports).to.have.length(1);
            return;
          }
          linkSchema(
            files,
            files.map((file) => file.path),
            (diagnostic) => reports.push(diagnostic),
          );
          for (const diagnostic of reports) expect(diagnostic.message.length).to.be.lessThan(1_000);
        },
      ),
      { numRuns: 150, seed: 7 },
    );
  });
});

describe("linkSchema on hostile descriptors", () => {
  function problemsOf(...content: readonly Uint8Array[]): readonly string[] {
    const diagnostics: Diagnostic[] = [];
    const file = readFileDescriptor(
      Buffer.concat([field(1, "a.proto"), field(12, "proto3"), ...content]),
      "a.proto",
      (diagnostic) => diagnostics.push(diagnostic),
    );
    if (file !== undefined) linkSchema([file], ["a.proto"], (diagnostic) => diagnostics.push(diagnostic));
    return diagnostics.map(({ rule, message }) => `${rule}: ${message}`);
  }
  const int32 = varint(5, 5);

  it("refuses names that no proto file could have", () => {
    expect(problemsOf(field(4, field(1, "a-b")))).to.deep.equal(['invalid-name: "a-b" is not a name for a message']);
    expect(problemsOf(field(2, "a..b"))).to.deep.equal(['invalid-name: "" is not a name for a package']);
  });

  it("refuses field numbers out of range", () => {
    const message = Buffer.concat([field(1, "M"), field(2, Buffer.concat([field(1, "x"), int32]))]);
    expect(problemsOf(field(4, message))).to.deep.equal([
      'field-number: the number 0 of the field "x" is out of range, expected 1 to 536870911',
    ]);
  });

  it("refuses a oneof that is not there", () => {
    const message = Buffer.concat([
      field(1, "M"),
      field(2, Buffer.concat([field(1, "x"), varint(3, 1), int32, varint(9, 5)])),
    ]);
    expect(problemsOf(field(4, message))).to.deep.equal([
      'malformed-descriptor: field "x" of "M" is in the oneof of index 5, and there are 0',
    ]);
  });

  it("refuses a map entry that is none", () => {
    const entry = Buffer.concat([field(1, "XEntry"), field(7, varint(7, 1))]);
    expect(problemsOf(field(4, entry))).to.deep.equal([
      'map-entry: message "XEntry" is marked as a map\'s entry and is none',
    ]);
  });

  it("refuses fields without a known type", () => {
    const message = Buffer.concat([
      field(1, "M"),
      field(2, Buffer.concat([field(1, "x"), varint(3, 1), varint(5, 77)])),
    ]);
    expect(problemsOf(field(4, message))).to.deep.equal([
      'malformed-descriptor: this is not a FileDescriptorProto: field "x" is of the unknown type 77',
    ]);
  });

  it("links names of Object.prototype as any other", () => {
    const schema = schemaOf(
      'syntax = "proto3"; message constructor { int32 __proto__ = 1; } message M { constructor toString = 1; }',
    );
    expect(schema.message("M")?.field("toString")?.type.kind).to.equal("message");
    expect(schema.message("hasOwnProperty")).to.equal(undefined);
  });
});

describe("SchemaFile.toBytes", () => {
  const canonical = (file: FileDescriptorProto) => {
    file.sourceCodeInfo = undefined;
    return {
      json: toJson(FileDescriptorProtoSchema, file),
      bytes: Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString("hex"),
    };
  };

  for (const name of ["options", "editions"]) {
    it(`writes ${name}.proto and its imports as protoc does`, () => {
      const { schema } = loadSchema({ inputs: [`${fixtures}${name}.proto`], importPaths: [] });
      const theirs = new Map(
        fromBinary(FileDescriptorSetSchema, readFileSync(`${fixtures}${name}.binpb`)).file.map((file) => [
          file.name,
          file,
        ]),
      );
      const compared = schema?.files.filter((file) => theirs.has(file.path)) ?? [];
      expect(compared).to.have.length(theirs.size);
      for (const file of compared) {
        const ours = fromBinary(FileDescriptorProtoSchema, file.toBytes());
        expect(canonical(ours), file.path).to.deep.equal(canonical(theirs.get(file.path) as FileDescriptorProto));
      }
    });
  }

  it("writes synthetic oneofs after the real ones, under free names", () => {
    const schema = schemaOf(
      'syntax = "proto3"; message M { optional int32 a = 1; oneof o { int32 b = 2; } optional int32 _c = 3; int32 _a = 4; }',
    );
    const [message] = fromBinary(FileDescriptorProtoSchema, schema.files[0].toBytes()).messageType;
    expect(message.oneofDecl.map((oneof) => oneof.name)).to.deep.equal(["o", "X_a", "X_c"]);
    expect(
      message.field.map(({ name, proto3Optional, oneofIndex }) => [name, proto3Optional, oneofIndex]),
    ).to.deep.equal([
      ["a", true, 1],
      ["b", false, 0],
      ["_c", true, 2],
      ["_a", false, 0],
    ]);
  });

  it("gives descriptors back as they came", () => {
    const { schema } = loadSchema({ inputs: [`${fixtures}options.binpb`], importPaths: [] });
    const theirs = fromBinary(FileDescriptorSetSchema, set).file.find((file) => file.name === "options.proto");
    const file = schema?.files.find(({ path }) => path === "options.proto");
    expect(fromBinary(FileDescriptorProtoSchema, file?.toBytes() ?? new Uint8Array())).to.deep.equal(theirs);
  });

  it("reads its own bytes back to the same bytes", () => {
    const { schema } = loadSchema({ inputs: [`${fixtures}options.proto`], importPaths: [] });
    const bytes = schema?.files.map((file) => ({ name: file.path, bytes: file.toBytes() })) ?? [];
    const again = loadSchema({ inputs: [], importPaths: [], descriptorBytes: bytes });
    expect(again.diagnostics).to.deep.equal([]);
    expect(again.schema?.method("fixtures.options.Library.Get")?.options).to.deep.equal(
      schema?.method("fixtures.options.Library.Get")?.options,
    );
  });
});
