// Bodies and answers in parts over HTTP/1.1, as fronts that stream use them.
import { expect } from "chai";
import type { BodyReceiver, Exchange, ResponseWriter } from "../../src/front/front.ts";
import { GatewayError } from "../../src/status.ts";
import { createListener } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import type { ListenerLimits } from "../../src/serve/listen-limits.ts";
import { openRaw, request } from "../support/raw-http.ts";
import type { RawConnection } from "../support/raw-http.ts";

const chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("an HTTP/1.1 exchange", () => {
  let listener: Listener;
  let connection: RawConnection;
  let events: string[];
  let changed: () => void;

  /** Serves one front, and connects to it. */
  const start = async (front: (exchange: Exchange) => void, limits: Partial<ListenerLimits> = {}): Promise<void> => {
    events = [];
    listener = createListener({
      address: { host: "127.0.0.1", port: 0 },
      limits: { ...defaultListenerLimits, ...limits },
      front,
    });
    const bound: BoundAddress = await listener.listen();
    connection = await openRaw(bound);
  };
  afterEach(async () => {
    connection.close();
    await listener.close(0);
  });

  const note = (event: string): void => {
    events.push(event);
    changed?.();
  };
  /** Resolves when so many events have come. */
  const until = async (count: number): Promise<void> => {
    while (events.length < count) await new Promise<void>((resolve) => (changed = resolve));
  };
  const noting = (more: Partial<BodyReceiver> = {}): BodyReceiver => ({
    onChunk: (chunk) => note(chunk.toString()),
    onEnd: () => note("end"),
    onFail: (error: GatewayError) => note(error.reason ?? "?"),
    ...more,
  });

  it("hands the body out as it comes", async () => {
    await start((exchange) => exchange.receiveBody(noting(), false));
    connection.send(`${chunkedHead}5\r\nhello\r\n`);
    await until(1);
    connection.send("5\r\nworld\r\n0\r\n\r\n");
    await until(3);
    expect(events).to.deep.equal(["hello", "world", "end"]);
  });

  it("says at once that there is no body", async () => {
    await start((exchange) => exchange.receiveBody(noting(), true));
    connection.send(request("GET /"));
    await until(1);
    expect(events).to.deep.equal(["end"]);
  });

  it("holds the client back until chunks are dealt with", async () => {
    const total = 8 * 1024 * 1024;
    let received = 0;
    let consumed = 0;
    let exchange: Exchange | undefined;
    const onChunk = (chunk: Buffer): void => {
      if (received === 0) note("first");
      received += chunk.length;
    };
    await start((each) => {
      exchange = each;
      each.receiveBody(noting({ onChunk }), false);
    });
    connection.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n`);
    connection.send(Buffer.alloc(total));
    // The client cannot send on when neither side's buffers take more.
    await until(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).to.be.lessThan(256 * 1024);
    const goOn = (): void => {
      const bytes = received - consumed;
      consumed = received;
      if (bytes > 0) exchange?.consumed(bytes);
      if (consumed < total) setImmediate(goOn);
    };
    goOn();
    await until(2);
    expect(events).to.deep.equal(["first", "end"]);
  });

  it("tells its receiver of a body that breaks, and can still answer", async () => {
    await start((exchange) =>
      exchange.receiveBody(
        noting({
          onFail(error) {
            note(error.reason ?? "?");
            exchange.respond(error.httpStatus, [], undefined);
          },
        }),
        false,
      ),
    );
    connection.send(`${chunkedHead}zz\r\n`);
    const response = await connection.response();
    expect([events, response.status, response.headers.get("connection")]).to.deep.equal([
      ["BODY_MALFORMED"],
      400,
      "close",
    ]);
  });

  it("demands a pace of a paced body only", async () => {
    const limits = { checkIntervalMs: 10, bodyGraceMs: 20, minBodyBytesPerSecond: 1_000_000, requestTimeoutMs: 60 };
    await start((exchange) => exchange.receiveBody(noting(), true), limits);
    connection.send(`${chunkedHead}1\r\na`);
    await until(2);
    expect(events).to.deep.equal(["a", "BODY_TOO_SLOW"]);
    connection.close();
    await listener.close(0);
    await start((exchange) => exchange.receiveBody(noting(), false), limits);
    connection.send(`${chunkedHead}1\r\na`);
    await until(1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    connection.send("\r\n0\r\n\r\n");
    await until(2);
    expect(events).to.deep.equal(["a", "end"]);
  });

  it("tells of the client's leaving by onAbort, not through the receiver", async () => {
    await start((exchange) => {
      exchange.onAbort(() => note("abort"));
      exchange.receiveBody(noting(), false);
    });
    connection.send(`${chunkedHead}1\r\na\r\n`);
    await until(1);
    connection.close();
    await until(2);
    expect(events).to.deep.equal(["a", "abort"]);
  });

  it("answers in parts, with trailers, and the connection goes on", async () => {
    let writer: ResponseWriter | undefined;
    await start((exchange) => {
      writer = exchange.startResponse(200, ["content-type", "text/plain"], () => {});
      writer.write(Buffer.from("one "));
      note("started");
    });
    connection.send(request("GET /"));
    await until(1);
    writer?.write(Buffer.from("two"));
    writer?.end(["x-t", "1"]);
    const response = await connection.response();
    expect([response.body.toString(), response.trailers.get("x-t"), response.headers.get("connection")]).to.deep.equal([
      "one two",
      "1",
      "keep-alive",
    ]);
    connection.send(request("GET /"));
    await until(2);
    writer?.end();
    expect((await connection.response()).body.toString()).to.equal("one ");
  });

  it("says when the client takes no more, and when it does again", async () => {
    let exchange: Exchange | undefined;
    let writer: ResponseWriter | undefined;
    await start((each) => {
      exchange = each;
      writer = each.startResponse(200, [], () => note("drain"));
      note("started");
    });
    connection.socket.pause();
    connection.send(request("GET /"));
    await until(1);
    const part = Buffer.alloc(64 * 1024);
    let sent = 0;
    while (writer?.write(part) === true) sent += part.length;
    sent += part.length;
    connection.socket.resume();
    await until(2);
    writer?.end();
    expect((await connection.response()).body.length).to.equal(sent);
    expect(exchange?.isDone).to.equal(true);
  });

  it("is cut off by reset, in the middle of an answer too", async () => {
    await start((exchange) => {
      const writer = exchange.startResponse(200, [], () => {});
      writer.write(Buffer.from("half"));
      setImmediate(() => {
        exchange.reset(8);
        note(`done ${exchange.isDone}`);
        writer.write(Buffer.from("more"));
        writer.end();
      });
    });
    connection.send(request("GET /"));
    const text = (await connection.rest()).toString();
    expect(text).to.match(/half\r\n$/);
    expect(events).to.deep.equal(["done true"]);
  });

  it("rejects a body asked for after the client has gone", async () => {
    let exchange: Exchange | undefined;
    await start((each) => {
      exchange = each;
      each.onAbort(() => note("abort"));
      note("seen");
    });
    connection.send(request("POST /", [], "body"));
    await until(1);
    connection.close();
    await until(2);
    const error = await exchange?.readBody(10).catch((reason: unknown) => reason);
    expect(GatewayError.from(error).reason).to.equal("CLIENT_GONE");
  });
});
