// Headers in and out, trailers, media types, and errors of backends, with a backend that shows what it gets.
import { collect } from "../case.ts";
import type { DifferenceName } from "../differences.ts";

const show = ["Grpc-Metadata-Show", "metadata"];
const echo = "POST /v1/example/echo_body";

/** google.rpc.Status in protobuf, base64: code, message, details. */
function statusBytes(code: number, message: string, details: readonly (readonly [string, Uint8Array])[]): string {
  const text = (number: number, bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
  const anys = details.map(([type, value]) => text(3, Buffer.concat([text(1, Buffer.from(type)), text(2, value)])));
  return Buffer.concat([Buffer.from([8, code]), text(2, Buffer.from(message)), ...anys]).toString("base64");
}

export const headerCases = [
  ...collect("example", "media types", (ask) => {
    for (const type of [
      "application/json",
      "application/json; charset=utf-8",
      "APPLICATION/JSON",
      "text/plain",
      "application/x-protobuf",
      "application/xml",
      "application/octet-stream",
      "not a type",
      "",
      "application/json;;",
      "multipart/form-data; boundary=x",
      "application/vnd.api+json",
    ])
      ask(echo, { headers: ["Content-Type", type], body: '{"id":"a"}' });
    for (const accept of [
      "application/json",
      "text/html",
      "*/*",
      "application/x-protobuf",
      "application/xml;q=0.9, */*;q=0",
      "garbage",
      "text/event-stream",
      "application/x-ndjson",
      "application/octet-stream",
      "",
    ])
      ask(echo, { headers: ["Accept", accept], body: '{"id":"a"}' });
    ask(echo, '{"id":"a"}');
    ask(echo, { headers: ["Content-Encoding", "identity"], body: '{"id":"a"}' });
    ask("GET /v2/example/echo?value=x", { headers: ["Content-Type", "text/nonsense"] });
    ask("GET /v2/example/echo?value=x", { headers: ["Accept", "application/xml"] });
  }),
  ...collect("example", "metadata", (ask) => {
    ask(echo, { headers: ["TE", "trailers"], body: '{"id":"a"}' });
    ask(echo, { headers: ["TE", "Trailers, deflate"], body: '{"id":"a"}' });
    ask(echo, { headers: ["TE", "gzip"], body: '{"id":"a"}' });
    ask("GET /v1/example/a_bit_of_everything/nope", { headers: ["TE", "trailers"] });
    ask("GET /v1/example/a_bit_of_everything/$UUID", { headers: ["TE", "trailers"] });
    ask("GET /v2/example/errorwithdetails", { headers: ["TE", "trailers"] });
    ask("GET /v2/example/echo?value=x", { headers: ["TE", "trailers"] });
    ask("GET /nope", { headers: ["TE", "trailers"] });
  }),
  ...collect("echo", "metadata in", (ask) => {
    const headers: readonly (readonly string[])[] = [
      ["Grpc-Metadata-Foo", "bar"],
      ["grpc-metadata-foo", "a", "Grpc-Metadata-Foo", "b"],
      ["Grpc-Metadata-Foo", "a, b"],
      ["Grpc-Metadata-Foo", ""],
      ["Grpc-Metadata-Foo-Bin", "!!"],
      ["Grpc-Metadata-Foo", "caf\u00e9"],
      ["Grpc-Metadata-Grpc-Timeout", "1n"],
      ["Grpc-Metadata-Grpc-Status", "5"],
      ["Grpc-Metadata-Authorization", "x"],
      ["Authorization", "Bearer token"],
      [
        "Cookie",
        "a=b",
        "Accept-Language",
        "de",
        "Accept",
        "x/y",
        "User-Agent",
        "me",
        "Referer",
        "http://r",
        "Origin",
        "http://o",
      ],
      [
        "Cache-Control",
        "no-cache",
        "Pragma",
        "p",
        "Date",
        "d",
        "From",
        "f",
        "If-Match",
        "m",
        "If-None-Match",
        "n",
        "Via",
        "v",
        "Warning",
        "w",
        "Max-Forwards",
        "3",
      ],
      [
        "If-Modified-Since",
        "x",
        "If-Unmodified-Since",
        "y",
        "If-Schedule-Tag-Match",
        "z",
        "Accept-Charset",
        "u",
        "Accept-Ranges",
        "r",
      ],
      ["X-Request-Id", "5", "Traceparent", "t", "X-Custom", "c", "Accept-Encoding", "identity"],
      ["X-Forwarded-Proto", "https"],
      ["Forwarded", "for=1.2.3.4"],
      ["Content-Type", "application/json"],
      ["X-Real-Ip", "1.2.3.4"],
      ["Proxy-Authorization", "x"],
    ];
    for (const own of headers) ask(echo, { headers: [...show, ...own], body: '{"id":"a"}' });
    const different: readonly (readonly [readonly string[], DifferenceName])[] = [
      [["GRPC-METADATA-FOO_BAR", "x"], "underscore headers"],
      [["Grpc-Metadata-", "empty name"], "empty metadata name"],
      [["Grpc-Metadata-Foo-Bin", "YWJj"], "binary metadata"],
      [["Grpc-Metadata-Foo-Bin", "YQ"], "binary metadata"],
      [["Grpc-Metadata-Foo-Bin", "YQ=="], "binary metadata"],
      [["Grpc-Metadata-Foo-Bin", "YQ, Yg"], "binary metadata"],
      [["Grpc-Metadata-X-Forwarded-For", "1.2.3.4"], "reserved metadata"],
      [["Grpc-Metadata-Grpcgateway-Cookie", "x"], "reserved metadata"],
      [["Grpc-Metadata-Host", "x"], "reserved metadata"],
      [["X-Forwarded-For", "1.2.3.4", "X-Forwarded-Host", "example.com"], "forwarded headers"],
      [["X-Forwarded-For", "1.2.3.4, 5.6.7.8"], "forwarded headers"],
    ];
    for (const [own, difference] of different)
      ask(echo, { headers: [...show, ...own], body: '{"id":"a"}', difference });
  }),
  ...collect("echo", "metadata out", (ask) => {
    const lists: readonly (readonly string[])[] = [
      ["Header-Foo", "bar"],
      ["Header-Foo", "a", "Grpc-Metadata-Header-Foo", "b"],
      ["Header-Set-Cookie", "a=b"],
      ["Header-Location", "/x"],
      ["Header-X-Http-Code", "201"],
      ["Header-Retry-After", "5"],
      ["Trailer-Foo", "bar"],
      ["Fail-Code", "5"],
      ["Fail-Code", "5", "Grpc-Metadata-Header-Foo", "bar", "Grpc-Metadata-Trailer-Foo", "baz"],
      ["Fail-Code", "16", "Grpc-Metadata-Fail-Message", "who are you"],
      ["Fail-Code", "8", "Grpc-Metadata-Fail-Message", 'quoted "text" <b> & more'],
    ];
    for (const name of ["Header-Foo-Bin", "Trailer-Foo-Bin"]) {
      const headers = ["TE", "trailers", `Grpc-Metadata-${name}`, "YWJj"];
      ask(echo, { headers, body: "{}", difference: "binary metadata" });
    }
    for (const [name, value, ...more] of lists) {
      const headers = [`Grpc-Metadata-${name}`, value, ...more];
      ask(echo, { headers, body: "{}" });
      ask(echo, { headers: ["TE", "trailers", ...headers], body: "{}" });
    }
  }),
  ...collect("echo", "codes", (ask) => {
    for (let code = 1; code <= 16; code++)
      ask(echo, {
        headers: ["Grpc-Metadata-Fail-Code", String(code), "Grpc-Metadata-Fail-Message", `code ${code}`],
        body: "{}",
      });
    for (const code of ["17", "99"])
      ask(echo, { headers: ["Grpc-Metadata-Fail-Code", code], body: "{}", difference: "unknown code" });
    const debugInfo = Buffer.concat([
      Buffer.from([0x0a, 1]),
      Buffer.from("s"),
      Buffer.from([0x12, 1]),
      Buffer.from("d"),
    ]);
    const badRequest = Buffer.from([0x0a, 6, 0x0a, 1, 0x66, 0x12, 1, 0x64]);
    const details: readonly (readonly (readonly [string, Uint8Array])[])[] = [
      [["type.googleapis.com/google.rpc.DebugInfo", debugInfo]],
      [
        ["type.googleapis.com/google.rpc.BadRequest", badRequest],
        ["type.googleapis.com/google.rpc.DebugInfo", debugInfo],
      ],
      [["type.googleapis.com/google.protobuf.Duration", Buffer.from([8, 5])]],
      [["type.googleapis.com/google.rpc.RetryInfo", Buffer.from([0x0a, 2, 8, 5])]],
      [["type.googleapis.com/google.rpc.ErrorInfo", Buffer.from([0x0a, 1, 0x52, 0x12, 1, 0x64])]],
      [["type.googleapis.com/grpc.gateway.examples.internal.proto.examplepb.Embedded", Buffer.from([8, 5])]],
      [],
    ];
    for (const one of details)
      ask(echo, {
        headers: [
          "Grpc-Metadata-Fail-Code",
          "3",
          "Grpc-Metadata-Fail-Message",
          "with details",
          "Grpc-Metadata-Fail-Details-Bin",
          statusBytes(3, "with details", one),
        ],
        body: "{}",
      });
  }),
];
