// Query parameters: every kind of field, spelled and misspelled in every way.
import { collect } from "../case.ts";
import type { DifferenceName } from "../differences.ts";

const params = "/v1/example/a_bit_of_everything/params/get/x";
const repeated =
  "/v1/example/a_bit_of_everything_repeated/1,2.5/-1/1/2/3/4/5/true,false/a,b/YWE=,YmI=/7/ZERO,ONE/8/9/-10,10/-11";

const values: Readonly<Record<string, readonly string[]>> = {
  float_value: [
    "1.5",
    "1e10",
    "-0",
    "NaN",
    "inf",
    "-Infinity",
    "1e39",
    "x",
    "",
    "0x1p-2",
    "1_0",
    "+1.25",
    ".5",
    "5.",
    "3.4028235e38",
    "1e-50",
  ],
  double_value: [
    "1.5",
    "1e300",
    "1e400",
    "nan",
    "+Inf",
    "infinity",
    "1e21",
    "1e-7",
    "123456789012345680000",
    "0.1e1",
    "0X1P+2",
    "1e",
    "--1",
  ],
  int64_value: [
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1.0",
    "0x10",
    "+5",
    "007",
    "",
    "1_000",
    "1e3",
    "%201",
  ],
  uint64_value: ["18446744073709551615", "18446744073709551616", "-1", "+1", "0"],
  int32_value: ["2147483647", "2147483648", "-2147483648", "-0", "a"],
  fixed64_value: ["5"],
  fixed32_value: ["4294967295", "4294967296"],
  bool_value: ["true", "false", "1", "0", "t", "F", "TRUE", "False", "yes", "", "tRue"],
  string_value: ["a+b", "a%20b", "", "%E2%82%AC", "a%00b", "a%26b%3Dc", "%22q%22", "%3Ca%3E"],
  bytes_value: ["YWJj", "YQ==", "YQ", "-_8=", "%2B%2F8=", "-_8", "!", "", "YWJj%0A", "YR=="],
  uint32_value: ["5", "-5"],
  enum_value: ["ONE", "1", "0", "one", "2", "-1", "", "1.0", "01", "+1"],
  path_enum_value: ["DEF", "1"],
  nested_path_enum_value: ["JKL", "7"],
  sfixed32_value: ["-5"],
  sfixed64_value: ["-5"],
  sint32_value: ["-2147483648"],
  sint64_value: ["-9223372036854775808"],
  repeated_string_value: ["a", "", "a,b"],
  repeated_enum_value: ["ONE", "TWO", "1"],
  nonConventionalNameValue: ["x"],
  timestamp_value: [
    "2026-01-31T08:30:00Z",
    "2026-01-31T08:30:00.123456789Z",
    "2026-01-31T08:30:00%2B02:00",
    "2026-01-31T08:30:00-02:00",
    "2026-01-31",
    "2026-02-30T00:00:00Z",
    "1",
    "",
    "0001-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2026-01-31t08:30:00z",
    "2026-01-31T08:30:00.1234567891Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T08:30:60Z",
    "%222026-01-31T08:30:00Z%22",
    "2026-01-31T8:30:00Z",
    "2026-01-31T08:30:00,5Z",
  ],
  optional_string_value: ["", "x"],
  oneof_string: ["x", ""],
  oneof_empty: ["", "{}"],
  single_nested: ["{}", "x"],
  nested: ["{}"],
  "nested.name": ["x"],
  map_value: ["a"],
  "single_nested.amount": ["5", "-1"],
  "singleNested.ok": ["TRUE", "1", "2"],
  "single_nested.nope": ["1"],
  "nope.single_nested": ["1"],
  required_field_behavior_json_name: ["x"],
  required_field_behavior_json_name_custom: ["x"],
  requiredFieldBehaviorJsonName: ["dropped"],
  unknown: ["1"],
};

const known: Readonly<Record<string, DifferenceName>> = {
  "string_value=%ff": "utf-8",
  "$alt=proto": "system parameters",
  "$fields=uuid": "system parameters",
  "update_mask=aB": "unwritable mask",
  "update_mask=": "empty mask",
  "update_mask.paths=a&update_mask.paths=b": "mask paths",
};

