// Request bodies: JSON well-formed and not, of every type of field; bodies of one field; forms.
import { collect } from "../case.ts";

const create = "POST /v1/example/a_bit_of_everything";

const fields: readonly string[] = [
  '{"floatValue":1.5,"doubleValue":1e300,"int64Value":"5","uint64Value":6,"int32Value":7,"fixed64Value":"8","fixed32Value":9,"boolValue":true,"stringValue":"s"}',
  '{"float_value":"1.5","double_value":"NaN","int64_value":5,"bytes_value":"YWJj","uint32_value":"5"}',
  '{"enumValue":"ONE","pathEnumValue":1,"nestedPathEnumValue":"JKL","enumValueAnnotation":0}',
  '{"enumValue":"TWO"}',
  '{"enumValue":7}',
  '{"enumValue":"1"}',
  '{"enumValue":1.0}',
  '{"enumValue":null}',
  '{"enumValue":true}',
  '{"sfixed32Value":-1,"sfixed64Value":"-2","sint32Value":-3,"sint64Value":"-4"}',
  '{"int32Value":2147483648}',
  '{"int32Value":1.5}',
  '{"int32Value":1e2}',
  '{"int32Value":"1e2"}',
  '{"int32Value":""}',
  '{"int32Value":" 1"}',
  '{"int32Value":"0x1"}',
  '{"uint32Value":-1}',
  '{"int64Value":9223372036854775807,"uint64Value":"18446744073709551615"}',
  '{"int64Value":9223372036854775808}',
  '{"int64Value":"1.0"}',
  '{"floatValue":1e39}',
  '{"floatValue":"Infinity","doubleValue":"-Infinity"}',
  '{"floatValue":NaN}',
  '{"doubleValue":1e21}',
  '{"doubleValue":1e20,"floatValue":1e20}',
  '{"doubleValue":1e-6,"floatValue":1e-7}',
  '{"doubleValue":0.1,"floatValue":0.1}',
  '{"doubleValue":-0.0,"floatValue":-0}',
  '{"doubleValue":5e-324,"floatValue":1e-45}',
  '{"doubleValue":1e400}',
  '{"doubleValue":"x"}',
  '{"boolValue":"true"}',
  '{"boolValue":1}',
  '{"stringValue":5}',
  '{"stringValue":"\\u20ac \\ud83d\\ude00 \\" \\\\ \\/ \\b\\f\\n\\r\\t <>&\\u2028\\u0001\\u007f"}',
  '{"stringValue":"\\ud83d"}',
  '{"stringValue":"\\x"}',
  '{"stringValue":"a\nb"}',
  '{"bytesValue":"YWJj"}',
  '{"bytesValue":"-_8"}',
  '{"bytesValue":"+/8="}',
  '{"bytesValue":"YQ"}',
  '{"bytesValue":"*"}',
  '{"nested":[{"name":"a","amount":1,"ok":"TRUE"},{},{"ok":1}]}',
  '{"nested":[null]}',
  '{"nested":{}}',
  '{"singleNested":{"name":"a","unknown":{"x":[1,2,{"y":null}]}}}',
  '{"singleNested":null}',
  '{"singleNested":[]}',
  '{"singleNested":"x"}',
  '{"repeatedStringValue":["a","","b"],"repeatedEnumValue":["ONE",0]}',
  '{"repeatedStringValue":"a"}',
  '{"repeatedStringValue":["a",null]}',
  '{"repeatedStringValue":null}',
  '{"repeatedEnumValue":["ONE","NOPE"]}',
  '{"mapValue":{"a":"ONE"},"mappedStringValue":{"z":""},"mappedNestedValue":{"k":{"name":"n"}}}',
  '{"mapValue":{"a":"NOPE"}}',
  '{"mappedStringValue":{"a":null}}',
  '{"mappedStringValue":{"a":"1","a":"2"}}',
  '{"mappedStringValue":[]}',
  '{"oneofString":"x"}',
  '{"oneofEmpty":{}}',
  '{"oneofEmpty":{},"oneofString":"x"}',
  '{"oneofEmpty":null,"oneofString":"x"}',
  '{"oneofString":""}',
  '{"timestampValue":"2026-01-31T08:30:00.120Z"}',
  '{"timestampValue":"2026-01-31T08:30:00+02:00"}',
  '{"timestampValue":"2026-01-31"}',
  '{"timestampValue":5}',
  '{"timestampValue":{"seconds":5}}',
  '{"timestampValue":"0000-01-01T00:00:00Z"}',
  '{"optionalStringValue":""}',
  '{"optionalStringValue":null}',
  '{"nonConventionalNameValue":"x","required_field_behavior_json_name_custom":"a","required_field_schema_json_name":"b"}',
  '{"requiredFieldBehaviorJsonName":"not its name"}',
  '{"unknown":1,"alsoUnknown":{"a":[]},"stringValue":"kept"}',
  '{"unknown":tru}',
  '{"string_value":"a","stringValue":"b"}',
  '{"stringValue":"a","stringValue":"b"}',
  '{"StringValue":"case"}',
  '{"uuid":"mine"}',
  "{}",
  "",
  "   ",
  "\n",
  "null",
  "[]",
  '"x"',
  "5",
  "true",
  "{",
  '{"stringValue"',
  '{"stringValue":',
  '{"stringValue":"a"',
  '{"stringValue":"a",}',
  '{stringValue:"a"}',
  "{'stringValue':'a'}",
  '{"stringValue":"a"} trailing',
  '{"stringValue":"a"}{"stringValue":"b"}',
  '{"stringValue":"a"}]',
  '\ufeff{"stringValue":"bom"}',
  '// comment\n{"stringValue":"a"}',
  '{"int32Value":01}',
  '{"int32Value":+1}',
  '{"int32Value":.5}',
  '{"int32Value":1.}',
  '{"doubleValue":1e}',
  '{"stringValue":"tab\there"}',
  '{"a":"b" "c":"d"}',
  `${'{"singleNested":'.repeat(3)}{}${"}".repeat(3)}`,
];

