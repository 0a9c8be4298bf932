// Which method serves a path, in what spelling, and what is said when none does.
import { collect } from "../case.ts";

const item = "/v1/example/a_bit_of_everything";

export const routeCases = [
  ...collect("example", "entries", (ask) => {
    ask(`GET ${item}/$UUID`);
    ask(`GET ${item}/nope`);
    ask(`DELETE ${item}/$UUID`);
    ask(`DELETE ${item}/$UUID?uuid=other`);
    ask(`DELETE ${item}/nope`);
    ask(`PUT ${item}/$UUID`, { body: '{"uuid":"other","stringValue":"put","int32Value":5}', thenLookup: true });
    ask(`PUT ${item}/$UUID`, { body: "{}", thenLookup: true });
    ask(`PUT ${item}/$UUID`, { thenLookup: true });
    ask(`PUT ${item}/nope`, "{}");
    ask(`PUT ${item}/$UUID`, { body: '{"int32Value":"x"}', thenLookup: true });
    ask(`POST ${item}/$UUID:custom`);
    ask(`POST ${item}/$UUID:custom`, { body: '{"stringValue":"body is not read"}', thenLookup: true });
    ask(`POST ${item}/$UUID:custom?string_value=q`, { thenLookup: true });
    ask(`POST ${item}/nope:custom`);
    ask(`POST ${item}/$UUID:custom:custom`, { thenLookup: true });
    ask(`POST ${item}/nope:custom:custom`);
    ask(`POST ${item}/a:b:custom`);
    ask(`POST ${item}/:custom`);
    ask(`POST ${item}/:custom:custom`);
    ask(`POST ${item}/$UUID:nope`);
    ask(`POST ${item}/$UUID%3Acustom`);
    ask(`POST ${item}/$UUID:Custom`);
    ask(`GET ${item}/$UUID:custom`);
    ask(`GET ${item}/custom/x`);
    ask(`GET ${item}/custom/x?uuid=$UUID`);
    ask(`GET ${item}/query/$UUID?string_value=q&single_nested.name=n&nested.name=dropped`);
    ask(`GET ${item}/query/$UUID?string_value=q&single_nested.name=n`, { thenLookup: true });
    ask(`GET ${item}/query/nope`);
    ask(`HEAD ${item}/$UUID`);
    ask(`HEAD ${item}/nope`);
    ask(`OPTIONS ${item}/$UUID`);
    ask(`OPTIONS ${item}/nope?string_value=x`);
    ask(`TRACE ${item}/nope?string_value=x&int32_value=4`);
    ask(`TRACE ${item}/nope?int32_value=x`);
    ask(`PATCH ${item}/$UUID`, "{}");
    ask(`GET ${item}/echo/hello`);
    ask(`GET ${item}/echo/hello?value=other`);
    ask(`GET ${item}/echo/a%2Fb`);
    ask(`GET ${item}/echo/a%20b`);
    ask(`GET ${item}/echo/a+b`);
    ask(`GET ${item}/echo/%25`);
    ask(`GET ${item}/echo/%252F`);
    ask(`GET ${item}/echo/%E2%82%AC`);
    ask(`GET ${item}/echo/%ff`, { difference: "utf-8" });
    for (const text of ["%zz", "%"]) ask(`GET ${item}/echo/${text}`, { difference: "bad escape" });
    ask(`GET ${item}/echo/a%3Fb`);
    ask(`GET ${item}/echo/a%23b`);
    ask(`GET ${item}/echo/a%3Ab`);
    ask(`GET ${item}/echo/a:b`);
    ask(`GET ${item}/echo/a;b=c`);
    ask(`GET ${item}/echo/a=b&c`);
    ask(`GET ${item}/echo/a,b`);
    ask(`GET ${item}/echo/~a@b!$'()*`);
    ask(`GET ${item}/echo/"quoted"`);
    ask(`GET ${item}/echo/%22quoted%22`);
    ask(`GET ${item}/echo/`);
    ask(`GET ${item}/echo`);
    ask(`GET ${item}/echo/a/`);
    ask(`GET ${item}/echo/a/b`);
    ask(`GET ${item}/echo/%2F`);
    ask(`GET ${item}/echo/...`);
    ask(`GET ${item}/echo/a.b`);
    ask(`GET ${item}/echo/%5C`);
    ask(`GET ${item}/echo/%0A`);
    ask(`GET ${item}/echo/%7F`);
    ask(`GET ${item}%2Fecho/a`);
    ask(`GET ${item}/ec%68o/a`);
    ask(`GET ${item}/Echo/a`);
    ask(`GET ${item}/`);
  }),
  ...collect("example", "patch", (ask) => {
    const entry =
      '{"stringValue":"before","int32Value":1,"singleNested":{"name":"n","amount":1},"repeatedStringValue":["a"]}';
    const patch = (version: string, body: string, query = ""): void =>
      ask(`PATCH /${version}/example/a_bit_of_everything/$UUID${query}`, { entry, body, thenLookup: true });
    patch("v2", '{"stringValue":"after"}');
    patch("v2", '{"string_value":"after","int32Value":0}');
    patch("v2", '{"singleNested":{"name":"after"}}');
    patch("v2", '{"singleNested":{}}');
    patch("v2", '{"repeatedStringValue":["x","y"]}');
    patch("v2", '{"mapValue":{"a":"ONE"}}');
    patch("v2", '{"nested":[{"name":"x"}]}');
    patch("v2", '{"timestampValue":"2026-01-31T08:30:00Z"}');
    patch("v2", "");
    patch("v2", '{"nope":1}');
    patch("v2", '{"singleNested":{"nope":1}}');
    patch("v2", '{"uuid":"$UUID","boolValue":true}');
    patch("v2", '{"stringValue":"after","int32Value":9}', "?update_mask=string_value");
    patch("v2", '{"stringValue":"after","int32Value":9}', "?updateMask=int32_value");
    patch("v2", '{"stringValue":"after","nope":9}', "?updateMask=string_value");
    patch("v2", '{"stringValue":"after"}', "?update_mask.paths=string_value&update_mask.paths=int32_value");
    patch("v2", '{"stringValue":"after"}', "?update_mask=string_value&update_mask=int32_value");
    patch("v2", '{"singleNested":{"name":"x","amount":7}}', "?update_mask=single_nested.amount");
    patch("v2", '{"optionalStringValue":""}');
    patch("v2", '{"oneofString":"x"}');
    patch("v2", '{"required_field_behavior_json_name_custom":"x"}');
    patch("v2a", '{"abe":{"stringValue":"after","int32Value":9},"updateMask":"stringValue"}');
    patch("v2a", '{"abe":{"stringValue":"after","int32Value":9},"update_mask":"int32Value,singleNested.name"}');
    patch("v2a", '{"abe":{"stringValue":"after","int32Value":9}}');
    patch("v2a", '{"abe":{"stringValue":"after"},"updateMask":""}');
    patch("v2a", '{"updateMask":"string_value"}');
    patch("v2a", '{"abe":{"uuid":"other","stringValue":"x"},"updateMask":"stringValue"}');
    ask("PUT /v2/example/a_bit_of_everything/$UUID", { entry, body: '{"stringValue":"after"}', thenLookup: true });
    ask("PUT /v2/example/a_bit_of_everything/$UUID?update_mask=string_value", {
      entry,
      body: '{"stringValue":"after","int32Value":9}',
      thenLookup: true,
    });
    ask("PATCH /v2/example/a_bit_of_everything/nope", '{"stringValue":"x"}');
    for (const [path, body] of [
      [
        "update",
        '{"id":"a","Num":"1","line_num":"2","langIdent":"en","STATUS":"s","en_GB":"3","no":"n","thing":{"subThing":{"sub_value":"v"}}}',
      ],
      ["update", '{"lineNum":5,"enGB":6}'],
      ["update", '{"thing":{"subThing":{}}}'],
      ["update", '{"thing":{}}'],
      [
        "update?update_mask=Num,thing.subThing.sub_value",
        '{"id":"a","Num":"1","thing":{"subThing":{"sub_value":"v"}}}',
      ],
      ["update?body.id=q", '{"Num":4}'],
      [
        "update_with_json_names",
        '{"ID":"a","Num":"1","LineNum":"2","langIdent":"en","status":"s","En_GB":"3","yes":"n","Thingy":{"SubThing":{"sub_Value":"v"}}}',
      ],
      ["update_with_json_names", '{"id":"a","line_num":"2","STATUS":"s","no":"n"}'],
      ["update_with_json_names", '{"lineNum":"2"}'],
    ] as const)
      ask(`PATCH /v1/example/non_standard/${path}`, body);
    for (const body of [
      '{"structField":{"a":{"b":[2,null]}},"valueField":{"x":1}}',
      '{"valueField":"text"}',
      '{"valueField":null}',
      '{"valueField":[1,{"a":true}]}',
      '{"structField":{}}',
      '{"structField":null}',
      '{"structField":[]}',
      '{"struct_field":{"m":{"y":{}}}}',
    ])
      ask("PATCH /v1/example/echo_patch", body);
    ask("PATCH /v1/example/echo_patch", { body: "{}", difference: "empty mask" });
    ask("PATCH /v1/example/echo_patch?update_mask=value_field", '{"structField":{"a":1}}');
  }),
  ...collect("example", "refusals", (ask) => {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"]) {
      ask(`${method} /nope`);
      ask(`${method} /v1/example/echo_delete`);
      ask(`${method} /v2/example/errorwithdetails`);
    }
    ask("POST /v2/example/errorwithdetails", "{}");
    ask("GET /");
    ask("GET /?a=b");
    ask("PROPFIND /v2/example/errorwithdetails");
    ask("get /v2/example/errorwithdetails");
    ask("GET /v1/example/echo_unauthorized");
    ask("GET /v1/example/echo_unauthorized?num=x");
    ask("GET /v1/example/checkStatus");
    ask("GET /v1/example/checkStatus/");
    ask("GET /v2/example/overwriteresponsecontenttype");
    ask("POST /v2/example/overwriterequestcontenttype", {
      headers: ["Content-Type", "application/x-bar-mime"],
      body: '{"name":"x"}',
    });
    ask("GET /v1/example/camel_case/1");
    ask("POST /grpc.gateway.examples.internal.proto.examplepb.EchoService/Echo", "{}");
    ask("GET /v2/example/timeout", { headers: ["Grpc-Timeout", "50m"] });
    ask("GET /v2/example/echo?value=x", { headers: ["Grpc-Timeout", "5S"] });
    for (const timeout of ["x", "5", "5s", "-5S", "99999999999S", "0m", "S", "1H", "5 S", "123456789m", "1n"])
      ask("GET /v1/example/checkStatus", { headers: ["Grpc-Timeout", timeout] });
  }),
  ...collect("example", "response body", (ask) => {
    for (const path of [
      "responsebody/x",
      "responsebodies/x",
      "responsestrings/x",
      "responsestrings/empty",
      "responsebody/samename/x",
      "responsebody/x?data=y",
      "responsebody/",
      "responsebody/%22",
      "responsebodies/%E2%82%AC%3C",
      "responsebody/samename/%0A",
    ])
      ask(`GET /${path}`);
    ask("HEAD /responsebody/x");
    ask("POST /responsebody/x", "{}");
  }),
  ...collect("example", "flow", (ask) => {
    ask("POST /rpc/empty/rpc");
    ask("POST /rpc/empty/rpc", '{"x":1}');
    ask("POST /rpc/empty/rpc", "not json");
    ask("POST /rpc/empty/rpc?x=1");
    ask("POST /rpc/body/rpc", '{"a":"1","b":"2","c":"3"}');
    ask("POST /rpc/body/rpc", '{"a":1}');
    ask("POST /rpc/body/rpc", "not json");
    ask("POST /rpc/path/1/2/3/rpc");
    ask("POST /rpc/path/1/2/3/rpc?a=4");
    ask("POST /rpc/query/rpc?a=1&b=2&c=3");
    ask("POST /rpc/query/rpc?a=1&a=2");
    ask("POST /rpc/body/path/1/2/rpc", '"3"');
    ask("POST /rpc/body/path/1/2/rpc", "3");
    ask("POST /rpc/body/path/1/2/rpc", "");
    ask("POST /rpc/body/path/1/2/rpc?c=4&c=5", '"3"');
    ask("POST /rpc/body/query/rpc?a=1&b=2", '"3"');
    ask("POST /rpc/body/path/1/query/rpc?b=2", '"3"');
    ask("POST /rpc/path/1/query/rpc?b=2&c=3");
    ask("POST /rpc/path-nested/s/rpc");
    ask("POST /rpc/path-nested/s/rpc?a.str=t&a.str=u");
    ask("POST /rpc/path-nested/s/b/rpc", '"c"');
    ask("POST /rpc/path-nested1/s/rpc?b=1&c=2");
    ask("POST /rpc/path-nested2/s/rpc?b=1", '"c"');
    ask("POST /rpc/path-nested2/s/rpc?b=1", "{}");
    ask("POST /rpc/excess-body/rpc", { headers: ["Grpc-Timeout", "50m"] });
    ask("POST /rpc/excess-body/rpc/with-body", { headers: ["Grpc-Timeout", "50m"], body: "not json" });
  }),
];
