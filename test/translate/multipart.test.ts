// multipart/form-data: what its parts become, and what is refused of malformed ones.
import { expect } from "chai";
import fc from "fast-check";
import { GatewayError } from "../../src/status.ts";
import { parseMultipart } from "../../src/translate/request/multipart.ts";
import { readRequest, refusal, seen, violations } from "./request-fixture.ts";

const type = "multipart/form-data; boundary=XX";

interface Part {
  readonly head: string;
  readonly data: string;
}

function form(...parts: readonly Part[]): string {
  return `${parts.map(({ head, data }) => `--XX\r\n${head}\r\n\r\n${data}\r\n`).join("")}--XX--\r\n`;
}

function text(name: string, data: string): Part {
  return { head: `Content-Disposition: form-data; name="${name}"`, data };
}

function file(name: string, contentType: string | undefined, data: string): Part {
  const typeLine = contentType === undefined ? "" : `\r\nContent-Type: ${contentType}`;
  return {
    head: `Content-Disposition: form-data; name="${name}"; filename="a.bin"${typeLine}`,
    data,
  };
}

describe("multipart/form-data", () => {
  it("binds text like a query", () => {
    const body = form(
      text("i32", "5"),
      text("author.full_name", "Ann"),
      text("ints", "1"),
      text("ints", "2"),
      text("labels[a]", "x"),
    );
    expect(seen({ rpc: "Plain", body, type })).to.deep.equal({
      i32: 5,
      author: { fullName: "Ann" },
      ints: [1, 2],
      labels: { a: "x" },
    });
  });

  it("puts files into bytes fields as they are", () => {
    expect(seen({ rpc: "Plain", body: form(file("data", "image/png", "\u0001\r\n--X\r\n")), type })).to.deep.equal({
      data: Buffer.from("\u0001\r\n--X\r\n").toString("base64"),
    });
  });

  it("puts files into HttpBody fields with their type", () => {
    const body = form(
      file("file", "image/png", "abc"),
      text("note", "n"),
      file("files", undefined, "1"),
      file("files", "text/plain", "2"),
    );
    expect(seen({ rpc: "UploadForm", captures: ["n"], body, type })).to.deep.equal({
      name: "n",
      file: { contentType: "image/png", data: "YWJj" },
      note: "n",
      files: [
        { contentType: "application/octet-stream", data: "MQ==" },
        { contentType: "text/plain", data: "Mg==" },
      ],
    });
  });

  it("refuses a file for any other field", () => {
    expect(violations({ rpc: "Plain", body: form(file("text", "text/plain", "x")), type })).to.deep.equal([
      "text FIELD_NOT_BINDABLE",
    ]);
  });

  it('binds below the field of body "field"', () => {
    const body = form(text("title", "T"), file("cover", "image/png", "x"));
    expect(seen({ rpc: "Put", captures: ["books/1"], body, type })).to.deep.equal({
      book: { name: "books/1", title: "T", cover: "eA==" },
    });
  });

  it("reports everything at once", () => {
    expect(violations({ rpc: "Plain", body: form(text("i32", "x"), text("nope", "1")), type })).to.deep.equal([
      "i32 VALUE_INVALID",
      "nope FIELD_UNKNOWN",
    ]);
  });

  it("ignores what is before the first and after the last boundary", () => {
    expect(seen({ rpc: "Plain", body: `preamble\r\n${form(text("i32", "5"))}epilogue`, type })).to.deep.equal({
      i32: 5,
    });
  });

  it("reads names that browsers and curl escape", () => {
    const names = parseMultipart(Buffer.from(form(text("a%22b", ""), text('c\\"d', ""), text("e;f", ""))), "XX").map(
      ({ name }) => name,
    );
    expect(names).to.deep.equal(['a"b', 'c"d', "e;f"]);
  });

  const malformed: readonly (readonly [string, string])[] = [
    ["no boundary", "hello"],
    ["another boundary", "--YY\r\n\r\n"],
    ["no closing boundary", '--XX\r\nContent-Disposition: form-data; name="i32"\r\n\r\n5'],
    ["bare line feeds", '--XX\nContent-Disposition: form-data; name="i32"\n\n5\n--XX--'],
    ["no disposition", form({ head: "Content-Type: text/plain", data: "x" })],
    ["another disposition", form({ head: 'Content-Disposition: attachment; name="i32"', data: "x" })],
    ["no name", form({ head: "Content-Disposition: form-data", data: "x" })],
    ["two names", form({ head: 'Content-Disposition: form-data; name="i32"; name="i64"', data: "5" })],
    [
      "two dispositions",
      form({
        head: 'Content-Disposition: form-data; name="i32"\r\nContent-Disposition: form-data; name="i64"',
        data: "5",
      }),
    ],
    ["an unclosed quote", form({ head: 'Content-Disposition: form-data; name="i32', data: "5" })],
    ["a folded header", form({ head: 'Content-Disposition: form-data;\r\n name="i32"', data: "5" })],
    ["a header without a colon", form({ head: 'Content-Disposition: form-data; name="i32"\r\nnonsense', data: "5" })],
    [
      "a transfer encoding",
      form({
        head: 'Content-Disposition: form-data; name="i32"\r\nContent-Transfer-Encoding: base64',
        data: "NQ==",
      }),
    ],
    [
      "an invalid part type",
      form({
        head: 'Content-Disposition: form-data; name="i32"\r\nContent-Type: nonsense',
        data: "5",
      }),
    ],
    [
      "a foreign charset",
      form({
        head: 'Content-Disposition: form-data; name="text"\r\nContent-Type: text/plain; charset=utf-16',
        data: "5",
      }),
    ],
    [
      "long headers",
      form({
        head: `Content-Disposition: form-data; name="i32"\r\nX: ${"x".repeat(9000)}`,
        data: "5",
      }),
    ],
    ["too many parts", form(...Array.from({ length: 101 }, () => text("ints", "1")))],
  ];
  for (const [what, body] of malformed) {
    it(`refuses ${what}`, () => {
      const error = refusal(() => readRequest({ rpc: "Plain", body, type }));
      expect(error.reason).to.equal("FORM_MALFORMED");
      expect(error.httpStatus).to.equal(400);
    });
  }

  it("refuses text that is not UTF-8", () => {
    const body = Buffer.from(form(text("text", "\u00ff")), "latin1");
    expect(refusal(() => readRequest({ rpc: "Plain", body, type })).reason).to.equal("FORM_MALFORMED");
  });

  it("gives back any data, and throws nothing but GatewayError on a damaged body", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(300), fc.nat(255), (data, at, byte) => {
        const whole = Buffer.concat([
          Buffer.from('--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'),
          data,
          Buffer.from("\r\n--XX--"),
        ]);
        const [part] = parseMultipart(whole, "XX");
        expect(part.value.kind === "file" && Buffer.compare(part.value.data, data)).to.equal(0);
        if (at < whole.length) whole[at] = byte;
        try {
          parseMultipart(whole, "XX");
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
