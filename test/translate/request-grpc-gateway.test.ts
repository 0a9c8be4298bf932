// Requests that profile grpc-gateway reads otherwise than strict does, as grpc-gateway itself reads them (npm run compat).
import { expect } from "chai";
import { gateway, seen, violations } from "./request-fixture.ts";

const lenient = (query: string): unknown => seen({ rpc: "Query", query }, gateway);
const refused = (query: string): string[] => violations({ rpc: "Query", query }, gateway);

describe("a query in profile grpc-gateway", () => {
  it("reads integers in base 10 and floats in Go's spellings", () => {
    expect(lenient("i32=%2B5&flt=0x1p-2&dbl=1_0")).to.deep.equal({ i32: 5, flt: 0.25, dbl: 10 });
    expect(refused("i32=0x10")).to.deep.equal(["i32 VALUE_INVALID"]);
    expect(refused("u32=%2B5")).to.deep.equal(["u32 VALUE_INVALID"]);
  });

  it("wants base64 with its padding", () => {
    expect(lenient("data=YQ%3D%3D%0A")).to.deep.equal({ data: "YQ==" });
    expect(refused("data=YQ")).to.deep.equal(["data VALUE_INVALID"]);
    expect(refused("data=%2B_8%3D")).to.deep.equal(["data VALUE_INVALID"]);
  });

  it("reads times and durations as Go does, cutting off what is finer than a nanosecond", () => {
    expect(lenient("at=2026-01-31T8:30:00,1234567891Z&for=1.0000000005s")).to.deep.equal({
      at: "2026-01-31T08:30:00.123456789Z",
      for: "1s",
    });
    expect(refused("at=2026-01-31&for=300000000h")).to.deep.equal(["at VALUE_INVALID", "for VALUE_OUT_OF_RANGE"]);
  });

  it("keeps the last of two spellings and refuses one spelling twice", () => {
    expect(lenient("any_json=1&anyJson=2")).to.deep.equal({ anyJson: 2 });
    expect(refused("any_json=1&any_json=2")).to.deep.equal(["any_json FIELD_DUPLICATE"]);
    expect(refused("a=1&c.full_name=2")).to.deep.equal(["c.full_name ONEOF_DUPLICATE"]);
  });

  it("looks at the last brackets, at the end of a name only", () => {
    expect(lenient("labels[a]=1&labels[b][c]=2&labels[d].x=3&texts[x]=y")).to.deep.equal({
      labels: { a: "1" },
      texts: ["x", "y"],
    });
    expect(refused("text[x]=y")).to.deep.equal(["text[x] FIELD_NOT_BINDABLE"]);
  });

  it("sets the messages on the way to a name that is none", () => {
    expect(lenient("author.nope=1&at.nope=1&nope.x=1")).to.deep.equal({ at: "1970-01-01T00:00:00Z", author: {} });
    expect(refused("c.nope=1&a=x")).to.deep.equal(["a ONEOF_DUPLICATE"]);
  });

  it("may have no semicolon, and is not looked at where the body takes everything", () => {
    expect(refused("text=a;b")).to.deep.equal([" VALUE_INVALID"]);
    expect(seen({ rpc: "Plain", query: "text=%zz;&i32=x", body: '{"i32":5}' }, gateway)).to.deep.equal({ i32: 5 });
  });
});

describe("a path in profile grpc-gateway", () => {
  it("has integers in any base where the field is one of the request itself", () => {
    const request = { rpc: "GetNested", captures: ["A", "0x10"] };
    expect(seen(request, gateway)).to.deep.equal({ book: { author: { fullName: "A" } }, version: 16 });
    expect(violations(request)).to.deep.equal(["version VALUE_INVALID"]);
  });
});

describe("the body of a field in profile grpc-gateway", () => {
  const put = (body: string | undefined): Parameters<typeof seen>[0] => ({ rpc: "Choose", captures: [], body });

  it("is an empty message when there is none", () => {
    expect(seen(put(""), gateway)).to.deep.equal({ book: {} });
    expect(seen(put(undefined), gateway)).to.deep.equal({ book: {} });
    expect(seen(put(""))).to.deep.equal({});
  });

  it("may not be null", () => {
    expect(violations(put(" null\n"), gateway)).to.deep.equal(["book VALUE_INVALID"]);
  });

  it("is there for the oneof, too, so that the query cannot set another field of it", () => {
    expect(violations({ rpc: "Choose", query: "name=n", body: "" }, gateway)).to.deep.equal(["book ONEOF_DUPLICATE"]);
  });
});
