// Valid files that together use the whole language; the errors are made by changing them.

const proto2 = `// of no one

// above syntax
syntax = "proto2"; // behind syntax
package every.construct;
import "a.proto";
import public 'b' ".proto";
import weak "c.proto";
option java_package = "com." 'example';
option (top).(.every.inner).deep = -1.5e3;;

/** About A.
 *  Indented.
 */
message A { // behind A
  option message_set_wire_format = false;
  // above x
  optional int32 x = 1 [default = -0x1F, json_name = "ex", deprecated = true]; // behind x
  required .every.construct.A y = 0x2;
  repeated message.Foo z = 03 [packed = true, (every.opt) = { a: 1 b: 'x' "y"; c { d: [1, 2] }, e <f: inf>; [g.h]: -nan [type.googleapis.com/x.Y] { } l [{ }, <>] }];
  optional group Part = 4 { optional double message = 1 [default = -inf]; }
  oneof choice {
    option (every.one) = true;
    // above s
    string s = 5;
    group Other = 6 { optional bool group = 1; }
  }
  map<string, A> foo_bar = 7;
  map<int64, bytes> __to2_x = 8 [deprecated = true];
  extensions 100 to 199, 500 [verification = UNVERIFIED, declaration = { number: 500 full_name: ".x" }];
  extensions 1000 to max;
  reserved 20, 22 to 25, 30 to max;
  reserved "old", 'older';
  extend A { optional int32 inner = 100; repeated group More = 101 { } }
  enum E { option allow_alias = true; ZERO = 0; NEG = -0x10 [(every.value) = "\\x41\\101\\u00e9\\U0001F600\\n"]; reserved -5 to -1, 10 to max; reserved "GONE"; ALSO = 0; option = 7; }
  message B { message C { } }
  optional string message = 40; optional string syntax = 41; optional string stream = 42; optional option.Foo option = 43;
  optional string extend = 44; optional enum enum = 45; optional string reserved = 46; optional string to = 47; optional string max = 48;
}

// not leading

extend .every.construct.A { optional string outer = 102; }

/* About S. */
service S {
  option deprecated = true;
  // above M
  rpc M(A) returns (A);
  rpc N(stream A) returns (stream .every.construct.A) { option (google.api.http) = { get: "/v1/{x=a/*}" additional_bindings { post: "/v2" body: "*" } }; ; }
  rpc O(stream) returns (stream.Foo) {}
}
`;

const proto3 = `\ufeffsyntax = 'proto3';
message A { optional int32 a = 1; int32 b = 2; repeated .A c = 3; oneof d { string e = 4; A f = 5; } message message = 6; map<bool, E> g = 7; }
enum E { E_ZERO = 0; }
extend google.protobuf.FieldOptions { string note = 50000; optional int32 level = 50001; }
message Empty {}
`.replaceAll("\n", "\r\n");

const edition2023 = `edition = "2023";
option features.field_presence = IMPLICIT;
message A { int32 a = 1 [features.field_presence = EXPLICIT]; map<string, string> m = 2 [features.utf8_validation = NONE]; reserved b, c; A d = 3 [features = { message_encoding: DELIMITED }]; }
enum E { option features.enum_type = CLOSED; ONE = 1; reserved TWO; }
`;

const edition2024 = `edition = "2024";
import option "o.proto";
export message A { local enum E { ZERO = 0; } export message B {} local message C {} export local = 1; local.Foo export = 2; }
local message D {}
export enum F { F_ZERO = 0; }
`;

export const everyConstruct = { proto2, proto3, edition2023, edition2024 };
