// What every transport does with calls that a backend says not to have begun: sends them again, once, with all that the client has sent.
import { once } from "node:events";
import http2 from "node:http2";
import { createServer, type AddressInfo } from "node:net";
import { expect } from "chai";
import { clientPreface, ErrorCode, Flag, FrameType } from "../../src/http2/protocol.ts";
import { Code } from "../../src/status.ts";
import type { Transport } from "../../src/upstream/transport.ts";
import { frame as frameBytes, literals, number32, RawPeer, settingsAck } from "../http2/support/raw-peer.ts";
import { type Bench, failureOf, readAll, readerOf, streamCall, unaryCall } from "./calls.ts";
import { answer, bodyOf, frame, type OnStream, serveHttp2 } from "./http2-backend.ts";

const { DATA, HEADERS, RST_STREAM, SETTINGS } = FrameType;
const first = "/t.S/First";
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

type Refuse = (stream: http2.ServerHttp2Stream) => void;

const refuse: Refuse = (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
const leaveOut: Refuse = (stream) => stream.session?.goaway(0, (stream.id ?? 0) - 2);

/** What a backend does with a call, by how often it has been tried. */
type OnTry = (stream: http2.ServerHttp2Stream, tries: number) => void;

export function describeRefusals(bench: Bench): void {
  describe("calls that a backend has not begun", () => {
    const open = async (onTry: OnTry): Promise<{ readonly transport: Transport; readonly tries: () => number }> => {
      let tries = 0;
      const onStream: OnStream = (stream, headers) => {
        if (headers[":path"] === first) answer(stream, frame("ok"));
        else onTry(stream, ++tries);
      };
      const backend = await serveHttp2(onStream);
      bench.later(() => backend.close());
      const transport = bench.open(backend.target);
      // Node says GOAWAY with the stream before only where there was one.
      await transport.unary(unaryCall(first));
      return { transport, tries: () => tries };
    };

    for (const [how, turnDown] of [
      ["refused", refuse],
      ["left out of a GOAWAY", leaveOut],
    ] as const) {
      it(`are sent again where a unary one was ${how}`, async () => {
        const { transport, tries } = await open((stream, count) => {
          if (count === 1) turnDown(stream);
          else void bodyOf(stream).then((body) => answer(stream, body));
        });
        const { message } = await transport.unary(unaryCall("/t.S/M", Buffer.from("again")));
        expect([text(message), tries()]).to.deep.equal(["again", 2]);
      });

      it(`are sent again where a stream was ${how}, with all it had sent`, async () => {
        const { transport, tries } = await open((stream, count) => {
          if (count > 1) void bodyOf(stream).then((body) => answer(stream, body));
          else stream.once("data", () => turnDown(stream));
        });
        const words = ["a", "b", "c"];
        const messages = readerOf(words.map((word) => Buffer.from(word)));
        const reply = transport.stream(streamCall("/t.S/M", messages));
        expect((await readAll(reply.messages)).map(text)).to.deep.equal(words);
        expect(tries()).to.equal(2);
      });

      it(`are sent again where a stream was ${how} whose client goes on only then`, async () => {
        let goOn = (): void => {};
        const { transport, tries } = await open((stream, count) => {
          if (count === 1) {
            stream.once("data", () => turnDown(stream));
            return;
          }
          stream.once("data", goOn);
          void bodyOf(stream).then((body) => answer(stream, body));
        });
        const second = new Promise<Uint8Array>((resolve) => (goOn = () => resolve(Buffer.from("b"))));
        const parts = [Promise.resolve(Buffer.from("a")), second, Promise.resolve(undefined)];
        const reply = transport.stream(
          streamCall("/t.S/M", { read: () => parts.shift() ?? Promise.resolve(undefined) }),
        );
        expect((await readAll(reply.messages)).map(text)).to.deep.equal(["a", "b"]);
        expect(tries()).to.equal(2);
      });
    }

    it("are UNAVAILABLE when they are refused twice", async () => {
      const { transport, tries } = await open(refuse);
      expect((await failureOf(transport.unary(unaryCall("/t.S/M")))).code).to.equal(Code.UNAVAILABLE);
      expect(tries()).to.equal(2);
      const reply = transport.stream(streamCall("/t.S/M", [Buffer.from("a")]));
      for (const part of [reply.headers, reply.messages.read(), reply.trailers])
        expect((await failureOf(part)).code).to.equal(Code.UNAVAILABLE);
      expect(tries()).to.equal(4);
    });

    it("are not sent again when there was an answer before the refusal", async () => {
      // By hand: Node ends the answer before it sends a reset.
      const requests: number[] = [];
      const server = createServer((socket) => {
        const peer = new RawPeer(socket, clientPreface.length);
        peer.send(frameBytes(SETTINGS, 0, 0), settingsAck);
        void refuseAfterAnswer(peer, requests);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      bench.later(() => server.close());
      const { port } = server.address() as AddressInfo;
      const transport = bench.open(`127.0.0.1:${port}`);
      expect((await failureOf(transport.unary(unaryCall("/t.S/M")))).code).to.equal(Code.UNAVAILABLE);
      expect((await failureOf(transport.stream(streamCall("/t.S/M")).trailers)).code).to.equal(Code.UNAVAILABLE);
      expect(requests).to.deep.equal([1, 3]);
    });

    for (const [what, count, size] of [
      ["more messages than are kept, without a byte in them", 2000, 0],
      ["more than is kept", 30, 10_000],
    ] as const) {
      it(`are not sent again when they have sent ${what}`, async () => {
        const { transport, tries } = await open((stream) => {
          let received = 0;
          stream.on("data", (chunk: Buffer) => {
            received += chunk.length;
            if (received >= Math.min(200_000, count * (size + 5))) refuse(stream);
          });
        });
        const messages = readerOf(Array.from({ length: count }, () => Buffer.alloc(size)));
        const reply = transport.stream(streamCall("/t.S/M", messages));
        expect((await failureOf(readAll(reply.messages))).code).to.equal(Code.UNAVAILABLE);
        expect(tries()).to.equal(1);
      });
    }
  });
}

/** Until the connection ends. */
async function refuseAfterAnswer(peer: RawPeer, requests: number[]): Promise<void> {
  for (let id = 1; (await peer.next(HEADERS, (found) => found.id === id)) !== undefined; id += 2) {
    requests.push(id);
    peer.send(
      frameBytes(HEADERS, Flag.END_HEADERS, id, literals(":status", "200", "content-type", "application/grpc")),
      frameBytes(DATA, 0, id, frame("a")),
      frameBytes(RST_STREAM, 0, id, number32(ErrorCode.REFUSED_STREAM)),
    );
  }
}
