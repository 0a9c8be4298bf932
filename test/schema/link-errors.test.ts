// What the linker reports: one row a rule, with the exact place, sentence and hint.
import { expect } from "chai";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { diagnosticsOf } from "../support/schema.ts";
import type { ProtoTexts } from "../support/schema.ts";

interface Row {
  readonly fact: string;
  readonly protos: ProtoTexts;
  readonly reports: readonly string[];
}

const proto2 = 'syntax = "proto2";\n';
const proto3 = 'syntax = "proto3";\n';
const edition = 'edition = "2023";\n';
const options = 'import "google/protobuf/descriptor.proto";\n';

const names: readonly Row[] = [
  {
    fact: "an unknown type with a near one",
    protos: `${proto3}message Item {}\nmessage M { Iten a = 1; }`,
    reports: ['test.proto:3:13: error: type "Iten" is not declared; did you mean "Item"?'],
  },
  {
    fact: "a scalar of another language",
    protos: `${proto3}message M { int a = 1; Timestamp t = 2; }`,
    reports: [
      'test.proto:2:13: error: type "int" is not declared; did you mean "int32"?',
      'test.proto:2:24: error: type "Timestamp" is not declared; did you mean "google.protobuf.Timestamp"?',
    ],
  },
  {
    fact: "a type of another package without it",
    protos: {
      "a.proto": `${proto3}package shop.v1;\nmessage Money {}`,
      "b.proto": `${proto3}import "a.proto";\nmessage M { Money m = 1; shop.v1.Money n = 2; }`,
    },
    reports: ['b.proto:3:13: error: type "Money" is not declared; did you mean "shop.v1.Money"?'],
  },
  {
    fact: "a type that is not imported",
    protos: { "shop/money.proto": `${proto3}message Money {}`, "b.proto": `${proto3}message M {\n  Money m = 1;\n}` },
    reports: [
      'b.proto:3:3: error: "Money" is declared in "shop/money.proto", which this file does not import; add: import "shop/money.proto";',
    ],
  },
  {
    fact: "a type that an import imports, but not publicly",
    protos: {
      "a.proto": `${proto3}message A {}`,
      "b.proto": `${proto3}import "a.proto";\nmessage B { A a = 1; }`,
      "c.proto": `${proto3}import "b.proto";\nmessage C { A a = 1; B b = 2; }`,
    },
    reports: [
      'c.proto:3:13: error: "A" is declared in "a.proto", which this file does not import; add: import "a.proto";',
    ],
  },
  {
    fact: "a bundled type that is not loaded",
    protos: `${proto3}message M { google.type.Money m = 1; }`,
    reports: [
      'test.proto:2:13: error: type "google.type.Money" is not declared; add: import "google/type/money.proto";',
    ],
  },
  {
    fact: "a service used as a type",
    protos: `${proto3}service S {}\nmessage M { S s = 1; }`,
    reports: ['test.proto:3:13: error: "S" is a service, not a type; it is declared at test.proto:2:9'],
  },
  {
    fact: "a name that an inner scope takes over",
    protos: `${proto3}package a.b;\nmessage b { }\nmessage M { b.T t = 1; }\nmessage T {}`,
    reports: ['test.proto:4:13: error: type "b.T" is not declared; did you mean "a.b.T"?'],
  },
  {
    fact: "a name that is shadowed, and how to reach the outer one",
    protos: {
      "o.proto": `${proto3}package foo;\nmessage T {}`,
      "test.proto": `${proto3}package a;\nimport "o.proto";\nmessage foo {}\nmessage M { foo.T t = 1; .foo.T u = 2; }`,
    },
    reports: [
      'test.proto:5:13: error: "foo.T" is looked for in "a.foo", the innermost scope with that first part, and is not in there; write ".foo.T" to start from the outermost scope',
    ],
  },
  {
    fact: "the same name twice in a file",
    protos: `${proto3}message A {}\nenum A { Z = 0; }`,
    reports: [
      'test.proto:3:6: error: enum "A" is already declared as a message at test.proto:2:9; rename one of them, or drop one if the file was loaded twice under two names',
    ],
  },
  {
    fact: "the same name in two files",
    protos: { "a.proto": `${proto3}package p;\nmessage A {}`, "b.proto": `${proto3}package p;\nmessage A {}` },
    reports: [
      'b.proto:3:9: error: message "p.A" is already declared as a message at a.proto:3:9; rename one of them, or drop one if the file was loaded twice under two names',
    ],
  },
  {
    fact: "the same field name twice",
    protos: `${proto3}message A { int32 x = 1; string x = 2; }`,
    reports: [
      'test.proto:2:33: error: field "A.x" is already declared as a field at test.proto:2:19; rename one of them, or drop one if the file was loaded twice under two names',
    ],
  },
  {
    fact: "the same rpc twice",
    protos: `${proto3}message A {}\nservice S {\n  rpc Get(A) returns (A);\n  rpc Get(A) returns (A);\n}`,
    reports: [
      'test.proto:5:7: error: method "S.Get" is already declared as a method at test.proto:4:7; rename one of them, or drop one if the file was loaded twice under two names',
    ],
  },
  {
    fact: "the same value in two enums of one scope",
    protos: `${proto3}enum A { NONE = 0; }\nenum B { NONE = 0; }`,
    reports: [
      'test.proto:3:10: error: enum value "NONE" is already declared as an enum value at test.proto:2:10; enum values are siblings of their enum, not members of it: prefix them with the enum\'s name',
    ],
  },
  {
    fact: "a package named as a message",
    protos: { "a.proto": `${proto3}message foo {}`, "b.proto": `${proto3}package foo.bar;\nmessage M {}` },
    reports: [
      'b.proto:1:1: error: package "foo" is already declared as a message at a.proto:2:9; rename the package or the other declaration',
    ],
  },
];

