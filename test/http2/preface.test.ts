// Telling HTTP/2 from HTTP/1.1 by the first bytes.
import { expect } from "chai";
import { isHttp2Preface } from "../../src/http2/preface.ts";
import { clientPreface } from "../../src/http2/protocol.ts";

describe("isHttp2Preface", () => {
  it("is undecided until all 24 bytes are there, then true", () => {
    for (let length = 0; length < 24; length++) {
      expect(isHttp2Preface(clientPreface.subarray(0, length)), String(length)).to.equal(undefined);
    }
    expect(isHttp2Preface(clientPreface)).to.equal(true);
    expect(isHttp2Preface(Buffer.concat([clientPreface, Buffer.from([0])]))).to.equal(true);
  });

  for (const text of ["G", "GET / HTTP/1.1\r\n", "POST ", "PUT", "PATCH", "PRI * HTTP/1.1\r\n", "\x16\x03\x01"]) {
    it(`is false for ${JSON.stringify(text)}`, () => {
      expect(isHttp2Preface(Buffer.from(text, "latin1"))).to.equal(false);
    });
  }

  it("is false for any one byte changed", () => {
    for (let at = 0; at < 24; at++) {
      const bytes = Buffer.from(clientPreface);
      bytes[at] ^= 1;
      expect(isHttp2Preface(bytes), String(at)).to.equal(false);
    }
  });
});
