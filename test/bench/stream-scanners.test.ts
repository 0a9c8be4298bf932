import { expect } from "chai";
import { clientFrame, FrameScanner } from "../../bench/stream/frame-scanner.ts";
import { LineScanner } from "../../bench/stream/line-scanner.ts";

function serverFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

function inChunks(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

describe("FrameScanner", () => {
  const payloads = [0, 1, 125, 126, 300, 65_535, 65_536, 200].map((length, at) => Buffer.alloc(length, at + 1));
  const bytes = Buffer.concat(payloads.map((payload, at) => serverFrame(at % 2 === 0 ? 1 : 2, payload)));

  for (const size of [1, 2, 3, 7, 1000, 65_541, 1_000_000]) {
    it(`finds frames of every length in chunks of ${size} bytes`, () => {
      const found: [number, Buffer][] = [];
      const scanner = new FrameScanner((opcode, from, start, end) =>
        found.push([opcode, Buffer.from(from.subarray(start, end))]),
      );
      for (const chunk of inChunks(bytes, size)) scanner.read(chunk);
      expect(found.map(([opcode]) => opcode)).to.deep.equal([1, 2, 1, 2, 1, 2, 1, 2]);
      expect(found.every(([, payload], at) => payload.equals(payloads[at]))).to.equal(true);
    });
  }

  it("refuses masked and fragmented frames, which no server of this bench sends", () => {
    const scan = (chunk: Buffer) => () => new FrameScanner(() => undefined).read(chunk);
    expect(scan(clientFrame(1, Buffer.from("hello")))).to.throw("a masked frame");
    expect(scan(Buffer.from([0x01, 0x00]))).to.throw("a fragmented frame");
  });
});

describe("clientFrame", () => {
  it("masks with a key that leaves the payload as it is", () => {
    expect(clientFrame(1, Buffer.from("ab")).toString("hex")).to.equal("8182000000006162");
    const long = clientFrame(2, Buffer.alloc(300, 7));
    expect(long.subarray(0, 8).toString("hex")).to.equal("82fe012c00000000");
    expect(long).to.have.length(308);
  });
});

describe("LineScanner", () => {
  const body = '1b\r\n{"sequence":1}\n{"sequence":\r\n3\r\n2}\n\r\n4\r\n\ndat\r\n2\r\na\n\r\n0\r\n\r\n';

  it("refuses what is no chunk size", () => {
    expect(() => new LineScanner(() => undefined).read(Buffer.from("zz\r\n"))).to.throw("a chunk size");
  });

  for (const size of [1, 2, 5, 1000]) {
    it(`finds lines across chunks of the body in reads of ${size} bytes`, () => {
      const lines: string[] = [];
      const scanner = new LineScanner((bytes, start, end) => lines.push(bytes.toString("utf8", start, end)));
      for (const chunk of inChunks(Buffer.from(body), size)) scanner.read(chunk);
      expect(lines).to.deep.equal(['{"sequence":1}', '{"sequence":2}', "", "data"]);
      expect(scanner.isAtEnd).to.equal(true);
    });
  }
});