const numbers: readonly Row[] = [
  {
    fact: "a field number used twice, with a free one",
    protos: `${proto3}message A {\n  int32 x = 1;\n  int32 y = 1;\n  reserved 2;\n}`,
    reports: [
      'test.proto:4:13: error: field "y" has the number 1 of "x" at test.proto:3:9; choose another number, e.g. 3',
    ],
  },
  {
    fact: "a reserved number in use",
    protos: `${proto3}message A {\n  reserved 2, 5 to 7;\n  int32 x = 6;\n}`,
    reports: [
      'test.proto:4:13: error: field "x" has the number 6, which is in the reserved range 5 to 7 at test.proto:3:15; choose another number',
    ],
  },
  {
    fact: "a reserved name in use",
    protos: `${proto3}message A {\n  reserved "old";\n  int32 old = 6;\n}`,
    reports: [
      'test.proto:4:9: error: field "old" has a name that is reserved at test.proto:3:12; choose another name, or remove the reservation',
    ],
  },
  {
    fact: "a name reserved twice",
    protos: `${proto3}message A {\n  reserved "old", "old";\n}`,
    reports: ['test.proto:3:19: error: "old" is reserved twice in "A"; remove one'],
  },
  {
    fact: "reserved ranges that overlap",
    protos: `${proto3}message A {\n  reserved 1 to 5, 4;\n}`,
    reports: ["test.proto:3:20: error: the reserved range 4 overlaps the reserved range 1 to 5 at test.proto:3:12"],
  },
  {
    fact: "a field in an extension range",
    protos: `${proto2}message A {\n  extensions 100 to max;\n  optional int32 x = 100;\n}`,
    reports: [
      'test.proto:4:22: error: field "x" has the number 100, which is in the extension range 100 to max at test.proto:3:14; choose another number',
    ],
  },
  {
    fact: "an extension outside the ranges",
    protos: `${proto2}message A { extensions 100 to 199; }\nextend A { optional int32 x = 200; }`,
    reports: [
      'test.proto:3:31: error: extension "x" has the number 200, which "A" does not leave for extensions; its extension ranges: 100 to 199',
    ],
  },
  {
    fact: "an extension number used twice",
    protos: `${proto2}message A { extensions 100; }\nextend A { optional int32 x = 100; }\nextend A { optional int32 y = 100; }`,
    reports: [
      'test.proto:4:31: error: extension number 100 of "A" is already used by "x" at test.proto:3:27; give one of the two extensions another number',
    ],
  },
  {
    fact: "an enum number in a reserved range",
    protos: `${proto3}enum E {\n  Z = 0;\n  A = -3;\n  reserved -5 to -1;\n}`,
    reports: [
      'test.proto:4:3: error: enum value "A" has the number -3, which is in the reserved range -5 to -1 at test.proto:5:12; choose another number',
    ],
  },
  {
    fact: "an open enum that does not begin with zero",
    protos: `${proto3}enum E { ONE = 1; ZERO = 0; }`,
    reports: [
      'test.proto:2:10: error: the first value of the open enum "E" is ONE = 1, expected 0; put a value of number 0 first, e.g. UNSPECIFIED = 0',
    ],
  },
  {
    fact: "an enum number used twice without allow_alias",
    protos: `${proto3}enum E { Z = 0; A = 1; B = 1; }`,
    reports: [
      'test.proto:2:24: error: enum value "B" has the number 1 of "A" at test.proto:2:17; give it another number, or add: option allow_alias = true;',
    ],
  },
  {
    fact: "allow_alias without an alias",
    protos: `${proto3}enum E { option allow_alias = true; Z = 0; }`,
    reports: [
      'test.proto:2:17: error: enum "E" sets allow_alias, and no two values have the same number; remove the option',
    ],
  },
  {
    fact: "enum values that JSON readers confuse",
    protos: `${proto3}enum Color { COLOR_NONE = 0; RED = 1; COLOR_red = 2; CHECK_BOX = 3; CHECKBOX = 4; }`,
    reports: [
      'test.proto:2:39: error: enum values "COLOR_red" and "RED" of "Color" differ only in case or by the enum\'s name before them; rename one of them',
    ],
  },
];

