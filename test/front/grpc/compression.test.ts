// Compressed messages, each hop for itself: passed on as they are where the next hop reads them, expanded within bounds where it does not.
import { deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { compressionAlgorithms } from "@grpc/grpc-js";
import { expect } from "chai";
import { bodyOf, data, headers, headOf, trailersOf } from "../../serve/http2-fixture.ts";
import { frameOf, startByteBackend } from "./byte-backend.ts";
import type { ByteAnswer, ByteBackend } from "./byte-backend.ts";
import { grpcHead, note, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const message = note({ text: "again and ".repeat(40) });
const large = note({ text: "again and ".repeat(4000) });
/** Compressed otherwise than this process would by itself. */
const encoded = { gzip: gzipSync(message, { level: 1 }), deflate: deflateSync(message, { level: 1 }) };

describe("compression over gRPC", () => {
  let answer: ByteAnswer = {};
  let backend: ByteBackend;
  let notes: Notes;

  before(async () => {
    backend = await startByteBackend(() => answer);
    notes = await startNotes({ target: backend.target });
  });

  after(async () => {
    await notes.close();
    backend.close();
  });

  async function call(target: string, body: Buffer, ...fields: readonly string[]) {
    const raw = await notes.raw();
    raw.send(headers(1, grpcHead(target, ...fields)), data(1, body, true));
    const trailers = await trailersOf(raw, 1);
    return { head: await headOf(raw, 1), body: bodyOf(raw, 1), trailers };
  }

  for (const target of [path.say, path.chat]) {
    const kind = target === path.say ? "unary" : "streaming";
    for (const encoding of ["gzip", "deflate"] as const) {
      it(`passes a reply in ${encoding} on byte by byte to a client that reads it, in a ${kind} call`, async () => {
        answer = { headers: { "grpc-encoding": encoding }, body: frameOf(encoded[encoding], 1) };
        const { head, body, trailers } = await call(
          target,
          frameOf(message),
          "grpc-accept-encoding",
          `identity,${encoding}`,
        );
        expect(head?.get("grpc-encoding")).to.equal(encoding);
        expect(trailers?.get("grpc-status")).to.equal("0");
        expect(body).to.deep.equal(frameOf(encoded[encoding], 1));
      });

      it(`expands a reply in ${encoding} for a client that does not read it, in a ${kind} call`, async () => {
        answer = { headers: { "grpc-encoding": encoding }, body: frameOf(encoded[encoding], 1) };
        const { head, body } = await call(target, frameOf(message), "grpc-accept-encoding", "identity");
        expect(head?.get("grpc-encoding")).to.equal(undefined);
        expect(body).to.deep.equal(frameOf(message));
      });

      it(`reads requests in ${encoding}, in a ${kind} call`, async () => {
        answer = { body: frameOf(message) };
        const { trailers } = await call(target, frameOf(encoded[encoding], 1), "grpc-encoding", encoding);
        expect(trailers?.get("grpc-status")).to.equal("0");
        // The backend has not said that it reads anything else.
        expect(backend.requests.at(-1)?.body).to.deep.equal(frameOf(message));
      });
    }

    it(`leaves a plain message plain among compressed ones, in a ${kind} call`, async () => {
      answer = { headers: { "grpc-encoding": "gzip" }, body: frameOf(message) };
      const { body } = await call(target, frameOf(message), "grpc-encoding", "gzip", "grpc-accept-encoding", "gzip");
      expect(body).to.deep.equal(frameOf(message));
      expect(backend.requests.at(-1)?.body).to.deep.equal(frameOf(message));
    });

    it(`refuses an encoding nobody here reads, and says which are read, in a ${kind} call`, async () => {
      const { trailers } = await call(target, frameOf(message, 1), "grpc-encoding", "snappy");
      expect(trailers?.get("grpc-status")).to.equal("12");
      expect(trailers?.get("grpc-message")).to.equal('the message encoding "snappy" is not supported');
      expect(trailers?.get("grpc-accept-encoding")).to.equal("identity,gzip,deflate");
    });

    it(`refuses a message that is not what grpc-encoding says, in a ${kind} call`, async () => {
      for (const body of [frameOf(message, 1), frameOf(encoded.gzip.subarray(0, -9), 1), frameOf(Buffer.alloc(0), 1)]) {
        const { trailers } = await call(target, body, "grpc-encoding", "gzip");
        expect([trailers?.get("grpc-status"), trailers?.get("grpc-message")]).to.deep.equal([
          "13",
          "the compressed message could not be decompressed",
        ]);
      }
    });

    for (const [what, bytes] of [
      ["short", gzipSync(Buffer.alloc(5_000_000))],
      ["long", gzipSync(Buffer.alloc(12_000_000))],
    ] as const) {
      it(`stops a ${what} bomb of a client at the limit, in a ${kind} call`, async () => {
        const { trailers } = await call(target, frameOf(bytes, 1), "grpc-encoding", "gzip");
        expect([trailers?.get("grpc-status"), trailers?.get("grpc-message")]).to.deep.equal([
          "8",
          "the message is larger than 4194304 bytes once decompressed",
        ]);
      });
    }

    it(`stops a bomb of the backend at the limit, in a ${kind} call`, async () => {
      answer = { headers: { "grpc-encoding": "gzip" }, body: frameOf(gzipSync(Buffer.alloc(5_000_000)), 1) };
      const { trailers } = await call(target, frameOf(message), "grpc-accept-encoding", "gzip");
      expect(trailers?.get("grpc-status")).to.equal("8");
    });
  }

  it("passes a unary request on byte by byte to a backend that says it reads it", async () => {
    answer = { headers: { "grpc-accept-encoding": "identity,gzip" }, body: frameOf(message) };
    await call(path.say, frameOf(message));
    await call(path.say, frameOf(encoded.gzip, 1), "grpc-encoding", "gzip");
    const received = backend.requests.at(-1)!;
    expect(received.headers["grpc-encoding"]).to.equal("gzip");
    expect(received.body).to.deep.equal(frameOf(encoded.gzip, 1));
    answer = { headers: { "grpc-accept-encoding": "identity" }, body: frameOf(message) };
    await call(path.say, frameOf(message));
  });

  it("is none of the client's business where the codec is JSON", async () => {
    answer = { headers: { "grpc-encoding": "gzip" }, body: frameOf(encoded.gzip, 1) };
    const raw = await notes.raw();
    const json = Buffer.from('{"text":"x"}');
    const head = grpcHead(path.say, "grpc-encoding", "gzip", "grpc-accept-encoding", "gzip");
    const asJson = Buffer.from(
      head.toString("latin1").replace("\x10application/grpc", "\x15application/grpc+json"),
      "latin1",
    );
    raw.send(headers(1, asJson), data(1, frameOf(gzipSync(json), 1), true));
    expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
    expect((await headOf(raw, 1))?.get("grpc-encoding")).to.equal(undefined);
    expect(bodyOf(raw, 1)[0]).to.equal(0);
    expect(backend.requests.at(-1)?.body).to.deep.equal(frameOf(note({ text: "x" })));
  });

  for (const algorithm of [compressionAlgorithms.gzip, compressionAlgorithms.deflate]) {
    it(`serves a client that compresses with ${compressionAlgorithms[algorithm]}`, async () => {
      answer = { headers: { "grpc-encoding": "gzip" }, body: frameOf(gzipSync(large), 1) };
      const client = notes.client({ "grpc.default_compression_algorithm": algorithm });
      expect((await client.unary(path.say, large)).message?.equals(large)).to.equal(true);
      const received = backend.requests.at(-1)!;
      const bytes = received.body.subarray(5);
      expect((received.body[0] === 1 ? gunzipSync(bytes) : bytes).equals(large)).to.equal(true);
      const { messages } = await client.stream(path.chat, [large, large]);
      expect(messages.map((one) => one.equals(large))).to.deep.equal([true]);
    });
  }
});
