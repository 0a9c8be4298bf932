// google.api.field_behavior on requests: REQUIRED, OUTPUT_ONLY, and updates with a mask.
import { expect } from "chai";
import { Rules } from "./validate-text.ts";

const text = `
  message M { Book book = 1 [(google.api.field_behavior) = REQUIRED]; google.protobuf.FieldMask update_mask = 2; }
  message Book {
    string name = 1 [(google.api.field_behavior) = IMMUTABLE, (google.api.field_behavior) = REQUIRED];
    string created_by = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
    bool in_print = 3 [(google.api.field_behavior) = REQUIRED];
    repeated string authors = 4 [(google.api.field_behavior) = REQUIRED];
    optional int32 pages = 5 [(google.api.field_behavior) = REQUIRED];
    Shelf shelf = 6;
    Kind kind = 7 [(google.api.field_behavior) = REQUIRED];
  }
  message Shelf { string theme = 1 [(google.api.field_behavior) = REQUIRED]; }
  enum Kind { KIND_UNSPECIFIED = 0; NOVEL = 1; }
`;
const library = new Rules(text);
const book = { name: "books/1", authors: ["A"], pages: 0, kind: "NOVEL" };
const required = (path: string) => `${path} field_behavior.required: value is required`;

describe("field_behavior REQUIRED", () => {
  it("lets pass what is there", () => expect(library.check({ book })).to.deep.equal([]));

  it("refuses what is missing or empty, but a bool, whose false is the same as none", () => {
    expect(library.check({})).to.deep.equal([required("book")]);
    expect(library.check({ book: {} })).to.deep.equal(
      ["book.name", "book.authors", "book.pages", "book.kind"].map(required),
    );
  });

  it("asks for what is in a message only where that is there", () => {
    expect(library.check({ book: { ...book, shelf: {} } })).to.deep.equal([required("book.shelf.theme")]);
  });

  it("asks of an update only for what its mask writes", () => {
    expect(library.check({ book: { shelf: {} }, updateMask: "pages" })).to.deep.equal([required("book.pages")]);
    expect(library.check({ book: { shelf: {} }, updateMask: "shelf" })).to.deep.equal([required("book.shelf.theme")]);
    expect(library.check({ book: { shelf: {} }, updateMask: "shelf.theme" })).to.deep.equal([
      required("book.shelf.theme"),
    ]);
    expect(library.check({ book: {}, updateMask: "inPrint" })).to.deep.equal([]);
    expect(library.check({ updateMask: "pages" })).to.deep.equal([required("book")]);
  });
});

describe("field_behavior OUTPUT_ONLY", () => {
  const message = { book: { ...book, createdBy: "me" } };

  it("is refused in a request", () => {
    expect(library.check(message)).to.deep.equal([
      "book.createdBy field_behavior.output_only: is set by the server alone; leave it out",
    ]);
  });

  it("is let pass where that is configured", () => {
    expect(new Rules(text, { outputOnly: "ignore" }).check(message)).to.deep.equal([]);
  });
});
