// Profile grpc-gateway where it answers otherwise than strict does.
import { expect } from "chai";
import { openRaw, request } from "../../support/raw-http.ts";
import { book, field, jsonOf, reply, startLibrary } from "./library.ts";
import type { Library } from "./library.ts";

let library: Library;

describe("profile grpc-gateway", () => {
  beforeEach(async () => {
    library = await startLibrary(() => reply(book("books/1", "Emma")), { profile: "grpc-gateway" });
  });
  afterEach(() => library.close());

  it("has grpc-gateway's routing errors, with no details", async () => {
    const missing = await library.send("GET /nowhere");
    expect([missing.status, missing.body.toString()]).to.deep.equal([
      404,
      '{"code":5,"message":"Not Found","details":[]}',
    ]);
    const wrong = await library.send("PATCH /v1/books/1");
    expect([wrong.status, wrong.body.toString()]).to.deep.equal([
      501,
      '{"code":12,"message":"Method Not Allowed","details":[]}',
    ]);
    expect((await library.send("OPTIONS /v1/books/1")).status).to.equal(501);
  });

  it("takes every body for JSON and writes nothing else", async () => {
    const response = await library.send(
      "PUT /v1/books/1",
      ["Content-Type: text/plain", "Accept: text/html"],
      '{"title":"Emma"} trailing',
    );
    expect([response.status, response.headers.get("content-type")]).to.deep.equal([200, "application/json"]);
    expect(response.headers.get("vary")).to.equal("Accept-Encoding");
  });

  const form = "Content-Type: application/x-www-form-urlencoded";

  it("serves a form POST by the GET rule of its path, the form as query", async () => {
    const response = await library.send("POST /v1/titles?size=2", [form], "filter=a");
    expect(response.status).to.equal(200);
    expect(library.calls[0].method.localName).to.equal("ListBooks");
    expect(Buffer.from(library.calls[0].message).includes(field(1, "a"))).to.equal(true);
  });

  it("takes the method from X-HTTP-Method-Override in a form POST", async () => {
    await library.send("POST /v1/books/1", [form, "X-HTTP-Method-Override: delete"]);
    expect(library.calls[0].method.localName).to.equal("DeleteBook");
    await library.send("POST /v1/books/1:touch", ["X-HTTP-Method-Override: DELETE"]);
    expect(library.calls[1].method.localName).to.equal("TouchBook");
  });

  it("does not fall back to GET from an overriding method, nor serve HEAD by it", async () => {
    expect((await library.send("POST /v1/titles", [form, "X-HTTP-Method-Override: LOCK!"])).status).to.equal(501);
    const connection = await openRaw(library);
    connection.send(request("HEAD /v1/titles"));
    expect((await connection.response(true)).status).to.equal(501);
    connection.close();
    expect(library.calls).to.deep.equal([]);
  });

  it("reads a form for a method that wants a body as its query, and the body as empty", async () => {
    await library.send("POST /v1/books/1", [form, "X-HTTP-Method-Override: PUT"], '{"title":"Emma"}');
    expect(library.calls[0].method.localName).to.equal("ReplaceBook");
    expect(Buffer.from(library.calls[0].message).includes("Emma")).to.equal(false);
  });

  it("takes a Grpc-Timeout of any length, none for zero", async () => {
    for (const timeout of ["123456789m", "0S", "+5S"])
      expect((await library.send("GET /v1/books/1", [`Grpc-Timeout: ${timeout}`])).status).to.equal(200);
    expect((await library.send("GET /v1/books/1", ["Grpc-Timeout: 5"])).status).to.equal(400);
  });

  it("still knows the system parameters", async () => {
    expect(jsonOf(await library.send("GET /v1/books/1?$fields=title"))).to.deep.equal({ title: "Emma" });
  });
});
