// What of a request target may stand in a log.
import { expect } from "chai";
import fc from "fast-check";
import { compileLogTarget } from "../../src/chain/log-target.ts";

const withQuery = compileLogTarget({ withQuery: true, redact: ["invite"] });
const plain = compileLogTarget({ withQuery: false, redact: [] });

describe("compileLogTarget", () => {
  it("leaves the query out", () => {
    expect(plain("/v1/x?access_token=s3cret")).to.equal("/v1/x");
    expect(plain("/v1/x#access_token=s3cret")).to.equal("/v1/x");
    expect(plain("/v1/x")).to.equal("/v1/x");
  });

  it("drops the authority of an absolute target, where a password may be", () => {
    expect(plain("http://user:s3cret@host/v1/x?y")).to.equal("/v1/x");
    expect(plain("http://user:s3cret@host")).to.equal("");
  });

  for (const name of [
    "access_token",
    "ACCESS-TOKEN",
    "acc%65ss_token",
    "acc%2565ss_token",
    "ticket",
    "$ticket",
    "%24ticket",
    "api_key",
    "apikey",
    "X-Api-Key",
    "invite",
    "auth.token",
    "user[password]",
    "+token",
    "X-Amz-Signature",
    "%74%6f%6b%65%6e",
  ])
    it(`blots out ${name}`, () => {
      for (const target of [`/x?${name}=s3cret`, `/x?a=1&${name}=s3cret&b=2`, `/x?a=1;${name}=s3cret`])
        expect(withQuery(target)).to.contain("=[redacted]").and.to.not.contain("s3cret");
    });

  it("keeps what is no secret", () =>
    expect(withQuery("/x?view=full&page_token_size=3&monkey=1")).to.equal("/x?view=full&page_token_size=3&monkey=1"));

  it("never throws, and grows nothing", () =>
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(withQuery(text).length).to.be.at.most(text.length * 11 + 12);
      }),
      { seed: 7, numRuns: 500 },
    ));
});
