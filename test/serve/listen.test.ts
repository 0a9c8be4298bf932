// The HTTP/1.1 listener against raw sockets: what it refuses, what it lets through, and how a connection ends.
import { once } from "node:events";
import { connect } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Exchange, Front } from "../../src/front/front.ts";
import { GatewayError } from "../../src/status.ts";
import { createListener, toListenAddress } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import type { ListenerLimits } from "../../src/serve/listen-limits.ts";
import { exchangeRaw, openRaw, request } from "../support/raw-http.ts";

let listener: Listener | undefined;
let bound: BoundAddress;
let seen: Exchange[] = [];

async function start(front: Front, limits: Partial<ListenerLimits> = {}): Promise<void> {
  listener = createListener({
    address: { host: "127.0.0.1", port: 0 },
    limits: { ...defaultListenerLimits, ...limits },
    front: (exchange) => {
      seen.push(exchange);
      front(exchange);
    },
  });
  bound = await listener.listen();
}

const hello: Front = (exchange) => exchange.respond(200, ["content-type", "text/plain"], Buffer.from("hello"));

/** Answers with the body, or with the error's HTTP status and reason. */
const echo =
  (limit: number): Front =>
  (exchange) => {
    exchange.readBody(limit).then(
      (body) => exchange.respond(200, [], body),
      (error: unknown) => {
        const { httpStatus, reason = "" } = GatewayError.from(error);
        exchange.respond(httpStatus, [], Buffer.from(reason));
      },
    );
  };

function reasonOf(body: Buffer): string {
  const status = JSON.parse(body.toString()) as { details: { reason: string }[] };
  return status.details[0].reason;
}

