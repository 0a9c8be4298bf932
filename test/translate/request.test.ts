// Path, query and body woven into one message: who wins, what is refused, every body format, in both profiles.
import { expect } from "chai";
import { compileJsonWriter } from "../../src/translate/json/json-writer.ts";
import { strictJson } from "../../src/translate/options.ts";
import { compileRequest } from "../../src/translate/request/request.ts";
import { schemaOf } from "../support/schema.ts";
import {
  bindingsOf,
  encode,
  gateway,
  inputOf,
  readRequest,
  refusal,
  seen,
  show,
  type TestRequest,
  violations,
} from "./request-fixture.ts";

const jsonType = "application/json";

describe("path captures", () => {
  it("fill their fields", () => {
    expect(seen({ rpc: "Get", captures: ["books/1"] })).to.deep.equal({ name: "books/1" });
  });

  it("fill nested fields and numbers", () => {
    expect(seen({ rpc: "GetNested", captures: ["Ann", "7"] })).to.deep.equal({
      book: { author: { fullName: "Ann" } },
      version: 7,
    });
  });

  it("are joined with the query in one message", () => {
    const message = readRequest({
      rpc: "GetNested",
      captures: ["Ann", "7"],
      query: "book.author.age=40&book.title=T&view=full",
    });
    expect(show("t.GetRequest", message)).to.deep.equal({
      view: "full",
      book: { title: "T", author: { fullName: "Ann", age: 40 } },
      version: 7,
    });
    expect(count(message, 0x1a)).to.equal(1);
  });

  it("are refused with the variable's name when they do not fit", () => {
    expect(violations({ rpc: "GetNested", captures: ["Ann", "x"] })).to.deep.equal(["version VALUE_INVALID"]);
  });

  it("are refused together with what is wrong in the query", () => {
    expect(violations({ rpc: "GetNested", captures: ["Ann", "x"], query: "nope=1" })).to.deep.equal([
      "version VALUE_INVALID",
      "nope FIELD_UNKNOWN",
    ]);
  });

  it("may be repeated by the query, but not contradicted", () => {
    expect(seen({ rpc: "Get", captures: ["books/1"], query: "name=books/1" })).to.deep.equal({
      name: "books/1",
    });
    expect(violations({ rpc: "Get", captures: ["books/1"], query: "name=books/2" })).to.deep.equal([
      "name FIELD_BOUND",
    ]);
    expect(violations({ rpc: "GetNested", captures: ["Ann", "7"], query: "version=8" })).to.deep.equal([
      "version FIELD_BOUND",
    ]);
    expect(seen({ rpc: "GetNested", captures: ["Ann", "7"], query: "version=07" })).to.deep.equal({
      book: { author: { fullName: "Ann" } },
      version: 7,
    });
  });

  it("silently win over the query in profile grpc-gateway, even over nonsense", () => {
    expect(seen({ rpc: "Get", captures: ["books/1"], query: "name=books/2&name=books/3" }, gateway)).to.deep.equal({
      name: "books/1",
    });
    expect(seen({ rpc: "GetNested", captures: ["Ann", "7"], query: "version=x" }, gateway)).to.deep.equal({
      book: { author: { fullName: "Ann" } },
      version: 7,
    });
  });

  it("write a message whose only value is zero", () => {
    expect(seen({ rpc: "GetNested", captures: ["", "0"] })).to.deep.equal({ book: { author: {} } });
  });
});

/** How often a one-byte tag stands at the top level of a message. */
function count(message: Uint8Array, tag: number): number {
  let found = 0;
  for (let at = 0; at < message.length;) {
    if (message[at] === tag) found++;
    const wireType = message[at++] & 7;
    if (wireType === 2) at += message[at] + 1;
    else while (message[at++] >= 0x80);
  }
  return found;
}

