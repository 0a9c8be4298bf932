// The heads of HTTP/2 requests: what reaches a front, what is refused before, and that no request gets to see another's head.
import { expect } from "chai";
import { ErrorCode } from "../../src/http2/protocol.ts";
import type { RawPeer } from "../http2/support/raw-peer.ts";
import { literals } from "../http2/support/raw-peer.ts";
import { Code } from "../../src/status.ts";
import { bodyOf, headBlock, headers, headOf, serveExchanges, trailersOf } from "./http2-fixture.ts";
import type { Http2Fixture, Http2FixtureOptions } from "./http2-fixture.ts";

const scheme = [":scheme", "http"] as const;

interface Refusal {
  readonly what: string;
  readonly head: Buffer;
  readonly status: string;
  readonly text: RegExp;
}

const many = Array.from({ length: 70 }, (_, at) => [`x-${at}`, "1"]).flat();

const refusals: readonly Refusal[] = [
  { what: "a space in :path", head: headBlock("/a b"), status: "400", text: /:path/ },
  { what: "a character beyond ASCII in :path", head: headBlock("/\u00e4"), status: "400", text: /:path/ },
  { what: "a name with an underscore", head: headBlock("/", "x_user", "1"), status: "400", text: /underscore.*x_user/ },
  {
    what: "a second authorization",
    head: headBlock("/", "authorization", "a", "authorization", "b"),
    status: "400",
    text: /authorization/,
  },
  {
    what: "a second content-type",
    head: headBlock("/", "content-type", "a", "content-type", "b"),
    status: "400",
    text: /content-type/,
  },
  {
    what: "a second grpc-timeout",
    head: headBlock("/", "grpc-timeout", "1S", "grpc-timeout", "1S"),
    status: "400",
    text: /grpc-timeout/,
  },
  {
    what: "neither :authority nor host",
    head: literals(":method", "GET", ...scheme, ":path", "/"),
    status: "400",
    text: /:authority/,
  },
  {
    what: "an :authority that is no host",
    head: literals(":method", "GET", ...scheme, ":path", "/", ":authority", "user@evil/"),
    status: "400",
    text: /:authority/,
  },
  {
    what: "a :method that is no token",
    head: literals(":method", "GE T", ...scheme, ":path", "/", ":authority", "a"),
    status: "400",
    text: /:method/,
  },
  {
    what: "a :scheme that is not the web's",
    head: literals(":method", "GET", ":scheme", "ftp", ":path", "/", ":authority", "a"),
    status: "400",
    text: /:scheme/,
  },
  { what: "an unknown expectation", head: headBlock("/", "expect", "200-maybe"), status: "417", text: /100-continue/ },
  { what: "CONNECT", head: literals(":method", "CONNECT", ":authority", "a:1"), status: "405", text: /CONNECT/ },
  { what: "too long a :path", head: headBlock(`/${"a".repeat(9000)}`), status: "414", text: /URL/ },
  { what: "too many headers", head: headBlock("/", ...many), status: "431", text: /header/ },
  {
    what: "too many bytes of headers",
    head: headBlock("/", "x-a", "a".repeat(16_000), "x-b", "b".repeat(1000)),
    status: "431",
    text: /header/,
  },
  {
    what: "so many bytes of headers that they are not read",
    head: headBlock("/", "x-a", "a".repeat(40_000)),
    status: "431",
    text: /header/,
  },
];

const grpcType = ["content-type", "application/grpc+proto"];

/** The same of gRPC clients, which look for a status of gRPC. */
const grpcRefusals: readonly (readonly [what: string, head: Buffer, code: Code])[] = [
  ["too many headers", headBlock("/", ...grpcType, ...many), Code.RESOURCE_EXHAUSTED],
  [
    "so many bytes of headers that they are not read",
    headBlock("/", ...grpcType, "x-a", "a".repeat(40_000)),
    Code.RESOURCE_EXHAUSTED,
  ],
  ["a name with an underscore", headBlock("/", ...grpcType, "x_user", "1"), Code.INVALID_ARGUMENT],
];

/** RFC 9113 section 8.1.1: malformed requests are stream errors. */
const malformed: readonly (readonly [what: string, head: Buffer])[] = [
  ["a host other than :authority", headBlock("/", "host", "b")],
  ["two hosts", literals(":method", "GET", ...scheme, ":path", "/", "host", "a", "host", "a")],
  ["a :path without a slash", headBlock("shop.Catalog/Get")],
  ["an absolute :path", headBlock("http://evil/")],
  ["an upper-case name", headBlock("/", "X-User", "1")],
  ["connection", headBlock("/", "connection", "x-user")],
  ["transfer-encoding", headBlock("/", "transfer-encoding", "chunked")],
  ["te: gzip", headBlock("/", "te", "gzip")],
  ["a pseudo-header after others", literals(":method", "GET", ...scheme, ":path", "/", "x-a", "1", ":authority", "a")],
  ["a second :path", headBlock("/", ":path", "/b")],
  ["a NUL in a value", headBlock("/", "x-a", "a\0b")],
  ["a line feed in a value", headBlock("/", "x-a", "a\nb")],
];