const types: readonly Row[] = [
  {
    fact: "an rpc of an enum",
    protos: `${proto3}message A {}\nenum E { Z = 0; }\nservice S { rpc Get(A) returns (stream E); }`,
    reports: [
      'test.proto:4:40: error: "E" is an enum; an rpc takes and returns messages; wrap it in a message: message Wrapper { E value = 1; }',
    ],
  },
  {
    fact: "a proto3 field of a closed enum",
    protos: {
      "a.proto": `${proto2}enum E { A = 1; }`,
      "b.proto": `${proto3}import "a.proto";\nmessage M { E e = 1; }`,
    },
    reports: [
      'b.proto:3:13: error: field "e" is of the closed enum "E" (proto2) and is in proto3; closed enums need a proto2 message or explicit presence: declare the enum in proto3 or an edition',
    ],
  },
  {
    fact: "an implicit field of a closed enum",
    protos: `${edition}enum E { option features.enum_type = CLOSED; Z = 0; }\nmessage M { E e = 1 [features.field_presence = IMPLICIT]; }`,
    reports: [
      'test.proto:3:13: error: field "e" is of the closed enum "E" (2023) and has no presence; closed enums need a proto2 message or explicit presence: declare the enum in proto3 or an edition',
    ],
  },
  {
    fact: "JSON names that meet in proto3",
    protos: `${proto3}message M { int32 foo_bar = 1; int32 fooBar = 2; }`,
    reports: [
      'test.proto:2:38: error: fields "fooBar" and "foo_bar" of "M" are both "fooBar" in JSON; the other is at test.proto:2:19; rename one of them, or set another json_name',
    ],
  },
  {
    fact: "JSON names that meet in proto2, as a warning",
    protos: `${proto2}message M { optional int32 foo_bar = 1; optional int32 fooBar = 2; }`,
    reports: [
      'test.proto:2:56: warning: fields "fooBar" and "foo_bar" of "M" are both "fooBar" in JSON; the other is at test.proto:2:28; rename one of them, or set another json_name',
    ],
  },
  {
    fact: "a json_name that another field has",
    protos: `${proto3}message M { int32 a = 1; int32 b = 2 [json_name = "a"]; }`,
    reports: [
      'test.proto:2:32: error: fields "b" and "a" of "M" are both "a" in JSON; the other is at test.proto:2:19; rename one of them, or set another json_name',
    ],
  },
  {
    fact: "a proto3 extension of something that is not options",
    protos: {
      "a.proto": `${proto2}message A { extensions 100; }`,
      "b.proto": `${proto3}import "a.proto";\nextend A { int32 x = 100; }`,
    },
    reports: [
      'b.proto:3:8: error: extension "x" extends "A"; in proto3 only options can be extended; use google.protobuf.Any, or an edition',
    ],
  },
  {
    fact: "an extend of an enum",
    protos: `${proto2}enum E { Z = 0; }\nextend E { optional int32 x = 1; }`,
    reports: ['test.proto:3:8: error: "E" is an enum; only messages can be extended'],
  },
  {
    fact: "packed on a string",
    protos: `${proto2}message M { repeated string s = 1 [packed = true]; }`,
    reports: [
      'test.proto:2:36: error: field "s" sets packed, and is not a repeated number, bool or enum; remove the option',
    ],
  },
  {
    fact: "packed in an edition",
    protos: `${edition}message M { repeated int32 s = 1 [packed = false]; }`,
    reports: [
      'test.proto:2:35: error: field "s" sets packed, which edition 2023 does not have; write features.repeated_field_encoding = EXPANDED',
    ],
  },
  {
    fact: "features before editions",
    protos: `${proto3}message M { int32 s = 1 [features.field_presence = EXPLICIT]; }`,
    reports: ['test.proto:2:26: error: field "s" sets features, which proto3 does not have; use an edition'],
  },
  {
    fact: "presence on a repeated field",
    protos: `${edition}message M { repeated int32 s = 1 [features.field_presence = EXPLICIT]; }`,
    reports: [
      'test.proto:2:35: error: field "s" sets features.field_presence: a repeated field has no presence; remove the feature',
    ],
  },
  {
    fact: "a default of the wrong type",
    protos: `${proto2}enum E { A = 0; }\nmessage M { optional E e = 1 [default = B]; optional int32 n = 2 [default = 3000000000]; }`,
    reports: [
      'test.proto:3:41: error: B is not a value of the enum E, the type of field "e"; did you mean "A"?',
      'test.proto:3:77: error: 3000000000 is not an int32, the type of field "n"',
    ],
  },
  {
    fact: "a field of a map's entry",
    protos: `${proto3}message M { map<string, int32> m = 1; MEntry e = 2; }`,
    reports: ['test.proto:2:39: error: field "e" is of the map entry "M.MEntry"; write it as map<key, value>'],
  },
];