describe('body "*"', () => {
  it("is the whole message", () => {
    expect(seen({ rpc: "Plain", body: '{"i32":5,"author":{"age":1}}', type: jsonType })).to.deep.equal({
      i32: 5,
      author: { age: 1 },
    });
  });

  it("is an empty message when empty", () => {
    expect(readRequest({ rpc: "Plain", body: "" })).to.have.length(0);
    expect(readRequest({ rpc: "Plain" })).to.have.length(0);
    expect(seen({ rpc: "Create", captures: ["n"], body: "" })).to.deep.equal({ name: "n" });
  });

  it("is joined with the path", () => {
    expect(seen({ rpc: "Create", captures: ["n"], body: '{"view":"v"}' })).to.deep.equal({
      name: "n",
      view: "v",
    });
  });

  it("may repeat what the path says, but not contradict it", () => {
    expect(seen({ rpc: "Create", captures: ["n"], body: '{"name":"n"}' })).to.deep.equal({
      name: "n",
    });
    expect(violations({ rpc: "Create", captures: ["n"], body: '{"name":"m"}' })).to.deep.equal(["name FIELD_BOUND"]);
    expect(seen({ rpc: "Create", captures: ["n"], body: '{"name":"m"}' }, gateway)).to.deep.equal({
      name: "n",
    });
  });

  it("leaves nothing for the query, but system and ignored parameters", () => {
    expect(violations({ rpc: "Plain", query: "i32=5&x=1", body: "{}" })).to.deep.equal([
      "i32 QUERY_NOT_ALLOWED",
      "x QUERY_NOT_ALLOWED",
    ]);
    expect(seen({ rpc: "Plain", query: "$pretty&utm_source=a", body: '{"i32":1}' })).to.deep.equal({
      i32: 1,
    });
    expect(seen({ rpc: "Plain", query: "i32=5", body: "{}" }, gateway)).to.deep.equal({});
  });

  it("refuses unknown fields in strict and drops them in profile grpc-gateway", () => {
    expect(violations({ rpc: "Plain", body: '{"nope":1}' })).to.deep.equal(["nope FIELD_UNKNOWN"]);
    expect(seen({ rpc: "Plain", body: '{"nope":1,"i32":2} trailing' }, gateway)).to.deep.equal({
      i32: 2,
    });
  });

  it("is JSON in profile grpc-gateway, whatever its type says", () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", undefined]) {
      expect(seen({ rpc: "Plain", body: '{"i32":2}', ...(type === undefined ? {} : { type }) }, gateway)).to.deep.equal(
        { i32: 2 },
      );
    }
    expect(seen({ rpc: "Plain", body: " \n" }, gateway)).to.deep.equal({});
  });
});

describe('body ""', () => {
  it("takes no body into account", () => {
    expect(seen({ rpc: "Search", query: "name=n", body: "{not json", type: "text/plain" })).to.deep.equal({
      name: "n",
    });
  });

  it("reads forms in profile grpc-gateway", () => {
    const form: TestRequest = {
      rpc: "Search",
      query: "name=n",
      body: "view=v",
      type: "application/x-www-form-urlencoded",
    };
    expect(seen(form, gateway)).to.deep.equal({ name: "n", view: "v" });
    expect(seen(form)).to.deep.equal({ name: "n" });
  });
});

