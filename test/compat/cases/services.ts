// The services of examplepb that the example server does not have, in front of the echoing backend; and what order decides.
import { collect } from "../case.ts";

const wrappers: Readonly<Record<string, readonly string[]>> = {
  String: ['"x"', '""', "null", "", "5", '{"value":"x"}'],
  Int32: ["5", '"5"', "null", "1.5", "2147483648"],
  Int64: ["5", '"9223372036854775807"', '"x"'],
  Float: ["1.5", '"NaN"', "1e39", "0"],
  Double: ["1.5", '"-Infinity"', "1e21"],
  Bool: ["true", "false", '"true"', "null"],
  Uint32: ["5", "-1"],
  Uint64: ['"18446744073709551615"', "0"],
  Bytes: ['"YWJj"', '"-_8"', '"*"'],
  Empty: ["{}", "", '{"x":1}', "5", "null"],
};

export const serviceCases = [
  ...collect("echo", "wrappers", (ask) => {
    for (const [type, bodies] of Object.entries(wrappers)) for (const body of bodies) ask(`POST /v1/test${type}`, body);
    ask(
      "POST /v1/example/wrappers",
      '{"stringValue":"","int32Value":0,"int64Value":"5","floatValue":1.5,"doubleValue":"NaN","boolValue":false,"uint32Value":1,"uint64Value":"2","bytesValue":"YQ=="}',
    );
    ask("POST /v1/example/wrappers", "{}");
    ask("POST /v1/example/wrappers", '{"stringValue":null,"boolValue":null}');
    ask("POST /v1/example/wrappers", '{"int32Value":{"value":1}}');
  }),
  ...collect("echo", "unbound", (ask) => {
    const service = "/grpc.gateway.examples.internal.proto.examplepb.GenerateUnboundMethodsEchoService";
    ask(`POST ${service}/Echo`, '{"id":"a","num":5,"duration":"1s"}');
    ask(`POST ${service}/EchoBody`, "");
    ask(`POST ${service}/EchoDelete?id=x`, "{}");
    ask(`GET ${service}/Echo`);
    ask(`POST ${service}/Nope`, "{}");
  }),
  ...collect("echo", "camel case", (ask) => {
    ask("GET /v1/camel_case/CAMEL_STATUS_PENDING");
    ask("GET /v1/camel_case/2");
    ask("GET /v1/camel_case/9");
    ask("GET /v1/camel_case/camel_status_pending");
    ask("POST /v1/camel_case/books", '{"title":"t","author":"a"}');
    ask("GET /v2/example/empty");
    ask("GET /v1/example/snake/value_f/value_d/value_y");
    ask("GET /v1/example/snake/1/1/1");
    ask("GET /v1/example/snake/value_c/value_d/value_y");
  }),
  ...collect("echo", "visibility", (ask) => {
    ask("POST /v1/example/echo/a?num=5&internal_field=x");
    ask("POST /v1/example/echo/a?an_enum=VISIBILITY_ENUM_INTERNAL&ahidden_default_enum=1");
    ask("GET /v1/example/echo_internal?id=a&status.preview_field=p");
    ask("GET /v1/example/echo_preview?id=a");
    ask("POST /v1/example/internal/echo/a");
  }),
  ...collect("echo", "opaque", (ask) => {
    ask("GET /v1/products/p?include_variants=x");
    ask("PATCH /v1/products/p", '{"name":"n"}');
    ask("PATCH /v1/products/p?update_mask=name,description", '{"name":"n"}');
    ask("GET /v1/orders/search/1/shipAddressType/2");
    ask(
      "GET /v1/orders/search/OPAQUE_ORDER_STATUS_PENDING/shipAddressType/OPAQUE_ADDRESS_TYPE_BUSINESS?order.order_id=o",
    );
    ask("GET /v1/orders/search/x/shipAddressType/2");
    ask("POST /v1/notes:echo", '{"value":"v"}');
    ask("POST /v1/notes:echo", { body: "{}", difference: "required fields" });
    ask("POST /v1/notes:echo", { difference: "required fields" });
  }),
  ...collect("echo", "further services", (ask) => {
    ask("POST /v1/example/login", '{"username":"u","password":"p"}');
    ask("POST /v1/example/logout", '{"timeoflogout":"t","test":5,"stringarray":["a","b"]}');
    ask("POST /v1/example/enum-with-single-value/echo", '{"value":"ENUM_WITH_SINGLE_VALUE_UNSPECIFIED"}');
    ask("POST /v1/example/enum-with-single-value/echo", '{"value":1}');
  }),
  ...collect("echo", "order", (ask) => {
    ask("POST /v1/example/a_bit_of_everything", '{"mappedStringValue":{"z":"1","a":"2"}}');
    ask("POST /v1/example/echo/a?num=5");
    ask("GET /v1/example/echo/a/5?duration=1s");
    ask("GET /v1/example/echo/a/5/en");
    ask("GET /v1/example/echo/resource/5");
    ask("GET /v1/example/echo/nested/5");
    ask("POST /v1/example/echo_body", '{"duration":"1s","lineNum":5}');
    ask("DELETE /v1/example/echo_delete?duration=1s");
    ask("PUT /v1/example/echo_nested", '{"nId":{"nId":"x"}}');
    ask("GET /v2/example/echo?value=x");
    ask("GET /v1/example/a_bit_of_everything/echo/x");
    ask("GET /v1/example/a_bit_of_everything/custom/x");
    ask("GET /v1/example/a_bit_of_everything/params/get/x?int32_value=5&map_value[a]=ONE");
  }),
  ...collect("echo", "paths of a bare mux", (ask) => {
    const echo = "/v1/example/a_bit_of_everything/echo";
    for (const path of [
      "//",
      "/v1//example",
      `${echo}/a//b`,
      `/${echo}/a`,
      `${echo}//`,
      `${echo}/%2F`,
      `${echo}/a%2Fb`,
    ])
      ask(`GET ${path}`);
    for (const text of ["./a", "../echo/a", ".", "..", "%2e%2e", "%2E", "a%00b", "a\\b", "a%2F..%2Fb"])
      ask(`GET ${echo}/${text}`, { difference: "dot segments" });
    ask("POST /rpc/path/1//3/rpc");
    ask("POST /rpc/path////rpc");
    ask("POST /rpc/path/../2/./rpc", { difference: "dot segments" });
    ask("POST /v1/publishers//books", "{}");
    ask("POST /v1/publishers/a%2Fb/books", "{}");
    ask("GET /v1/example/a_bit_of_everything_repeated///////////////");
    ask("POST /v1/example/a_bit_of_everything/1/2//separator/4/5/6/7/true/strprefix//8/9/10/11/12//ONE/DEF/JKL/ONE");
  }),
];
