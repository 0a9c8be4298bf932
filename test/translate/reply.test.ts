// Replies in every form: JSON whole, one field, some fields; protobuf; raw HttpBody. And the paths of `$fields`.
import { expect } from "chai";
import { grpcGatewayJson, strictJson } from "../../src/translate/options.ts";
import { parsePartial } from "../../src/translate/reply/partial.ts";
import { compileReply, type ReplyView } from "../../src/translate/reply/reply.ts";
import { schemaOf } from "../support/schema.ts";
import { bindingsOf, refusal } from "./request-fixture.ts";
import { compileJsonReader } from "../../src/translate/json/json-reader.ts";

const schema = schemaOf(`
syntax = "proto3";
package t;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
message Empty {}
message Author { string full_name = 1; int32 age = 2; Author mentor = 3; }
message Book { string title = 1; Author author = 2; repeated Author readers = 3; map<string, Author> heirs = 4; google.protobuf.Timestamp at = 5; repeated string tags = 6; google.protobuf.Struct extra = 7; }
message Shelf { Book book = 1; repeated Book books = 2; string note = 3; map<string, Book> index = 4; google.api.HttpBody scan = 5; google.protobuf.Timestamp at = 6; int64 count = 7; }
service S {
  rpc Whole(Empty) returns (Book) { option (google.api.http) = { get: "/whole" }; }
  rpc One(Empty) returns (Shelf) { option (google.api.http) = { get: "/one" response_body: "book" }; }
  rpc Many(Empty) returns (Shelf) { option (google.api.http) = { get: "/many" response_body: "books" }; }
  rpc Index(Empty) returns (Shelf) { option (google.api.http) = { get: "/index" response_body: "index" }; }
  rpc Note(Empty) returns (Shelf) { option (google.api.http) = { get: "/note" response_body: "note" }; }
  rpc Count(Empty) returns (Shelf) { option (google.api.http) = { get: "/count" response_body: "count" }; }
  rpc At(Empty) returns (Shelf) { option (google.api.http) = { get: "/at" response_body: "at" }; }
  rpc Scan(Empty) returns (Shelf) { option (google.api.http) = { get: "/scan" response_body: "scan" }; }
  rpc Raw(Empty) returns (google.api.HttpBody) { option (google.api.http) = { get: "/raw" }; }
}`);
const bindings = bindingsOf(schema, "strict");
const compact = { ...strictJson, emitDefaults: false };
const plain: ReplyView = { accept: "json", fields: undefined, pretty: false };

function encode(typeName: string, value: unknown): Uint8Array {
  return compileJsonReader(schema.message(typeName)!, schema, strictJson)(Buffer.from(JSON.stringify(value)));
}

function reply(
  rpc: string,
  value: unknown,
  view: Partial<ReplyView> = {},
  json = compact,
): { type: string; text: string } {
  const binding = bindings.get(rpc)!;
  const message = value instanceof Uint8Array ? value : encode(binding.method.output.name, value);
  const { contentType, body } = compileReply(binding, schema, { json })(message, {
    ...plain,
    ...view,
  });
  return { type: contentType, text: Buffer.from(body).toString() };
}

describe("compileReply", () => {
  it("writes JSON", () => {
    expect(reply("Whole", { title: "T" })).to.deep.equal({
      type: "application/json",
      text: '{"title":"T"}',
    });
  });

  it("writes it prettily on request", () => {
    expect(reply("Whole", { title: "T" }, { pretty: true }).text).to.equal('{\n  "title": "T"\n}');
  });

  it("writes one field of the message", () => {
    expect(reply("One", { book: { title: "T" }, note: "n" }).text).to.equal('{"title":"T"}');
    expect(reply("Many", { books: [{ title: "T" }, {}] }).text).to.equal('[{"title":"T"},{}]');
    expect(reply("Index", { index: { a: { title: "T" } } }).text).to.equal('{"a":{"title":"T"}}');
    expect(reply("Note", { note: "n" }).text).to.equal('"n"');
    expect(reply("Count", { count: "5" }).text).to.equal('"5"');
    expect(reply("At", { at: "2026-01-01T00:00:00Z" }).text).to.equal('"2026-01-01T00:00:00Z"');
  });

  it("writes the default of a field that is not set", () => {
    for (const json of [strictJson, compact, grpcGatewayJson]) {
      expect(reply("Many", {}, {}, json).text).to.equal("[]");
      expect(reply("Index", {}, {}, json).text).to.equal("{}");
      expect(reply("Note", {}, {}, json).text).to.equal('""');
      expect(reply("Count", {}, {}, json).text).to.equal('"0"');
    }
    expect(reply("One", {}).text).to.equal("{}");
  });

  it("sends an HttpBody as it is, whatever is accepted", () => {
    for (const accept of ["json", "protobuf"] as const) {
      expect(reply("Raw", { contentType: "text/csv; charset=utf-8", data: "YSxi" }, { accept })).to.deep.equal({
        type: "text/csv; charset=utf-8",
        text: "a,b",
      });
      expect(reply("Scan", { scan: { contentType: "image/png", data: "YSxi" } }, { accept })).to.deep.equal({
        type: "image/png",
        text: "a,b",
      });
    }
  });

  it("calls an HttpBody without a type application/octet-stream", () => {
    expect(reply("Raw", { data: "YQ==" }).type).to.equal("application/octet-stream");
    expect(reply("Scan", {})).to.deep.equal({ type: "application/octet-stream", text: "" });
  });

  it("refuses an HttpBody whose type cannot be a header", () => {
    for (const contentType of [
      "text/html\r\nset-cookie: a=b",
      "nonsense",
      "text/html; a=\u0000",
      "text/\u00e4",
      `text/${"x".repeat(2000)}`,
    ]) {
      const error = refusal(() => reply("Raw", { contentType, data: "YQ==" }));
      expect(error.reason).to.equal("CONTENT_TYPE_INVALID");
      expect(error.httpStatus).to.equal(500);
    }
  });

  it("passes protobuf through", () => {
    const message = encode("t.Book", { title: "T", tags: ["a"] });
    expect(reply("Whole", message, { accept: "protobuf" })).to.deep.equal({
      type: "application/x-protobuf",
      text: Buffer.from(message).toString(),
    });
  });

  it("sends a field's message as protobuf, and 406 for what is no message", () => {
    const message = encode("t.Shelf", { note: "n", book: { title: "T" } });
    expect(reply("One", message, { accept: "protobuf" }).text).to.equal(
      Buffer.from(encode("t.Book", { title: "T" })).toString(),
    );
    for (const rpc of ["Many", "Index", "Note", "Count"])
      expect(refusal(() => reply(rpc, message, { accept: "protobuf" })).httpStatus).to.equal(406);
  });

  it("merges several occurrences of a field's message", () => {
    const message = Buffer.concat([
      encode("t.Shelf", { book: { title: "T" } }),
      encode("t.Shelf", { book: { tags: ["a"] } }),
    ]);
    expect(reply("One", message, { accept: "protobuf" }).text).to.equal(
      Buffer.from(encode("t.Book", { title: "T", tags: ["a"] })).toString(),
    );
  });

  it("reports malformed bytes of the backend as INTERNAL", () => {
    expect(refusal(() => reply("Whole", Buffer.from([0x0a, 9]))).httpStatus).to.equal(500);
    expect(refusal(() => reply("Raw", Buffer.from([0x0a, 9]))).httpStatus).to.equal(500);
    expect(refusal(() => reply("One", Buffer.from([0x0a, 9]), { accept: "protobuf" })).httpStatus).to.equal(500);
  });
});