describe('body "field"', () => {
  const put = (body: string, query = ""): TestRequest => ({
    rpc: "Put",
    captures: ["books/1"],
    body,
    query,
    type: jsonType,
  });

  it("is that field, woven with the path into one message", () => {
    const message = readRequest(put('{"title":"T"}', "validate_only=true"));
    expect(show("t.UpdateRequest", message)).to.deep.equal({
      book: { name: "books/1", title: "T" },
      validateOnly: true,
    });
    expect(count(message, 0x0a)).to.equal(1);
  });

  it("may be empty or null", () => {
    for (const body of ["", "null", "{}"]) expect(seen(put(body))).to.deep.equal({ book: { name: "books/1" } });
  });

  it("may not contradict the path", () => {
    expect(violations(put('{"name":"books/2"}'))).to.deep.equal(["book.name FIELD_BOUND"]);
    expect(seen(put('{"name":"books/1"}'))).to.deep.equal({ book: { name: "books/1" } });
    expect(seen({ ...put('{"name":"books/2"}') }, gateway)).to.deep.equal({
      book: { name: "books/1" },
    });
  });

  it("cannot be set by the query, nor anything in it", () => {
    expect(violations(put("{}", "book.title=x"))).to.deep.equal(["book.title FIELD_BOUND"]);
    expect(seen(put('{"title":"T"}', "book.title=x&book.nope=1"), gateway)).to.deep.equal({
      book: { name: "books/1", title: "T" },
    });
  });

  it("may be a list, a scalar, an enum or a map", () => {
    const set = (rpc: string, body: string): unknown => seen({ rpc, captures: ["n"], body });
    expect(set("SetTags", '["a","b"]')).to.deep.equal({ name: "n", tags: ["a", "b"] });
    expect(set("SetTags", "[]")).to.deep.equal({ name: "n" });
    expect(set("SetTitle", '"T"')).to.deep.equal({ name: "n", title: "T" });
    expect(set("SetState", '"STATE_DONE"')).to.deep.equal({ name: "n", state: "STATE_DONE" });
    expect(set("SetStock", '{"a":1}')).to.deep.equal({ name: "n", stock: { a: 1 } });
    expect(set("SetTags", "null")).to.deep.equal({ name: "n" });
  });

  it("is refused with the path that the client would look for", () => {
    expect(violations(put('{"author":{"age":"x"}}'))).to.deep.equal(["book.author.age VALUE_INVALID"]);
    expect(violations({ rpc: "SetTags", captures: ["n"], body: '["a",1]' })).to.deep.equal(["tags[1] VALUE_INVALID"]);
  });

  it("may not be the second field of a oneof", () => {
    expect(seen({ rpc: "Choose", body: '{"title":"T"}' })).to.deep.equal({ book: { title: "T" } });
    expect(violations({ rpc: "Choose", query: "name=n", body: '{"title":"T"}' })).to.deep.equal([
      "book ONEOF_DUPLICATE",
    ]);
    expect(violations({ rpc: "ChooseAt", captures: ["n"], body: '{"title":"T"}' })).to.deep.equal([
      "book ONEOF_DUPLICATE",
    ]);
    expect(seen({ rpc: "ChooseAt", captures: ["n"], body: "" })).to.deep.equal({ name: "n" });
    expect(seen({ rpc: "ChooseAt", captures: ["n"], body: '{"title":"T"}' }, gateway)).to.deep.equal({ name: "n" });
  });
});

describe("bodies and names of any size", () => {
  it("are quoted shortened", () => {
    const error = refusal(() =>
      readRequest({
        rpc: "Plain",
        body: `${"x".repeat(100_000)}=1`,
        type: "application/x-www-form-urlencoded",
      }),
    );
    expect(error.message.length).to.be.below(1000);
    expect(JSON.stringify(error.violations).length).to.be.below(1000);
  });
});

describe("a dotted body in profile grpc-gateway", () => {
  const schema = schemaOf(`
    syntax = "proto3"; package d; import "google/api/annotations.proto";
    message Inner { string a = 1; string b = 2; }
    message Outer { Inner inner = 1; string c = 2; repeated int32 ids = 3; }
    message Request { Outer outer = 1; string d = 2; }
    service S {
      rpc Dotted(Request) returns (Inner) { option (google.api.http) = { post: "/{outer.c}" body: "outer.inner" }; }
      rpc List(Outer) returns (Inner) { option (google.api.http) = { get: "/{ids}" }; }
    }`);
  const bindings = bindingsOf(schema, "grpc-gateway");
  const read = (rpc: string, captures: readonly string[], query: string, body?: string): unknown => {
    const binding = bindings.get(rpc)!;
    const bytes = compileRequest(
      binding,
      schema,
      gateway,
    )({
      captures,
      query,
      body: body === undefined ? undefined : Buffer.from(body),
      contentType: undefined,
      method: "POST",
    });
    return JSON.parse(
      compileJsonWriter(binding.method.input, schema, { ...strictJson, emitDefaults: false })(bytes).toString(),
    );
  };

  it("is woven into its parents", () => {
    expect(read("Dotted", ["C"], "d=D&outer.inner.a=x&outer.ids=1", '{"b":"B"}')).to.deep.equal({
      outer: { inner: { b: "B" }, c: "C", ids: [1] },
      d: "D",
    });
    expect(read("Dotted", ["C"], "")).to.deep.equal({ outer: { inner: {}, c: "C" } });
  });

  it("comes with lists in the path, separated by commas", () => {
    expect(read("List", ["1,2,3"], "ids=9")).to.deep.equal({ ids: [1, 2, 3] });
  });
});

