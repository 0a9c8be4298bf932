// Length-prefixed messages: cut from any chunks, bounded at the prefix, written without copying what is large.
import { expect } from "chai";
import fc from "fast-check";
import { FrameReader, joinFrame, writeFrame } from "../src/grpc-frame.ts";
import { Code, GatewayError } from "../src/status.ts";

interface Received {
  readonly message: Uint8Array;
  readonly isCompressed: boolean;
}

function createReader(limit = 1_000_000): { readonly reader: FrameReader; readonly received: Received[] } {
  const received: Received[] = [];
  const onMessage = (message: Uint8Array, isCompressed: boolean): void => {
    received.push({ message, isCompressed });
  };
  return { reader: new FrameReader({ onMessage }, limit), received };
}

function failureOf(run: () => void): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("FrameReader", () => {
  it("gives a chunk that is one message on as a view, without a copy", () => {
    const { reader, received } = createReader();
    const chunk = joinFrame(Buffer.from("hello"), false);
    reader.read(chunk);
    expect(received.map(({ message }) => Buffer.from(message).toString())).to.deep.equal(["hello"]);
    expect(received[0].message.buffer).to.equal(chunk.buffer);
    expect(reader.isBetweenMessages).to.equal(true);
  });

  it("reads the same messages however they are cut", () => {
    const messages = fc.array(fc.tuple(fc.uint8Array({ maxLength: 40_000 }), fc.boolean()), { maxLength: 6 });
    fc.assert(
      fc.property(messages, fc.array(fc.nat({ max: 9000 }), { maxLength: 60 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(([message, isCompressed]) => joinFrame(message, isCompressed)));
        const { reader, received } = createReader();
        let at = 0;
        for (const cut of cuts) {
          reader.read(Buffer.from(bytes.subarray(at, at + cut)));
          at = Math.min(bytes.length, at + cut);
        }
        reader.read(bytes.subarray(at));
        expect(reader.isBetweenMessages).to.equal(true);
        expect(received.length).to.equal(sent.length);
        received.forEach(({ message, isCompressed }, i) => {
          expect(Buffer.compare(message, sent[i][0])).to.equal(0);
          expect(isCompressed).to.equal(sent[i][1]);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("reads a message byte by byte", () => {
    const { reader, received } = createReader();
    for (const byte of joinFrame(Buffer.from("slow"), true)) reader.read(Buffer.of(byte));
    expect(Buffer.from(received[0].message).toString()).to.equal("slow");
    expect(received[0].isCompressed).to.equal(true);
  });

  it("knows that a message is under way", () => {
    const { reader } = createReader();
    reader.read(Buffer.of(0));
    expect(reader.isBetweenMessages).to.equal(false);
    reader.read(Buffer.of(0, 0, 0, 2, 7));
    expect(reader.isBetweenMessages).to.equal(false);
  });

  it("takes a message of exactly the limit", () => {
    const { reader, received } = createReader(3);
    reader.read(joinFrame(Uint8Array.of(1, 2, 3), false));
    expect(received).to.have.length(1);
  });

  for (const [how, cut] of [
    ["in one chunk", 9],
    ["in two", 3],
  ] as const) {
    it(`refuses too long a message at its prefix, ${how}`, () => {
      const { reader, received } = createReader(3);
      const prefix = Buffer.of(0, 0xff, 0xff, 0xff, 0xff, 1);
      const error = failureOf(() => {
        reader.read(prefix.subarray(0, cut));
        reader.read(prefix.subarray(cut));
      });
      expect(error.code).to.equal(Code.RESOURCE_EXHAUSTED);
      expect(error.reason).to.equal("MESSAGE_TOO_LARGE");
      expect(error.message).to.equal("the message has 4294967295 bytes, more than the 3 allowed");
      expect(received).to.have.length(0);
    });
  }

  it("refuses a prefix that says neither compressed nor not", () => {
    const error = failureOf(() => createReader().reader.read(Buffer.from("HTTP/1.1 200 OK")));
    expect(error.code).to.equal(Code.INTERNAL);
    expect(error.reason).to.equal("MESSAGE_FRAME_INVALID");
  });

  it("holds little memory for a long message of which little has come", () => {
    const { reader } = createReader(1_000_000_000);
    const before = process.memoryUsage().arrayBuffers;
    reader.read(Buffer.concat([Buffer.of(0, 0x30, 0, 0, 0), Buffer.alloc(10)]));
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(1_000_000);
  });
});

describe("writeFrame", () => {
  const write = (message: Uint8Array): { readonly bytes: Uint8Array; readonly endStream: boolean }[] => {
    const parts: { bytes: Uint8Array; endStream: boolean }[] = [];
    writeFrame({ sendData: (bytes, endStream) => parts.push({ bytes, endStream }) > 0 }, message, true, true);
    return parts;
  };

  it("puts a small message behind its prefix", () => {
    const parts = write(Uint8Array.of(9, 8));
    expect(parts.map(({ bytes, endStream }) => [[...bytes], endStream])).to.deep.equal([[[1, 0, 0, 0, 2, 9, 8], true]]);
  });

  it("sends a large message as it is, after its prefix", () => {
    const message = new Uint8Array(70_000);
    const parts = write(message);
    expect([...parts[0].bytes]).to.deep.equal([1, 0, 1, 0x11, 0x70]);
    expect(parts.map(({ endStream }) => endStream)).to.deep.equal([false, true]);
    expect(parts[1].bytes).to.equal(message);
  });
});
