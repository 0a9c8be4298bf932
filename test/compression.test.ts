// Compressed messages: bounded, undone in either way, and never compressed twice.
import { deflateSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { compressedForm, compressMessage, decompressMessage, type MessageEncoding } from "../src/compression.ts";
import { Code, GatewayError } from "../src/status.ts";

const shrink: Readonly<Record<MessageEncoding, (bytes: Uint8Array) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
};

async function failureOf(run: () => unknown): Promise<GatewayError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Bytes that hardly compress. */
function noise(length: number): Buffer {
  let seed = 1;
  return Buffer.from(Array.from({ length }, () => (seed = (seed * 48_271) % 2_147_483_647) & 0xff));
}

for (const encoding of ["gzip", "deflate"] as const) {
  describe(`compression ${encoding}`, () => {
    it("undoes a short message at once", () => {
      const message = decompressMessage(shrink[encoding](Buffer.from("hello")), encoding, 100);
      expect(message).to.be.instanceOf(Uint8Array);
      expect(Buffer.from(message as Uint8Array).toString()).to.equal("hello");
    });

    it("undoes an empty message, under a limit of nothing too", () => {
      expect(decompressMessage(shrink[encoding](new Uint8Array()), encoding, 0)).to.have.length(0);
    });

    it("undoes a long message in a thread", async () => {
      const bytes = noise(200_000);
      const message = decompressMessage(shrink[encoding](bytes), encoding, 200_000);
      expect(message).to.be.instanceOf(Promise);
      expect(Buffer.compare(await message, bytes)).to.equal(0);
    });

    it("undoes few bytes that become many in a thread", async () => {
      const bytes = new Uint8Array(300_000).fill(7);
      const message = decompressMessage(shrink[encoding](bytes), encoding, 300_000);
      expect(message).to.be.instanceOf(Promise);
      expect(await message).to.have.length(300_000);
    });

    for (const [what, bytes, limit] of [
      ["a short message", Buffer.alloc(101), 100],
      ["one byte under a limit of nothing", Buffer.alloc(1), 0],
      ["a few bytes that become many", Buffer.alloc(10_000_000), 1_000_000],
      ["a long message", noise(100_000), 99_999],
    ] as const) {
      it(`refuses ${what} beyond the limit`, async () => {
        const error = await failureOf(() => decompressMessage(shrink[encoding](bytes), encoding, limit));
        expect(error.code).to.equal(Code.RESOURCE_EXHAUSTED);
        expect(error.reason).to.equal("MESSAGE_TOO_LARGE");
        expect(error.message).to.equal(`the message is larger than ${limit} bytes once decompressed`);
      });
    }

    for (const [what, bytes] of [
      ["short bytes", Buffer.from("no")],
      ["no bytes", Buffer.alloc(0)],
      ["a message cut short", shrink[encoding](noise(1000)).subarray(0, 900)],
      ["a long message cut short", shrink[encoding](noise(50_000)).subarray(0, 40_000)],
    ] as const) {
      it(`refuses ${what} that ${bytes.length === 1 ? "is" : "are"} not ${encoding}`, async () => {
        const error = await failureOf(() => decompressMessage(bytes, encoding, 1_000_000));
        expect(error.code).to.equal(Code.INTERNAL);
        expect(error.reason).to.equal("MESSAGE_ENCODING_INVALID");
      });
    }

    for (const length of [10, 100_000]) {
      it(`compresses ${length} bytes so that they come back, once`, async () => {
        const bytes = noise(length);
        const compressed = await compressMessage(bytes, encoding);
        expect(Buffer.compare(await decompressMessage(compressed, encoding, length), bytes)).to.equal(0);
        expect(compressMessage(bytes, encoding)).to.equal(compressed);
      });
    }

    it("remembers what a message was decompressed from", async () => {
      const short = shrink[encoding](Buffer.from("hello"));
      const long = shrink[encoding](noise(100_000));
      const other = encoding === "gzip" ? "deflate" : "gzip";
      for (const bytes of [short, long]) {
        const message = await decompressMessage(bytes, encoding, 1_000_000);
        expect(compressedForm(message, encoding)).to.equal(bytes);
        expect(compressedForm(message, other)).to.equal(undefined);
        expect(compressMessage(message, encoding)).to.equal(bytes);
      }
    });
  });
}

describe("compressedForm", () => {
  it("knows nothing of a message that never was compressed", () => {
    expect(compressedForm(new Uint8Array(3), "gzip")).to.equal(undefined);
  });
});
