// The engine on a socket without a network: order, writes, bodies, limits, clocks, and how a connection ends.
import type { Duplex } from "node:stream";
import { expect } from "chai";
import { createHttp1Connection } from "../../src/http1/connection.ts";
import type {
  Http1Connection,
  Http1Handlers,
  Http1Limits,
  Http1Request,
  RequestHandlers,
} from "../../src/http1/contract.ts";
import type { FailureCode } from "../../src/http1/failure.ts";
import { FakeSocket } from "./support/fake-socket.ts";
import { limits } from "./support/parse.ts";

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const post = (length: number, body = ""): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${body}`;
const chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const hello = Buffer.from("hello");

interface Opened {
  readonly socket: FakeSocket;
  readonly connection: Http1Connection;
  readonly requests: Http1Request[];
  readonly failures: FailureCode[];
}

function open(
  onRequest: (request: Http1Request) => void = () => {},
  more: Partial<Http1Handlers> = {},
  settings: Http1Limits = limits,
): Opened {
  const socket = new FakeSocket();
  const requests: Http1Request[] = [];
  const failures: FailureCode[] = [];
  const connection = createHttp1Connection(socket.duplex, settings, {
    onRequest(request) {
      requests.push(request);
      onRequest(request);
    },
    onFailure({ code }) {
      failures.push(code);
      return { status: 400, headers: ["x-code", code], body: Buffer.alloc(0) };
    },
    onClose: () => {},
    ...more,
  });
  return { socket, connection, requests, failures };
}

const answer = (request: Http1Request): void => request.respond(200, ["x-a", "1"], hello);

/** What happens to a request, in words. */
function log(request: Http1Request, events: string[], more: Partial<RequestHandlers> = {}): void {
  request.handlers = {
    onData: (chunk) => events.push(chunk.toString("latin1")),
    onEnd: (trailers) => events.push(`end ${trailers?.join("=") ?? ""}`.trim()),
    onFailure: ({ code }) => events.push(code),
    onGone: () => events.push("gone"),
    onDrain: () => events.push("drain"),
    ...more,
  };
}

const turn = (): Promise<void> => new Promise(setImmediate);

describe("createHttp1Connection", () => {
  describe("heads", () => {
    it("repeated to the byte are read once, and keep what their user noted", () => {
      const { socket, requests } = open((request) => {
        request.block.note ??= requests.length;
        answer(request);
      });
      socket.give(get, get, get.replace("GET / ", "GET /other "));
      expect(new Set(requests.map(({ block }) => block)).size).to.equal(1);
      expect(requests[2].block.note).to.equal(1);
      expect(requests[2].target).to.equal("/other");
    });

    it("that only begin alike are read anew", () => {
      const { socket, requests } = open(answer);
      socket.give(
        get,
        "GET / HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: b\r\nX: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: b\r\n\r\n",
      );
      expect(requests.map(({ block }) => block.rawHeaders.join(" "))).to.deep.equal([
        "Host a",
        "Host b",
        "Host b X 1",
        "Host b",
      ]);
    });

    it("are refused as soon as a byte is wrong, before the line ends", () => {
      for (const [text, code] of [
        ["\x16\x03\x01", "tls"],
        ["hello", "method"],
        ["GET ", undefined],
        ["GET /\x01", "target"],
        ["GET / X", "version"],
        ["GET / HTTP/1.1\n", "version"],
        ["GET / HTTP/2.0\r\n", "version-unsupported"],
        ["GET / HTTP/1.1\r\nX\n", "line-end"],
        ["GET / HTTP/1.1\r\n ", "header"],
        ["GET / HTTP/1.1\r\nX: 1\r\n ", "header"],
        ["GET / HTTP/1.1\r\nX:\0", "header"],
        ["PRI * HTTP/2.0", "http2"],
      ] as const) {
        const { socket, failures } = open();
        socket.give(text);
        expect(failures, JSON.stringify(text)).to.deep.equal(code === undefined ? [] : [code]);
      }
    });

    it("have the methods of Node, and those the limits name", () => {
      const failuresOf = (method: string, methods?: ReadonlySet<string>): readonly FailureCode[] => {
        const { socket, failures } = open(answer, {}, { ...limits, methods });
        socket.give(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
        return failures;
      };
      const named = new Set(["GET", "LIST", "M_2.X"]);
      for (const method of ["GET", "PURGE", "LIST", "M_2.X"])
        expect(failuresOf(method, named), method).to.deep.equal([]);
      for (const method of ["LIS", "LISTS", "list", "FOO"])
        expect(failuresOf(method, named), method).to.deep.equal(["method"]);
      expect(failuresOf("LIST")).to.deep.equal(["method"]);
      const every = new Set(["*"]);
      expect(failuresOf("F".repeat(64), every)).to.deep.equal([]);
      for (const method of ["F".repeat(65), "F(O", "foo"])
        expect(failuresOf(method, every), method).to.deep.equal(["method"]);
      expect(failuresOf("PRI", every)).to.deep.equal(["http2"]);
    });

    it("are bounded in every part, however slowly they come", () => {
      const cases: readonly (readonly [string, string, FailureCode])[] = [
        ["GET /", "a".repeat(limits.maxUrlBytes), "url-too-long"],
        ["GET / HTTP/1.1\r\nX: ", "a".repeat(limits.maxHeaderBytes), "headers-too-large"],
        ["GET / HTTP/1.1\r\n", "X:\r\n".repeat(limits.maxHeaderCount + 1), "too-many-headers"],
        ["GET / HTTP/1.1\r\nX", "x".repeat(limits.maxHeaderBytes + 2), "headers-too-large"],
        [chunkedHead, `1;${"a".repeat(16 * 1024 + 1)}`, "chunk-extensions-too-large"],
        [chunkedHead, "1;a\r\nb\r\n".repeat(9000), "chunk-extensions-too-large"],
        [`${chunkedHead}0\r\n`, `X: ${"a".repeat(limits.maxHeaderBytes)}`, "headers-too-large"],
        [`${chunkedHead}0\r\n`, "X:\r\n".repeat(limits.maxHeaderCount + 1), "too-many-headers"],
      ];
      for (const [start, rest, code] of cases) {
        const seen: string[] = [];
        for (const pieces of [[start + rest], [...Buffer.from(start + rest)].map((byte) => Uint8Array.of(byte))]) {
          const { socket, failures } = open((request) => {
            log(request, [], { onFailure: (failure) => seen.push(failure.code) });
            request.read();
          });
          socket.give(...pieces);
          seen.push(...failures);
        }
        expect(seen, start).to.deep.equal([code, code]);
      }
    });
  });

  describe("answers", () => {
    it("are one write each, those of one packet together", async () => {
      const { socket } = open(answer);
      socket.give(get);
      expect(socket.writes).to.equal(1);
      socket.give(get + get + get);
      await turn();
      expect(socket.text.match(/hello/g)).to.have.length(4);
      expect(socket.writes).to.be.lessThan(4);
    });

    it("say how long they are, when they were made and whether the connection goes on", () => {
      const { socket } = open(answer);
      socket.give(get);
      expect(socket.text).to.match(
        /^HTTP\/1\.1 200 OK\r\nx-a: 1\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=1\r\nContent-Length: 5\r\n\r\nhello$/,
      );
    });

    it("are the last where the request says so", () => {
      for (const head of [
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: Keep-Alive, CLOSE\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
      ]) {
        const { socket, requests } = open(answer);
        socket.give(head + get);
        expect([requests.length, socket.isEnded, socket.text.includes("Connection: close\r\n")], head).to.deep.equal([
          1,
          true,
          true,
        ]);
      }
      const kept = open(answer);
      kept.socket.give("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", get);
      expect(kept.requests).to.have.length(2);
    });

    it("have no body for HEAD, 204 and 304", () => {
      const { socket } = open((request) => request.respond(Number(request.target.slice(1)), [], hello));
      socket.give("HEAD /200 HTTP/1.1\r\n\r\n", "GET /204 HTTP/1.1\r\n\r\n", "GET /304 HTTP/1.1\r\n\r\n");
      expect(socket.text).to.not.include("hello");
      expect(socket.text.match(/Content-Length/g)).to.have.length(1);
    });

    it("of unknown length are chunked, with trailers, and one write a turn", async () => {
      const { socket } = open((request) => {
        request.start(200, []);
        request.write(hello);
        request.write(Buffer.alloc(0));
        request.write(Buffer.from("x".repeat(16)));
        request.end(["x-t", "1"]);
      });
      socket.give(get);
      await turn();
      expect(socket.text).to.match(/\r\nTransfer-Encoding: chunked\r\n/);
      expect(socket.text.split("\r\n\r\n").slice(1).join("\r\n\r\n")).to.equal(
        `5\r\nhello\r\n10\r\n${"x".repeat(16)}\r\n0\r\nx-t: 1\r\n\r\n`,
      );
      expect(socket.writes).to.equal(1);
    });

    it("of unknown length end with the connection for HTTP/1.0, and are empty for HEAD", async () => {
      const stream = (request: Http1Request): void => {
        request.start(200, []);
        request.write(hello);
        request.end(["x-t", "1"]);
      };
      const old = open(stream);
      old.socket.give("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      await turn();
      expect(old.socket.text).to.match(/Connection: close\r\n\r\nhello$/);
      expect(old.socket.isEnded).to.equal(true);
      const head = open(stream);
      head.socket.give("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
      await turn();
      expect(head.socket.text)
        .to.match(/Transfer-Encoding: chunked\r\n[^]*\r\n\r\n$/)
        .and.not.include("hello");
    });

    it("that would split are cut off instead", () => {
      for (const headers of [
        ["x-a", "1\r\nx-b: 2"],
        ["x a", "1"],
        ["", "1"],
        ["x-a", "\u0100"],
        ["x-a", "\0"],
      ]) {
        const { socket } = open((request) => request.respond(200, headers, hello));
        socket.give(get);
        expect([socket.destroyed, socket.text], headers.join()).to.deep.equal([true, ""]);
      }
      const trailing = open((request) => request.respond(200, [], hello, ["x-t", "1\r\n"]));
      trailing.socket.give(get);
      expect(trailing.socket.destroyed).to.equal(true);
    });

    it("given twice, or after the client has gone, go nowhere", () => {
      const { socket, requests } = open(answer);
      socket.give(get);
      const { text } = socket;
      answer(requests[0]);
      requests[0].start(200, []);
      requests[0].write(hello);
      requests[0].end();
      requests[0].reset();
      expect([socket.text, socket.destroyed]).to.deep.equal([text, false]);
      const gone = open();
      gone.socket.give(get);
      gone.socket.emit("end");
      answer(gone.requests[0]);
      expect(gone.socket.text).to.equal("");
    });

    it("that nobody takes hold the next requests back", () => {
      const { socket, requests } = open();
      socket.give(get + get);
      socket.writableLength = 300 * 1024;
      answer(requests[0]);
      expect([requests.length, socket.isPaused]).to.deep.equal([1, true]);
      socket.writableLength = 0;
      socket.emit("drain");
      expect([requests.length, socket.isPaused]).to.deep.equal([2, false]);
    });
  });

  describe("bodies", () => {
    it("come to whoever reads, as parts, with their end and trailers", () => {
      const events: string[] = [];
      const { socket } = open((request) => {
        log(request, events);
        request.read();
      });
      socket.give(post(10, "hel"), "lo", "worldGET", " / HTTP/1.1\r\n\r\n");
      expect(events.splice(0)).to.deep.equal(["hel", "lo", "world", "end"]);
      const chunks = open((request) => {
        log(request, events);
        request.read();
      });
      chunks.socket.give(`${chunkedHead}3\r\nab`, "c\r\n1;x=y\r\nd\r\n0\r\nX-T: 1\r\n\r\n");
      expect(events).to.deep.equal(["ab", "c", "d", "end X-T=1"]);
    });

    it("wait for a reader, and hold the client back after 64 KiB", () => {
      const events: string[] = [];
      const { socket, requests } = open((request) =>
        log(request, events, { onData: (chunk) => events.push(String(chunk.length)) }),
      );
      socket.give(post(200_000), Buffer.alloc(60_000));
      expect(socket.isPaused).to.equal(false);
      socket.give(Buffer.alloc(10_000));
      expect([socket.isPaused, events.length]).to.deep.equal([true, 0]);
      requests[0].read();
      expect(socket.isPaused).to.equal(false);
      expect(events.map(Number).reduce((sum, length) => sum + length)).to.equal(70_000);
    });

    it("stop between two parts when paused", () => {
      const events: string[] = [];
      const { socket, requests } = open((request) => {
        log(request, events, {
          onData(chunk) {
            events.push(chunk.toString());
            request.pause();
          },
        });
        request.read();
      });
      socket.give(`${chunkedHead}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`);
      expect(events).to.deep.equal(["a"]);
      requests[0].read();
      expect(events).to.deep.equal(["a", "b"]);
      requests[0].read();
      expect(events).to.deep.equal(["a", "b", "end"]);
    });

    it("are asked for with 100 Continue once, by who reads, unless they came by themselves of HTTP/1.0", () => {
      const { socket, requests } = open((request) => log(request, []));
      socket.give("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
      expect([socket.text, requests[0].awaitsContinue]).to.deep.equal(["", true]);
      requests[0].read();
      requests[0].pause();
      requests[0].read();
      expect(socket.text).to.equal("HTTP/1.1 100 Continue\r\n\r\n");
      const old = open();
      old.socket.give("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
      expect(old.requests[0].awaitsContinue).to.equal(false);
    });

    it("not read are read away behind a short one's answer, and the connection goes on", () => {
      const { socket, requests } = open(answer);
      socket.give(post(5, "he"), `llo${get}`);
      expect([requests.length, socket.isEnded]).to.deep.equal([2, false]);
    });

    it("not read end the connection when long, chunked or not begun", () => {
      for (const head of [
        post(65_537),
        chunkedHead,
        "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
      ]) {
        const { socket, requests } = open(answer);
        socket.give(head, get);
        expect([requests.length, socket.isEnded, socket.text.includes("Connection: close")], head).to.deep.equal([
          1,
          true,
          true,
        ]);
      }
    });

    it("thrown away stop at the limit, so that the client waits", () => {
      const { socket, requests } = open((request) => request.discard(100_000));
      socket.give(post(10_000_000), Buffer.alloc(100_000));
      expect(socket.isPaused).to.equal(false);
      socket.give(Buffer.alloc(50_000), Buffer.alloc(50_000), Buffer.alloc(50_000));
      expect(socket.isPaused).to.equal(true);
      expect(requests[0].isReceived).to.equal(false);
    });

    it("that break off tell their reader once, who may come late, and still get an answer", () => {
      const events: string[] = [];
      const early = open((request) => {
        log(request, events);
        request.read();
      });
      early.socket.give(`${chunkedHead}5\r\nhello!!`);
      expect(events).to.deep.equal(["hello", "chunk"]);
      answer(early.requests[0]);
      expect(early.socket.text).to.match(/Connection: close\r\nContent-Length: 5\r\n\r\nhello$/);
      expect(early.socket.isEnded).to.equal(true);
    });
  });

  describe("requests ahead of their answers", () => {
    it("wait, hold the client back from the 16th on, and go on when answered", () => {
      const { socket, requests } = open();
      for (let i = 0; i < 16; i++) socket.give(get);
      expect([requests.length, socket.isPaused]).to.deep.equal([1, false]);
      socket.give(get);
      expect(socket.isPaused).to.equal(true);
      answer(requests[0]);
      expect([requests.length, socket.isPaused]).to.deep.equal([2, false]);
    });

    it("with a body keep it until they are begun", () => {
      const events: string[] = [];
      const { socket, requests } = open((request) => {
        log(request, events);
        request.read();
      });
      socket.give(get + post(2, "hi") + get);
      expect(events).to.deep.equal([]);
      answer(requests[0]);
      expect([events, requests.length]).to.deep.equal([["hi", "end"], 2]);
      answer(requests[1]);
      expect(requests.length).to.equal(3);
    });

    it("are dropped when nonsense follows, but not the one under way", () => {
      const { socket, requests, failures } = open();
      socket.give(`${get}${get}nonsense\r\n`);
      answer(requests[0]);
      expect([requests.length, failures, socket.isEnded]).to.deep.equal([1, [], true]);
    });
  });

  describe("clocks", () => {
    const pass = (connection: Http1Connection, ms = 1000): void => {
      for (let now = 0; now <= ms + 100; now += 100) connection.checkProgress(now);
    };

    it("close what never says anything, or has been answered long ago, without a word", () => {
      const silent = open();
      pass(silent.connection);
      expect([silent.socket.destroyed, silent.socket.text]).to.deep.equal([true, ""]);
      const idle = open(answer);
      idle.socket.give(get);
      const { text } = idle.socket;
      pass(idle.connection);
      expect([idle.socket.destroyed, idle.socket.text]).to.deep.equal([true, text]);
    });

    it("refuse half a head, also behind others", () => {
      for (const start of ["GET /", get + "G"]) {
        const { socket, connection, failures } = open(answer);
        socket.give(start);
        pass(connection);
        expect(failures).to.deep.equal(["timeout"]);
        expect(socket.text).to.include("HTTP/1.1 400 Bad Request\r\nx-code: timeout\r\n");
      }
    });

    it("tell the reader of half a body, unless it may take for ever", () => {
      for (const isEndless of [false, true]) {
        const events: string[] = [];
        const { socket, connection } = open((request) => {
          log(request, events);
          request.isEndless = isEndless;
          request.read();
        });
        socket.give(post(2, "h"));
        pass(connection);
        expect(events).to.deep.equal(isEndless ? ["h"] : ["h", "timeout"]);
      }
    });

    it("do not blame a request behind a long call for its body", () => {
      const { socket, connection, requests } = open();
      socket.give(get + post(2, "h"));
      pass(connection, 10_000);
      socket.give("i");
      answer(requests[0]);
      expect([requests.length, socket.isEnded]).to.deep.equal([2, false]);
    });

    it("leave a call under way alone, and begin anew with every request", () => {
      const busy = open();
      busy.socket.give(get);
      pass(busy.connection, 10_000);
      expect(busy.socket.destroyed).to.equal(false);
      const active = open(answer);
      for (let now = 0; now < 10_000; now += 500) {
        active.socket.give(get);
        active.connection.checkProgress(now);
      }
      expect(active.socket.destroyed).to.equal(false);
    });

    it("cut off who takes nothing of its answer, or next to nothing, not who takes it slowly", () => {
      for (const rest of [0, 100]) {
        const { socket, connection } = open(answer);
        socket.give(get);
        socket.writableLength = 1000;
        for (let now = 1; now < 5000; now += 500) {
          socket.bytesWritten += 1024;
          connection.checkProgress(now);
        }
        expect(socket.destroyed).to.equal(false);
        socket.bytesWritten += rest;
        pass(connection, 7000);
        expect(socket.destroyed).to.equal(true);
      }
    });
  });

  describe("the end", () => {
    it("reads on for a while behind the last answer, and no longer", () => {
      const { socket, connection } = open(answer);
      socket.give("GET / HTTP/1.0\r\n\r\n");
      socket.give(Buffer.alloc(1024 * 1024));
      expect(socket.destroyed).to.equal(false);
      socket.give(Buffer.alloc(1));
      expect(socket.destroyed).to.equal(true);
      const quiet = open(answer);
      quiet.socket.give("GET / HTTP/1.0\r\n\r\n");
      quiet.socket.writableLength = 10;
      quiet.connection.checkProgress(1);
      // An answer on its way is given its time.
      quiet.socket.bytesWritten += 1024;
      quiet.connection.checkProgress(2001);
      expect(quiet.socket.destroyed).to.equal(false);
      quiet.socket.writableLength = 0;
      quiet.connection.checkProgress(2002);
      quiet.connection.checkProgress(3002);
      expect(quiet.socket.destroyed).to.equal(true);
      connection.destroy();
    });

    it("is told to the request under way once, and to nobody after its answer", () => {
      const events: string[] = [];
      const { socket, requests } = open((request) => log(request, events));
      socket.give(get);
      socket.emit("end");
      socket.destroy();
      expect(events).to.deep.equal(["gone"]);
      const answered = open((request) => {
        log(request, events);
        answer(request);
      });
      answered.socket.give(get);
      answered.socket.destroy();
      expect([events.length, requests.length]).to.deep.equal([1, 1]);
    });

    it("comes at once when idle, and after the answer when not", () => {
      const idle = open(answer);
      idle.socket.give(get);
      expect(idle.connection.isIdle).to.equal(true);
      idle.connection.drain();
      expect(idle.socket.destroyed).to.equal(true);
      const busy = open();
      busy.socket.give(get);
      expect(busy.connection.isIdle).to.equal(false);
      busy.connection.drain();
      busy.socket.give(get);
      answer(busy.requests[0]);
      expect([busy.socket.isEnded, busy.requests.length]).to.deep.equal([true, 1]);
      expect(busy.socket.text).to.include("Connection: close");
    });

    it("lets an answer on its way arrive", () => {
      const { socket, connection } = open(answer);
      socket.give(get);
      socket.writableLength = 1;
      connection.drain();
      expect([socket.isEnded, socket.destroyed]).to.deep.equal([true, false]);
      socket.writableLength = 0;
      connection.drain();
      expect(socket.destroyed).to.equal(false);
    });

    it("is the socket's new owner's business once it was taken over", () => {
      let taken: { socket: Duplex; firstBytes: string } | undefined;
      const { socket, requests } = open(answer, {
        onUpgrade(_request, duplex, firstBytes) {
          taken = { socket: duplex, firstBytes: firstBytes.toString() };
          return true;
        },
      });
      socket.give("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nfirst");
      expect([taken?.socket, taken?.firstBytes, requests.length]).to.deep.equal([socket.duplex, "first", 0]);
      socket.give(get);
      expect(socket.text).to.equal("");
    });
  });
});
