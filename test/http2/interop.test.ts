// The engine against node:http2 in both roles, and against itself: bodies, trailers, windows, resets, many streams, TLS, unix.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "./support/duplex-pair.ts";
import tls from "node:tls";
import { expect } from "chai";
import { createHttp2Connection } from "../../src/http2/connection.ts";
import type { ConnectionHandlers, Http2Connection, Http2Stream } from "../../src/http2/contract.ts";
import type { HeaderList } from "../../src/http2/decoded-block.ts";
import { compileHeaders } from "../../src/http2/hpack-encode.ts";
import type { Http2Limits } from "../../src/http2/limits.ts";
import { createAuthority } from "../support/certificate.ts";
import { EngineServer } from "./support/raw-peer.ts";
import { Exchange, get, post, ResetError } from "./support/exchange.ts";
import type { Answer } from "./support/exchange.ts";

const tiny: Partial<Http2Limits> = {
  streamWindowBytes: 1000,
  maxStreamWindowBytes: 1000,
  sendBufferBytes: 3000,
};
const many: Partial<Http2Limits> = { maxConcurrentStreams: 1000, maxOpenRequests: 1000 };

function header(headers: HeaderList, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1];
  return undefined;
}

/** Sends the body back as it comes, reading no faster than the peer takes it; then the digest as a trailer. */
const echo: Partial<ConnectionHandlers> = {
  onStream(stream: Http2Stream, headers: HeaderList) {
    const hash = createHash("sha256");
    let owed = 0;
    stream.sendHeaders([":status", "200", "x-path", header(headers, ":path") ?? ""], false);
    return {
      onData(chunk) {
        hash.update(chunk);
        if (stream.sendData(Buffer.from(chunk), false)) stream.consume(chunk.length);
        else owed += chunk.length;
      },
      onDrain() {
        stream.consume(owed);
        owed = 0;
      },
      onEnd: () => stream.sendTrailers(["x-digest", hash.digest("hex")]),
      onReset: () => undefined,
    };
  },
};

async function withEngineClient(
  server: http2.Http2Server,
  limits: Partial<Http2Limits>,
  work: (connection: Http2Connection) => Promise<void>,
  handlers: Partial<ConnectionHandlers> = {},
): Promise<void> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const closed = { error: undefined as Error | undefined };
  const connection = createHttp2Connection(
    socket,
    { role: "client", limits },
    { ...handlers, onClose: (error) => (closed.error = error) },
  );
  try {
    await work(connection);
    expect(closed.error).to.equal(undefined);
  } finally {
    connection.destroy();
    server.close();
  }
}

async function withNodeClient(
  handlers: Partial<ConnectionHandlers>,
  limits: Partial<Http2Limits>,
  work: (session: http2.ClientHttp2Session) => Promise<void>,
  settings: http2.Settings = {},
): Promise<void> {
  const engine = new EngineServer(handlers, { limits });
  const session = http2.connect(`http://127.0.0.1:${await engine.listen()}`, { settings });
  try {
    await once(session, "connect");
    await work(session);
    expect(engine.faults).to.deep.equal([]);
  } finally {
    session.destroy();
    engine.dispose();
  }
}

