// Request heads the listener refuses by itself: the smuggling corpus, sizes, versions, names.
import { expect } from "chai";
import { createListener } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import { exchangeRaw, openRaw } from "../support/raw-http.ts";

function reasonOf(body: Buffer): string {
  const status = JSON.parse(body.toString()) as { details: { reason: string }[] };
  return status.details[0].reason;
}

describe("createListener refuses before any front sees it", () => {
  let listener: Listener;
  let bound: BoundAddress;
  let seen = 0;
  beforeEach(async () => {
    seen = 0;
    listener = createListener({
      address: { host: "127.0.0.1", port: 0 },
      limits: defaultListenerLimits,
      front: (exchange) => {
        seen++;
        exchange.respond(200, [], undefined);
      },
    });
    bound = await listener.listen();
  });
  afterEach(() => listener.close(0));

  const long = (size: number): string => "a".repeat(size);
  const get = (...headers: string[]): string => ["GET / HTTP/1.1", "Host: a", ...headers, "", ""].join("\r\n");
  const cases: readonly (readonly [title: string, text: string, status: number, reason: string])[] = [
    [
      "Content-Length with Transfer-Encoding",
      get("Content-Length: 3", "Transfer-Encoding: chunked"),
      400,
      "REQUEST_MALFORMED",
    ],
    ["two Content-Lengths", get("Content-Length: 3", "Content-Length: 4"), 400, "REQUEST_MALFORMED"],
    ["a list of Content-Lengths", get("Content-Length: 3, 3"), 400, "REQUEST_MALFORMED"],
    ["a signed Content-Length", get("Content-Length: +3"), 400, "REQUEST_MALFORMED"],
    ["Transfer-Encoding xchunked", get("Transfer-Encoding: xchunked"), 400, "TRANSFER_ENCODING_INVALID"],
    ["Transfer-Encoding gzip, chunked", get("Transfer-Encoding: gzip, chunked"), 400, "TRANSFER_ENCODING_INVALID"],
    ["Transfer-Encoding chunked, identity", get("Transfer-Encoding: chunked, identity"), 400, "REQUEST_MALFORMED"],
    [
      "Transfer-Encoding twice",
      get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
      400,
      "REQUEST_MALFORMED",
    ],
    ["an empty Transfer-Encoding", get("Transfer-Encoding:"), 400, "TRANSFER_ENCODING_INVALID"],
    ["Transfer-Encoding behind a vertical tab", get("Transfer-Encoding:\x0bchunked"), 400, "REQUEST_MALFORMED"],
    [
      "Transfer-Encoding in HTTP/1.0",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "TRANSFER_ENCODING_INVALID",
    ],
    ["a space before the colon", get("X-A : 1"), 400, "REQUEST_MALFORMED"],
    ["a folded header line", get("X-A: 1\r\n 2"), 400, "REQUEST_MALFORMED"],
    ["a bare line feed", "GET / HTTP/1.1\nHost: a\n\n", 400, "REQUEST_MALFORMED"],
    ["a NUL in a value", get("X-A: a\0b"), 400, "REQUEST_MALFORMED"],
    ["a control character in a value", get("X-A: a\x01b"), 400, "REQUEST_MALFORMED"],
    ["a bare carriage return in a value", get("X-A: a\rb"), 400, "REQUEST_MALFORMED"],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", 400, "HOST_INVALID"],
    ["two Hosts", get("Host: b"), 400, "HEADER_DUPLICATE"],
    ["two equal Hosts", get("Host: a"), 400, "HEADER_DUPLICATE"],
    ["a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "HOST_INVALID"],
    ["a Host with userinfo", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "HOST_INVALID"],
    ["two Authorizations", get("Authorization: Bearer a", "authorization: Bearer b"), 400, "HEADER_DUPLICATE"],
    ["two Content-Types", get("Content-Type: application/json", "Content-Type: text/plain"), 400, "HEADER_DUPLICATE"],
    ["an underscore in a name", get("X_User_Id: 1"), 400, "HEADER_NAME_UNDERSCORE"],
    ["a header named __proto__", get("__proto__: 1"), 400, "HEADER_NAME_UNDERSCORE"],
    [
      "Connection naming Authorization",
      get("Connection: close, authorization", "Authorization: x"),
      400,
      "CONNECTION_HEADER_FORBIDDEN",
    ],
    ["Connection naming an identity header", get("Connection: X-User-Id"), 400, "CONNECTION_HEADER_FORBIDDEN"],
    [
      "Connection naming X-Forwarded-For",
      get("Connection: keep-alive,x-forwarded-for"),
      400,
      "CONNECTION_HEADER_FORBIDDEN",
    ],
    ["another host in the target", "GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "TARGET_INVALID"],
    ["userinfo in the target", "GET http://a@evil/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "TARGET_INVALID"],
    ["a foreign scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "TARGET_INVALID"],
    ["* with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "TARGET_INVALID"],
    ["a target without a slash", "GET foo HTTP/1.1\r\nHost: a\r\n\r\n", 400, "REQUEST_MALFORMED"],
    ["raw UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "REQUEST_MALFORMED"],
    ["HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, "HTTP_VERSION_UNSUPPORTED"],
    ["HTTP/2.0 in HTTP/1.1's clothes", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "HTTP_VERSION_UNSUPPORTED"],
    ["an unknown method", "FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "REQUEST_MALFORMED"],
    ["a lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "REQUEST_MALFORMED"],
    ["CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405, "METHOD_NOT_ALLOWED"],
    ["a URL over 8 KiB", `GET /${long(8192)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, "URL_TOO_LONG"],
    ["a URL over all limits", `GET /${long(60_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, "URL_TOO_LONG"],
    ["more than 64 header fields", get(...Array.from({ length: 64 }, (_, i) => `X-${i}: 1`)), 431, "HEADERS_TOO_LARGE"],
    ["more than 16 KiB of headers", get(`X-A: ${long(16_400)}`), 431, "HEADERS_TOO_LARGE"],
    ["an endless header", get(`X-A: ${long(60_000)}`), 431, "HEADERS_TOO_LARGE"],
    ["an expectation it does not know", get("Expect: 200-maybe"), 417, "EXPECTATION_FAILED"],
  ];
  for (const [title, text, status, reason] of cases) {
    it(`${title}: ${status}, and the connection closes`, async () => {
      const connection = await openRaw(bound);
      // A smuggled request behind it must not be answered either.
      connection.send(`${text}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
      const response = await connection.response();
      expect(response.status).to.equal(status);
      expect(response.headers.get("connection")).to.equal("close");
      expect(response.headers.get("content-type")).to.equal("application/json");
      expect(reasonOf(response.body)).to.equal(reason);
      expect((await connection.rest()).toString()).to.equal("");
      expect(seen).to.equal(0);
    });
  }
});

describe("createListener with an error writer", () => {
  it("refuses in that shape", async () => {
    const listener = createListener({
      address: { host: "127.0.0.1", port: 0 },
      limits: defaultListenerLimits,
      front: (exchange) => exchange.respond(200, [], undefined),
      writeError: ({ reason }) => ({ contentType: "text/plain", body: Buffer.from(reason ?? "") }),
    });
    const bound = await listener.listen();
    try {
      for (const [text, reason] of [
        ["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HEADER_DUPLICATE"],
        ["nonsense\r\n\r\n", "REQUEST_MALFORMED"],
      ]) {
        const response = await exchangeRaw(bound, text);
        expect([response.headers.get("content-type"), response.body.toString()]).to.deep.equal(["text/plain", reason]);
      }
    } finally {
      await listener.close(0);
    }
  });
});