describe("$fields", () => {
  const book = {
    title: "T",
    author: { fullName: "A", age: 1, mentor: { fullName: "M", age: 2 } },
    readers: [{ fullName: "R", age: 3 }, { age: 4 }],
    heirs: { x: { fullName: "H", age: 5 } },
    at: "2026-01-01T00:00:00Z",
    extra: { a: 1 },
  };
  const cases: readonly (readonly [string, unknown])[] = [
    ["title", { title: "T" }],
    ["title,at", { title: "T", at: book.at }],
    [" title , at ", { title: "T", at: book.at }],
    ["author", { author: book.author }],
    ["author.fullName", { author: { fullName: "A" } }],
    ["author.full_name,author.mentor.age", { author: { fullName: "A", mentor: { age: 2 } } }],
    ["author,author.age", { author: book.author }],
    ["author.age,author", { author: book.author }],
    ["readers.age", { readers: [{ age: 3 }, { age: 4 }] }],
    ["readers.fullName", { readers: [{ fullName: "R" }, {}] }],
    ["heirs.age", { heirs: { x: { age: 5 } } }],
    ["extra", { extra: { a: 1 } }],
    ["tags", {}],
  ];
  for (const [fields, expected] of cases) {
    it(`keeps ${fields}`, () => expect(JSON.parse(reply("Whole", book, { fields }).text)).to.deep.equal(expected));

    it(`keeps ${fields} of protobuf`, () => {
      const write = compileReply(bindings.get("Whole")!, schema, { json: compact });
      const { body } = write(encode("t.Book", book), { accept: "protobuf", fields, pretty: false });
      expect(JSON.parse(reply("Whole", body).text)).to.deep.equal(expected);
    });
  }

  it("is about what the client sees", () => {
    const shelf = { book, books: [book, book], index: { a: book }, note: "n" };
    expect(reply("One", shelf, { fields: "title" }).text).to.equal('{"title":"T"}');
    expect(reply("Many", shelf, { fields: "author.age" }).text).to.equal('[{"author":{"age":1}},{"author":{"age":1}}]');
    expect(reply("Index", shelf, { fields: "title" }).text).to.equal('{"a":{"title":"T"}}');
  });

  it("is refused where the reply has no fields", () => {
    for (const rpc of ["Note", "Count", "At"])
      expect(refusal(() => reply(rpc, {}, { fields: "x" })).httpStatus).to.equal(400);
  });

  it("refuses all unknown paths at once", () => {
    const error = refusal(() => reply("Whole", book, { fields: "tittle,author.nope,title.x,,at.seconds,*" }));
    expect(error.message).to.equal('$fields: "tittle": t.Book has no field "tittle"; did you mean "title"?');
    expect(error.violations.map(({ reason }) => reason)).to.deep.equal(
      Array.from({ length: 6 }, () => "FIELD_UNKNOWN"),
    );
  });

  it("refuses more than 100 paths, 8192 characters or 32 levels", () => {
    const type = schema.message("t.Book")!;
    expect(() => parsePartial(type, Array.from({ length: 100 }, () => "title").join(","))).not.to.throw();
    for (const text of [
      Array.from({ length: 101 }, () => "title").join(","),
      "x".repeat(9000),
      `author${".mentor".repeat(40)}`,
    ]) {
      expect(refusal(() => parsePartial(type, text)).reason).to.equal("FIELDS_TOO_MANY");
    }
  });
});
