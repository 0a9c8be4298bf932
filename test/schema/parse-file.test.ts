// What parseProto reads from valid files.
import { expect } from "chai";
import type { Position } from "../../src/diagnostic.ts";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { parseProto } from "../../src/schema/parse/file.ts";
import type { ProtoFile, RawField, RawOptions, RawValue } from "../../src/schema/proto-file.ts";
import { everyConstruct } from "./parse/every-construct.ts";

function parse(source: string | Uint8Array): ProtoFile {
  return parseProto(source, "f.proto", (diagnostic) => {
    if (diagnostic.severity === "error") throw new Error(formatDiagnostic(diagnostic));
  });
}

const at = ({ line, column }: Position): string => `${line}:${column}`;
const names = (of: readonly { readonly name: string }[]): string[] => of.map(({ name }) => name);

/** A value as text, strings as their UTF-8. */
function show(value: RawValue): string {
  switch (value.kind) {
    case "string":
      return JSON.stringify(new TextDecoder().decode(value.bytes));
    case "list":
      return `[${value.values.map(show).join(", ")}]`;
    case "message":
      return `{${value.fields.map((field) => `${field.name}: ${show(field.value)}`).join(", ")}}`;
    default:
      return value.text;
  }
}

function showOptions(options: RawOptions): string[] {
  return options.kind === "text" ? options.options.map(({ name, value }) => `${name.join("|")} = ${show(value)}`) : [];
}

function shape({ name, label, typeName, number, oneofIndex }: RawField): string {
  return `${label ?? "-"} ${typeName} ${name} = ${number}${oneofIndex === undefined ? "" : ` in ${oneofIndex}`}`;
}

