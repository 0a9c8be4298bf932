// What is read back is what was written for the same key, and anything else is nothing: cut, changed, longer, of another key, made up.
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { entryVersion, readEntry, spanOf, timesOf, writeEntry } from "../../../src/chain/cache/entry-bytes.ts";
import { keptOf } from "./kept.ts";

const kept = keptOf("the answer", { bornAt: 1000.25, fresh: 30_000, stale: 10_000, error: 600_000 });

/** The bytes with a checksum that fits, as somebody would have it who knows the form. */
function sealed(key: string, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(crc32(copy.subarray(5), crc32(key)), 1);
  return copy;
}

describe("writeEntry and readEntry", () => {
  it("give back what was kept, with lengths of time in place of times", () => {
    const { reply, ...times } = readEntry("key", writeEntry("key", kept))!;
    expect(times).to.deep.equal({ freshMs: 30_000, staleWhileRevalidateMs: 10_000, staleIfErrorMs: 600_000 });
    expect(times).to.deep.equal(timesOf(kept));
    expect(spanOf(times)).to.equal(630_000);
    expect(Buffer.from(reply.message).toString()).to.equal("the answer");
    expect([reply.headers, reply.trailers]).to.deep.equal([kept.reply.headers, kept.reply.trailers]);
  });

  it("keep empty messages and no metadata", () => {
    const { reply } = readEntry("key", writeEntry("key", keptOf("", {}, [])))!;
    expect([reply.message.length, reply.headers]).to.deep.equal([0, []]);
  });

  it("share no memory with what came from a socket", () => {
    const bytes = writeEntry("key", kept);
    const { message } = readEntry("key", bytes)!.reply;
    bytes.fill(0);
    expect(Buffer.from(message).toString()).to.equal("the answer");
    expect(message.buffer.byteLength).to.equal(message.length);
  });

  it("know nothing of what was cut anywhere, or goes on", () => {
    const bytes = writeEntry("key", kept);
    for (let length = 0; length < bytes.length; length++) {
      expect(readEntry("key", bytes.subarray(0, length)), `${length}`).to.equal(undefined);
      expect(readEntry("key", sealed("key", Buffer.concat([bytes.subarray(0, length)], Math.max(5, length))))).to.equal(
        undefined,
      );
    }
    expect(readEntry("key", sealed("key", Buffer.concat([bytes, Buffer.from("x")])))).to.equal(undefined);
  });

  it("know nothing of what was changed in any bit", () => {
    const bytes = writeEntry("key", kept);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(readEntry("key", changed), `bit ${bit}`).to.equal(undefined);
    }
  });

  it("know nothing of what was kept for another key, or by another version", () => {
    const bytes = writeEntry("key", kept);
    expect(readEntry("other", bytes)).to.equal(undefined);
    const newer = Buffer.from(bytes);
    newer[0] = entryVersion + 1;
    expect(readEntry("key", sealed("key", newer))).to.equal(undefined);
  });

  it("believe no counts and lengths that the bytes do not hold", () => {
    const bytes = writeEntry("key", kept);
    for (let at = 5; at + 4 <= bytes.length; at++)
      for (const number of [0xffff_ffff, 0x7fff_ffff, 3, 1_000_000]) {
        const changed = Buffer.from(bytes);
        changed.writeUInt32BE(number, at);
        const found = readEntry("key", sealed("key", changed));
        if (found === undefined) continue;
        const texts = [...found.reply.headers, ...found.reply.trailers];
        expect(texts.length).to.equal(4);
        expect(found.reply.message.length + texts.join("").length).to.be.at.most(bytes.length);
      }
  });

  it("let no metadata through that no backend can send", () => {
    for (const headers of [
      ["x-a", "1\r\nset-cookie: a=b"],
      ["X-Upper", "1"],
      ["x a", "1"],
      ["", "1"],
      ["x-a", "é"],
    ])
      expect(readEntry("key", writeEntry("key", keptOf("a", {}, headers))), headers.join()).to.equal(undefined);
  });
});
