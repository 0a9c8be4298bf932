// Metadata on its way to and from the wire: what is sent, what is refused, what is left out.
import { expect } from "chai";
import fc from "fast-check";
import { GatewayError } from "../../src/status.ts";
import { readRequestMetadata, toReplyMetadata } from "../../src/upstream/wire-metadata.ts";

describe("readRequestMetadata", () => {
  it("keeps order and repetition, trims values and splits -bin lists", () => {
    expect(readRequestMetadata(["x-b", " 1 ", "x-a", "2", "x-b", "3", "y-bin", "AA, BB"], 1000)).to.deep.equal([
      "x-b",
      "1",
      "x-a",
      "2",
      "x-b",
      "3",
      "y-bin",
      "AA",
      "y-bin",
      "BB",
    ]);
  });

  it("leaves the transport's own names out without counting them", () => {
    expect(readRequestMetadata(["grpc-timeout", "1S", "te", "x".repeat(5000), "content-type", "a"], 100)).to.deep.equal(
      [],
    );
  });

  it("either returns legal entries or refuses with GatewayError, whatever comes in", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }))), (entries) => {
        try {
          const sent = readRequestMetadata(entries.flat(), 1000);
          for (let i = 0; i < sent.length; i += 2) {
            expect(sent[i]).to.match(/^[0-9a-z_.-]+$/);
            expect(sent[i + 1]).to.match(/^[ -~]*$/);
          }
        } catch (error) {
          expect(error).to.be.instanceOf(GatewayError);
        }
      }),
    );
  });
});

describe("toReplyMetadata", () => {
  it("leaves protocol fields out and writes bytes as base64 without padding", () => {
    const fields: [string, (string | Buffer)[]][] = [
      ["content-type", ["a"]],
      ["grpc-status", ["0"]],
      ["x", ["1", "2"]],
      ["y-bin", [Buffer.from([255])]],
    ];
    expect(toReplyMetadata(fields, 1000)).to.deep.equal(["x", "1", "x", "2", "y-bin", "/w"]);
  });

  it("is undefined over the limit", () => {
    expect(toReplyMetadata([["x", ["1".repeat(100)]]], 100)).to.equal(undefined);
  });
});
