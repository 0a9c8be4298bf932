// What every transport does with calls that a backend says not to have begun: sends them again, once, with all that the client has sent.
import http2 from "node:http2";
import { expect } from "chai";
import { Code } from "../../src/status.ts";
import type { Transport } from "../../src/upstream/transport.ts";
import { type Bench, failureOf, readAll, readerOf, streamCall, unaryCall } from "./calls.ts";
import { answer, bodyOf, frame, grpcHead, type OnStream, serveHttp2 } from "./http2-backend.ts";

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
      const { transport, tries } = await open((stream) => {
        stream.respond(grpcHead);
        // Newer Nodes drop what has not left yet; the answer to a ping comes behind it.
        stream.session?.ping(() => refuse(stream));
      });
      await failureOf(transport.unary(unaryCall("/t.S/M")));
      await failureOf(transport.stream(streamCall("/t.S/M")).trailers);
      expect(tries()).to.equal(2);
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