const echoBodies: readonly string[] = [
  '{"id":"a","num":"5","lang":"en","status":{"note":"n"},"no":{"progress":"1"},"resourceId":"r","nId":{"nId":"x","val":"y"}}',
  '{"lineNum":1,"lang":"x"}',
  '{"en":1,"no":{}}',
  '{"no":{"progress":1,"note":"x"}}',
  '{"status":{}}',
  '{"status":{"progress":0}}',
  '{"resource_id":"r","n_id":{"n_id":"x"}}',
  '{"n_id":{"n_id":"a"},"nId":{"val":"b"}}',
  '{"num":null,"lineNum":null,"lang":"x"}',
];

export const bodyCases = [
  ...collect("example", "json", (ask) => {
    for (const body of fields) ask(create, body);
    ask(create, { body: `{"unknown":${"[".repeat(200)}${"]".repeat(200)}}`, difference: "json depth" });
  }),
  ...collect("example", "json echo", (ask) => {
    for (const body of echoBodies) ask("POST /v1/example/echo_body", body);
    ask("POST /v1/example/echo_body", {
      body: Buffer.from([0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
    });
    ask("PUT /v1/example/echo_body/a", '{"note":"n"}');
    ask("PUT /v1/example/echo_body/a?id=b&num=3&no.note=q", '{"note":"n"}');
    ask("PUT /v1/example/echo_body/a?en=3", '{"note":"n"}');
    ask("PUT /v1/example/echo_body/a?en=3");
    ask("PUT /v1/example/echo_body/a", "");
    ask("PUT /v1/example/echo_body/a", "null");
    ask("PUT /v1/example/echo_body/a", "[]");
    ask("PUT /v1/example/echo_body/a?lang=x&line_num=1", "{}");
    ask(
      "POST /v1/example/echo_status",
      '{"id":"x","subStatus":{"code":5,"message":"m"},"sub2Status":{"errorCode":"e","errorMessage":"f","severity":2}}',
    );
    for (const body of ['{"subStatus":{"message":"code is required"}}', '{"subStatus":{}}'])
      ask("POST /v1/example/echo_status", { body, difference: "required fields" });
    ask("POST /v1/example/echo_status", "{}");
    ask("POST /v1/example/echo_body", '{"id":"a"}');
    ask("POST /v2/example/echo_body", '{"id":"a","duration":"1.5s"}');
    for (const text of [
      '"1.500s"',
      '"-0.000001s"',
      '"1h"',
      '"1"',
      '"315576000001s"',
      "5",
      '"1.0000000001s"',
      "null",
      '"-0s"',
    ])
      ask("POST /v2/example/echo_body", `{"duration":${text}}`);
    for (const text of ['"+1s"', '".5s"', '"1.s"'])
      ask("POST /v2/example/echo_body", { body: `{"duration":${text}}`, difference: "loose durations" });
    ask("PUT /v1/example/echo_nested", '{"nId":{"nId":"x","val":"y"}}');
    ask("PUT /v1/example/echo_nested", "{}");
    ask("DELETE /v1/example/echo_delete?id=a&num=4");
    ask("DELETE /v1/example/echo_delete?id=a", '{"id":"b"}');
    ask("DELETE /v2/example/echo_delete?id=a&duration=5s");
  }),
  ...collect("example", "body field", (ask) => {
    for (const body of ['"a text"', "", "5", '{"value":"x"}', '"a" "b"', '""', "[]", '"x'])
      ask("POST /v2/example/echo", body);
    ask("POST /v2/example/echo", "null");
    ask("POST /v2/example/echo?value=q", '"a text"');
    ask("POST /v2/example/echo?value=q");
    for (const body of ['"text"', '""', "null", "5", "", '{"inputValue":"x"}'])
      ask("POST /v1/example/a_bit_of_everything/nested_body_oneof", body);
    ask("POST /v1/example/a_bit_of_everything/nested_body_oneof?payload.input_value=q", '"x"');
    ask("POST /v1/example/a_bit_of_everything/nested_body_oneof?payload.input_value=q");
    for (const body of ["1", "7", "", "{}"]) ask("POST /v1/example/oneofenum", body);
    for (const body of ['"EXAMPLE_ENUM_FIRST"', '"NOPE"', "null", '"1"'])
      ask("POST /v1/example/oneofenum", { body, difference: "oneof enum body" });
    ask("POST /v1/publishers/p/books?book_id=b", '{"name":"n","createTime":"2026-01-31T08:30:00Z"}');
    ask("POST /v1/publishers/p/books?book.name=q&parent=other", '{"name":"n"}');
    ask("POST /v1/publishers/p/books", '{"create_time":"nope"}');
    ask("POST /v1/publishers/p/books", '["not a book"]');
    ask("POST /v1/publishers/p/books");
    ask("PATCH /v1/publishers/p/books/b?allow_missing=true", '{"id":"x"}');
    ask("PATCH /v1/publishers/p/books/b?allowMissing=maybe", '{"id":"x"}');
    ask("PATCH /v1/publishers/p/books/b?update_mask=id,name", '{"id":"x"}');
    ask("PATCH /v1/publishers/p/books/b", '{"nope":1}');
    ask("PATCH /v1/publishers/p/books/b", '{"id":5}');
    ask("PATCH /v1/publishers/p/books/b", "{");
    ask("PATCH /v1/publishers/p/books/b", "");
    ask("PATCH /v1/publishers/p/books/b", '{"createTime":"2026-01-31T08:30:00Z"}');
    ask("PUT /v1/example/a_bit_of_everything/entity/e", '{"id":{"value":"other"},"otherField":"x"}');
    ask("PUT /v1/example/a_bit_of_everything/entity/e", "");
    ask("POST /v1/example/deep_path/n", '{"singleNested":{"name":"other","amount":5},"stringValue":"s"}');
    ask("POST /v1/example/deep_path/n", "{}");
    ask("POST /v1/example/deep_path/n", "null");
    ask("POST /v1/example/deep_path/n", '{"singleNested":null}');
    ask("POST /v1/example/deep_path/n?single_nested.amount=4", '{"stringValue":"s"}');
    ask("POST /v2/example/withbody/i", '{"name":"n"}');
    ask("POST /v2/example/withbody/i?data.name=x&id=j", "{}");
    ask("POST /v2/example/postwithemptybody/n", "{}");
    ask("POST /v2/example/postwithemptybody/n");
    ask("POST /v1/example/requiredmessagetype", '{"id":"x"}');
    ask("POST /v1/example/a_bit_of_everything/params/post/s", '{"name":"n","ok":"TRUE"}');
    ask("POST /v1/example/a_bit_of_everything/params/post/s", '{"ok":"NOPE"}');
    ask("POST /v1/example/a_bit_of_everything/params/post/s", "null");
    ask("POST /v1/example/a_bit_of_everything/params/post/s");
  }),
  ...collect("example", "form", (ask) => {
    const form = ["Content-Type", "application/x-www-form-urlencoded"];
    const formUtf8 = ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"];
    const params = "/v1/example/a_bit_of_everything/params/get/x";
    ask(`POST ${params}`, {
      headers: form,
      body: "string_value=a+b&int32_value=5&repeated_string_value=a&repeated_string_value=b",
    });
    ask(`POST ${params}?string_value=q`, { headers: form, body: "int32_value=5" });
    ask(`POST ${params}?string_value=q`, { headers: form, body: "string_value=b" });
    ask(`POST ${params}?repeated_string_value=q`, { headers: form, body: "repeated_string_value=b" });
    ask(`POST ${params}`, { headers: form, body: "string_value=%zz" });
    ask(`POST ${params}`, { headers: form, body: "string_value=a;b" });
    ask(`POST ${params}`, { headers: form, body: "" });
    ask(`POST ${params}`, { headers: form });
    ask(`POST ${params}`, { headers: form, body: '{"string_value":"json"}' });
    ask(`POST ${params}`, { headers: formUtf8, body: "string_value=a" });
    ask(`POST ${params}`, { headers: ["Content-Type", "APPLICATION/X-WWW-FORM-URLENCODED"], body: "string_value=a" });
    ask(`POST ${params}`, { headers: [...form, "X-HTTP-Method-Override", "GET"], body: "string_value=a" });
    ask(`POST ${params}`, { headers: [...form, "X-HTTP-Method-Override", "get"], body: "string_value=a" });
    ask(`POST ${params}`, { headers: [...form, "X-HTTP-Method-Override", "DELETE"], body: "string_value=a" });
    ask(`POST ${params}`, { headers: [...form, "X-HTTP-Method-Override", "NOPE!"], body: "string_value=a" });
    ask(`POST ${params}`, { headers: ["X-HTTP-Method-Override", "GET"], body: "{}" });
    ask(`POST ${params}`, {
      headers: ["Content-Type", "application/json", "X-HTTP-Method-Override", "GET"],
      body: "{}",
    });
    ask(`POST /v1/example/a_bit_of_everything/$UUID`, {
      headers: [...form, "X-HTTP-Method-Override", "DELETE"],
      body: "",
    });
    ask(`POST /v1/example/a_bit_of_everything/$UUID`, {
      headers: [...form, "X-HTTP-Method-Override", "PUT"],
      body: '{"stringValue":"put"}',
      thenLookup: true,
    });
    ask(`GET ${params}`, { headers: [...form, "X-HTTP-Method-Override", "POST"] });
    ask(`PUT ${params}`, { headers: form, body: "string_value=a" });
    ask("POST /v1/example/echo/a", { headers: form, body: "num=5&lang=x" });
    ask("POST /v1/example/echo/a?num=6", { headers: form, body: "num=5" });
    ask("POST /v1/example/echo/a?num=6", { headers: form, body: "lang=en" });
    ask("POST /v1/example/echo/a", { headers: formUtf8, body: "num=5" });
    ask("POST /v1/example/echo/a", { headers: ["Content-Type", "text/plain"], body: "num=5" });
    ask("POST /v1/example/echo/a", {
      headers: ["Content-Type", "multipart/form-data; boundary=b"],
      body: '--b\r\nContent-Disposition: form-data; name="num"\r\n\r\n5\r\n--b--\r\n',
    });
    ask("POST /v1/example/echo_body", { headers: form, body: "id=a" });
    ask("POST /v1/example/echo_body", { headers: form, body: '{"id":"a"}' });
    ask("PUT /v1/example/echo_body/a", { headers: form, body: '{"note":"a"}' });
    ask("PUT /v1/example/echo_body/a", { headers: form, body: "num=5" });
    ask("DELETE /v1/example/echo_delete", { headers: form, body: "id=a" });
    ask("POST /rpc/query/rpc", { headers: form, body: "a=1&b=2" });
    ask("POST /v1/example/echo/a", { headers: form, body: "num=x" });
    ask("POST /v1/example/echo/a", { headers: form, body: `lang=${"x".repeat(20_000)}` });
  }),
];
