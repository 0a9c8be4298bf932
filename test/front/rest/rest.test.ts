// The REST front over real sockets: what becomes a call, what becomes of its answer, and what is refused.
import { brotliCompressSync, brotliDecompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { Code, GatewayError } from "../../../src/status.ts";
import { openRaw, request } from "../../support/raw-http.ts";
import { book, errorOf, field, jsonOf, reply, startLibrary } from "./library.ts";
import type { Answer, Library, LibraryOptions } from "./library.ts";

let library: Library;

const theBook: Answer = () => reply(book("books/1", "Emma"));

async function start(answer: Answer = theBook, options: LibraryOptions = {}): Promise<void> {
  library = await startLibrary(answer, options);
}

const json = "Content-Type: application/json";

describe("createRestFront", () => {
  afterEach(() => library.close());

  describe("routes", () => {
    it("GET to a call and its reply to JSON", async () => {
      await start();
      const response = await library.send("GET /v1/books/1");
      expect(response.status).to.equal(200);
      expect(response.headers.get("content-type")).to.equal("application/json");
      expect(response.headers.get("x-content-type-options")).to.equal("nosniff");
      expect(jsonOf(response)).to.deep.equal({ name: "books/1", title: "Emma" });
      expect(library.calls[0].method.path).to.equal("/test.v1.Library/GetBook");
      expect(Buffer.from(library.calls[0].message)).to.deep.equal(field(1, "books/1"));
    });

    it("HEAD to the GET binding, its length without its body", async () => {
      await start();
      const connection = await openRaw(library);
      connection.send(request("HEAD /v1/books/1"));
      const response = await connection.response(true);
      expect(response.headers.get("content-length")).to.equal(String('{"name":"books/1","title":"Emma"}'.length));
      connection.close();
      expect((await connection.rest()).length).to.equal(0);
    });

    it("OPTIONS to 204 with Allow", async () => {
      await start();
      const response = await library.send("OPTIONS /v1/books/1");
      expect([response.status, response.headers.get("allow")]).to.deep.equal([204, "DELETE, GET, HEAD, OPTIONS, PUT"]);
      expect((await library.send("OPTIONS *")).status).to.equal(204);
    });

    it("another method to 405 with Allow", async () => {
      await start();
      const response = await library.send("PATCH /v1/books/1");
      expect([response.status, response.headers.get("allow")]).to.deep.equal([405, "DELETE, GET, HEAD, OPTIONS, PUT"]);
      expect(errorOf(response)).to.equal("12 METHOD_NOT_ALLOWED");
    });

    it("unknown paths to 404, bad ones to 400", async () => {
      await start();
      expect(errorOf(await library.send("GET /v2/books"))).to.equal("5 ROUTE_NOT_FOUND");
      const bad = await library.send("GET /v1/%2e%2e/books");
      expect([bad.status, errorOf(bad)]).to.deep.equal([400, "3 PATH_DOT_SEGMENT"]);
      expect((await library.send("OPTIONS /v2/books")).status).to.equal(404);
    });

    it("streaming methods to 501", async () => {
      await start();
      const response = await library.send("GET /v1/books:watch");
      expect([response.status, errorOf(response)]).to.deep.equal([501, "12 STREAMING_NOT_AVAILABLE"]);
    });
  });

  describe("Accept", () => {
    const cases: readonly (readonly [accept: string, answer: string])[] = [
      ["application/json", "application/json"],
      ["application/x-protobuf", "application/x-protobuf"],
      ["application/protobuf", "application/x-protobuf"],
      ["*/*", "application/json"],
      ["application/*", "application/json"],
      ["text/html, */*;q=0.1", "application/json"],
      ["application/json;q=0.5, application/x-protobuf", "application/x-protobuf"],
      ["application/x-protobuf;q=0.5, application/json;q=0.6", "application/json"],
      ["application/json;q=0, */*", "application/x-protobuf"],
      ["APPLICATION/JSON ; charset=UTF-8", "application/json"],
      ["", "application/json"],
      ["text/html", "406 NOT_ACCEPTABLE"],
      ["application/json;q=0", "406 NOT_ACCEPTABLE"],
      ["application/json;charset=latin1", "406 NOT_ACCEPTABLE"],
      ["*/*;q=0", "406 NOT_ACCEPTABLE"],
      ["application/json;q=2", "400 ACCEPT_INVALID"],
      ["application/json;q=0.1234", "400 ACCEPT_INVALID"],
      ["json", "400 ACCEPT_INVALID"],
      ["application/json application/xml", "400 ACCEPT_INVALID"],
      [Array.from({ length: 65 }, (_, i) => `a/b${i}`).join(","), "400 ACCEPT_INVALID"],
    ];
    for (const [accept, answer] of cases) {
      it(`${accept.slice(0, 60) || "(empty)"} → ${answer}`, async () => {
        await start();
        const response = await library.send("GET /v1/books/1", [`Accept: ${accept}`]);
        const found = response.status === 200 ? response.headers.get("content-type") : `${response.status} ${errorOf(response).split(" ")[1]}`;
        expect(found).to.equal(answer);
        expect(library.calls).to.have.length(response.status === 200 ? 1 : 0);
      });
    }

    it("decides nothing about an HttpBody", async () => {
      await start(() => reply(Buffer.concat([field(1, "image/png"), field(2, "pixels")])));
      const response = await library.send("GET /v1/files/a", ["Accept: text/html"]);
      expect([response.status, response.headers.get("content-type"), response.body.toString()]).to.deep.equal([200, "image/png", "pixels"]);
    });

    it("a tie goes to the format of the request", async () => {
      await start();
      const response = await library.send("PUT /v1/books/1", ["Content-Type: application/x-protobuf", "Accept: */*"], field(2, "Emma"));
      expect(response.headers.get("content-type")).to.equal("application/x-protobuf");
      expect(response.body).to.deep.equal(book("books/1", "Emma"));
    });

    it("$alt goes before it", async () => {
      await start();
      expect((await library.send("GET /v1/books/1?$alt=proto", ["Accept: application/json"])).headers.get("content-type")).to.equal("application/x-protobuf");
      expect(errorOf(await library.send("GET /v1/books/1?$alt=xml"))).to.equal("3 SYSTEM_PARAMETER_INVALID");
    });
  });

  describe("Content-Type", () => {
    const body = '{"title":"Emma"}';
    const cases: readonly (readonly [type: string | undefined, status: number])[] = [
      [undefined, 200],
      ["application/json", 200],
      ["application/json;charset=utf-8", 200],
      ["Application/JSON; Charset=UTF-8", 200],
      ["application/json\t; charset=utf-8", 200],
      ["application/json; charset=latin1", 415],
      ["application/json, text/plain", 415],
      ["application/json;", 415],
      ["application/jsonx", 415],
      ["text/plain", 415],
      ["text/plain;application/json", 415],
      ["application/x-www-form-urlencoded", 415],
      ["", 415],
    ];
    for (const [type, status] of cases) {
      it(`${String(type)} → ${status}`, async () => {
        await start();
        const response = await library.send("PUT /v1/books/1", type === undefined ? [] : [`Content-Type: ${type}`], body);
        expect(response.status).to.equal(status);
        expect(library.calls).to.have.length(status === 200 ? 1 : 0);
      });
    }

    it("is anything for an HttpBody", async () => {
      await start();
      await library.send("POST /v1/files/a", ["Content-Type: image/png"], "pixels");
      const content = Buffer.concat([field(1, "image/png"), field(2, "pixels")]);
      expect(Buffer.from(library.calls[0].message)).to.deep.equal(Buffer.concat([field(1, "a"), field(2, content)]));
    });

    it("of a form binds its fields", async () => {
      await start();
      await library.send("PUT /v1/books/1", ["Content-Type: application/x-www-form-urlencoded"], "title=a+b");
      expect(Buffer.from(library.calls[0].message)).to.deep.equal(book("books/1", "a b"));
    });

    it("of a form around JSON is told apart", async () => {
      await start();
      const response = await library.send("PUT /v1/books/1", ["Content-Type: application/x-www-form-urlencoded"], body);
      expect(errorOf(response)).to.equal("3 CONTENT_TYPE_MISMATCH");
    });
  });

  describe("bodies", () => {
    it("over the limit are 413, and no call is made", async () => {
      await start(theBook, { maxBodyBytes: 20 });
      const response = await library.send("PUT /v1/books/1", [json], JSON.stringify({ title: "x".repeat(20) }));
      expect([response.status, errorOf(response)]).to.deep.equal([413, "8 BODY_TOO_LARGE"]);
      expect(library.calls).to.have.length(0);
    });

    it("are drained, not read, where the rule has none: the call starts at once", async () => {
      await start();
      const connection = await openRaw(library);
      connection.send("POST /v1/books/1:touch HTTP/1.1\r\nHost: a\r\nContent-Type: nonsense\r\nContent-Length: 10\r\n\r\n12345");
      expect((await connection.response()).status).to.equal(200);
      connection.send("67890");
      connection.send(request("GET /v1/books/1"));
      expect((await connection.response()).status).to.equal(200);
      connection.close();
    });
  });

  describe("Content-Encoding", () => {
    const body = '{"title":"Emma"}';
    const encodings: readonly (readonly [name: string, bytes: Buffer])[] = [
      ["gzip", gzipSync(body)],
      ["X-GZIP", gzipSync(body)],
      ["br", brotliCompressSync(body)],
      ["deflate", deflateSync(body)],
      ["deflate", deflateRawSync(body)],
      ["identity", Buffer.from(body)],
    ];
    for (const [name, bytes] of encodings) {
      it(`${name} (${bytes.length} bytes) is undone`, async () => {
        await start();
        const response = await library.send("PUT /v1/books/1", [json, `Content-Encoding: ${name}`], bytes);
        expect(response.status).to.equal(200);
        expect(Buffer.from(library.calls[0].message)).to.deep.equal(Buffer.concat([field(2, "Emma"), field(1, "books/1")]));
      });
    }

    const refused: readonly (readonly [title: string, name: string, bytes: Buffer, status: number, reason: string])[] = [
      ["an unknown one", "snappy", Buffer.from("x"), 415, "CONTENT_ENCODING_UNSUPPORTED"],
      ["two at once", "gzip, br", Buffer.from("x"), 415, "CONTENT_ENCODING_UNSUPPORTED"],
      ["junk", "gzip", Buffer.from("junk"), 400, "BODY_ENCODING_INVALID"],
      ["a cut stream", "gzip", gzipSync(body).subarray(0, 20), 400, "BODY_ENCODING_INVALID"],
      ["something behind the stream", "br", Buffer.concat([brotliCompressSync(body), Buffer.from("x")]), 400, "BODY_ENCODING_INVALID"],
      ["a small bomb", "gzip", gzipSync(Buffer.alloc(900_000)), 413, "BODY_TOO_LARGE"],
      ["a big bomb", "br", brotliCompressSync(Buffer.alloc(50_000_000)), 413, "BODY_TOO_LARGE"],
      ["a bomb in deflate", "deflate", deflateSync(Buffer.alloc(50_000_000)), 413, "BODY_TOO_LARGE"],
    ];
    for (const [title, name, bytes, status, reason] of refused) {
      it(`refuses ${title}: ${status}`, async () => {
        await start(theBook, { maxBodyBytes: 100_000 });
        const response = await library.send("PUT /v1/books/1", [json, `Content-Encoding: ${name}`], bytes);
        expect([response.status, errorOf(response).split(" ")[1]]).to.deep.equal([status, reason]);
        expect(library.calls).to.have.length(0);
      });
    }
  });

  describe("Accept-Encoding", () => {
    const long = reply(book("books/1", "x".repeat(5_000)));
    const cases: readonly (readonly [header: string, encoding: string | undefined])[] = [
      ["gzip", "gzip"],
      ["gzip, deflate, br", "br"],
      ["gzip;q=1, br;q=0.5", "gzip"],
      ["*", "br"],
      ["br;q=0, *", "gzip"],
      ["identity", undefined],
      ["gzip;q=0", undefined],
      ["identity;q=1, gzip;q=0.5", undefined],
      ["snappy", undefined],
      ["gzip;q=x", undefined],
      ["", undefined],
    ];
    for (const [header, encoding] of cases) {
      it(`${header || "(empty)"} → ${String(encoding)}`, async () => {
        await start(() => long);
        const response = await library.send("GET /v1/books/1", [`Accept-Encoding: ${header}`]);
        expect(response.headers.get("content-encoding")).to.equal(encoding);
        expect(response.headers.get("vary")).to.equal("Accept, Accept-Encoding");
        const body = encoding === "br" ? brotliDecompressSync(response.body) : encoding === "gzip" ? gunzipSync(response.body) : response.body;
        expect(JSON.parse(body.toString())).to.deep.equal({ name: "books/1", title: "x".repeat(5_000) });
      });
    }

    it("changes nothing about small answers", async () => {
      await start();
      const response = await library.send("GET /v1/books/1", ["Accept-Encoding: gzip"]);
      expect(response.headers.get("content-encoding")).to.equal(undefined);
      expect(response.headers.get("vary")).to.equal("Accept, Accept-Encoding");
    });

    it("compresses large answers too, and images never", async () => {
      await start((call) =>
        call.method.localName === "Download"
          ? reply(Buffer.concat([field(1, "image/png"), field(2, "p".repeat(5_000))]))
          : reply(book("books/1", "x".repeat(500_000))),
      );
      const large = await library.send("GET /v1/books/1", ["Accept-Encoding: gzip"]);
      expect(gunzipSync(large.body).length).to.be.greaterThan(500_000);
      const image = await library.send("GET /v1/files/a", ["Accept-Encoding: gzip"]);
      expect([image.body.length, image.headers.get("vary")]).to.deep.equal([5_000, undefined]);
    });
  });

  describe("system parameters", () => {
    it("$fields and $pretty shape the reply, percent-encoded too", async () => {
      await start();
      expect(jsonOf(await library.send("GET /v1/books/1?$fields=title"))).to.deep.equal({ title: "Emma" });
      expect((await library.send("GET /v1/books/1?%24pretty")).body.toString()).to.include('\n  "title": "Emma"');
    });

    it("are refused twice or with a value they do not have", async () => {
      await start();
      for (const query of ["$pretty=maybe", "$pretty&$pretty", "$alt=json&$alt=json"]) {
        expect(errorOf(await library.send(`GET /v1/books/1?${query}`))).to.equal("3 SYSTEM_PARAMETER_INVALID");
      }
    });
  });

  it("gives the call its deadline", async () => {
    await start();
    const before = performance.now();
    await library.send("GET /v1/books/1?$timeout=5m");
    expect(library.calls[0].deadline).to.be.greaterThan(before + 299_999).and.at.most(performance.now() + 300_000);
    expect(errorOf(await library.send("GET /v1/books/1", ["Grpc-Timeout: soon"]))).to.equal("3 TIMEOUT_INVALID");
  });

  describe("a client that leaves", () => {
    it("cancels the call at once, and the late reply is dropped", async () => {
      let cancelled: (error: GatewayError) => void = () => {};
      const seen = new Promise<GatewayError>((resolve) => (cancelled = resolve));
      let started: () => void = () => {};
      const running = new Promise<void>((resolve) => (started = resolve));
      await start(
        (call) =>
          new Promise((resolve) => {
            call.cancellation.onCancel((error) => {
              cancelled(error);
              resolve(reply(book("late")));
            });
            started();
          }),
      );
      const connection = await openRaw(library);
      connection.send(request("POST /v1/books/1:touch", [], "a body nobody reads"));
      await running;
      connection.close();
      expect((await seen).code).to.equal(Code.CANCELLED);
    });
  });

  describe("success", () => {
    it("has the annotated status, Location and headers", async () => {
      await start();
      const response = await library.send("POST /v1/books", [json], '{"title":"Emma"}');
      expect(response.status).to.equal(201);
      expect(response.headers.get("location")).to.equal("/v1/books/1");
      expect(response.headers.get("cache-control")).to.equal("no-store");
    });

    it("of 204 has no body", async () => {
      await start();
      const response = await library.send("DELETE /v1/books/1");
      expect([response.status, response.body.length, response.headers.has("content-type")]).to.deep.equal([204, 0, false]);
    });

    it("takes x-http-code from the backend only where allowed", async () => {
      const accepted: Answer = () => reply(book("b"), ["x-http-code", "202"]);
      await start(accepted);
      expect((await library.send("GET /v1/books/1")).status).to.equal(200);
      await library.close();
      await start(accepted, { allowHttpCode: true });
      expect((await library.send("GET /v1/books/1")).status).to.equal(202);
      await library.close();
      await start(() => reply(book("b"), [], ["x-http-code", "99"]), { allowHttpCode: true });
      expect((await library.send("GET /v1/books/1")).status).to.equal(200);
    });
  });

  describe("errors", () => {
    const failing = (error: unknown): Answer => () => {
      throw error;
    };

    it("of a backend keep code, message and details", async () => {
      const retry = Buffer.concat([
        Buffer.from([0x08, 14]),
        field(2, "busy"),
        field(3, Buffer.concat([field(1, "type.googleapis.com/google.rpc.RetryInfo"), field(2, field(1, Buffer.from([0x08, 2, 0x10, 1])))])),
      ]);
      await start(failing(new GatewayError(Code.UNAVAILABLE, "busy", { statusBytes: retry })));
      const response = await library.send("GET /v1/books/1");
      expect([response.status, response.headers.get("retry-after")]).to.deep.equal([503, "3"]);
      expect((jsonOf(response) as { message: string }).message).to.equal("busy");
    });

    it("of authentication name the scheme", async () => {
      await start(failing(new GatewayError(Code.UNAUTHENTICATED, "who are you")));
      const response = await library.send("GET /v1/books/1");
      expect([response.status, response.headers.get("www-authenticate")]).to.deep.equal([401, "Bearer"]);
    });

    it("that are nobody's business are INTERNAL, and reported with their cause", async () => {
      const reported: GatewayError[] = [];
      await start(failing(new Error("/etc/passwd")), { report: (error) => reported.push(error) });
      const response = await library.send("GET /v1/books/1");
      expect(response.status).to.equal(500);
      expect(response.body.toString()).to.not.include("passwd");
      expect((reported[0].cause as Error).message).to.equal("/etc/passwd");
    });

    it("come in the configured shape", async () => {
      await start(theBook, { errors: "problem" });
      const response = await library.send("GET /nowhere");
      expect(response.headers.get("content-type")).to.equal("application/problem+json");
      expect((jsonOf(response) as { status: number }).status).to.equal(404);
    });

    it("of a malformed reply are INTERNAL", async () => {
      await start(() => reply(Buffer.from([0xff])));
      expect((await library.send("GET /v1/books/1")).status).to.equal(500);
    });

    it("of HEAD have no body", async () => {
      await start();
      const connection = await openRaw(library);
      connection.send(request("HEAD /nowhere"));
      expect((await connection.response(true)).status).to.equal(404);
      connection.close();
      expect((await connection.rest()).length).to.equal(0);
    });
  });

});