const raw: readonly string[] = [
  "int64_value=5&int64_value=6",
  "boolValue=true&boolValue=true",
  "repeated_enum_value=ONE&repeated_enum_value=0",
  "map_value[a]=ONE",
  "map_value[a]=ONE&map_value[b]=0",
  "map_value[a]=ONE&map_value[a]=ZERO",
  "mapValue[a]=1",
  "map_value[a]=TWO",
  "map_value[]=ONE",
  "map_value%5Ba%5D=ONE",
  "mapped_string_value[a]=x&mapped_string_value[b]=y",
  "mapped_string_value[a.b]=x",
  "mapped_string_value[a]b]=x",
  "mapped_string_value[a][b]=x",
  "mapped_string_value.a=x",
  "mapped_nested_value[a]=x",
  "mapped_nested_value[a].name=x",
  "repeated_string_value[x]=y",
  "string_value[x]=y",
  "unknown[x]=y",
  "oneof_string=a&oneof_empty=",
  "oneof_string=a&oneofString=b",
  "single_nested.name=other",
  "singleNested.name=other",
  "single_nested.name=other&single_nested.amount=3",
  "",
  "&",
  "=",
  "=x",
  "&&string_value=x&&",
  "string_value",
  "string_value=",
  "string_value=a=b",
  "string_value=a;b",
  "string_value=a%3Bb",
  "string_value=%zz",
  "string_value=%",
  "%zz=1",
  "string_value=%ff",
  "STRING_VALUE=x",
  "String_value=x",
  ".string_value=x",
  "string_value.=x",
  "string_value.x=y",
  "single_nested..name=x",
  "$alt=proto",
  "$pretty=true",
  "$fields=uuid",
  "$prettyPrint=x",
  "key=1&utm_source=x",
  "timestamp_value.seconds=5",
  "timestampValue=2026-01-31T08:30:00Z&string_value=after",
  "uuid=u&int32_value=1&bool_value=t&uuids=a&uuids=b&product_id=1&product_id=2",
  "timestampValue.nope=1",
  "nested_annotation.nope=1",
  "oneof_empty.nope=1&oneof_string=x",
  "string_value=a?b",
  "string_value=a/b",
  "string_value=a#b",
  "repeated_string_value=a&repeated_string_value=&repeated_string_value=b",
  "nested_annotation.ok=TRUE&nestedAnnotation.name=n",
  "enum_value_annotation=ONE&repeated_enum_annotation=ONE&repeated_enum_annotation=ZERO",
  "int64_override_type=7",
  "trailing_only_dot=a&trailingBoth=b",
];

const dynamic: readonly string[] = [
  "update_mask=a,b.c",
  "updateMask=a,b.c",
  "update_mask=aB",
  "update_mask=",
  "update_mask=a&update_mask=b",
  "update_mask.paths=a&update_mask.paths=b",
  "body.value_field=1",
  "body.struct_field=%7B%22a%22:1%7D",
  "nope=1",
];