describe("content types", () => {
  it("are JSON with or without parameters, or when missing", () => {
    for (const type of [
      jsonType,
      "application/json; charset=utf-8",
      "Application/JSON;charset=UTF-8",
      'application/json; charset="utf-8"',
    ]) {
      expect(seen({ rpc: "Plain", body: '{"i32":2}', type })).to.deep.equal({ i32: 2 });
    }
    expect(seen({ rpc: "Plain", body: '{"i32":2}' })).to.deep.equal({ i32: 2 });
  });

  for (const type of [
    "text/plain",
    "application/json; charset=latin1",
    "application/json,text/plain",
    "application/json; a=1; a=2",
    "json",
    "application/json;;",
    "application/xml",
    "",
    " application/json",
    "application/json\t\u00a0",
    "multipart/form-data",
    'multipart/form-data; boundary="a b "',
  ]) {
    it(`refuse ${JSON.stringify(type)} with 415`, () => {
      const error = refusal(() => readRequest({ rpc: "Plain", body: "{}", type }));
      expect(error.httpStatus).to.equal(415);
      expect(error.reason).to.equal("CONTENT_TYPE_UNSUPPORTED");
    });
  }
});

describe("application/x-protobuf", () => {
  const type = "application/x-protobuf";

  it("passes through as it is", () => {
    const body = encode("t.Everything", { i32: 5, author: { age: 1 } });
    expect(Buffer.compare(readRequest({ rpc: "Plain", body, type }), body)).to.equal(0);
  });

  it("is joined with the path", () => {
    const body = encode("t.GetRequest", { view: "v", version: 3 });
    expect(seen({ rpc: "Create", captures: ["n"], body, type })).to.deep.equal({
      name: "n",
      view: "v",
      version: 3,
    });
  });

  it("may repeat what the path says, but not contradict it", () => {
    expect(seen({ rpc: "Create", captures: ["n"], body: encode("t.GetRequest", { name: "n" }), type })).to.deep.equal({
      name: "n",
    });
    expect(
      violations({
        rpc: "Create",
        captures: ["n"],
        body: encode("t.GetRequest", { name: "m" }),
        type,
      }),
    ).to.deep.equal(["name FIELD_BOUND"]);
  });

  it("weaves nested values into one message", () => {
    const body = encode("t.Book", { title: "T", author: { age: 1 } });
    const message = readRequest({ rpc: "Put", captures: ["books/1"], body, type });
    expect(show("t.UpdateRequest", message)).to.deep.equal({
      book: { name: "books/1", title: "T", author: { age: 1 } },
    });
    expect(count(message, 0x0a)).to.equal(1);
  });

  it("may not set another field of a oneof", () => {
    const body = encode("t.Book", { title: "T" });
    expect(violations({ rpc: "ChooseAt", captures: ["n"], body, type })).to.deep.equal(["book ONEOF_DUPLICATE"]);
  });

  it("is refused when malformed", () => {
    for (const body of [
      Buffer.from([0x08]),
      Buffer.from([0x0a, 5, 1]),
      Buffer.from([0x07]),
      Buffer.from("{}"),
      Buffer.from([0x00, 0x01]),
    ]) {
      const error = refusal(() => readRequest({ rpc: "Plain", body, type }));
      expect(error.reason).to.equal("BODY_MALFORMED");
      expect(error.httpStatus).to.equal(400);
    }
  });

  it("needs a message to be", () => {
    expect(
      refusal(() => readRequest({ rpc: "SetTitle", captures: ["n"], body: Buffer.from([1]), type })).httpStatus,
    ).to.equal(415);
  });
});