const imports: readonly Row[] = [
  {
    fact: "an import that is not there",
    protos: `${proto3}import "missing.proto";\nmessage M { Missing m = 1; }`,
    reports: [
      'test.proto:2:8: error: import "missing.proto" is not found; name the folder that the path starts from with -I',
    ],
  },
  {
    fact: "a misspelt import",
    protos: `${proto3}import "google/protobuf/timestmp.proto";`,
    reports: [
      'test.proto:2:8: error: import "google/protobuf/timestmp.proto" is not found; did you mean "google/protobuf/timestamp.proto"?',
    ],
  },
  {
    fact: "a cycle",
    protos: {
      "a.proto": `${proto3}import "b.proto";`,
      "b.proto": `${proto3}import "c.proto";`,
      "c.proto": `${proto3}\nimport "a.proto";`,
    },
    reports: [
      "c.proto:3:8: error: import cycle: a.proto -> b.proto -> c.proto -> a.proto; move what both files need into a third one",
      'a.proto:2:8: warning: import "b.proto" is not used; remove it',
      'b.proto:2:8: warning: import "c.proto" is not used; remove it',
      'c.proto:3:8: warning: import "a.proto" is not used; remove it',
    ],
  },
  {
    fact: "an import of itself",
    protos: { "a.proto": `${proto3}import public "a.proto";` },
    reports: ["a.proto:2:15: error: import cycle: a.proto -> a.proto; move what both files need into a third one"],
  },
  {
    fact: "an import written twice",
    protos: `${proto3}import "google/protobuf/any.proto";\nimport "google/protobuf/any.proto";\nmessage M { google.protobuf.Any a = 1; }`,
    reports: ['test.proto:3:8: error: "google/protobuf/any.proto" is imported twice; remove one of the two imports'],
  },
  {
    fact: "an unused import",
    protos: `${proto3}import "google/protobuf/any.proto";\nmessage M {}`,
    reports: ['test.proto:2:8: warning: import "google/protobuf/any.proto" is not used; remove it'],
  },
];

