// Whatever bytes come, the engine throws nothing: it goes on, or ends the connection in order.
import { expect } from "chai";
import fc from "fast-check";
import { createHttp2Connection } from "../../src/http2/connection.ts";
import type { ConnectionHandlers, Http2Connection, StreamHandlers } from "../../src/http2/contract.ts";
import { FrameReader } from "../../src/http2/frame-read.ts";
import type { Role } from "../../src/http2/settings.ts";
import { duplexPair } from "./support/duplex-pair.ts";
import { clientHello, frame, getBlock, literals, postBlock } from "./support/raw-peer.ts";
import { get } from "./support/exchange.ts";

const blocks = fc.oneof(
  fc.constantFrom(
    getBlock,
    postBlock,
    literals("a", "b"),
    literals(":status", "200"),
    literals(":status", "100"),
    Buffer.alloc(0),
  ),
  fc.uint8Array({ maxLength: 40 }),
);
const smallPayload = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.constantFrom(...[4, 5, 6, 8, 12].map((length) => new Uint8Array(length))),
);
const frames = fc
  .tuple(
    fc.oneof(fc.nat(10), fc.constantFrom(0, 1, 1, 9)),
    fc.oneof(fc.constantFrom(0, 1, 4, 5, 5, 0x0c, 0x2d), fc.nat(255)),
    fc.constantFrom(0, 1, 1, 3, 5, 2, 7),
    blocks,
    smallPayload,
  )
  .map(([type, flags, id, block, payload]) =>
    frame(type, flags, id, type === 1 || type === 9 || type === 5 ? block : payload),
  );

const input = fc.record({
  frames: fc.array(frames, { maxLength: 30 }),
  noise: fc.option(fc.uint8Array({ maxLength: 30 }), { nil: undefined }),
  cuts: fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
  role: fc.constantFrom<Role>("client", "server"),
});

/** How each stream ended: more than once would be a bug. */
class Watched implements StreamHandlers {
  ends = 0;
  resets = 0;

  onData(): void {
    if (this.ends + this.resets > 0) throw new Error("data after the end");
  }

  onEnd(): void {
    this.ends++;
  }

  onReset(): void {
    this.resets++;
  }
}

describe("any frames", () => {
  it("end in order or not at all, and every stream ends at most once", async () => {
    await fc.assert(
      fc.asyncProperty(input, async ({ frames: sent, noise, cuts, role }) => {
        const [near, far] = duplexPair();
        const streams: Watched[] = [];
        let closes = 0;
        const faults: unknown[] = [];
        const handlers: ConnectionHandlers = {
          onStream(stream) {
            const watched = new Watched();
            streams.push(watched);
            if (stream.id === 3) stream.sendHeaders([":status", "200"], true);
            return watched;
          },
          onFault: (error) => faults.push(error),
          onClose: () => closes++,
        };
        const connection = createHttp2Connection(near, { role }, handlers);
        if (role === "client") open(connection, streams);
        far.on("error", () => undefined);
        far.resume();
        const preface = role === "server" ? clientHello : frame(4, 0, 0);
        const bytes = Buffer.concat([preface, ...sent, ...(noise === undefined ? [] : [noise])]);
        let at = 0;
        for (const cut of cuts) {
          if (at >= bytes.length || near.destroyed) break;
          near.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        await new Promise((resolve) => setImmediate(resolve));
        connection.destroy();
        expect(faults).to.deep.equal([]);
        expect(closes).to.equal(1);
        for (const stream of streams) {
          expect(stream.ends).to.be.at.most(1);
          expect(stream.resets).to.be.at.most(1);
        }
      }),
      { numRuns: 600 },
    );
  });
});

function open(connection: Http2Connection, streams: Watched[]): void {
  for (let at = 0; at < 3; at++) {
    const watched = new Watched();
    streams.push(watched);
    connection.request(get("/"), watched, at !== 1);
  }
}

describe("FrameReader", () => {
  it("finds the same frames however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(frames, { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
        (sent, cuts) => {
          const seen: Buffer[] = [];
          const reader = new FrameReader(16_384, ({ type, flags, streamId, bytes, start, end }) => {
            seen.push(frame(type, flags, streamId, bytes.subarray(start, end)));
          });
          const bytes = Buffer.concat(sent);
          let at = 0;
          for (const cut of cuts) {
            if (at >= bytes.length) break;
            reader.read(bytes.subarray(at, at + cut));
            at += cut;
          }
          expect(seen.map((one) => one.toString("hex"))).to.deep.equal(sent.map((one) => one.toString("hex")));
        },
      ),
    );
  });

  it("keeps what comes while it is stopped, in order", () => {
    const seen: number[] = [];
    const reader: FrameReader = new FrameReader(16_384, ({ streamId }) => {
      seen.push(streamId);
      if (streamId === 2) reader.stop();
    });
    const bytes = Buffer.concat([1, 2, 3, 4].map((id) => frame(0, 0, id, [id])));
    reader.read(bytes.subarray(0, 33));
    reader.read(bytes.subarray(33));
    expect(seen).to.deep.equal([1, 2]);
    reader.resume();
    expect(seen).to.deep.equal([1, 2, 3, 4]);
  });
});
