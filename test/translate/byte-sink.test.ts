import { expect } from "chai";
import { ByteSink, viewOf } from "../../src/translate/wire/byte-sink.ts";

describe("ByteSink", () => {
  it("appends bytes, ranges and text behind each other", () => {
    const sink = new ByteSink();
    sink.append(Buffer.from("ab"));
    sink.appendByte(0x3a);
    sink.appendRange(Buffer.from("<range>"), 1, 6);
    sink.appendAscii(" text ");
    sink.appendAscii("and a longer one that is copied as a whole");
    sink.appendRange(Buffer.from("x".repeat(100)), 10, 60);
    expect(sink.take(0).toString()).to.equal(
      `ab:range text and a longer one that is copied as a whole${"x".repeat(50)}`,
    );
  });

  it("keeps what it has when it grows", () => {
    const sink = new ByteSink();
    sink.appendAscii("start");
    sink.appendRange(Buffer.alloc(200_000, 7), 0, 200_000);
    sink.appendAscii("end");
    const bytes = sink.take(0);
    expect(bytes).to.have.length(200_008);
    expect(bytes.toString("latin1", 0, 5)).to.equal("start");
    expect(bytes.toString("latin1", 200_005)).to.equal("end");
  });

  it("has a view of the memory it writes to, also after it grew", () => {
    const sink = new ByteSink();
    sink.reserve(300_000);
    sink.view.setUint8(299_999, 9);
    expect(sink.bytes[299_999]).to.equal(9);
  });

  it("takes a copy from a position and cuts itself back to it", () => {
    const sink = new ByteSink();
    sink.appendAscii("keep");
    sink.appendAscii("take");
    const taken = sink.take(4);
    sink.appendAscii("more");
    expect(taken.toString()).to.equal("take");
    expect(sink.take(0).toString()).to.equal("keepmore");
  });

  it("lets go of the memory of one huge message", () => {
    const sink = new ByteSink();
    sink.reserve(8 * 1024 * 1024);
    sink.appendByte(1);
    sink.take(0);
    expect(sink.bytes.length).to.be.below(1024 * 1024);
  });

  it("views bytes that lie inside a larger memory", () => {
    const bytes = Buffer.from([0, 1, 2, 3, 4, 5]).subarray(2, 5);
    expect(viewOf(bytes).byteLength).to.equal(3);
    expect(viewOf(bytes).getUint8(0)).to.equal(2);
  });
});