const optionRows: readonly Row[] = [
  {
    fact: "an unknown option",
    protos: `${proto3}message M { option depricated = true; }`,
    reports: [
      'test.proto:2:20: error: option "depricated" is not declared in google.protobuf.MessageOptions; did you mean "deprecated"?',
    ],
  },
  {
    fact: "a custom option without its parentheses",
    protos: `${proto3}message M { option my_option = true; }`,
    reports: [
      'test.proto:2:20: error: option "my_option" is not declared in google.protobuf.MessageOptions; the name of a custom option stands in parentheses: (my_option)',
    ],
  },
  {
    fact: "an extension whose file is not imported",
    protos: `${proto3}message M {}\nservice S { rpc G(M) returns (M) { option (google.api.http) = { get: "/" }; } }`,
    reports: [
      'test.proto:3:43: error: extension "google.api.http" is not declared; add: import "google/api/annotations.proto";',
    ],
  },
  {
    fact: "a misspelt extension",
    protos: `${proto3}import "google/api/annotations.proto";\nmessage M {}\nservice S { rpc G(M) returns (M) { option (google.api.htpp) = { get: "/" }; option (google.api.http) = {}; } }`,
    reports: ['test.proto:4:43: error: extension "google.api.htpp" is not declared; did you mean "google.api.http"?'],
  },
  {
    fact: "an extension of another kind of options",
    protos: `${proto3}import "google/api/annotations.proto";\nmessage M { option (google.api.http) = {}; }`,
    reports: [
      'test.proto:3:20: error: "(google.api.http)" extends google.protobuf.MethodOptions, not google.protobuf.MessageOptions: it cannot be set here',
    ],
  },
  {
    fact: "an unknown field inside an aggregate",
    protos: `${proto3}import "google/api/annotations.proto";\nmessage M {}\nservice S {\n  rpc G(M) returns (M) {\n    option (google.api.http) = {\n      gett: "/"\n    };\n  }\n}`,
    reports: ['test.proto:7:7: error: google.api.HttpRule has no field "gett"; did you mean "get"?'],
  },
  {
    fact: "an unknown field in an option's name",
    protos: `${proto3}import "google/api/annotations.proto";\nmessage M {}\nservice S { rpc G(M) returns (M) { option (google.api.http).boody = "*"; } }`,
    reports: [
      'test.proto:4:43: error: option "(google.api.http).boody": google.api.HttpRule has no field "boody"; did you mean "body"?',
    ],
  },
  {
    fact: "a value of the wrong type",
    protos: `${proto3}message M { option deprecated = "yes"; int32 x = 1 [deprecated = 1]; }`,
    reports: [
      'test.proto:2:33: error: "yes" is not a bool, the type of option "deprecated"; write true or false, without quotes',
      'test.proto:2:66: error: 1 is not a bool, the type of option "deprecated"; write true or false, without quotes',
    ],
  },
  {
    fact: "a message where a string is wanted, and the reverse",
    protos: `${proto3}import "google/api/annotations.proto";\nmessage M {}\nservice S { rpc G(M) returns (M) { option (google.api.http) = "/v1"; } rpc H(M) returns (M) { option (google.api.http) = { get: { } }; } }`,
    reports: [
      'test.proto:4:63: error: "/v1" is not a google.api.HttpRule, the type of option "(google.api.http)"; write the message in braces: { field: value }',
      'test.proto:4:129: error: a message in braces is not a string, the type of option "get"',
    ],
  },
  {
    fact: "an unknown enum value",
    protos: `${proto3}message M {}\nservice S { rpc G(M) returns (M) { option idempotency_level = NO_SIDE_EFECTS; } }`,
    reports: [
      'test.proto:3:63: error: NO_SIDE_EFECTS is not a value of the enum google.protobuf.MethodOptions.IdempotencyLevel, the type of option "idempotency_level"; did you mean "NO_SIDE_EFFECTS"?',
    ],
  },
  {
    fact: "an option set twice",
    protos: `${proto3}option java_package = "a";\noption java_package = "b";`,
    reports: ['test.proto:3:8: error: option "java_package" is set twice; remove one of the two'],
  },
  {
    fact: "a field of an option set twice",
    protos: `${proto3}import "google/api/annotations.proto";\nmessage M {}\nservice S { rpc G(M) returns (M) {\n  option (google.api.http) = { get: "/a" };\n  option (google.api.http).get = "/b";\n} }`,
    reports: ['test.proto:6:10: error: option "(google.api.http).get" is set twice; remove one of the two'],
  },
  {
    fact: "two members of one oneof in an aggregate",
    protos: `${proto3}import "google/api/annotations.proto";\nmessage M {}\nservice S { rpc G(M) returns (M) {\n  option (google.api.http) = { get: "/a" post: "/b" };\n} }`,
    reports: [
      'test.proto:5:42: error: "post" and "get" exclude each other: both are of the oneof "pattern"; remove one of the two',
    ],
  },
  {
    fact: "a field of a repeated option",
    protos: `${proto2}${options}message O { optional int32 a = 1; }\nextend google.protobuf.MessageOptions { repeated O o = 50000; }\nmessage M { option (o).a = 1; }`,
    reports: [
      'test.proto:5:20: error: option "(o)" is repeated, so its fields cannot be set one by one: "(o).a"; write each element whole: (o) = { … }',
    ],
  },
  {
    fact: "a field of a scalar option",
    protos: `${proto3}message M { option deprecated.x = true; }`,
    reports: ['test.proto:2:20: error: option "deprecated" is not a message, so it has no fields: "deprecated.x"'],
  },
  {
    fact: "a required field left out of an aggregate",
    protos: `${proto2}${options}message O { required int32 a = 1; }\nextend google.protobuf.MessageOptions { optional O o = 50000; }\nmessage M { option (o) = {}; }`,
    reports: ['test.proto:5:20: error: the value of option "(o)" lacks the required "a" of O'],
  },
  {
    fact: "a message set with fields",
    protos: `${proto2}message M { option message_set_wire_format = true; optional int32 a = 1; extensions 4 to max; }`,
    reports: ['test.proto:2:20: error: message set "M" has fields of its own; it can have extensions only'],
  },
  {
    fact: "map_entry written by a person",
    protos: `${proto3}message M { option map_entry = true; string key = 1; string value = 2; }`,
    reports: [
      'test.proto:2:20: error: message "M" sets map_entry, which only the compiler does; write the field as map<key, value>',
    ],
  },
];

