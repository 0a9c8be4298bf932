import { expect } from "chai";
import { readCheckResponse } from "../../../src/chain/ext-authz/check-response.ts";
import { readStruct } from "../../../src/chain/ext-authz/struct.ts";
import { WireCursor, WireError, WireWriter } from "../../../src/schema/descriptor/wire.ts";

const message = (write: (writer: WireWriter) => WireWriter): Uint8Array => write(new WireWriter()).finish();
const header = (name: string, value: string): Uint8Array =>
  message((option) =>
    option.bytesField(
      1,
      message((pair) => pair.stringField(1, name).stringField(2, value)),
    ),
  );

describe("readCheckResponse", () => {
  it("takes nothing at all for an OK, as Envoy does", () =>
    expect(readCheckResponse(new Uint8Array())).to.deep.equal({
      kind: "allowed",
      headers: [],
      remove: [],
      replyHeaders: [],
      queryChanges: 0,
      metadata: {},
    }));

  it("refuses bytes that are no message, and bounded ones that hold too much", () => {
    const many = message((ok) => {
      for (let i = 0; i < 257; i++) ok.bytesField(2, header("x", "y"));
      return ok;
    });
    for (const bytes of [Uint8Array.of(0x0a, 5), Uint8Array.of(0), message((response) => response.bytesField(3, many))])
      expect(() => readCheckResponse(bytes)).to.throw(WireError);
    for (let length = 1; length < 60; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 131 + length * 17) & 255);
      try {
        readCheckResponse(bytes);
      } catch (error) {
        expect(error).to.be.instanceOf(WireError);
      }
    }
  });

  it("is denied by any status but OK, whatever stands beside it", () => {
    const status = message((writer) => writer.int32Field(1, 7));
    const ok = message((writer) => writer.bytesField(2, header("x-user", "ada")));
    const answer = readCheckResponse(message((writer) => writer.bytesField(1, status).bytesField(3, ok)));
    expect(answer).to.deep.equal({ kind: "denied", code: 7, httpStatus: 0, headers: [], body: "" });
    const negative = message((writer) => writer.int32Field(1, -1));
    expect(readCheckResponse(message((writer) => writer.bytesField(1, negative))).kind).to.equal("denied");
  });

  it("does not take OK beside a denial", () => {
    const denied = message((writer) => writer.stringField(3, "no"));
    expect(() => readCheckResponse(message((writer) => writer.bytesField(2, denied)))).to.throw(
      WireError,
      "the status is OK, and the response is a denial",
    );
  });
});

describe("readStruct", () => {
  const entry = (key: string, value: Uint8Array): Uint8Array =>
    message((writer) =>
      writer.bytesField(
        1,
        message((pair) => pair.stringField(1, key).bytesField(2, value)),
      ),
    );
  const text = (value: string): Uint8Array => message((writer) => writer.stringField(3, value));

  it("reads every kind of value", () => {
    const list = message((writer) =>
      writer.bytesField(
        6,
        message((inner) => inner.bytesField(1, text("a")).bytesField(1, new Uint8Array())),
      ),
    );
    const bytes = Buffer.concat([
      entry("text", text("t")),
      entry(
        "number",
        message((writer) => writer.tag(2, 1).double(1.5)),
      ),
      entry(
        "yes",
        message((writer) => writer.boolField(4, true)),
      ),
      entry("list", list),
      entry(
        "inner",
        message((writer) => writer.bytesField(5, entry("deep", text("d")))),
      ),
    ]);
    expect(JSON.parse(JSON.stringify(readStruct(new WireCursor(bytes))))).to.deep.equal({
      text: "t",
      number: 1.5,
      yes: true,
      list: ["a", null],
      inner: { deep: "d" },
    });
  });

  it("has no prototype that a name could reach", () => {
    const struct = readStruct(new WireCursor(entry("__proto__", text("x"))));
    expect(Object.getPrototypeOf(struct)).to.equal(null);
    expect(Object.keys(struct)).to.deep.equal(["__proto__"]);
    expect(({} as Record<string, unknown>)["x"]).to.equal(undefined);
  });

  it("ends at a depth that no stack minds", () => {
    let value = text("x");
    for (let depth = 0; depth < 40; depth++) {
      const inner = value;
      value = message((writer) => writer.bytesField(5, entry("a", inner)));
    }
    expect(() => readStruct(new WireCursor(entry("a", value)))).to.throw(WireError, "nested deeper than 32");
  });
});
