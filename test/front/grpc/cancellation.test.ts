// Either end gives up: the other hears of it, whoever waits is let go, and nothing is left behind.
import { once } from "node:events";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { expect } from "chai";
import { ErrorCode, FrameType } from "../../../src/http2/protocol.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import { BackendError, toStatus } from "../../support/backend.ts";
import type { BackendHandlers } from "../../support/backend.ts";
import { data, headers, headOf, trailersOf } from "../../serve/http2-fixture.ts";
import { frame, number32 } from "../../http2/support/raw-peer.ts";
import { grpcHead, note, path, startNotes, statusOf } from "./notes.ts";
import type { Notes } from "./notes.ts";

const CANCELLED = 1;
const message = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from([8, 1])]);

interface Opened {
  readonly cancelled: Promise<unknown>;
  readonly call: ServerDuplexStream<Buffer, Buffer> | undefined;
}

for (const [name, transport] of Object.entries({ native: createNativeTransport, "grpc-js": createGrpcJsTransport })) {
  describe(`cancellation over gRPC, the ${name} transport behind`, () => {
    let notes: Notes;
    let opened: (backend: Opened) => void;
    let next: Promise<Opened>;

    const handlers: BackendHandlers = {
      [path.say]: (_, call) => {
        opened({ cancelled: call.cancelled, call: undefined });
        return new Promise<never>(() => {});
      },
      [path.chat]: {
        stream: (call) => {
          opened({ cancelled: once(call, "cancelled"), call });
          call.on("data", (received: Buffer) => call.write(received));
        },
      },
    };

    beforeEach(async () => {
      next = new Promise((resolve) => (opened = resolve));
      notes = await startNotes({ handlers, transport });
    });

    afterEach(() => notes.close());

    it("by the client of a unary call reaches the backend", async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.say)), data(1, message, true));
      const { cancelled } = await next;
      raw.send(frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.CANCEL)));
      await cancelled;
    });

    it("by the client of a stream reaches the backend, whatever was sent before", async () => {
      const call = notes.client().chat(path.chat);
      call.write(note({ text: "a" }));
      await once(call, "data");
      const { cancelled } = await next;
      const status = statusOf(call);
      call.cancel();
      await cancelled;
      expect((await status).code).to.equal(CANCELLED);
    });

    it("by the loss of the client's connection ends all its calls", async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.say)), data(1, message, true));
      const first = await next;
      next = new Promise((resolve) => (opened = resolve));
      raw.send(headers(3, grpcHead(path.chat)), data(3, message));
      const second = await next;
      raw.socket.destroy();
      await Promise.all([first.cancelled, second.cancelled]);
    });

    it("before the message is there calls nobody", async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.say)), data(1, message.subarray(0, 3)));
      raw.send(frame(FrameType.RST_STREAM, 0, 1, number32(ErrorCode.CANCEL)));
      await raw.settled();
      raw.send(headers(3, grpcHead(path.say)), data(3, message, true));
      await next;
      expect(notes.backend.calls).to.have.length(1);
    });

    it("by the backend ends the call for a client that still sends", async () => {
      const call = notes.client().chat(path.chat);
      call.write(note({ text: "a" }));
      await once(call, "data");
      const backend = await next;
      const status = statusOf(call);
      backend.call?.emit("error", toStatus(new BackendError(8, "enough")));
      const { code, details } = await status;
      expect([code, details]).to.deep.equal([8, "enough"]);
    });

    it("by the backend's end ends the call for a client that sends on for a while", async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.chat)), data(1, message));
      await headOf(raw, 1);
      const backend = await next;
      backend.call?.end();
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
      raw.send(data(1, message), data(1, message, true));
      await raw.settled();
      expect(raw.frames.some(({ type, id }) => type === FrameType.RST_STREAM && id === 1)).to.equal(false);
    });

    it("by the backend's connection fails the calls on it and leaves the client's", async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.say)), data(1, message, true));
      await next;
      await notes.backend.close();
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("14");
      await raw.settled();
      expect(raw.isEnded).to.equal(false);
    });

    it("of a request that turns out malformed reaches the backend", async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.chat)), data(1, message));
      const { cancelled } = await next;
      raw.send(data(1, Buffer.from([7, 0, 0, 0, 0])));
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("13");
      await cancelled;
    });
  });
}