describe("createListener", () => {
  beforeEach(() => {
    seen = [];
  });
  afterEach(async () => {
    await listener?.close(0);
    listener = undefined;
  });

  describe("lets through", () => {
    it("an absolute target that names the same host, stripped", async () => {
      await start(hello);
      await exchangeRaw(bound, "GET http://LocalHost:80/v1/x?y=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await exchangeRaw(bound, "GET http://a?y=1 HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(seen.map((exchange) => exchange.target)).to.deep.equal(["/v1/x?y=1", "/?y=1"]);
    });

    it("OPTIONS *", async () => {
      await start(hello);
      await exchangeRaw(bound, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(seen[0].target).to.equal("*");
    });

    it("the target verbatim", async () => {
      await start(hello);
      await exchangeRaw(bound, "GET /a/../%2e%2e//b;c?d=%zz HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(seen[0].target).to.equal("/a/../%2e%2e//b;c?d=%zz");
    });

    it("Upgrade, ignored", async () => {
      await start(hello);
      const response = await exchangeRaw(bound, request("GET /", ["Connection: Upgrade", "Upgrade: h2c"]));
      expect(response.status).to.equal(200);
    });

    it("headers by lower-case name on an object without prototype, repeated ones joined", async () => {
      await start(hello);
      await exchangeRaw(bound, request("GET /", ["X-A: 1", "x-a: 2", "Cookie: a=1", "cookie: b=2", "constructor: 3"]));
      const { headers } = seen[0];
      expect(headers["x-a"]).to.equal("1, 2");
      expect(headers["cookie"]).to.equal("a=1; b=2");
      expect(headers["constructor"]).to.equal("3");
      expect(headers["toString"]).to.equal(undefined);
    });

    it("but drops what a harmless Connection option names", async () => {
      await start(hello);
      await exchangeRaw(bound, request("GET /", ["Connection: keep-alive, Hop", "Hop: 1", "X-A: 2"]));
      expect(seen[0].headers["hop"]).to.equal(undefined);
      expect(seen[0].rawHeaders).to.not.include("Hop");
      expect(seen[0].headers["x-a"]).to.equal("2");
    });

    it("but drops names with underscores when told to", async () => {
      await start(hello, { underscoreHeaders: "drop" });
      await exchangeRaw(bound, request("GET /", ["X_User: 1", "X-A: 2"]));
      expect(seen[0].headers["x_user"]).to.equal(undefined);
      expect(seen[0].rawHeaders).to.deep.equal(["Host", "localhost", "X-A", "2"]);
    });
  });

  describe("bodies", () => {
    it("are whole, with length and chunked", async () => {
      await start(echo(100));
      expect((await exchangeRaw(bound, request("POST /", [], "hello"))).body.toString()).to.equal("hello");
      const chunked =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-User-Id: evil\r\n\r\n";
      expect((await exchangeRaw(bound, chunked)).body.toString()).to.equal("hello");
      expect(seen[1].headers["x-user-id"]).to.equal(undefined);
    });

    it("are empty without announcement", async () => {
      await start(echo(100));
      expect((await exchangeRaw(bound, request("POST /"))).body.toString()).to.equal("");
      expect((await exchangeRaw(bound, request("GET /", ["Content-Length: 0"]))).status).to.equal(200);
    });

    it("over the limit are 413 by their length, unread, and by their bytes when chunked", async () => {
      await start(echo(10));
      const announced = await exchangeRaw(bound, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n");
      expect([announced.status, announced.body.toString()]).to.deep.equal([413, "BODY_TOO_LARGE"]);
      const connection = await openRaw(bound);
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      connection.send("8\r\n12345678\r\n");
      connection.send("8\r\n12345678\r\n");
      const grown = await connection.response();
      expect([grown.status, grown.headers.get("connection")]).to.deep.equal([413, "close"]);
      connection.close();
    });

    it("that are malformed are the reader's error, and the connection closes", async () => {
      await start(echo(100));
      const connection = await openRaw(bound);
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n");
      const response = await connection.response();
      expect([response.status, response.body.toString()]).to.deep.equal([400, "BODY_MALFORMED"]);
      await connection.closed;
    });

    it("nobody reads are drained when small, and the connection goes on", async () => {
      await start(hello);
      const connection = await openRaw(bound);
      connection.send(request("POST /1", [], "x".repeat(60_000)));
      expect((await connection.response()).headers.get("connection")).to.equal("keep-alive");
      connection.send(request("GET /2"));
      expect((await connection.response()).status).to.equal(200);
      connection.close();
    });

    it("nobody reads end the connection when large, after the answer has arrived whole", async () => {
      await start(hello);
      const connection = await openRaw(bound);
      connection.send(request("POST /1", [], "x".repeat(500_000)));
      const response = await connection.response();
      expect(response.headers.get("connection")).to.equal("close");
      expect(response.body.toString()).to.equal("hello");
      await connection.closed;
    });

    it("are asked for with 100 Continue only when somebody reads them", async () => {
      await start((exchange) => (exchange.target === "/read" ? echo(100)(exchange) : hello(exchange)));
      const reading = await openRaw(bound);
      reading.send("POST /read HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
      expect((await reading.response()).status).to.equal(100);
      reading.send("hello");
      expect((await reading.response()).body.toString()).to.equal("hello");
      reading.close();
      const refusing = await openRaw(bound);
      refusing.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
      const refused = await refusing.response();
      expect([refused.status, refused.headers.get("connection")]).to.deep.equal([200, "close"]);
      await refusing.closed;
    });

    it("that come in too slowly are 408", async () => {
      await start(echo(1000), { checkIntervalMs: 20, bodyGraceMs: 50, minBodyBytesPerSecond: 1_000_000 });
      const connection = await openRaw(bound);
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx");
      const response = await connection.response();
      expect([response.status, response.body.toString()]).to.deep.equal([408, "BODY_TOO_SLOW"]);
      connection.close();
    });
  });

  describe("time limits", () => {
    it("ends a request whose headers do not come with 408", async () => {
      await start(hello, { headersTimeoutMs: 50, requestTimeoutMs: 100, checkIntervalMs: 20 });
      const connection = await openRaw(bound);
      connection.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
      expect((await connection.response()).status).to.equal(408);
      await connection.closed;
    });

    it("closes a connection that never says anything, without an answer", async () => {
      await start(hello, { headersTimeoutMs: 50, requestTimeoutMs: 100, checkIntervalMs: 20 });
      const connection = await openRaw(bound);
      expect((await connection.rest()).length).to.equal(0);
    });

    it("closes an idle connection after the keep-alive time", async () => {
      await start(hello, { keepAliveTimeoutMs: 50 });
      const connection = await openRaw(bound);
      connection.send(request("GET /"));
      expect((await connection.response()).status).to.equal(200);
      await connection.closed;
    });

    it("cuts off a client that does not read its answer", async () => {
      const big = Buffer.alloc(64 * 1024 * 1024);
      await start((exchange) => exchange.respond(200, [], big), { stallTimeoutMs: 50, checkIntervalMs: 20 });
      const socket = connect(bound.port, bound.host);
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.pause();
      socket.write(request("GET /"));
      await waitForExchange();
      // Nothing else would end the connection in this time.
      await listener?.close(600_000);
      socket.destroy();
    });
  });

  describe("connections", () => {
    it("answer pipelined requests one at a time and in order", async () => {
      let running = 0;
      let mostRunning = 0;
      await start((exchange) => {
        mostRunning = Math.max(mostRunning, ++running);
        setImmediate(() => {
          running--;
          exchange.respond(200, [], Buffer.from(exchange.target));
        });
      });
      const connection = await openRaw(bound);
      const targets = Array.from({ length: 40 }, (_, index) => `/${index}`);
      connection.send(Buffer.concat(targets.map((target) => request(`GET ${target}`))));
      const answers: string[] = [];
      for (const _ of targets) answers.push((await connection.response()).body.toString());
      expect(answers).to.deep.equal(targets);
      expect(mostRunning).to.equal(1);
      connection.close();
    });

    it("answer pipelined requests in order when the front answers at once", async () => {
      await start((exchange) => exchange.respond(200, [], Buffer.from(exchange.target)));
      const connection = await openRaw(bound);
      connection.send(Buffer.concat(Array.from({ length: 100 }, (_, index) => request(`GET /${index}`))));
      for (let index = 0; index < 100; index++)
        expect((await connection.response()).body.toString()).to.equal(`/${index}`);
      connection.close();
    });

    it("end after 129 pipelined requests, the last answer saying so", async () => {
      await start((exchange) => setImmediate(() => exchange.respond(200, [], Buffer.from(exchange.target))));
      const connection = await openRaw(bound);
      connection.send(Buffer.concat(Array.from({ length: 300 }, (_, index) => request(`GET /${index}`))));
      for (let index = 0; index < 128; index++)
        expect((await connection.response()).headers.get("connection")).to.equal("keep-alive");
      expect((await connection.response()).headers.get("connection")).to.equal("close");
      expect((await connection.rest()).length).to.equal(0);
      expect(seen).to.have.length(129);
    });

    it("let a call in progress finish when nonsense follows it", async () => {
      let answer: (() => void) | undefined;
      await start((exchange) => (answer = () => hello(exchange)));
      const connection = await openRaw(bound);
      connection.send(`${request("GET /").toString()}nonsense\r\n\r\n`);
      await waitForExchange();
      setImmediate(() => answer?.());
      const response = await connection.response();
      expect([response.status, response.headers.get("connection")]).to.deep.equal([200, "close"]);
      expect((await connection.rest()).length).to.equal(0);
    });

    it("beyond the number per address get 503", async () => {
      await start(hello, { maxConnectionsPerIp: 2 });
      const first = await openRaw(bound);
      const second = await openRaw(bound);
      for (const connection of [first, second]) {
        connection.send(request("GET /"));
        expect((await connection.response()).status).to.equal(200);
      }
      const third = await openRaw(bound);
      const refused = await third.response();
      expect([refused.status, reasonOf(refused.body)]).to.deep.equal([503, "TOO_MANY_CONNECTIONS"]);
      await third.closed;
      first.close();
      second.close();
    });

    it("tell the front at once when the client leaves, and never after the answer", async () => {
      let aborts = 0;
      const aborted = new Promise<void>((resolve) => {
        void start((exchange) => {
          exchange.onAbort(() => {
            aborts++;
            resolve();
          });
          if (exchange.target === "/answered") hello(exchange);
        });
      });
      await new Promise((resolve) => setImmediate(resolve));
      const answered = await openRaw(bound);
      answered.send(request("GET /answered"));
      await answered.response();
      answered.close();
      const connection = await openRaw(bound);
      connection.send(request("GET /waiting"));
      await waitForExchange(2);
      connection.close();
      await aborted;
      expect(aborts).to.equal(1);
      expect(seen[1].isDone).to.equal(true);
      seen[1].respond(200, [], Buffer.from("too late"));
    });

    it("reject a body whose client leaves half way", async () => {
      const rejected = new Promise<unknown>((resolve) => {
        void start((exchange) => void exchange.readBody(100).catch(resolve));
      });
      await new Promise((resolve) => setImmediate(resolve));
      const connection = await openRaw(bound);
      connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
      await waitForExchange();
      connection.close();
      expect(GatewayError.from(await rejected).reason).to.equal("CLIENT_GONE");
    });

    it("survive a front that throws", async () => {
      await start(() => {
        throw new TypeError("oops /etc/passwd");
      });
      const response = await exchangeRaw(bound, request("GET /"));
      expect(response.status).to.equal(500);
      expect(response.body.toString()).to.not.include("oops");
    });
  });

  describe("respond", () => {
    it("keeps the length and drops the body for HEAD", async () => {
      await start(hello);
      const connection = await openRaw(bound);
      connection.send(request("HEAD /"));
      const response = await connection.response(true);
      expect(response.headers.get("content-length")).to.equal("5");
      connection.send(request("GET /"));
      expect((await connection.response()).body.toString()).to.equal("hello");
      connection.close();
    });

    it("sends neither body nor length with 204", async () => {
      await start((exchange) => exchange.respond(204, [], undefined));
      const response = await exchangeRaw(bound, request("GET /"));
      expect(response.status).to.equal(204);
      expect(response.headers.has("content-length")).to.equal(false);
    });

    it("sends trailers after a chunked body, and leaves them out for HTTP/1.0", async () => {
      await start((exchange) => exchange.respond(200, [], Buffer.from("hello"), ["x-t", "1"]));
      const response = await exchangeRaw(bound, request("GET /"));
      expect(response.headers.get("trailer")).to.equal("x-t");
      expect(response.body.toString()).to.equal("hello");
      expect(response.trailers.get("x-t")).to.equal("1");
      const old = await exchangeRaw(bound, "GET / HTTP/1.0\r\n\r\n");
      expect(old.headers.get("content-length")).to.equal("5");
    });

    it("ends the connection rather than send a header that splits the answer", async () => {
      await start((exchange) => exchange.respond(200, ["x-a", "1\r\nx-b: 2"], undefined));
      const connection = await openRaw(bound);
      connection.send(request("GET /"));
      expect((await connection.rest()).length).to.equal(0);
    });
  });

  describe("close", () => {
    it("finishes what is in progress, closes what is idle and refuses what is new", async () => {
      let answer: (() => void) | undefined;
      await start((exchange) => {
        if (exchange.target === "/slow") answer = () => hello(exchange);
        else hello(exchange);
      });
      const idle = await openRaw(bound);
      idle.send(request("GET /"));
      await idle.response();
      const silent = await openRaw(bound);
      const busy = await openRaw(bound);
      busy.send(request("GET /slow"));
      await waitForExchange(2);
      const closed = listener?.close(10_000);
      await Promise.all([idle.closed, silent.closed]);
      const late = connect(bound.port, bound.host);
      const [error] = (await once(late, "error")) as [NodeJS.ErrnoException];
      expect(error.code).to.equal("ECONNREFUSED");
      answer?.();
      const response = await busy.response();
      expect([response.body.toString(), response.headers.get("connection")]).to.deep.equal(["hello", "close"]);
      await closed;
    });

    it("cuts what is still open after the grace", async () => {
      await start(() => {});
      const connection = await openRaw(bound);
      connection.send(request("GET /"));
      await waitForExchange();
      await listener?.close(10);
      await connection.closed;
    });
  });

  it("rejects when the address is taken", async () => {
    await start(hello);
    const second = createListener({
      address: { host: bound.host, port: bound.port },
      limits: defaultListenerLimits,
      front: hello,
    });
    const error = await second.listen().then(
      () => undefined,
      (reason: NodeJS.ErrnoException) => reason,
    );
    expect(error?.code).to.equal("EADDRINUSE");
  });

  it("listens on a Unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-listen-"));
    try {
      const host = `unix:${join(folder, "http.sock")}`;
      listener = createListener({ address: toListenAddress(host, 0), limits: defaultListenerLimits, front: hello });
      expect(await listener.listen()).to.deep.equal({ host, port: 0 });
      expect((await exchangeRaw({ host, port: 0 }, request("GET /"))).body.toString()).to.equal("hello");
    } finally {
      await listener?.close(0);
      await rm(folder, { recursive: true });
    }
  });
});

/** Resolves when the front has seen so many exchanges. */
async function waitForExchange(count = 1): Promise<void> {
  while (seen.length < count) await new Promise((resolve) => setImmediate(resolve));
}
