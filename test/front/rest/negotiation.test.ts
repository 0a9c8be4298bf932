// What a request may be written in and what its answer is: Accept, Content-Type, and the $ parameters.
import { expect } from "chai";
import { book, errorOf, field, jsonOf, reply, startLibrary } from "./library.ts";
import type { Answer, Library } from "./library.ts";

let library: Library;

const theBook: Answer = () => reply(book("books/1", "Emma"));

async function start(answer: Answer = theBook): Promise<void> {
  library = await startLibrary(answer);
}

describe("content negotiation", () => {
  afterEach(() => library.close());

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
        const found =
          response.status === 200
            ? response.headers.get("content-type")
            : `${response.status} ${errorOf(response).split(" ")[1]}`;
        expect(found).to.equal(answer);
        expect(library.calls).to.have.length(response.status === 200 ? 1 : 0);
      });
    }

    it("decides nothing about an HttpBody", async () => {
      await start(() => reply(Buffer.concat([field(1, "image/png"), field(2, "pixels")])));
      const response = await library.send("GET /v1/files/a", ["Accept: text/html"]);
      expect([response.status, response.headers.get("content-type"), response.body.toString()]).to.deep.equal([
        200,
        "image/png",
        "pixels",
      ]);
    });

    it("a tie goes to the format of the request", async () => {
      await start();
      const response = await library.send(
        "PUT /v1/books/1",
        ["Content-Type: application/x-protobuf", "Accept: */*"],
        field(2, "Emma"),
      );
      expect(response.headers.get("content-type")).to.equal("application/x-protobuf");
      expect(response.body).to.deep.equal(book("books/1", "Emma"));
    });

    it("$alt goes before it", async () => {
      await start();
      expect(
        (await library.send("GET /v1/books/1?$alt=proto", ["Accept: application/json"])).headers.get("content-type"),
      ).to.equal("application/x-protobuf");
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
        const response = await library.send(
          "PUT /v1/books/1",
          type === undefined ? [] : [`Content-Type: ${type}`],
          body,
        );
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

  describe("system parameters", () => {
    it("$fields and $pretty shape the reply, percent-encoded too", async () => {
      await start();
      expect(jsonOf(await library.send("GET /v1/books/1?$fields=title"))).to.deep.equal({ title: "Emma" });
      expect((await library.send("GET /v1/books/1?%24pretty")).body.toString()).to.include('\n  "title": "Emma"');
    });

    it("are refused twice or with a value they do not have", async () => {
      await start();
      for (const query of ["$pretty=maybe", "$pretty&$pretty", "$alt=json&$alt=json", "$errors=maybe"]) {
        expect(errorOf(await library.send(`GET /v1/books/1?${query}`))).to.equal("3 SYSTEM_PARAMETER_INVALID");
      }
    });

    it("for streams are refused where the reply is one message", async () => {
      await start();
      expect(errorOf(await library.send("GET /v1/books/1?$alt=sse"))).to.equal("3 NOT_ACCEPTABLE");
      expect(errorOf(await library.send("GET /v1/books/1?$errors=event"))).to.equal("3 SYSTEM_PARAMETER_INVALID");
      expect(library.calls).to.have.lengthOf(0);
    });
  });
});
