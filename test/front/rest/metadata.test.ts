// Headers to metadata and back, in both profiles, over real sockets.
import { expect } from "chai";
import { compileRequestMetadata } from "../../../src/front/request-metadata.ts";
import { strictRest } from "../../../src/front/rest/options.ts";
import { Code, GatewayError } from "../../../src/status.ts";
import { exchangeRaw } from "../../support/raw-http.ts";
import { book, errorOf, metadataOf, reply, startLibrary } from "./library.ts";
import type { Answer, Library, LibraryOptions } from "./library.ts";

let library: Library;

const theBook: Answer = () => reply(book("books/1"));

async function start(options: LibraryOptions = {}, answer: Answer = theBook): Promise<void> {
  library = await startLibrary(answer, options);
}

async function metadataFor(headers: readonly string[]): Promise<Record<string, string>> {
  await library.send("GET /v1/books/1", headers);
  return metadataOf(library.calls.at(-1));
}

const forwarded = { "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "localhost", "x-forwarded-proto": "http" };

describe("request metadata", () => {
  afterEach(() => library.close());

  describe("in profile strict", () => {
    it("is the listed headers and where the request came from, nothing else", async () => {
      await start();
      const listed = {
        authorization: "Bearer t",
        "accept-language": "de",
        traceparent: "00-1",
        tracestate: "a=1",
        baggage: "b=2",
        "x-request-id": "r",
      };
      const sent = Object.entries(listed).map(([name, value]) => `${name.toUpperCase()}: ${value}`);
      const found = await metadataFor([
        ...sent,
        "X-User-Id: evil",
        "Cookie: a=1",
        "User-Agent: u",
        "Grpc-Metadata-X-User-Id: evil",
        "grpc-status: 0",
        "X-Real-IP: 1.2.3.4",
      ]);
      expect({ ...found }).to.deep.equal({ ...listed, ...forwarded });
    });

    it("takes further names by option, binary ones checked", async () => {
      await start({ requestHeaders: ["X-Tenant", "x-blob-bin"] });
      expect({ ...(await metadataFor(["X-TENANT: t", "X-Blob-Bin: AQI=, AQID", "Authorization: no"])) }).to.deep.equal({
        ...forwarded,
        "x-tenant": "t",
        "x-blob-bin": "AQI|AQID",
      });
      const bad = await library.send("GET /v1/books/1", ["X-Blob-Bin: !!"]);
      expect([bad.status, errorOf(bad)]).to.deep.equal([400, "3 HEADER_INVALID"]);
    });

    it("refuses values that are not printable ASCII", async () => {
      await start();
      for (const value of ["a\tb", "\xe4"]) {
        expect(errorOf(await library.send("GET /v1/books/1", [`X-Request-Id: ${value}`]))).to.equal("3 HEADER_INVALID");
      }
      expect(library.calls).to.have.length(0);
    });

    it("takes tabs around the commas of a list, which metadata cannot have, for blanks", async () => {
      await start({ requestHeaders: ["tracestate"] });
      const found = await metadataFor(["tracestate: foo=1 \t , \t bar=2, \t baz=3"]);
      expect(found["tracestate"]).to.equal("foo=1, bar=2, baz=3");
      expect(errorOf(await library.send("GET /v1/books/1", ["tracestate: a=1,\tb=2\t3"]))).to.equal("3 HEADER_INVALID");
    });

    it("never comes from request trailers", async () => {
      await start();
      const chunked =
        "POST /v1/books HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: x-request-id\r\n\r\n2\r\n{}\r\n0\r\nx-request-id: evil\r\n\r\n";
      expect((await exchangeRaw(library, chunked)).status).to.equal(201);
      expect(metadataOf(library.calls[0])).to.not.have.property("x-request-id");
    });

    it("does not let a name be listed that the gateway or gRPC sets, however it is spelt", async () => {
      await start();
      for (const name of [
        "grpc-status",
        "Grpc-Metadata-Grpc-Status",
        "connect-protocol-version",
        "te",
        "content-type",
        "host",
        "x-forwarded-for",
        "x-forwarded-for-bin",
        "a b",
        ":path",
        "x_user",
      ]) {
        expect(() => compileRequestMetadata({ ...strictRest, requestHeaders: [name] }), name).to.throw(RangeError);
      }
    });
  });

  describe("in profile grpc-gateway", () => {
    it("is Grpc-Metadata-X, the permanent headers with a prefix, and authorization both ways", async () => {
      await start({ profile: "grpc-gateway" });
      const sent = [
        "Grpc-Metadata-Tenant: t",
        "grpc-metadata-tenant: u",
        "Grpc-Metadata-Blob-Bin: AQI=",
        "Authorization: Bearer t",
        "Cookie: a=1",
        "Accept: text/html",
        "X-Other: no",
      ];
      expect({ ...(await metadataFor(sent)) }).to.deep.equal({
        ...forwarded,
        tenant: "t|u",
        "blob-bin": "AQI",
        authorization: "Bearer t",
        "grpcgateway-authorization": "Bearer t",
        "grpcgateway-cookie": "a=1",
        "grpcgateway-accept": "text/html",
      });
    });

    it("leaves out reserved names in any spelling, and values that are no metadata", async () => {
      await start({ profile: "grpc-gateway" });
      const names = [
        "Grpc-Status",
        "grpc-timeout-bin",
        "Connect-X",
        "X-Forwarded-For",
        "Te",
        "Content-Type",
        "Host",
        "Grpc-Metadata-Grpc-Status",
        "grpcgateway-authorization",
        "User-Agent",
        "x!y",
        "",
      ];
      const found = await metadataFor([
        ...names.map((name) => `Grpc-Metadata-${name}: evil`),
        "Grpc-Metadata-A: b\tc",
        "Cookie: \xe4",
      ]);
      expect({ ...found }).to.deep.equal(forwarded);
    });

    it("of a binary header that is no base64 is 400", async () => {
      await start({ profile: "grpc-gateway" });
      expect((await library.send("GET /v1/books/1", ["Grpc-Metadata-A-Bin: !"])).status).to.equal(400);
    });
  });

  describe("X-Forwarded-*", () => {
    const spoofed = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: evil", "X-Forwarded-Proto: https"];

    it("are not believed from anybody by default", async () => {
      await start();
      expect({ ...(await metadataFor(spoofed)) }).to.deep.equal(forwarded);
      expect(library.calls[0].peer.address).to.equal("127.0.0.1");
    });

    it("are believed from a trusted proxy, up to the first hop that is not one", async () => {
      await start({ trustedProxies: ["127.0.0.0/8", "10.0.0.1", "fd00::/8"] });
      const found = await metadataFor([
        "X-Forwarded-For: 6.6.6.6, 1.2.3.4 ,fd00::1,10.0.0.1",
        "X-Forwarded-Host: shop.example",
        "X-Forwarded-Proto: HTTPS",
      ]);
      expect({ ...found }).to.deep.equal({
        "x-forwarded-for": "1.2.3.4, fd00::1, 10.0.0.1, 127.0.0.1",
        "x-forwarded-host": "shop.example",
        "x-forwarded-proto": "https",
      });
      expect(library.calls[0].peer).to.deep.equal({ address: "1.2.3.4", port: 0 });
    });

    it("stop at what is no address", async () => {
      await start({ trustedProxies: ["127.0.0.1"] });
      const found = await metadataFor([
        "X-Forwarded-For: 1.2.3.4, unknown",
        "X-Forwarded-Host: a b",
        "X-Forwarded-Proto: ftp",
      ]);
      expect({ ...found }).to.deep.equal(forwarded);
    });

    it("do not start with a trusted proxy that is no address", async () => {
      await start();
      for (const entry of ["localhost", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/8/8", "10.0.0.0/-1"]) {
        const outcome = await startLibrary(theBook, { trustedProxies: [entry] }).then(
          () => "started",
          (error: unknown) => (error as Error).name,
        );
        expect(outcome, entry).to.equal("RangeError");
      }
    });
  });
});

describe("reply metadata", () => {
  afterEach(() => library.close());
  const sent = reply(book("b"), ["x-request-id", "r", "x-secret", "s", "x-bad", "a\r\nb"], ["x-cost", "7"]);

  it("stays behind in profile strict unless listed", async () => {
    await start({}, () => sent);
    const closed = await library.send("GET /v1/books/1", ["TE: trailers"]);
    expect([...closed.headers.keys()].filter((name) => /^(?:x-r|x-s|x-b|grpc)/.test(name))).to.deep.equal([]);
    expect(closed.trailers.size).to.equal(0);
    await library.close();
    await start({ responseHeaders: ["X-Request-Id", "x-bad"] }, () => sent);
    const open = await library.send("GET /v1/books/1");
    expect([open.headers.get("x-request-id"), open.headers.has("x-bad"), open.headers.has("x-secret")]).to.deep.equal([
      "r",
      false,
      false,
    ]);
  });

  it("may not be listed where HTTP or the gateway sets the header", async () => {
    await start();
    for (const name of ["content-length", "Transfer-Encoding", "connection", "content-type", "date"]) {
      const outcome = await startLibrary(theBook, { responseHeaders: [name] }).then(
        () => "started",
        (error: unknown) => (error as Error).name,
      );
      expect(outcome, name).to.equal("RangeError");
    }
  });

  it("is Grpc-Metadata-X in profile grpc-gateway, trailers where the client takes them", async () => {
    await start({ profile: "grpc-gateway" }, () => sent);
    const plain = await library.send("GET /v1/books/1");
    expect([
      plain.headers.get("grpc-metadata-x-secret"),
      plain.headers.has("grpc-metadata-x-bad"),
      plain.trailers.size,
    ]).to.deep.equal(["s", false, 0]);
    const trailed = await library.send("GET /v1/books/1", ["TE: deflate, trailers"]);
    expect([trailed.headers.get("trailer"), trailed.trailers.get("grpc-trailer-x-cost")]).to.deep.equal([
      "grpc-trailer-x-cost",
      "7",
    ]);
  });

  it("comes with errors too in profile grpc-gateway", async () => {
    await start({ profile: "grpc-gateway" }, () => {
      throw new GatewayError(Code.UNAUTHENTICATED, "who are you", {
        backendHeaders: ["x-a", "1"],
        backendTrailers: ["x-b", "2"],
      });
    });
    const response = await library.send("GET /v1/books/1", ["TE: trailers"]);
    expect([
      response.status,
      response.headers.get("grpc-metadata-x-a"),
      response.trailers.get("grpc-trailer-x-b"),
      response.headers.get("www-authenticate"),
    ]).to.deep.equal([401, "1", "2", "who are you"]);
  });
});
