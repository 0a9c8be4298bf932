import { expect } from "chai";
import fc from "fast-check";
import { compileOriginList, toOrigin } from "../../../src/front/origins.ts";

describe("compileOriginList", () => {
  const isListed = compileOriginList(["https://app.example", "https://*.app.example:8443", "HTTP://Localhost:5173"]);

  for (const origin of ["https://app.example", "https://a.app.example:8443", "http://localhost:5173"])
    it(`takes ${origin}`, () => expect(isListed(origin)).to.equal(true));

  it("takes all of them for a star", () => {
    expect(compileOriginList(["*"])("https://any.example")).to.equal(true);
    expect(compileOriginList([])("https://any.example")).to.equal(false);
  });

  for (const text of [
    "null",
    "",
    "*.example",
    "https://*",
    "https://*.",
    "https://*.example",
    "https://a*.app.example",
    "https://*.*.app.example",
    "ftp://*.app.example",
    "https://app.example/",
    "https://u@app.example",
    "https://*.app.example/x",
  ])
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(() => compileOriginList([text])).to.throw(RangeError, "is not an origin"));

  it("takes nothing else that is an origin, whatever it is made of", () => {
    const part = fc.constantFrom(
      "https",
      "http",
      ":",
      "/",
      "//",
      "://",
      "app",
      "example",
      ".",
      "*",
      "@",
      "#",
      "?",
      "\\",
      "evil",
      ":8443",
      ":443",
      "%2e",
      "a",
      "-",
      "_",
      " ",
      "\t",
      "A",
      "null",
      "https://",
      "https://a.app.example:8443",
      ".app.example:8443",
    );
    const exact = new Set(["https://app.example", "http://localhost:5173"]);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const text = parts.join("");
        // As the guard asks: only what is an origin as browsers write it.
        if (toOrigin(text) !== text || !isListed(text)) return;
        expect(
          exact.has(text) || /^https:\/\/[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.app\.example:8443$/.test(text),
          text,
        ).to.equal(true);
      }),
      { numRuns: 5000 },
    );
  });
});