describe("urlencoded forms", () => {
  const type = "application/x-www-form-urlencoded";

  it("bind like a query", () => {
    expect(seen({ rpc: "Plain", body: "i32=5&author.full_name=A+B&labels[a]=1&ints=1&ints=2", type })).to.deep.equal({
      i32: 5,
      author: { fullName: "A B" },
      labels: { a: "1" },
      ints: [1, 2],
    });
  });

  it('bind below the field of body "field"', () => {
    expect(seen({ rpc: "Put", captures: ["books/1"], body: "title=T&author.age=4", type })).to.deep.equal({
      book: { name: "books/1", title: "T", author: { age: 4 } },
    });
  });

  it("may not contradict the path", () => {
    expect(violations({ rpc: "Put", captures: ["books/1"], body: "name=books/2", type })).to.deep.equal([
      "name FIELD_BOUND",
    ]);
    expect(violations({ rpc: "Create", captures: ["n"], body: "name=m", type })).to.deep.equal(["name FIELD_BOUND"]);
  });

  it("report everything at once", () => {
    expect(violations({ rpc: "Plain", body: "i32=x&nope=1", type })).to.deep.equal([
      "i32 VALUE_INVALID",
      "nope FIELD_UNKNOWN",
    ]);
  });

  it("need a message to fill", () => {
    expect(refusal(() => readRequest({ rpc: "SetTitle", captures: ["n"], body: "a=b", type })).httpStatus).to.equal(
      415,
    );
  });

  it("that are JSON sent by curl get the advice they need", () => {
    const error = refusal(() => readRequest({ rpc: "Plain", body: '{"i32":5}', type }));
    expect(error.message).to.contain("send Content-Type: application/json");
    expect(error.httpStatus).to.equal(415);
  });

  it("must be UTF-8", () => {
    expect(refusal(() => readRequest({ rpc: "Plain", body: Buffer.from([0x61, 0xff]), type })).reason).to.equal(
      "FORM_MALFORMED",
    );
  });
});

describe("google.api.HttpBody in requests", () => {
  it("takes the whole body and its type", () => {
    expect(seen({ rpc: "UploadRaw", body: "hello", type: "text/plain" })).to.deep.equal({
      contentType: "text/plain",
      data: "aGVsbG8=",
    });
    expect(seen({ rpc: "UploadRaw", body: '{"a":', type: jsonType })).to.deep.equal({
      contentType: "application/json",
      data: "eyJhIjo=",
    });
    expect(seen({ rpc: "UploadRaw", body: "x" })).to.deep.equal({ data: "eA==" });
  });

  it("takes the body as one field, the rest from path and query", () => {
    const request: TestRequest = {
      rpc: "Upload",
      captures: ["n"],
      query: "note=hi",
      body: "hello",
      type: "image/png",
    };
    expect(seen(request)).to.deep.equal({
      name: "n",
      file: { contentType: "image/png", data: "aGVsbG8=" },
      note: "hi",
    });
  });

  it("takes an empty body with a type for an empty file", () => {
    expect(seen({ rpc: "Upload", captures: ["n"], body: "", type: "image/png" })).to.deep.equal({
      name: "n",
      file: { contentType: "image/png" },
    });
    expect(seen({ rpc: "Upload", captures: ["n"] })).to.deep.equal({ name: "n" });
  });

  it("refuses a type that is none", () => {
    expect(refusal(() => readRequest({ rpc: "UploadRaw", body: "x", type: "nonsense" })).httpStatus).to.equal(415);
  });

  it("is JSON in profile grpc-gateway, unless the type says otherwise", () => {
    expect(seen({ rpc: "UploadRaw", body: '{"data":"eA=="}', type: jsonType }, gateway)).to.deep.equal({
      data: "eA==",
    });
    expect(seen({ rpc: "UploadRaw", body: "x", type: "text/plain" }, gateway)).to.deep.equal({
      contentType: "text/plain",
      data: "eA==",
    });
  });
});

