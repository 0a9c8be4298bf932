// The REST front over real sockets: what becomes a call, what becomes of its answer, and what is refused.
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
      connection.send(
        "POST /v1/books/1:touch HTTP/1.1\r\nHost: a\r\nContent-Type: nonsense\r\nContent-Length: 10\r\n\r\n12345",
      );
      expect((await connection.response()).status).to.equal(200);
      connection.send("67890");
      connection.send(request("GET /v1/books/1"));
      expect((await connection.response()).status).to.equal(200);
      connection.close();
    });
  });

  it("gives the call its deadline", async () => {
    await start();
    const before = performance.now();
    await library.send("GET /v1/books/1?$timeout=5m");
    expect(library.calls[0].deadline)
      .to.be.greaterThan(before + 299_999)
      .and.at.most(performance.now() + 300_000);
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
      expect([response.status, response.body.length, response.headers.has("content-type")]).to.deep.equal([
        204,
        0,
        false,
      ]);
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
    const failing =
      (error: unknown): Answer =>
      () => {
        throw error;
      };

    it("of a backend keep code, message and details", async () => {
      const retry = Buffer.concat([
        Buffer.from([0x08, 14]),
        field(2, "busy"),
        field(
          3,
          Buffer.concat([
            field(1, "type.googleapis.com/google.rpc.RetryInfo"),
            field(2, field(1, Buffer.from([0x08, 2, 0x10, 1]))),
          ]),
        ),
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
