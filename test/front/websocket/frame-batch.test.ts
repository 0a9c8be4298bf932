import { expect } from "chai";
import { Duplex } from "node:stream";
import { binaryFrame, FrameBatch, textFrame } from "../../../src/front/websocket/frame-batch.ts";

class Wire extends Duplex {
  readonly chunks: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _: unknown, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this.chunks.push(chunk);
    done();
  }
}

/** Kind, length and payload of each frame (RFC 6455 section 5.2). */
function readFrames(bytes: Buffer): (readonly [number, Buffer])[] {
  const frames: (readonly [number, Buffer])[] = [];
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1];
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    frames.push([bytes[at], bytes.subarray(at + header, at + header + length)]);
    at += header + length;
  }
  return frames;
}

describe("FrameBatch", () => {
  const lengths = [0, 1, 125, 126, 300, 16_384, 16_385, 65_535, 65_536, 100_000, 5, 40_000, 7];

  for (const count of [1, 3, lengths.length]) {
    it(`writes ${count} frames of many lengths one behind the other`, () => {
      const wire = new Wire();
      const batch = new FrameBatch();
      const payloads = lengths.slice(0, count).map((length, at) => Buffer.alloc(length, at + 1));
      for (const [at, payload] of payloads.entries()) batch.push(at % 2 === 0 ? textFrame : binaryFrame, payload);
      const { bytes } = batch;
      batch.writeTo(wire, () => undefined);
      const all = Buffer.concat(wire.chunks);
      expect(all).to.have.length(bytes);
      const frames = readFrames(all);
      expect(frames.map(([kind]) => kind)).to.deep.equal(payloads.map((_, at) => (at % 2 === 0 ? 0x81 : 0x82)));
      expect(frames.every(([, payload], at) => payload.equals(payloads[at]))).to.equal(true);
      expect(batch.bytes).to.equal(0);
    });
  }

  it("writes the small frames of a turn as one buffer, and begins anew with the next turn", () => {
    const wire = new Wire();
    const batch = new FrameBatch();
    for (let turn = 1; turn <= 3; turn++) {
      for (let at = 0; at < 100 * turn; at++) batch.push(textFrame, Buffer.alloc(200, turn));
      batch.writeTo(wire, () => undefined);
    }
    expect(wire.chunks.map((chunk) => readFrames(chunk).length)).to.deep.equal([100, 200, 300]);
    expect(readFrames(wire.chunks[0])[99][1].equals(Buffer.alloc(200, 1))).to.equal(true);
  });

  it("holds no more memory than twice what it writes, though the turn before was a long one", () => {
    const wire = new Wire();
    const batch = new FrameBatch();
    for (let at = 0; at < 300; at++) batch.push(textFrame, Buffer.alloc(200));
    batch.writeTo(wire, () => undefined);
    batch.push(textFrame, Buffer.alloc(5000));
    batch.writeTo(wire, () => undefined);
    const last = wire.chunks[wire.chunks.length - 1];
    expect(last).to.have.length(5004);
    // Node cuts small buffers from one of this size, up to 32 KiB since it has a larger one.
    const held = last.buffer.byteLength === Buffer.poolSize ? last.length : last.buffer.byteLength;
    expect(held).to.be.at.most(2 * 5004);
  });

  it("tells when all of it has left, once", () => {
    const wire = new Wire();
    const batch = new FrameBatch();
    let told = 0;
    for (let at = 0; at < 3; at++) batch.push(binaryFrame, Buffer.alloc(50_000));
    batch.writeTo(wire, () => told++);
    batch.writeTo(wire, () => told++);
    return new Promise<void>((resolve) =>
      setImmediate(() => {
        expect(told).to.equal(1);
        resolve();
      }),
    );
  });
});