for (const [topic, rows] of Object.entries({ names, numbers, types, imports, options: optionRows })) {
  describe(`linkSchema on wrong ${topic}`, () => {
    for (const { fact, protos, reports } of rows) {
      it(`reports ${fact}`, () => {
        expect(diagnosticsOf(protos).map(formatDiagnostic)).to.deep.equal(reports);
      });
    }
  });
}

describe("linkSchema on several errors", () => {
  it("reports those of unrelated files at once", () => {
    const found = diagnosticsOf({
      "a.proto": `${proto3}message A { Nope n = 1; }`,
      "b.proto": `${proto3}enum E { X = 1; }`,
      "c.proto": `${proto3}message C { int32 x = 1; int32 y = 1; }`,
    });
    expect(found.map((diagnostic) => [diagnostic.position?.file, diagnostic.rule])).to.deep.equal([
      ["a.proto", "unknown-type"],
      ["b.proto", "enum-first-value"],
      ["c.proto", "duplicate-field-number"],
    ]);
  });

  it("reports a name that a file with syntax errors does not hold, and not one that it may have lost", () => {
    const found = diagnosticsOf({
      "a.proto": `${proto3}message Broken { string = ; }\nmessage Lost string a = 1; }`,
      "b.proto": `${proto3}import "a.proto";\nmessage B { Lost l = 1; Broken b = 2; Los c = 3; }\nmessage C { int32 x = 1; int32 y = 1; }`,
    });
    expect(
      found.filter(({ position }) => position?.file === "b.proto").map(({ rule, message }) => [rule, message]),
    ).to.deep.equal([
      ["unknown-type", 'type "Los" is not declared'],
      ["duplicate-field-number", 'field "y" has the number 1 of "x" at b.proto:4:19'],
    ]);
  });

  it("reports a missing import once, however many names it would bring", () => {
    const found = diagnosticsOf(
      `${proto3}message A { google.protobuf.Timestamp a = 1; google.protobuf.Timestamp b = 2; google.type.Money c = 3; google.type.Money d = 4; }`,
    );
    expect(found.map(({ rule, position }) => [rule, position?.column])).to.deep.equal([
      ["not-imported", 13],
      ["unknown-type", 79],
    ]);
  });

  it("calls an import unused only when everything in the file was resolved", () => {
    expect(
      diagnosticsOf(`${proto3}import "google/protobuf/any.proto";\nmessage M { google.protobuf.Anny a = 1; }`).map(
        ({ rule }) => rule,
      ),
    ).to.deep.equal(["unknown-type"]);
  });
});
