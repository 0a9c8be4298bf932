// What a call may cost: sizes of messages both ways, and streams whose one side is slower than the other.
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { expect } from "chai";
import { FrameType } from "../../../src/http2/protocol.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import { frame, number32, settings } from "../../http2/support/raw-peer.ts";
import type { RawFrame } from "../../http2/support/raw-peer.ts";
import { bodyOf, data, headers, trailersOf } from "../../serve/http2-fixture.ts";
import type { BackendHandlers } from "../../support/backend.ts";
import { frameOf } from "./byte-backend.ts";
import { grpcHead, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const INITIAL_WINDOW_SIZE = 4;
const RESOURCE_EXHAUSTED = 8;

for (const [name, transport] of Object.entries({ native: createNativeTransport, "grpc-js": createGrpcJsTransport })) {
  describe(`limits over gRPC, the ${name} transport behind`, () => {
    let notes: Notes;
    let backendCall: ServerDuplexStream<Buffer, Buffer> | undefined;

    const handlers: BackendHandlers = {
      [path.say]: (message) => Buffer.alloc(message.length * 2),
      /** Echoes. */
      [path.chat]: {
        stream: (call) => {
          call.on("data", (message: Buffer) => call.write(Buffer.alloc(message.length * 2)));
          call.on("end", () => call.end());
        },
      },
      /** Reads nothing until told to. */
      [path.gather]: {
        stream: (call) => {
          backendCall = call;
        },
      },
    };

    beforeEach(async () => {
      backendCall = undefined;
      notes = await startNotes({ handlers, transport, maxMessageBytes: 1500, options: { maxMessageBytes: 1000 } });
    });

    afterEach(() => notes.close());

    it("take a message of exactly the limit, and refuse a longer one", async () => {
      const client = notes.client();
      expect((await client.unary(path.gather, Buffer.alloc(1001))).status).to.include({
        code: RESOURCE_EXHAUSTED,
        details: "the message has 1001 bytes, more than the 1000 allowed",
      });
      expect((await client.unary(path.say, Buffer.alloc(1001))).status.code).to.equal(RESOURCE_EXHAUSTED);
      expect(notes.backend.calls.filter((call) => call.path === path.say)).to.have.length(0);
      expect((await client.unary(path.say, Buffer.alloc(700))).message).to.have.length(1400);
    });

    it("end a stream at the message that is too long", async () => {
      const { messages, status } = await notes.client().stream(path.chat, [Buffer.alloc(100), Buffer.alloc(1001)]);
      expect(status.code).to.equal(RESOURCE_EXHAUSTED);
      expect(messages.length).to.be.at.most(1);
    });

    it("refuse replies that are too long", async () => {
      const client = notes.client();
      for (const { status } of [
        await client.unary(path.say, Buffer.alloc(800)),
        await client.stream(path.chat, [Buffer.alloc(800)]),
      ]) {
        expect(status.code).to.equal(RESOURCE_EXHAUSTED);
        expect((status.metadata.get("grpc-status-details-bin")[0] as Buffer).toString("latin1")).to.include(
          "UPSTREAM_MESSAGE_TOO_LARGE",
        );
      }
    });

    it("hold the client back while the backend does not read", async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.gather)));
      const message = frameOf(Buffer.alloc(995));
      let sent = 0;
      let credit = 65_535;
      const seen = new Set<RawFrame>();
      /** Sends what the window allows until no more of it is given back. */
      while (credit >= message.length) {
        const messages = Math.floor(credit / message.length);
        for (let at = 0; at < messages; at++) raw.send(data(1, message));
        sent += messages * message.length;
        credit -= messages * message.length;
        for (let round = 0; round < 10; round++) await raw.settled();
        for (const update of raw.frames) {
          if (update.type !== FrameType.WINDOW_UPDATE || update.id !== 1 || seen.has(update)) continue;
          seen.add(update);
          credit += update.payload.readUInt32BE(0);
        }
      }
      expect(sent).to.be.within(65_000, 8_000_000);
      backendCall?.on("end", () => backendCall?.end());
      backendCall?.resume();
      await raw.next(FrameType.WINDOW_UPDATE, (update) => update.id === 1 && !seen.has(update));
      raw.send(data(1, Buffer.alloc(0), true));
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
    });
  });

  describe(`a slow reader over gRPC, the ${name} transport behind`, () => {
    it("holds the backend back, and gets all of it in the end", async () => {
      let written = 0;
      const part = Buffer.alloc(100_000, 1);
      const total = 50_000_000;
      const handlers: BackendHandlers = {
        [path.list]: {
          stream: (call) => {
            const more = (): void => {
              while (written < total) {
                written += part.length;
                if (!call.write(part)) {
                  call.once("drain", more);
                  return;
                }
              }
              call.end();
            };
            call.resume();
            more();
          },
        },
      };
      const notes = await startNotes({ handlers, transport });
      try {
        const raw = await notes.raw();
        raw.send(frame(FrameType.SETTINGS, 0, 0, settings([INITIAL_WINDOW_SIZE, 1000])));
        raw.send(headers(1, grpcHead(path.list)), data(1, frameOf(Buffer.alloc(0)), true));
        let before = -1;
        while (written !== before || bodyOf(raw, 1).length < 1000) {
          before = written;
          for (let round = 0; round < 20; round++) await raw.settled();
        }
        expect(bodyOf(raw, 1)).to.have.length(1000);
        expect(written).to.be.lessThan(20_000_000);
        raw.send(frame(FrameType.WINDOW_UPDATE, 0, 1, number32(100_000_000)));
        raw.send(frame(FrameType.WINDOW_UPDATE, 0, 0, number32(100_000_000)));
        expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
        expect(bodyOf(raw, 1)).to.have.length(total + (total / part.length) * 5);
      } finally {
        await notes.close();
      }
    });
  });
}