export const queryCases = [
  ...collect("example", "query", (ask) => {
    for (const [name, texts] of Object.entries(values)) for (const text of texts) ask(`GET ${params}?${name}=${text}`);
  }),
  ...collect("example", "query text", (ask) => {
    for (const query of raw) ask(`GET ${params}?${query}`, { difference: known[query] });
  }),
  ...collect("example", "query with body", (ask) => {
    ask(
      `POST /v1/example/a_bit_of_everything/params/post/s?int32_value=5&single_nested.name=q`,
      '{"name":"b","amount":3}',
    );
    ask(`POST /v1/example/a_bit_of_everything/params/post/s?single_nested.amount=9`, '{"name":"b"}');
    ask(`POST /v1/example/a_bit_of_everything/params/post/s?singleNested.ok=TRUE`, "{}");
    ask(`POST /v1/example/a_bit_of_everything/params/post/s?string_value=q&stringValue=r`, "{}");
    ask(`POST /v1/example/a_bit_of_everything/params/post/s?unknown=q`, "{}");
    ask(`POST /v1/example/a_bit_of_everything/params/post/s?int32_value=x`, "{}");
    ask(`POST /v1/example/a_bit_of_everything?string_value=ignored&int32_value=x`, '{"uint32Value":1}');
    for (const query of dynamic)
      ask(`PATCH /v1/example/echo_patch?${query}`, {
        body: '{"structField":{"a":{"b":1}},"valueField":[1]}',
        difference: known[query],
      });
    for (const query of [
      "duration=1.5s",
      "duration=1h30m",
      "duration=-1ms",
      "duration=1",
      "duration=",
      "duration=0",
      "duration=1d",
      "duration=1.0000000005s",
      "duration=300000h",
      "duration=%2B2m3.5s",
      "duration=.5s",
      "duration=1us",
      "duration=1%C2%B5s",
    ])
      ask(`POST /v2/example/echo/a?${query}`);
    ask("POST /v2/example/echo/a?line_num=1&lang=x");
    ask("POST /v2/example/echo/a?en=1&no.note=x");
    ask("POST /v2/example/echo/a?no.note=x&no.progress=1");
    ask("POST /v2/example/echo/a?status.progress=5&no.progress=6");
    ask("POST /v2/example/echo/a?id=other&num=3");
    ask("POST /v2/example/echo/a?n_id.n_id=1&nId.val=2");
    ask("POST /v2/example/echo/a?nId.nId=1&resource_id=3");
  }),
  ...collect("example", "repeated path", (ask) => {
    ask(`GET ${repeated}`);
    ask(`GET ${repeated}?path_repeated_string_value=c`);
    ask(`GET ${repeated.replace("1,2.5", "1,x")}`);
    ask(`GET ${repeated.replace("ZERO,ONE", "0,1")}`);
    ask(`GET ${repeated.replace("ZERO,ONE", "0,TWO")}`);
    ask(`GET ${repeated.replace("a,b", "a%2Cb,%20")}`);
    ask(`GET ${repeated.replace("a,b", ",")}`);
    ask(`GET ${repeated.replace("true,false", "1,F")}`);
    ask(`GET ${repeated.replace("true,false", "true,")}`);
  }),
  ...collect("example", "path values", (ask) => {
    const create = (values: Readonly<Record<string, string>>): string => {
      const all = {
        f: "1.5",
        d: "2.5",
        i64: "3",
        u64: "4",
        i32: "5",
        x64: "6",
        x32: "7",
        b: "true",
        s: "foo",
        u32: "8",
        sf32: "9",
        sf64: "10",
        s32: "11",
        s64: "12",
        n: "13",
        e: "ONE",
        p: "DEF",
        np: "JKL",
        ea: "ONE",
        ...values,
      };
      return `POST /v1/example/a_bit_of_everything/${all.f}/${all.d}/${all.i64}/separator/${all.u64}/${all.i32}/${all.x64}/${all.x32}/${all.b}/strprefix/${all.s}/${all.u32}/${all.sf32}/${all.sf64}/${all.s32}/${all.s64}/${all.n}/${all.e}/${all.p}/${all.np}/${all.ea}`;
    };
    ask(create({}));
    ask(create({}), { headers: ["Content-Type", "application/json"], body: '{"uuid":"body is not read"}' });
    ask(`${create({})}?uuid=q&single_nested.name=n&repeated_string_value=a&float_value=7`);
    const variants: readonly Readonly<Record<string, string>>[] = [
      { f: "NaN" },
      { f: "x" },
      { f: "-inf" },
      { f: "1e50" },
      { f: "1_5" },
      { f: "0x1p3" },
      { d: "1e400" },
      { d: "-0" },
      { i64: "0x10" },
      { i64: "010" },
      { i64: "0b11" },
      { i64: "0o17" },
      { i64: "1_000" },
      { i64: "9223372036854775808" },
      { i64: "+3" },
      { i64: "08" },
      { i64: "-0x10" },
      { i64: "_1" },
      { i64: "1__0" },
      { i64: "0_7" },
      { u64: "0xff" },
      { u64: "-1" },
      { u64: "+1" },
      { i32: "2147483648" },
      { i32: "0XA" },
      { x32: "0x1_0" },
      { b: "1" },
      { b: "T" },
      { b: "yes" },
      { b: "False" },
      { s: "a%20b" },
      { s: "a%2Fb" },
      { s: "a:b" },
      { s: "%25" },
      { s: "a+b" },
      { s: "a%2520b" },
      { s: "%E2%82%AC" },
      { n: "%20" },
      { e: "1" },
      { e: "0x1" },
      { e: "2" },
      { e: "one" },
      { e: "01" },
      { p: "1" },
      { np: "GHI" },
      { np: "X" },
      { ea: "0" },
    ];
    for (const variant of variants) ask(create(variant));
    ask("GET /v1/example/a_bit_of_everything/params/get/nested_enum/TRUE");
    ask("GET /v1/example/a_bit_of_everything/params/get/nested_enum/1");
    ask("GET /v1/example/a_bit_of_everything/params/get/nested_enum/0x1");
    ask("GET /v1/example/a_bit_of_everything/params/get/nested_enum/5");
    ask("GET /v1/example/a_bit_of_everything/params/get/nested_enum/TRUE?single_nested.ok=FALSE&single_nested.name=n");
    ask("GET /v1/example/echo1/a/5/note?line_num=6&status.progress=7");
    ask("GET /v1/example/echo1/a/x/note");
    ask("GET /v1/example/echo1/a/0x5/note");
    ask("GET /v1/example/echo1/a/5/note?lang=x");
    ask("GET /v1/example/echo2/note?en=5");
    ask("GET /v1/example/echo2/note?no.progress=5");
    ask("GET /v1/example/echo/a/5/en");
    ask("GET /v1/example/echo/a/5/en?line_num=3");
    ask("GET /v1/example/echo/resource/r?id=i");
    ask("GET /v1/example/echo/nested/n?n_id.val=v&n_id.n_id=other");
    ask("GET /v1/example/echo/a/b");
    ask("GET /v2/ABC:check");
    ask("GET /v2/1:check");
    ask("GET /v2/XYZ:check");
    ask("GET /v3/JKL:check");
    ask("GET /v3/9:check");
  }),
];
