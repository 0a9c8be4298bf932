// Compression both ways: bodies inflated within bounds, answers deflated where the client likes it.
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
} from "node:zlib";
import { expect } from "chai";
import { book, errorOf, field, reply, startLibrary } from "./library.ts";
import type { Answer, Library, LibraryOptions } from "./library.ts";

let library: Library;

const theBook: Answer = () => reply(book("books/1", "Emma"));

async function start(answer: Answer = theBook, options: LibraryOptions = {}): Promise<void> {
  library = await startLibrary(answer, options);
}

const json = "Content-Type: application/json";
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

describe("content coding", () => {
  afterEach(() => library.close());

  describe("Content-Encoding", () => {
    const body = '{"title":"Emma"}';
    const encodings: readonly (readonly [name: string, bytes: Buffer])[] = [
      ["gzip", gzipSync(body)],
      ["X-GZIP", gzipSync(body)],
      ["br", brotliCompressSync(body)],
      ["deflate", deflateSync(body)],
      ["deflate", deflateRawSync(body)],
      ["identity", Buffer.from(body)],
    ];
    for (const [name, bytes] of encodings) {
      it(`${name} (${bytes.length} bytes) is undone`, async () => {
        await start();
        const response = await library.send("PUT /v1/books/1", [json, `Content-Encoding: ${name}`], bytes);
        expect(response.status).to.equal(200);
        expect(Buffer.from(library.calls[0].message)).to.deep.equal(
          Buffer.concat([field(2, "Emma"), field(1, "books/1")]),
        );
      });
    }

    const refused: readonly (readonly [title: string, name: string, bytes: Buffer, status: number, reason: string])[] =
      [
        ["an unknown one", "snappy", Buffer.from("x"), 415, "CONTENT_ENCODING_UNSUPPORTED"],
        ["two at once", "gzip, br", Buffer.from("x"), 415, "CONTENT_ENCODING_UNSUPPORTED"],
        ["junk", "gzip", Buffer.from("junk"), 400, "BODY_ENCODING_INVALID"],
        ["a cut stream", "gzip", gzipSync(body).subarray(0, 20), 400, "BODY_ENCODING_INVALID"],
        [
          "something behind the stream",
          "br",
          Buffer.concat([brotliCompressSync(body), Buffer.from("x")]),
          400,
          "BODY_ENCODING_INVALID",
        ],
        ["a small bomb", "gzip", gzipSync(Buffer.alloc(900_000)), 413, "BODY_TOO_LARGE"],
        ["a big bomb", "br", brotliCompressSync(Buffer.alloc(50_000_000), quick), 413, "BODY_TOO_LARGE"],
        ["a bomb in deflate", "deflate", deflateSync(Buffer.alloc(50_000_000), { level: 1 }), 413, "BODY_TOO_LARGE"],
      ];
    for (const [title, name, bytes, status, reason] of refused) {
      it(`refuses ${title}: ${status}`, async () => {
        await start(theBook, { maxBodyBytes: 100_000 });
        const response = await library.send("PUT /v1/books/1", [json, `Content-Encoding: ${name}`], bytes);
        expect([response.status, errorOf(response).split(" ")[1]]).to.deep.equal([status, reason]);
        expect(library.calls).to.have.length(0);
      });
    }
  });

  it("Content-Encoding zstd is undone whole, or not at all where Node has none that sees what was cut", async () => {
    await start(theBook, { maxBodyBytes: 100_000 });
    const whole = Buffer.from("28b52ffd20108100007b227469746c65223a22456d6d61227d", "hex");
    const send = (bytes: Buffer): ReturnType<Library["send"]> =>
      library.send("PUT /v1/books/1", [json, "Content-Encoding: zstd"], bytes);
    const { status } = await send(whole);
    expect(status).to.be.oneOf([200, 415]);
    const calls = status === 200 ? 1 : 0;
    expect(library.calls).to.have.length(calls);
    for (const length of [4, 8, whole.length - 1])
      expect((await send(whole.subarray(0, length))).status).to.equal(status === 200 ? 400 : 415);
    expect(library.calls).to.have.length(calls);
  });

  describe("Accept-Encoding", () => {
    const long = reply(book("books/1", "x".repeat(5_000)));
    const cases: readonly (readonly [header: string, encoding: string | undefined])[] = [
      ["gzip", "gzip"],
      ["gzip, deflate, br", "br"],
      ["gzip;q=1, br;q=0.5", "gzip"],
      ["*", "br"],
      ["br;q=0, *", "gzip"],
      ["identity", undefined],
      ["gzip;q=0", undefined],
      ["identity;q=1, gzip;q=0.5", undefined],
      ["snappy", undefined],
      ["gzip;q=x", undefined],
      ["", undefined],
    ];
    for (const [header, encoding] of cases) {
      it(`${header || "(empty)"} → ${String(encoding)}`, async () => {
        await start(() => long);
        const response = await library.send("GET /v1/books/1", [`Accept-Encoding: ${header}`]);
        expect(response.headers.get("content-encoding")).to.equal(encoding);
        expect(response.headers.get("vary")).to.equal("Accept, Accept-Encoding");
        const body =
          encoding === "br"
            ? brotliDecompressSync(response.body)
            : encoding === "gzip"
              ? gunzipSync(response.body)
              : response.body;
        expect(JSON.parse(body.toString())).to.deep.equal({ name: "books/1", title: "x".repeat(5_000) });
      });
    }

    it("changes nothing about small answers", async () => {
      await start();
      const response = await library.send("GET /v1/books/1", ["Accept-Encoding: gzip"]);
      expect(response.headers.get("content-encoding")).to.equal(undefined);
      expect(response.headers.get("vary")).to.equal("Accept, Accept-Encoding");
    });

    it("compresses large answers too, and images never", async () => {
      await start((call) =>
        call.method.localName === "Download"
          ? reply(Buffer.concat([field(1, "image/png"), field(2, "p".repeat(5_000))]))
          : reply(book("books/1", "x".repeat(500_000))),
      );
      const large = await library.send("GET /v1/books/1", ["Accept-Encoding: gzip"]);
      expect(gunzipSync(large.body).length).to.be.greaterThan(500_000);
      const image = await library.send("GET /v1/files/a", ["Accept-Encoding: gzip"]);
      expect([image.body.length, image.headers.get("vary")]).to.deep.equal([5_000, undefined]);
    });

    it("compresses nothing for pages of other sites, but those that are listed", async () => {
      await start(() => long, { trustedOrigins: ["https://app.example"] });
      const encodingFor = async (...headers: readonly string[]) =>
        (await library.send("GET /v1/books/1", ["Accept-Encoding: gzip", ...headers])).headers.get("content-encoding");
      for (const site of ["same-origin", "same-site", "none"])
        expect(await encodingFor(`Sec-Fetch-Site: ${site}`)).to.equal("gzip");
      const foreign = "Sec-Fetch-Site: cross-site";
      expect(await encodingFor(foreign)).to.equal(undefined);
      expect(await encodingFor(foreign, "Origin: https://evil.example")).to.equal(undefined);
      expect(await encodingFor(foreign, "Origin: null")).to.equal(undefined);
      expect(await encodingFor(foreign, "Origin: https://app.example")).to.equal("gzip");
    });
  });
});