describe("PATCH without an update mask", () => {
  const patch = (body: string, query = ""): TestRequest => ({
    rpc: "Update",
    captures: ["books/1"],
    body,
    query,
    type: jsonType,
  });
  const mask = (request: TestRequest, options = gateway): unknown =>
    (show(inputOf("Update"), readRequest(request, options)) as { updateMask?: string }).updateMask;

  const cases: readonly (readonly [string, string | undefined])[] = [
    ['{"title":"T"}', "title"],
    ['{"title":"T","page_count":5}', "pageCount,title"],
    ['{"pageCount":5}', "pageCount"],
    ['{"author":{"fullName":"A","mentor":{"age":1}}}', "author.fullName,author.mentor.age"],
    ['{"tags":["a"],"stock":{"a":1}}', "stock,tags"],
    ['{"author":{}}', "author"],
    ['{"author":null,"title":null}', "author,title"],
    ['{"published":"2026-01-01T00:00:00Z","note":"x"}', "note,published"],
    ['{"t\\u0069tle":"T"}', "title"],
    ['{ "title" : "}{,\\"" , "tags" : [ "]" , "a" ] , "rating" : 0 }', "rating,tags,title"],
    ['{"name":"books/1","title":""}', "name,title"],
    ["{}", undefined],
    ["null", undefined],
    ["", undefined],
  ];
  for (const [body, expected] of cases) {
    it(`makes ${expected ?? "no mask"} of ${body || "no body"}`, () => {
      expect(mask(patch(body), { ...gateway, profile: "strict" })).to.equal(expected);
      if (body === "null") expect(violations(patch(body), gateway)).to.deep.equal(["book VALUE_INVALID"]);
      // There the mask is always set, be it empty.
      else expect(mask(patch(body), gateway)).to.equal(expected ?? "");
    });
  }

  it("keeps the mask that was sent", () => {
    expect(mask(patch('{"title":"T"}', "update_mask=tags"), { ...gateway, profile: "strict" })).to.equal("tags");
  });

  it("fills a mask that was sent empty", () => {
    expect(mask(patch('{"title":"T"}', "update_mask="), gateway)).to.equal("title");
  });

  it("stops at google.protobuf.Struct in strict, and goes into it in profile grpc-gateway", () => {
    const body = '{"extra":{"a":{"b":1},"c":[{"d":1}]}}';
    expect(mask(patch(body), { ...gateway, profile: "strict" })).to.equal("extra");
    expect(mask(patch(body), gateway)).to.equal("extra.a.b,extra.c");
  });

  it("refuses unknown keys in profile grpc-gateway, as that does", () => {
    expect(violations(patch('{"author":{"nope":1}}'), gateway)).to.deep.equal(["author.nope FIELD_UNKNOWN"]);
  });

  it("is made of a form's names too, without what the path set", () => {
    const request: TestRequest = {
      rpc: "Update",
      captures: ["books/1"],
      body: "title=T&author.age=1",
      type: "application/x-www-form-urlencoded",
    };
    expect(seen(request)).to.deep.equal({
      book: { name: "books/1", title: "T", author: { age: 1 } },
      updateMask: "author.age,title",
    });
  });

  it("is not made for other methods", () => {
    expect(seen({ rpc: "Put", captures: ["books/1"], body: '{"title":"T"}' })).to.deep.equal({
      book: { name: "books/1", title: "T" },
    });
  });

  it("refuses a body whose mask would be out of all proportion", () => {
    let body = '{"age":1}';
    for (let i = 0; i < 97; i++) body = `{"fullName":"","age":1,"mentor":${body}}`;
    expect(violations(patch(`{"author":${body}}`))).to.deep.equal([" UPDATE_MASK_TOO_LARGE"]);
  });
});
