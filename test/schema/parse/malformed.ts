// Malformed .proto sources, each with everything that is said about it: `line:col: severity: message; hint [rule]`.

export interface Malformed {
  readonly source: string;
  readonly expected: readonly string[];
}

export const malformed: readonly Malformed[] = [
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1\n  string b = 2;\n}\n',
    expected: ['3:15: error: expected ";" after the field "a", found "string"; add ";" [missing-semicolon]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a;\n}\n',
    expected: [
      '3:11: error: the field "a" has no number, expected "=" and a number, found ";"; add " = " and a number not used in this message [missing-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 0;\n}\n',
    expected: ['3:14: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = -1;\n}\n',
    expected: ['3:14: error: the number -1 of the field "a" is out of range, expected 1 to 536870911 [field-number]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 536870912;\n}\n',
    expected: [
      '3:14: error: the number 536870912 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 19500;\n}\n',
    expected: [
      '3:14: error: the number 19500 of the field "a" lies in 19000 to 19999, which protobuf keeps for itself; choose another number [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  required string a = 1;\n}\n',
    expected: ['3:3: error: the field "a" is "required", which proto3 does not have; remove "required" [label]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  optinal string a = 1;\n}\n',
    expected: [
      '3:3: error: unknown label "optinal", expected "optional", "required" or "repeated"; did you mean "optional"? [unknown-keyword]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  mesage B { string x = 0; }\n}\n',
    expected: [
      '3:3: error: expected a field, "message", "enum" or "oneof" in the message "A", found "mesage"; did you mean "message"? [unknown-keyword]',
      '3:25: error: the number 0 of the field "x" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmesage B { string x = 0; }\n',
    expected: [
      '2:1: error: expected "syntax", "edition", "package", "import", "option", "message", "enum", "service", "extend" or the end of the file, found "mesage"; did you mean "message"? [unknown-keyword]',
      '2:23: error: the number 0 of the field "x" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1;\n',
    expected: [
      '4:1: error: expected "}" to close the message "A" opened at 2:11, found the end of the file; add "}" [unclosed]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1;\n\nservice S {\n  rpc X(A) returns (A);\n}\n',
    expected: ['5:1: error: expected "}" to close the message "A" opened at 2:11, found "service"; add "}" [unclosed]'],
  },
  {
    source: 'syntax = "proto3";\nimport "abc;\nmessage A {}\n',
    expected: [
      '2:8: error: the string "abc; is not closed before the end of its line; add " where it ends [unterminated-string]',
    ],
  },
  {
    source: 'syntax = "proto3";\n/* abc\nmessage A {}\n',
    expected: ['2:1: error: the comment opened by "/*" is never closed; close it with "*/" [unterminated-comment]'],
  },
  {
    source:
      'syntax = "proto3";\nmessage A {\n  oneof x { repeated string a = 1; map<string,string> b = 2; optional string c = 3; }\n}\n',
    expected: [
      '3:13: error: the field "a" has the label "repeated", which the fields of the oneof "x" cannot have; wrap it in a message [oneof-label]',
      '3:36: error: the map field "b" cannot be part of the oneof "x"; move it out, or wrap it in a message [map-place]',
      '3:62: error: the field "c" has the label "optional", which the fields of the oneof "x" cannot have; remove "optional" [oneof-label]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  map<float, string> a = 1;\n}\n',
    expected: ['3:7: error: "float" cannot be the key of a map, expected an integer type, bool or string [map-key]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  repeated map<string,string> a = 1;\n}\n',
    expected: ['3:3: error: the map field "a" has the label "repeated"; remove "repeated" [map-label]'],
  },
  {
    source: 'syntax = "proto3";\nenum E { A = 3000000000; }',
    expected: [
      '2:14: error: the number 3000000000 of the enum value "A" is out of range, expected -2147483648 to 2147483647 [enum-number]',
    ],
  },
  {
    source: "message A {}",
    expected: [
      '1:1: warning: no syntax or edition is given, proto2 is assumed; begin the file with syntax = "proto3"; [no-syntax]',
    ],
  },
  {
    source: 'syntax = "proto4";\nmessage A { required string a = 1; }',
    expected: [
      '1:10: error: unknown syntax "proto4", expected "proto2" or "proto3"; did you mean "proto2"? [unknown-syntax]',
    ],
  },
  {
    source: 'message A { string a = 1; }\nsyntax = "proto3";',
    expected: [
      '2:1: error: "syntax" is not the first statement of the file; move it to the top; there is only one [syntax-not-first]',
    ],
  },
  {
    source: "syntax = proto3;",
    expected: ['1:10: error: the syntax "proto3" is not in quotes; write syntax = "proto3"; [unquoted]'],
  },
  {
    source: 'syntax "proto3";',
    expected: ['1:8: error: expected "=" after "syntax", found the string "proto3"; write syntax = "proto3"; [syntax]'],
  },
  {
    source: 'sintax = "proto3";',
    expected: [
      '1:1: error: expected "syntax", "edition", "package", "import", "option", "message", "enum", "service", "extend" or the end of the file, found "sintax"; did you mean "syntax"? [unknown-keyword]',
    ],
  },
  {
    source:
      'syntax = "proto3";\nmessage A {}\nservice S {\n  rpc X(A);\n  rpc Y(A) { }\n  rpc Z(A) retuns (A);\n  rpc W(A) (A);\n  rpc V(string) returns ();\n}',
    expected: [
      '4:11: error: the rpc "X" has no reply type, expected "returns", found ";"; add "returns (Reply)"; for no content it is google.protobuf.Empty [missing-returns]',
      '5:12: error: the rpc "Y" has no reply type, expected "returns", found "{"; add "returns (Reply)"; for no content it is google.protobuf.Empty [missing-returns]',
      '6:12: error: the rpc "Z" has no reply type, expected "returns", found "retuns"; did you mean "returns"? [missing-returns]',
      '7:12: error: the rpc "W" has no reply type, expected "returns", found "("; add "returns" [missing-returns]',
      '8:9: error: expected a message type, found the scalar type "string"; wrap it in a message [message-type]',
      '8:26: error: expected a message type, found ")"; for no content it is google.protobuf.Empty [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string näme = 1;\n}\n',
    expected: ['3:10: error: "näme" is not a name: "ä" is not one of a-z, A-Z, 0-9 and "_" [identifier-character]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a\u0001 = 1;\n}\n',
    expected: ["3:11: error: unexpected control character U+0001; remove it [control-character]"],
  },
  {
    source: 'syntax = "proto3";\nimport “a.proto”;\n',
    expected: ['2:8: error: the string “a.proto” is in typographic quotes; write it in plain quotes: " [smart-quote]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1；\n}\n',
    expected: ['3:15: error: unexpected character "；"; replace it by ";" [unexpected-character]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1; # x y z\n string b = 0;\n}\n',
    expected: [
      '3:17: error: unexpected character "#"; a comment starts with "//" [unexpected-character]',
      '4:13: error: the number 0 of the field "b" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\noption (google.api.http) = { get: "/x"\n',
    expected: [
      '3:1: error: expected "}" to close the value of the option "(google.api.http)" opened at 2:28, found the end of the file; add "}" [unclosed]',
    ],
  },
  {
    source:
      'syntax = "proto3";\nmessage A {}\nservice S {\n  rpc X(A) returns (A) {\n    option (google.api.http) = { get: "/v1"\n  }\n  rpc Y(A) returns (A) {\n    option (google.api.http) = { get: "/v2" };\n  }\n}\n',
    expected: [
      '6:4: error: expected ";" after the option "(google.api.http)", found "rpc"; add ";" [missing-semicolon]',
    ],
  },
  {
    source:
      'syntax = "proto3";\nmessage A {}\nservice S {\n  rpc X(A) returns (A) {\n    option (google.api.http) = { get: "/v1" }\n  }\n  rpc Y(A) returns (A) {\n    option (google.api.http) = { get "/v2" };\n  }\n}\n',
    expected: [
      '5:46: error: expected ";" after the option "(google.api.http)", found "}"; add ";" [missing-semicolon]',
      '8:38: error: expected ":" after the field "get", found the string "/v2" [syntax]',
    ],
  },
  {
    source:
      'syntax = "proto3";\nmessage A {}\nservice S {\n  rpc X(A) returns (A) {\n    option (google.api.http) = { get: "/v1" };\n  rpc Y(A) returns (A) {\n    option (google.api.http) = { get: "/v2" };\n  }\n}\n',
    expected: ['6:3: error: expected "}" to close the rpc "X" opened at 4:24, found "rpc"; add "}" [unclosed]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1 [deprecated = true;\n  string b = 0;\n}\n',
    expected: [
      '3:34: error: expected "]" to close the options of the field "a" opened at 3:16, found ";"; add "]" [unclosed]',
      '4:14: error: the number 0 of the field "b" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1 [deprecated: true];\n  string b = 0;\n}\n',
    expected: [
      '3:27: error: expected "=" after the option name "deprecated", found ":"; replace ":" by "=" [syntax]',
      '4:14: error: the number 0 of the field "b" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 08;\n}\n',
    expected: [
      '3:14: error: "08" is not a number; a leading 0 makes it octal, whose digits are 0 to 7; remove the 0 [number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a 1;\n  string b = 0;\n}\n',
    expected: [
      '3:12: error: expected "=" after the field name "a", found "1"; a field is written "type name = number;" [syntax]',
      '4:14: error: the number 0 of the field "b" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A\n  string a = 0;\n}\n',
    expected: [
      '2:10: error: expected "{" to begin the message "A", found "string"; add "{" [missing-brace]',
      '3:14: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A;\n',
    expected: [
      '2:10: error: expected "{" to begin the message "A", found ";"; write "{}" for an empty one [missing-body]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage 5A {\n string a = 0;\n}\n',
    expected: [
      '2:9: error: "5A" is not a number; a name starts with a letter, and a space stands between a number and a word [number]',
      '3:13: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage {\n string a = 0;\n}\n',
    expected: [
      '2:9: error: expected a name after "message", found "{" [syntax]',
      '3:13: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A-B {\n string a = 0;\n}\n',
    expected: [
      '2:10: error: expected "{" to begin the message "A", found "-"; a name is made of letters, digits and "_", and "{" follows it [missing-brace]',
      '3:13: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nenum E { A = 0, B = 1 }',
    expected: [
      '2:15: error: expected ";" after the enum value "A", found ","; replace "," by ";" [missing-semicolon]',
      '2:22: error: expected ";" after the enum value "B", found "}"; add ";" [missing-semicolon]',
    ],
  },
  {
    source: 'syntax = "proto3";\n}\nmessage A { string a = 0; }',
    expected: [
      '2:1: error: unexpected "}": no "{" is open here; remove it [unmatched-brace]',
      '3:24: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nrpc X(A) returns (A);',
    expected: [
      '2:1: error: expected "syntax", "edition", "package", "import", "option", "message", "enum", "service", "extend" or the end of the file, found "rpc"; a method stands in a service [unknown-keyword]',
    ],
  },
  {
    source: 'syntax = "proto3";\nstring a = 1;',
    expected: [
      '2:1: error: expected "syntax", "edition", "package", "import", "option", "message", "enum", "service", "extend" or the end of the file, found "string"; fields stand in a message; "string" begins no statement of a file [unknown-keyword]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nreserved 5 to 3; reserved 0; reserved foo; reserved "a", 4;\n}\n',
    expected: [
      "3:10: error: the range 5 to 3 ends before it begins; write 3 to 5 [range]",
      "3:27: error: the range 0 is out of bounds, expected 1 to 536870911 [range]",
      '3:39: error: the reserved name "foo" is not in quotes; write "foo" with its quotes [reserved-name]',
      '3:58: error: expected a reserved name, found "4"; names and numbers are reserved in separate statements [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\ngroup X = 1 { string a = 2; }\n}\n',
    expected: ['3:1: error: "group" is not part of proto3; declare a message and a field of its type [group]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring = 1;\n}\n',
    expected: [
      '3:8: error: expected a field name after the type "string", found "="; a field is written "type name = number;" [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\na = 1;\n}\n',
    expected: [
      '3:3: error: the field "a" has no type, expected a type and a name before "="; a field is written "type name = number;" [missing-type]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring a = 1 [default = "x"];\n}\n',
    expected: [
      '3:15: error: the field "a" has a default, which proto3 does not allow; remove it; unset fields are zero or empty [default]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring a = 1 [json_name = x];\n}\n',
    expected: [
      '3:27: error: the json_name of the field "a" is not a string; write it in quotes: json_name = "…" [option-value]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring a = 1 [];\n}\n',
    expected: ['3:15: error: expected an option of the field "a", found "]"; remove "[]" [empty-options]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noneof x {}\n}\n',
    expected: [
      '3:7: error: the oneof "x" has no fields, expected at least one; add a field, or remove it [empty-block]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = "\\q";\n}\n',
    expected: ['3:15: error: "\\q" is not an escape sequence; a backslash itself is written "\\\\" [string-escape]'],
  },
  {
    source: "package a.b\nmessage A {}",
    expected: [
      '1:1: warning: no syntax or edition is given, proto2 is assumed; begin the file with syntax = "proto3"; [no-syntax]',
      '1:12: error: expected ";" after the package, found "message"; add ";" [missing-semicolon]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nextend Foo { map<string, string> a = 1; oneof x { string a = 1; } }\n}\n',
    expected: [
      '3:14: error: the map field "a" cannot be an extension; wrap it in a message [map-place]',
      '3:41: error: expected a field in the extend "Foo", found "oneof"; move it out [misplaced]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nint32 a = 1 2;\n}\n',
    expected: ['3:13: error: expected ";" after the field "a", found "2" [missing-semicolon]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nfoo.bar. a = 1;\n}\n',
    expected: [
      '3:12: error: expected a field name after the type "foo.bar.a", found "="; a field is written "type name = number;" [syntax]',
    ],
  },
  {
    source:
      'syntax = "proto3";\nmessage A {\n  string name = 1;\n  string other = 2\n\n  // c\n  oneof x {\n    string a = 3\n    string b = 4;\n  }\n}\n',
    expected: [
      '4:19: error: expected ";" after the field "other", found "oneof"; add ";" [missing-semicolon]',
      '8:17: error: expected ";" after the field "a", found "string"; add ";" [missing-semicolon]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A { rpc X(A) returns (A); }',
    expected: [
      '2:18: error: expected "=" after the field name "X", found "("; a field is written "type name = number;" [syntax]',
    ],
  },
  {
    source:
      'syntax = "proto3";\nmessage A {\noption (a) = {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a {a }}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}};\n}\n',
    expected: ['3:206: error: the value of the field "a" is nested more than 64 levels deep [nesting-too-deep]'],
  },
  {
    source: "",
    expected: [
      '1:1: warning: no syntax or edition is given, proto2 is assumed; begin the file with syntax = "proto3"; [no-syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  message B {\n    string a = 1;\n',
    expected: [
      '5:1: error: expected "}" to close the message "B" opened at 3:13, found the end of the file; add "}" [unclosed]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  service X { rpc a(b) returns (c); }\n}\n',
    expected: [
      '3:3: error: expected a field, "message", "enum" or "oneof" in the message "A", found "service"; a service stands at the top of a file [unknown-keyword]',
    ],
  },
  {
    source: "syntax = \"proto3\";\nimport 'a.proto'",
    expected: [
      '2:17: error: expected ";" after the import of "a.proto", found the end of the file; add ";" [missing-semicolon]',
    ],
  },
  {
    source: 'syntax = "proto3";\nimport a;',
    expected: ['2:8: error: expected the path of a file in quotes after "import", found "a" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\npackage "a";',
    expected: ['2:9: error: expected a name after "package", found the string "a"; write it without quotes [syntax]'],
  },
  {
    source: 'syntax = "proto3";\npackage a; package b;',
    expected: ['2:20: error: the file has a second package "b", the first is "a"; remove one of the two [package]'],
  },
  {
    source: 'edition = "2023";\nmessage A { optional string a = 1; required string b = 2; reserved "x"; }',
    expected: [
      '2:13: error: the field "a" is "optional", which edition 2023 does not have; remove "optional"; it is features.field_presence = EXPLICIT, the default [label]',
      '2:36: error: the field "b" is "required", which edition 2023 does not have; remove "required"; it is features.field_presence = LEGACY_REQUIRED [label]',
      '2:68: error: the reserved name "x" is in quotes, expected a plain name in an edition; remove the quotes [reserved-name]',
    ],
  },
  {
    source: 'syntax = "2023";',
    expected: ['1:10: error: "2023" is an edition, not a syntax; write edition = "2023"; [unknown-syntax]'],
  },
  {
    source: 'edition = "2025";',
    expected: ['1:11: error: unknown edition "2025", expected "2023" or "2024"; did you mean "2023"? [unknown-syntax]'],
  },
  {
    source: 'syntax = "proto3";\nexport message A {}',
    expected: [
      '2:1: error: "export" before "message" needs edition 2024, this file is proto3; remove "export" [needs-edition]',
    ],
  },
  {
    source: 'syntax = "proto2";\nmessage A { string a = 1; }',
    expected: [
      '2:13: error: the field "a" has no label, expected "optional", "required" or "repeated" in proto2; add "optional" [label]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A { string a = 1; } }',
    expected: ['2:29: error: unexpected "}": no "{" is open here; remove it [unmatched-brace]'],
  },
  {
    source: 'syntax = "proto3";\n@@@ message A { string b = 0; }',
    expected: ['2:1: error: unexpected character "@@@" [unexpected-character]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a@b = 1;\n string b = 0;\n}\n',
    expected: [
      '3:11: error: unexpected character "@" [unexpected-character]',
      '4:13: error: the number 0 of the field "b" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\noption java_package = com.foo;\nmessage A { string b = 0; }',
    expected: [
      '2:26: error: expected a value for the option "java_package", found "."; an enum value is written by its short name; text is written in quotes [option-value]',
      '3:24: error: the number 0 of the field "b" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\noption x = [1];',
    expected: [
      '2:12: error: expected a value for the option "x", found "["; a repeated option is set once an element, or inside the braces of its message [option-value]',
    ],
  },
  {
    source: 'syntax = "proto3";\nservice S {\n  message M { string a = 1; }\n  rpc X(M) returns (M);\n}',
    expected: [
      '3:3: error: expected "rpc" or "option" in a service, found "message"; declare the message outside the service [unknown-keyword]',
    ],
  },
  {
    source: "\u0000",
    expected: [
      "1:1: error: the file holds a NUL byte, expected .proto text; check that it is the right file [not-text]",
    ],
  },
  {
    source: 'syntax = "proto3";\noption a = \'x',
    expected: [
      "2:12: error: the string 'x is not closed before the end of its line; add ' where it ends [unterminated-string]",
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nrepeated string a;\n}\n',
    expected: [
      '3:18: error: the field "a" has no number, expected "=" and a number, found ";"; add " = " and a number not used in this message [missing-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noneof x { string a = 1; message B { string c = 1; } string d = 0; }\n}\n',
    expected: [
      '3:25: error: expected a field in the oneof "x", found "message"; move it out [misplaced]',
      '3:64: error: the number 0 of the field "d" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nenum E { A; B = 1; }',
    expected: [
      '2:11: error: the enum value "A" has no number, expected "=" and a number, found ";"; add " = " and a number; the first value of an enum is 0 [missing-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nenum E { A = 0;\n  B = ;\n C = x; }',
    expected: [
      '3:7: error: expected a number for the enum value "B", found ";"; an enum value is written "NAME = number;" [syntax]',
      '4:6: error: expected a number for the enum value "C", found "x"; an enum value is written "NAME = number;" [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nservice S { stream X(A) returns (B); rcp Y(A) returns (B); foo; }',
    expected: [
      '2:13: error: expected "rpc" or "option" in a service, found "stream"; did you mean "rpc"? [unknown-keyword]',
      '2:38: error: expected "rpc" or "option" in a service, found "rcp"; did you mean "rpc"? [unknown-keyword]',
      '2:60: error: expected "rpc" or "option" in a service, found "foo"; a method is written "rpc Name(Request) returns (Reply);" [unknown-keyword]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A { string a = 1.5; string b = "1"; string c = 99999999999999999999999; }',
    expected: [
      '2:24: error: expected a number for the field "a", found "1.5"; a field is written "type name = number;" [syntax]',
      '2:40: error: expected a number for the field "b", found the string "1"; a field is written "type name = number;" [syntax]',
      '2:56: error: the number 99999999999999999999999 of the field "c" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring a = +1;\n}\n',
    expected: ['3:12: error: unexpected character "+" [unexpected-character]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  uint32 a = 1 // foo\n  uint32 b = 2; // bar\n}\n',
    expected: ['3:15: error: expected ";" after the field "a", found "uint32"; add ";" [missing-semicolon]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = { b 1 };\n}\n',
    expected: ['3:18: error: expected ":" after the field "b", found "1" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = { b: };\n}\n',
    expected: ['3:19: error: expected a value for the field "b", found "}" [option-value]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = { [a.b: 1 };\n}\n',
    expected: ['3:20: error: expected an extension name or a type URL and "]", found ":" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = { [a/]: 1 };\n}\n',
    expected: ['3:19: error: expected an extension name or a type URL before "]" instead of "a/", found "]" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = { b: [1 2] };\n}\n',
    expected: ['3:22: error: expected "]" or "," in the list of the field "b", found "2" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = { b = 1 };\n}\n',
    expected: ['3:18: error: expected ":" after the field "b", found "="; replace "=" by ":" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = { b [1] };\n}\n',
    expected: ['3:19: error: expected ":" before the list of the field "b", found "1" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a = 1;\n}\n',
    expected: ['3:11: error: expected ")" after the option name "(a", found "=" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption = 1;\n}\n',
    expected: [
      '3:8: error: the field "option" has no type, expected a type and a name before "="; a field is written "type name = number;" [missing-type]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption a.;\n}\n',
    expected: [
      '3:10: error: expected an option name, found ";"; an option is "name = value"; the name of a custom one stands in parentheses [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = -b;\n}\n',
    expected: [
      '3:15: error: expected a value for the option "(a)", found "b"; a number, "inf" or "nan" follows "-" [option-value]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = <b: 1>;\n}\n',
    expected: [
      '3:14: error: expected a value for the option "(a)", found "<"; a message value is written in braces: "{ … }" [option-value]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = 1 2;\n}\n',
    expected: ['3:16: error: expected ";" after the option "(a)", found "2" [missing-semicolon]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = "x\\xg";\n}\n',
    expected: [
      '3:16: error: "\\x" is not an escape sequence; one or two hexadecimal digits follow \\x [string-escape]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = "\\u12";\n}\n',
    expected: ['3:15: error: "\\u" is not an escape sequence; four hexadecimal digits follow \\u [string-escape]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = "\\ud800";\n}\n',
    expected: ['3:15: error: "\\ud800" is not an escape sequence; a surrogate stands only in a pair [string-escape]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = "\\777";\n}\n',
    expected: ['3:15: error: "\\777" is not an escape sequence; an octal escape goes up to \\377 [string-escape]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = "\\U00110000";\n}\n',
    expected: ['3:15: error: "\\U00110000" is not an escape sequence; code points go up to 0010FFFF [string-escape]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = 1e;\n}\n',
    expected: ['3:14: error: "1e" is not a number; digits follow "e" [number]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = 0x;\n}\n',
    expected: ['3:14: error: "0x" is not a number; hexadecimal digits follow "0x" [number]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = 1.2.3;\n}\n',
    expected: ['3:14: error: "1.2.3" is not a number; write it like 12, 0x1F, 017, 1.5 or 1e3 [number]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = 12ab;\n}\n',
    expected: [
      '3:14: error: "12ab" is not a number; a name starts with a letter, and a space stands between a number and a word [number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noption (a) = 1.5f;\n}\n',
    expected: ['3:14: error: "1.5f" is not a number; remove the "f" [number]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nmap<string> a = 1;\n}\n',
    expected: [
      '3:11: error: expected "," after the key type "string" of the map, found ">"; a map is written "map<key, value>" [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nmap<string, A a = 1;\n}\n',
    expected: [
      '3:15: error: expected ">" after the value type "A" of the map, found "a"; a map\'s value is one type name [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nmap<A, A> a = 1;\n}\n',
    expected: ['3:5: error: "A" cannot be the key of a map, expected an integer type, bool or string [map-key]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nmap<string, map<string, A>> a = 1;\n}\n',
    expected: [
      '3:16: error: expected ">" after the value type "map" of the map, found "<"; a map\'s value is one type name [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nreserved 1 to;\n}\n',
    expected: ['3:14: error: expected a number or "max" after "to", found ";" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nreserved 4 to mx;\n}\n',
    expected: ['3:15: error: expected a number or "max" after "to", found "mx"; did you mean "max"? [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nreserved 1, 2, "a";\n}\n',
    expected: [
      '3:16: error: expected a reserved number or name, found the string "a"; names and numbers are reserved in separate statements [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nreserved 1000000000;\n}\n',
    expected: ["3:10: error: the range 1000000000 is out of bounds, expected 1 to 536870911 [range]"],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nreserved ;\n}\n',
    expected: [
      '3:10: error: expected a reserved number or name, found ";"; write numbers and ranges such as "2, 9 to 11, 100 to max" [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nextensions foo;\n}\n',
    expected: [
      '3:12: error: expected an extension number, found "foo"; write numbers and ranges such as "2, 9 to 11, 100 to max" [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nextend string { int32 a = 1; }',
    expected: ['2:8: error: expected a message type after "extend", found the scalar type "string" [message-type]'],
  },
  {
    source: 'syntax = "proto3";\nextend A {}',
    expected: [
      '2:8: error: the extend "A" has no fields, expected at least one; add a field, or remove it [empty-block]',
    ],
  },
  {
    source: 'syntax = "proto3";\nextend A { int32 a = 0; int32 b = 2147483647; }',
    expected: [
      '2:22: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
      '2:35: error: the number 2147483647 of the field "b" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nimport weird "a";',
    expected: ['2:8: error: expected the path of a file in quotes after "import", found "weird" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nimport option "a.proto";',
    expected: ['2:8: error: "import option" needs edition 2024, this file is proto3; remove "option" [needs-edition]'],
  },
  {
    source: 'syntax = "proto3";\npackage .a;',
    expected: ['2:9: error: the package ".a" begins with a dot; remove the dot [package]'],
  },
  {
    source: 'syntax = "proto3";\npackage a.;',
    expected: ['2:11: error: expected a name after "a.", found ";" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nextend A { int32 a = 100 [json_name = "x"]; }\n}\n',
    expected: ['3:27: error: the extension "a" cannot have a json_name [json-name]'],
  },
  {
    source: 'syntax = "proto2";\nmessage A { optional A a = 1 [default = {}, default = 1]; }',
    expected: [
      '2:41: error: the default of the field "a" is a message, expected a scalar or an enum value [default]',
      '2:45: error: the option "default" is set twice; remove one [option-repeated]',
    ],
  },
  {
    source: 'syntax = "proto2";\nmessage A { optional group a = 1 { } optional group B = 2; }',
    expected: [
      '2:28: error: the group "a" does not begin with a capital letter; its name is that of its message; the field has the same in lower case [group]',
      '2:58: error: expected "{" to begin the group "B", found ";"; write "{}" for an empty one [missing-body]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring\u00a0a = 1;\n}\n',
    expected: ["3:7: error: unexpected invisible character U+00A0; replace it by a space [control-character]"],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noneof { string a = 1; }\n}\n',
    expected: ['3:7: error: expected a name after "oneof", found "{" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nenum E {\n  A = 0;\n\nmessage M {\n  string a = 0;\n}\n',
    expected: [
      '5:1: error: expected "}" to close the enum "E" opened at 2:8, found "message"; add "}" [unclosed]',
      '6:14: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nservice S { rpc A(B, C) returns (D); rpc E(F) returns G; rpc (H) returns (I); }',
    expected: [
      '2:20: error: expected ")" after the type "B", found ","; an rpc has one message each way [syntax]',
      '2:55: error: expected "(" after "returns", found "G"; a method is written "rpc Name(Request) returns (Reply);" [syntax]',
      '2:62: error: expected a name after "rpc", found "("; a method is written "rpc Name(Request) returns (Reply);" [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\noption a = "b"',
    expected: [
      '2:15: error: expected ";" after the option "a", found the end of the file; add ";" [missing-semicolon]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\n  string a = 1;\n  }\n}\n',
    expected: ['5:1: error: unexpected "}": no "{" is open here; remove it [unmatched-brace]'],
  },
  {
    source: 'edition = "2023";\nmessage A { group G = 1 {} reserved x; }',
    expected: [
      '2:13: error: "group" is not part of edition 2023; declare a message field with [features.message_encoding = DELIMITED] [group]',
    ],
  },
  {
    source: 'edition = "2024";\nimport option "a.proto";\nexport message A { local enum E { X = 0; } string a = 0; }',
    expected: ['3:55: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]'],
  },
  {
    source: 'syntax = "proto3";\nsyntax = "proto3";',
    expected: [
      '2:1: error: "syntax" is not the first statement of the file; move it to the top; there is only one [syntax-not-first]',
    ],
  },
  {
    source: 'package a;\nedition = "2023";\nmessage A { string a = 0; }',
    expected: [
      '2:1: error: "edition" is not the first statement of the file; move it to the top; there is only one [syntax-not-first]',
      '3:24: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring a = 1, string b = 2;\n}\n',
    expected: ['3:13: error: expected ";" after the field "a", found ","; replace "," by ";" [missing-semicolon]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nstring a: 1;\n}\n',
    expected: ['3:9: error: expected "=" after the field name "a", found ":"; replace ":" by "=" [syntax]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nint32 a = 1; int32 b = 2 int32 c = 3;\n}\n',
    expected: ['3:25: error: expected ";" after the field "b", found "int32"; add ";" [missing-semicolon]'],
  },
  {
    source: 'syntax = "proto3";\noptoin a = 1;',
    expected: [
      '2:1: error: expected "syntax", "edition", "package", "import", "option", "message", "enum", "service", "extend" or the end of the file, found "optoin"; did you mean "option"? [unknown-keyword]',
    ],
  },
  {
    source: 'syntax = "proto3";\nservice S { option (a) = {b: 1}; rpc A(B) returns (C) { foo = 1; option x = ; } }',
    expected: [
      '2:57: error: expected "option" or "}" in the rpc "A", found "foo" [syntax]',
      '2:77: error: expected a value for the option "x", found ";" [option-value]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage message { message message = 1; string a = 0; }',
    expected: ['2:51: error: the number 0 of the field "a" is out of range, expected 1 to 536870911 [field-number]'],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\nint32 2a = 1;\n}\n',
    expected: [
      '3:7: error: "2a" is not a number; a name starts with a letter, and a space stands between a number and a word [number]',
    ],
  },
  {
    source: 'syntax = "proto3";\nmessage A {\noptional optional = 1; optional string = 2;\n}\n',
    expected: [
      '3:19: error: expected a field name after the type "optional", found "="; a field is written "type name = number;" [syntax]',
      '3:40: error: expected a field name after the type "string", found "="; a field is written "type name = number;" [syntax]',
    ],
  },
  {
    source: 'syntax = "proto3";\nenum E { A = 1.5; B = -2147483649; reserved 5 to 1; C = 0x80000000; }',
    expected: [
      '2:14: error: expected a number for the enum value "A", found "1.5"; an enum value is written "NAME = number;" [syntax]',
      '2:23: error: the number -2147483649 of the enum value "B" is out of range, expected -2147483648 to 2147483647 [enum-number]',
      "2:45: error: the range 5 to 1 ends before it begins; write 1 to 5 [range]",
      '2:57: error: the number 0x80000000 of the enum value "C" is out of range, expected -2147483648 to 2147483647 [enum-number]',
    ],
  },
];