describe("parseProto", () => {
  const file = parse(everyConstruct.proto2);
  const [a] = file.messages;

  it("reads the statements of a file", () => {
    expect([file.path, file.edition, file.package, at(file.position)]).to.deep.equal([
      "f.proto",
      "proto2",
      "every.construct",
      "1:1",
    ]);
    expect(file.imports.map(({ path, kind, position }) => `${kind} ${path} ${at(position)}`)).to.deep.equal([
      "plain a.proto 6:8",
      "public b.proto 7:15",
      "weak c.proto 8:13",
    ]);
    expect(showOptions(file.options)).to.deep.equal([
      'java_package = "com.example"',
      "(top)|(.every.inner)|deep = -1.5e3",
    ]);
    expect([names(file.messages), names(file.services), names(file.extensions)]).to.deep.equal([
      ["A"],
      ["S"],
      ["outer"],
    ]);
  });

  it("reads fields of every form, their groups and maps", () => {
    expect(a.fields.map(shape)).to.deep.equal([
      "optional int32 x = 1",
      "required .every.construct.A y = 2",
      "repeated message.Foo z = 3",
      "optional Part part = 4",
      "- string s = 5 in 0",
      "- Other other = 6 in 0",
      "repeated FooBarEntry foo_bar = 7",
      "repeated To2XEntry __to2_x = 8",
      "optional string message = 40",
      "optional string syntax = 41",
      "optional string stream = 42",
      "optional option.Foo option = 43",
      "optional string extend = 44",
      "optional enum enum = 45",
      "optional string reserved = 46",
      "optional string to = 47",
      "optional string max = 48",
    ]);
    expect(names(a.messages)).to.deep.equal(["Part", "Other", "FooBarEntry", "To2XEntry", "More", "B"]);
    expect(a.fields.filter(({ isGroup }) => isGroup).map(({ name }) => name)).to.deep.equal(["part", "other"]);
    expect(a.fields.filter(({ isMap }) => isMap).map(({ name }) => name)).to.deep.equal(["foo_bar", "__to2_x"]);
  });

  it("generates the entry message of a map", () => {
    const entry = a.messages[2];
    expect(entry.isMapEntry).to.equal(true);
    expect(entry.fields.map(shape)).to.deep.equal(["optional string key = 1", "optional A value = 2"]);
  });

  it("gives the features of a map field to its key and value, and nothing else", () => {
    const map = parse(everyConstruct.edition2023).messages[0].messages[0];
    expect(map.fields.map(({ options }) => showOptions(options))).to.deep.equal([
      ["features|utf8_validation = NONE"],
      ["features|utf8_validation = NONE"],
    ]);
    expect(a.messages[3].fields.map(({ options }) => showOptions(options))).to.deep.equal([[], []]);
  });

  it("takes default and json_name out of the options", () => {
    const [x] = a.fields;
    expect([x.jsonName, x.defaultValue && show(x.defaultValue), showOptions(x.options)]).to.deep.equal([
      "ex",
      "-0x1F",
      ["deprecated = true"],
    ]);
    const inner = a.messages[0].fields[0].defaultValue;
    expect(inner).to.deep.include({ kind: "identifier", text: "-inf" });
  });

  it("reads aggregates in the text format", () => {
    expect(showOptions(a.fields[2].options)).to.deep.equal([
      "packed = true",
      '(every.opt) = {a: 1, b: "xy", c: {d: [1, 2]}, e: {f: inf}, [g.h]: -nan, [type.googleapis.com/x.Y]: {}, l: [{}, {}]}',
    ]);
  });

  it("reads ranges and reserved names", () => {
    expect(a.extensionRanges.map(({ start, end }) => [start, end])).to.deep.equal([
      [100, 199],
      [500, 500],
      [1000, 536_870_911],
    ]);
    expect(a.reservedRanges.map(({ start, end }) => [start, end])).to.deep.equal([
      [20, 20],
      [22, 25],
      [30, 536_870_911],
    ]);
    expect(names(a.reservedNames)).to.deep.equal(["old", "older"]);
    const [e] = a.enums;
    expect(e.reservedRanges.map(({ start, end }) => [start, end])).to.deep.equal([
      [-5, -1],
      [10, 2_147_483_647],
    ]);
    expect(e.values.map(({ name, number }) => [name, number])).to.deep.equal([
      ["ZERO", 0],
      ["NEG", -16],
      ["ALSO", 0],
      ["option", 7],
    ]);
    expect(names(parse(everyConstruct.edition2023).messages[0].reservedNames)).to.deep.equal(["b", "c"]);
  });

  it("lets the extensions of a message set go further", () => {
    const [set] = parse(
      'syntax = "proto2"; message M { extensions 4 to max; option message_set_wire_format = true; }',
    ).messages;
    expect(set.extensionRanges[0]).to.deep.include({ start: 4, end: 2_147_483_646 });
    expect(parse('syntax = "proto2"; extend M { optional M m = 2147483646; }').extensions[0].number).to.equal(
      2_147_483_646,
    );
  });

  it("reads extensions with what they extend", () => {
    expect(a.extensions.map(({ name, extendee }) => [name, extendee])).to.deep.equal([
      ["inner", "A"],
      ["more", "A"],
    ]);
    const [outer] = file.extensions;
    expect([outer.extendee, at(outer.position), outer.extendeePosition && at(outer.extendeePosition)]).to.deep.equal([
      ".every.construct.A",
      "43:45",
      "43:8",
    ]);
  });

  it("reads methods, and tells streams from types called stream", () => {
    const [s] = file.services;
    expect(showOptions(s.options)).to.deep.equal(["deprecated = true"]);
    expect(
      s.methods.map((m) => [m.name, m.clientStreaming, m.inputType, m.serverStreaming, m.outputType]),
    ).to.deep.equal([
      ["M", false, "A", false, "A"],
      ["N", true, "A", true, ".every.construct.A"],
      ["O", false, "stream", false, "stream.Foo"],
    ]);
    expect(showOptions(s.methods[1].options)).to.deep.equal([
      '(google.api.http) = {get: "/v1/{x=a/*}", additional_bindings: {post: "/v2", body: "*"}}',
    ]);
    expect([at(s.methods[1].inputPosition), at(s.methods[1].outputPosition)]).to.deep.equal(["50:16", "50:35"]);
  });

  it("marks proto3 optional, of messages and extensions", () => {
    const { messages, extensions } = parse(everyConstruct.proto3);
    expect(messages[0].fields.map(({ proto3Optional }) => proto3Optional)).to.deep.equal([
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(extensions.map(({ proto3Optional }) => proto3Optional)).to.deep.equal([false, true]);
    expect(messages[0].fields.map(({ typeName }) => typeName)).to.include("message");
  });

  it("reads edition 2024 with its visibility, and fields of types called export and local", () => {
    const file2024 = parse(everyConstruct.edition2024);
    expect([file2024.edition, file2024.imports[0].kind]).to.deep.equal(["2024", "option"]);
    expect([names(file2024.messages), names(file2024.enums)]).to.deep.equal([["A", "D"], ["F"]]);
    const [outer] = file2024.messages;
    expect([names(outer.messages), names(outer.enums)]).to.deep.equal([["B", "C"], ["E"]]);
    expect(outer.fields.map(shape)).to.deep.equal(["- export local = 1", "- local.Foo export = 2"]);
  });

  it("gives positions in lines and columns from 1, a tab being one column and CRLF one line end", () => {
    const [message] = parse(
      '\ufeffsyntax = "proto3";\r\n\tmessage\tA {\r\n\t\tint32 a = 5 [deprecated = true];\r\n/* 😀 */ .A b = 6; }',
    ).messages;
    const [first, second] = message.fields;
    expect([at(message.position), at(first.position), at(first.typePosition), at(first.numberPosition)]).to.deep.equal([
      "2:10",
      "3:9",
      "3:3",
      "3:13",
    ]);
    const options = first.options.kind === "text" ? first.options.options : [];
    expect([at(options[0].position), at(options[0].value.position)]).to.deep.equal(["3:16", "3:29"]);
    expect([at(second.typePosition), at(second.position)]).to.deep.equal(["4:10", "4:13"]);
  });

  it("keeps the bytes of strings, whatever escapes they are written in", () => {
    const source = String.raw`syntax = "proto3"; option a = "\a\b\f\n\r\t\v\\\?\'\"" '\0\18\x41\X4a\377\xff' "\u00e9\ud83d\ude00\U0001F600é";`;
    const { options } = parse(source);
    const value = options.kind === "text" ? options.options[0].value : undefined;
    const expected = [
      7,
      8,
      12,
      10,
      13,
      9,
      11,
      92,
      63,
      39,
      34,
      0,
      1,
      56,
      0x41,
      0x4a,
      255,
      255,
      ...Buffer.from("é😀😀é"),
    ];
    expect(value?.kind === "string" && [...value.bytes]).to.deep.equal(expected);
  });

  it("warns that proto2 is assumed where no syntax is given, and of nothing else", () => {
    const found: string[] = [];
    const { edition } = parseProto("message A { optional int32 a = 1; }", "f.proto", (diagnostic) =>
      found.push(formatDiagnostic(diagnostic)),
    );
    expect(edition).to.equal("proto2");
    expect(found).to.deep.equal([
      'f.proto:1:1: warning: no syntax or edition is given, proto2 is assumed; begin the file with syntax = "proto3";',
    ]);
  });

  it("reads bytes as it reads text", () => {
    for (const source of Object.values(everyConstruct)) expect(parse(Buffer.from(source))).to.deep.equal(parse(source));
  });
});