function nodeEcho(settings: http2.Settings = {}): http2.Http2Server {
  const server = http2.createServer({ settings });
  server.on("stream", (stream, headers) => {
    const hash = createHash("sha256");
    stream.respond({ ":status": 200, "x-path": headers[":path"] }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-digest": hash.digest("hex") }));
    stream.on("data", (chunk: Buffer) => hash.update(chunk));
    stream.on("error", () => undefined);
    stream.pipe(stream);
  });
  return server;
}

interface NodeAnswer {
  readonly headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
}

async function nodeRequest(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
): Promise<NodeAnswer> {
  const stream = session.request(headers, { endStream: body === undefined });
  const chunks: Buffer[] = [];
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("trailers", (received: http2.IncomingHttpHeaders) => (trailers = received));
  if (body !== undefined) stream.end(body);
  const [[received]] = await Promise.all([
    once(stream, "response") as Promise<[NodeAnswer["headers"]]>,
    once(stream, "end"),
  ]);
  return { headers: received, trailers, body: Buffer.concat(chunks) };
}

function expectEcho(answer: Answer, body: Buffer): void {
  expect(answer.headers[1]).to.equal("200");
  expect(answer.body.equals(body)).to.equal(true);
  expect(header(answer.trailers ?? [], "x-digest")).to.equal(createHash("sha256").update(body).digest("hex"));
}

describe("engine client, node:http2 server", () => {
  it("sends and receives small bodies, headers and trailers", async () => {
    await withEngineClient(nodeEcho(), {}, async (connection) => {
      const exchange = new Exchange(connection, post("/a?b=c"), false);
      exchange.stream.sendData(Buffer.from("hello"), true);
      const answer = await exchange.answer;
      expectEcho(answer, Buffer.from("hello"));
      expect(header(answer.headers, "x-path")).to.equal("/a?b=c");
      expect(connection.openStreams).to.equal(0);
    });
  });

  for (const [what, settings, limits] of [
    ["ordinary", {}, {}],
    ["tiny", { initialWindowSize: 1000 }, tiny],
    [
      "large",
      { initialWindowSize: 1_000_000, maxFrameSize: 100_000 },
      { streamWindowBytes: 1_000_000, maxFrameBytes: 100_000 },
    ],
  ] as const) {
    it(`echoes 3 MB through ${what} windows`, async () => {
      await withEngineClient(nodeEcho(settings), limits, async (connection) => {
        const body = randomBytes(3_000_000);
        const exchange = new Exchange(connection, post("/"), false);
        await exchange.send(body, 100_000);
        expectEcho(await exchange.answer, body);
      });
    });
  }

  it("shares a connection between 1,000 streams", async () => {
    const server = nodeEcho({ maxConcurrentStreams: 1000 });
    await withEngineClient(server, many, async (connection) => {
      await new Exchange(connection, get("/first")).answer;
      expect(connection.availableStreams).to.equal(1000);
      const bodies = Array.from({ length: 1000 }, (_, at) => Buffer.alloc(5000 + at, at));
      const exchanges = bodies.map((body) => {
        const exchange = new Exchange(connection, post("/"), false);
        exchange.stream.sendData(body, true);
        return exchange;
      });
      expect(connection.availableStreams).to.equal(0);
      expect(connection.request(get("/"), exchanges[0], true)).to.equal(undefined);
      for (const [at, exchange] of exchanges.entries()) expectEcho(await exchange.answer, bodies[at]);
    });
  });

  it("skips informational answers and reads an answer without a body", async () => {
    const server = http2.createServer();
    server.on("stream", (stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</a>" });
      stream.respond({ ":status": 204 }, { endStream: true });
    });
    await withEngineClient(server, {}, async (connection) => {
      const answer = await new Exchange(connection, get("/")).answer;
      expect([answer.headers[1], answer.body.length, answer.trailers]).to.deep.equal(["204", 0, undefined]);
    });
  });

  it("takes an answer to HEAD with the length of the body it does not have", async () => {
    const server = http2.createServer((_, response) => response.writeHead(200, { "content-length": 1234 }).end());
    await withEngineClient(server, {}, async (connection) => {
      const head = compileHeaders([":method", "HEAD", ":scheme", "http", ":authority", "test"]);
      const answer = await new Promise<HeaderList>((resolve, reject) => {
        connection.request(
          head,
          {
            onHeaders: resolve,
            onData: () => undefined,
            onEnd: () => undefined,
            onReset: (reset) => reject(new ResetError(reset)),
          },
          true,
          [":path", "/x"],
        );
      });
      expect(header(answer, "content-length")).to.equal("1234");
    });
  });

  it("tells of the peer's reset, and of its code", async () => {
    const server = http2.createServer();
    server.on("stream", (stream) => {
      stream.on("error", () => undefined);
      stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    });
    await withEngineClient(server, {}, async (connection) => {
      const error = await new Exchange(connection, get("/")).answer.catch((thrown: ResetError) => thrown);
      expect((error as ResetError).reset).to.include({ code: 7, cause: "peer", isUnprocessed: true });
    });
  });

  it("resets a request the server then forgets", async () => {
    const server = http2.createServer();
    const aborted = new Promise<number>((resolve) => {
      server.on("stream", (stream) => {
        stream.on("error", () => undefined);
        stream.on("close", () => resolve(stream.rstCode));
        stream.respond({ ":status": 200 });
        stream.write("first");
      });
    });
    await withEngineClient(server, {}, async (connection) => {
      await new Promise<void>((resolve) => {
        const stream = connection.request(
          get("/"),
          {
            onData() {
              stream?.reset(8);
              resolve();
            },
            onEnd: () => undefined,
            onReset: () => undefined,
          },
          true,
        );
      });
      expect(await aborted).to.equal(8);
      expect(connection.openStreams).to.equal(0);
    });
  });

  it("measures round trips", async () => {
    await withEngineClient(nodeEcho(), {}, async (connection) => {
      const roundTrip = await new Promise<number | undefined>((resolve) => connection.ping(resolve));
      expect(roundTrip).to.be.a("number");
      expect(connection.roundTripMs).to.be.above(0);
    });
  });

  it("finishes its streams when the server says GOAWAY", async () => {
    const server = nodeEcho();
    let session: http2.ServerHttp2Session | undefined;
    server.on("session", (opened) => (session = opened));
    let last = -1;
    const heard = new Promise<void>((resolve) => {
      void withEngineClient(
        server,
        {},
        async (connection) => {
          const exchange = new Exchange(connection, post("/"), false);
          exchange.stream.sendData(Buffer.from("a"), false);
          await new Promise<void>((again) => connection.ping(() => again()));
          session?.goaway(0, 1);
          while (!connection.isDraining) await new Promise<void>((again) => connection.ping(() => again()));
          expect(connection.availableStreams).to.equal(0);
          exchange.stream.sendData(Buffer.from("b"), true);
          expectEcho(await exchange.answer, Buffer.from("ab"));
          resolve();
        },
        { onGoaway: (_, lastStreamId) => (last = lastStreamId) },
      );
    });
    await heard;
    expect(last).to.equal(1);
  });
});

describe("node:http2 client, engine server", () => {
  it("sends and receives small bodies, headers and trailers", async () => {
    await withNodeClient(echo, {}, async (session) => {
      const answer = await nodeRequest(
        session,
        { ":method": "POST", ":path": "/a", cookie: "a=b" },
        Buffer.from("hello"),
      );
      expect(answer.body.toString()).to.equal("hello");
      expect(answer.headers["x-path"]).to.equal("/a");
      expect(answer.trailers["x-digest"]).to.equal(createHash("sha256").update("hello").digest("hex"));
    });
  });

  for (const [what, settings, limits] of [
    ["ordinary", {}, {}],
    ["tiny", { initialWindowSize: 1000 }, tiny],
    [
      "large",
      { initialWindowSize: 1_000_000, maxFrameSize: 100_000 },
      { streamWindowBytes: 1_000_000, maxFrameBytes: 100_000 },
    ],
  ] as const) {
    it(`echoes 3 MB through ${what} windows`, async () => {
      await withNodeClient(
        echo,
        limits,
        async (session) => {
          const body = randomBytes(3_000_000);
          const answer = await nodeRequest(session, { ":method": "POST", ":path": "/" }, body);
          expect(answer.body.equals(body)).to.equal(true);
        },
        settings,
      );
    });
  }

  it("shares a connection between 1,000 streams", async () => {
    await withNodeClient(echo, many, async (session) => {
      await nodeRequest(session, { ":path": "/first" });
      const answers = await Promise.all(
        Array.from({ length: 1000 }, async (_, at) => {
          const body = Buffer.alloc(3000 + at, at);
          const answer = await nodeRequest(session, { ":method": "POST", ":path": `/${at}`, "x-at": String(at) }, body);
          return answer.body.equals(body) && answer.headers["x-path"] === `/${at}`;
        }),
      );
      expect(answers.every(Boolean)).to.equal(true);
    });
  });

  it("answers early and stops the upload with NO_ERROR", async () => {
    const handlers: Partial<ConnectionHandlers> = {
      onStream(stream) {
        stream.sendHeaders([":status", "413"], true);
        stream.reset(0);
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withNodeClient(handlers, {}, async (session) => {
      const stream = session.request({ ":method": "POST", ":path": "/" });
      stream.on("error", () => undefined);
      stream.write(Buffer.alloc(10_000));
      const [headers] = (await once(stream, "response")) as [http2.IncomingHttpStatusHeader];
      expect(headers[":status"]).to.equal(413);
      await once(stream, "close");
    });
  });

  it("sends informational answers first", async () => {
    const handlers: Partial<ConnectionHandlers> = {
      onStream: (stream) => {
        stream.sendInformational([":status", "103", "link", "</a>"]);
        stream.sendHeaders([":status", "200"], true);
        return { onData: () => undefined, onEnd: () => undefined, onReset: () => undefined };
      },
    };
    await withNodeClient(handlers, {}, async (session) => {
      const stream = session.request({ ":path": "/" });
      const [[early]] = await Promise.all([
        once(stream, "headers") as Promise<[http2.IncomingHttpStatusHeader]>,
        once(stream, "response"),
      ]);
      expect(early[":status"]).to.equal(103);
      stream.resume();
    });
  });

  it("answers 431 to headers over the limit, and serves the next request", async () => {
    await withNodeClient(echo, { maxHeaderListBytes: 2000 }, async (session) => {
      const stream = session.request({ ":path": "/", "x-long": "a".repeat(5000) });
      const [headers] = (await once(stream, "response")) as [http2.IncomingHttpStatusHeader];
      stream.resume();
      expect(headers[":status"]).to.equal(431);
      const answer = await nodeRequest(session, { ":path": "/ok" });
      expect(answer.headers["x-path"]).to.equal("/ok");
    });
  });

  it("lets open streams finish when it drains, and takes no more", async () => {
    const engine = new EngineServer(echo);
    const session = http2.connect(`http://127.0.0.1:${await engine.listen()}`);
    try {
      const stream = session.request({ ":method": "POST", ":path": "/" });
      const goaway = once(session, "goaway");
      stream.write("a");
      await once(stream, "response");
      const connection = await engine.opened;
      connection.drain();
      await goaway;
      expect(connection.isDraining).to.equal(true);
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.end("b");
      await once(stream, "end");
      expect(Buffer.concat(chunks).toString()).to.equal("ab");
      expect(await engine.closed).to.deep.equal({ error: undefined });
    } finally {
      session.destroy();
      engine.dispose();
    }
  });
});

describe("engine with itself", () => {
  it("works over any duplex", async () => {
    const [near, far] = duplexPair();
    createHttp2Connection(far, { role: "server" }, { ...echo, onClose: () => undefined });
    const connection = createHttp2Connection(near, { role: "client" }, { onClose: () => undefined });
    const body = randomBytes(500_000);
    const exchange = new Exchange(connection, post("/"), false);
    await exchange.send(body, 30_000);
    expectEcho(await exchange.answer, body);
    connection.destroy();
  });

  it("works over a unix socket, its first bytes handed over", async () => {
    const folder = mkdtempSync(join(tmpdir(), "http2-"));
    const path = join(folder, "socket");
    const server = createServer((socket: Socket) => {
      socket.once("data", (firstBytes: Buffer) => {
        socket.pause();
        createHttp2Connection(socket, { role: "server", firstBytes }, { ...echo, onClose: () => undefined });
        socket.resume();
      });
    });
    server.listen(path);
    await once(server, "listening");
    const connection = createHttp2Connection(connect(path), { role: "client" }, { onClose: () => undefined });
    try {
      const exchange = new Exchange(connection, post("/"), false);
      exchange.stream.sendData(Buffer.from("x"), true);
      expectEcho(await exchange.answer, Buffer.from("x"));
    } finally {
      connection.destroy();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("works over TLS with ALPN", async () => {
    const authority = createAuthority("/CN=Test Authority");
    const { key, cert } = authority.issue("/CN=localhost", "DNS:localhost");
    const ca = authority.cert;
    const server = tls.createServer({ key, cert, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
      expect(socket.alpnProtocol).to.equal("h2");
      createHttp2Connection(socket, { role: "server" }, { ...echo, onClose: () => undefined });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = tls.connect({ port, host: "127.0.0.1", ca, servername: "localhost", ALPNProtocols: ["h2"] });
    const connection = createHttp2Connection(socket, { role: "client" }, { onClose: () => undefined });
    const session = http2.connect(`https://localhost:${port}`, { ca });
    try {
      const body = randomBytes(1_000_000);
      const exchange = new Exchange(connection, post("/"), false);
      await exchange.send(body, 50_000);
      expectEcho(await exchange.answer, body);
      expect((await nodeRequest(session, { ":method": "POST", ":path": "/" }, body)).body.equals(body)).to.equal(true);
    } finally {
      connection.destroy();
      session.destroy();
      server.close();
    }
  });
});