describe("the head of an HTTP/2 request", () => {
  let fixture: Http2Fixture;
  let raw: RawPeer;

  async function start(options: Http2FixtureOptions = {}): Promise<void> {
    fixture = await serveExchanges(options);
    raw = await fixture.raw();
  }

  afterEach(() => fixture.close());

  it("reaches the front with :authority as host, names and values as they came", async () => {
    await start();
    raw.send(headers(1, headBlock("/v1/a%2Fb?x=1", "x-a", "1", "x-a", "2", "cookie", "a=1", "cookie", "b=2"), true));
    const exchange = await fixture.exchange();
    expect([exchange.httpVersion, exchange.method, exchange.target]).to.deep.equal(["2", "POST", "/v1/a%2Fb?x=1"]);
    expect({ ...exchange.headers }).to.deep.equal({ host: "a", "x-a": "1, 2", cookie: "a=1; b=2" });
    expect(exchange.rawHeaders.filter((_, at) => at % 2 === 0)).to.deep.equal([
      "host",
      "x-a",
      "x-a",
      "cookie",
      "cookie",
    ]);
    expect([exchange.secure, exchange.peer.address]).to.deep.equal([false, "127.0.0.1"]);
  });

  it("has host once where host and :authority say the same", async () => {
    await start();
    raw.send(headers(1, headBlock("/", "host", "a", "x-a", "1"), true));
    const exchange = await fixture.exchange();
    expect(exchange.rawHeaders).to.deep.equal(["host", "a", "x-a", "1"]);
  });

  it("has the host where there is no :authority", async () => {
    await start();
    raw.send(headers(1, literals(":method", "GET", ...scheme, ":path", "/", "host", "b:80"), true));
    expect((await fixture.exchange()).headers["host"]).to.equal("b:80");
  });

  it("is a header like others where it is named as a property of objects", async () => {
    await start();
    raw.send(headers(1, headBlock("/", "constructor", "1"), true));
    const exchange = await fixture.exchange();
    expect(exchange.headers["constructor"]).to.equal("1");
    expect(exchange.headers["toString"]).to.equal(undefined);
  });

  it("loses names with underscores where they are dropped", async () => {
    await start({ limits: { underscoreHeaders: "drop" } });
    raw.send(headers(1, headBlock("/", "x_user", "root", "x-a", "1"), true));
    const exchange = await fixture.exchange();
    expect(exchange.headers).to.not.have.property("x_user");
    expect(exchange.rawHeaders).to.deep.equal(["host", "a", "x-a", "1"]);
  });

  for (const { what, head, status, text } of refusals) {
    it(`is refused with ${status} for ${what}`, async () => {
      await start();
      raw.send(headers(1, head, true));
      const answer = await headOf(raw, 1);
      expect(answer?.get(":status")).to.equal(status);
      expect(answer?.get("x-content-type-options")).to.equal("nosniff");
      await raw.settled();
      expect(bodyOf(raw, 1).toString()).to.match(text);
    });
  }

  for (const [what, head, code] of grpcRefusals) {
    it(`is refused in trailers to a gRPC client for ${what}`, async () => {
      await start();
      raw.send(headers(1, head, true));
      const answer = await trailersOf(raw, 1);
      expect([answer?.get(":status"), answer?.get("content-type"), answer?.get("grpc-status")]).to.deep.equal([
        "200",
        "application/grpc",
        String(code),
      ]);
      expect(answer?.get("grpc-message")).to.match(/header/);
    });
  }

  it("is refused without a body for HEAD", async () => {
    await start();
    raw.send(headers(1, literals(":method", "HEAD", ...scheme, ":path", "/a b", ":authority", "a"), true));
    const answer = await trailersOf(raw, 1);
    expect(answer?.get(":status")).to.equal("400");
    expect(Number(answer?.get("content-length"))).to.be.greaterThan(0);
    await raw.settled();
    expect(bodyOf(raw, 1)).to.have.length(0);
  });

  for (const [what, head] of malformed) {
    it(`resets the stream for ${what}`, async () => {
      await start();
      raw.send(headers(1, head, true));
      expect(await raw.resetCode(1)).to.equal(ErrorCode.PROTOCOL_ERROR);
    });
  }

  it("refused leaves the connection and its other streams as they are", async () => {
    await start();
    raw.send(headers(1, headBlock("/a b"), true), headers(3, headBlock("/fine"), true));
    const exchange = await fixture.exchange();
    exchange.respond(200, [], undefined);
    expect([(await headOf(raw, 1))?.get(":status"), (await headOf(raw, 3))?.get(":status")]).to.deep.equal([
      "400",
      "200",
    ]);
  });

  it("is each request's own among many on one connection, repeated and new ones mixed", async () => {
    const seen: string[] = [];
    await start({
      front: (exchange) => {
        seen.push(`${exchange.target} ${String(exchange.headers["x-n"])}`);
        exchange.respond(200, ["x-n", String(exchange.headers["x-n"])], undefined);
      },
    });
    const expected: string[] = [];
    let id = 1;
    for (let round = 0; round < 60; round++) {
      for (const n of [round % 3, round % 11, round, 0]) {
        expected.push(`/${n % 5} ${n}`);
        raw.send(headers(id, headBlock(`/${n % 5}`, "x-n", String(n)), true));
        const answer = await headOf(raw, id);
        expect(answer?.get("x-n")).to.equal(String(n));
        id += 2;
      }
    }
    expect(seen).to.deep.equal(expected);
  });

  it("refused once is refused again", async () => {
    await start();
    for (const id of [1, 3, 5, 7]) raw.send(headers(id, headBlock("/", "x_user", "1"), true));
    for (const id of [1, 3, 5, 7]) expect((await headOf(raw, id))?.get(":status")).to.equal("400");
  });
});
