// Clients of streams over HTTP that mean no good, or know no better: each gets an answer that says what is wrong, the backend hears of
// it, what they cost is bounded, and those who stream on the same gateway meanwhile notice nothing.
import { constants, createGzip, deflateSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import { openRaw } from "../support/raw-http.ts";
import type { Endpoint, RawConnection, RawResponse } from "../support/raw-http.ts";
import { overHttp } from "../support/stream-http-client.ts";

import { heldBytes } from "./held-bytes.ts";
import { muxTransports } from "../support/stream-mux-client.ts";
import { simpleTransports } from "../support/stream-websocket-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import type { StreamHandle } from "../support/stream-client.ts";

interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly reason?: string }[];
}

function refusalOf({ body }: RawResponse): Refusal {
  return JSON.parse(body.toString()) as Refusal;
}

const mebi = 1024 * 1024;

/** The head of a client stream; its body is chunked, and by hand. */
async function begin(endpoint: Endpoint, path: string, ...headers: readonly string[]): Promise<RawConnection> {
  const connection = await openRaw(endpoint);
  const lines = [`POST ${path} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked", ...headers];
  connection.send(`${lines.join("\r\n")}\r\n\r\n`);
  return connection;
}

function chunk(bytes: string | Buffer): Buffer {
  const body = Buffer.from(bytes as string);
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")]);
}

const last = "0\r\n\r\n";

const ndjson = "Content-Type: application/x-ndjson";

describe("hostile clients of streams over HTTP", function () {
  let gateway: StreamGateway;
  let healthy: readonly StreamHandle[];
  let runs = 0;

  /** A quarter of a gibibyte. Made before there is a gateway, which would shed calls while nothing else runs in this process. */
  let bomb: Buffer;

  before(async () => {
    bomb = gzipSync(Buffer.alloc(256 * mebi, " "));
    gateway = await startStreamGateway();
  });

  after(() => gateway.close());

  /** Streams of others, over HTTP and WebSocket. */
  beforeEach(async () => {
    const others = [
      overHttp("NDJSON", { form: "ndjson", version: "1.1", byUrl: true }),
      simpleTransports[0],
      muxTransports[0],
    ];
    healthy = await Promise.all(others.map((each) => each.open(gateway, "bidi-streaming")));
    for (const call of healthy) call.send({ run: `healthy ${++runs}`, count: 1 });
    await Promise.all(healthy.map((call) => call.until(1)));
  });

  afterEach(async () => {
    for (const call of healthy) call.send({ text: "still there" });
    await Promise.all(healthy.map((call) => call.until(2)));
    for (const call of healthy) call.end();
    for (const { code } of await Promise.all(healthy.map((call) => call.ended))) expect(code).to.equal(0);
    await gone();
  });

  /** Resolves when no call is left at the backend. */
  const gone = async (): Promise<void> => {
    while (gateway.backend.open.size > 0) await new Promise((resolve) => setImmediate(resolve));
  };

  const gather = async (body: readonly (string | Buffer)[], ...headers: readonly string[]): Promise<RawResponse> => {
    const connection = await begin(gateway, "/v1/gather", ...headers);
    for (const part of body) connection.send(chunk(part));
    connection.send(last);
    const answer = await connection.response();
    connection.close();
    return answer;
  };

  /** Bytes that the whole process holds after `act`, beside what it held before. */
  const growth = async (act: () => Promise<void>): Promise<number> => {
    const before = await heldBytes();
    await act();
    return (await heldBytes()) - before;
  };

  it("are read byte by byte, and messages go on when their last byte is there", async () => {
    const run = `drip ${++runs}`;
    const connection = await begin(gateway, "/v1/gather", ndjson);
    for (const character of `{"run": "${run}"}`) connection.send(chunk(character));
    const { received } = await gateway.backend.run(run);
    expect(received).to.equal(1);
    for (const character of ' {"text": "\\u00e9"}\r\n') connection.send(chunk(character));
    connection.send(last);
    const answer = await connection.response();
    expect([answer.status, (JSON.parse(answer.body.toString()) as { received: number }).received]).to.deep.equal([
      200, 2,
    ]);
    connection.close();
  });

  it("get their answer after mebibytes of white space between messages, of which nothing is kept", async () => {
    const run = `space ${++runs}`;
    const space = chunk(Buffer.alloc(mebi, " \n\t\r"));
    const connection = await begin(gateway, "/v1/gather");
    connection.send(chunk(`[{"run": "${run}"}`));
    await gateway.backend.run(run);
    const grown = await growth(async () => {
      for (let i = 0; i < 32; i++)
        if (!connection.socket.write(space)) await new Promise((resolve) => connection.socket.once("drain", resolve));
    });
    expect(grown).to.be.below(8 * mebi);
    connection.send(chunk(', {"text": "b"}]'));
    connection.send(last);
    const answer = await connection.response();
    expect(JSON.parse(answer.body.toString())).to.include({ run, received: 2 });
    connection.close();
  });

  it("are told which message is nested too deep, however late it comes", async () => {
    const run = `deep ${++runs}`;
    const deep = `${'{"tree":'.repeat(5000)}{}${"}".repeat(5000)}`;
    const answer = await gather([`[{"run": "${run}"}, {"text": "b"}, ${deep}]`]);
    await (
      await gateway.backend.run(run)
    ).cancelled;
    const { code, message, details } = refusalOf(answer);
    expect([answer.status, code, details[0].reason]).to.deep.equal([400, 3, "DEPTH_EXCEEDED"]);
    expect(message).to.match(/^\[2\]/);
  });

  it("are told which message is too large, before all of it has come", async () => {
    const run = `large ${++runs}`;
    const connection = await begin(gateway, "/v1/gather", ndjson);
    connection.send(chunk(`{"run": "${run}"}\n{"text": "`));
    const text = chunk(Buffer.alloc(mebi / 4, "x"));
    // Never ends; the gateway does not wait for it.
    connection.socket.on("error", () => {});
    const flood = setInterval(() => connection.socket.write(text), 0);
    const answer = await connection.response();
    clearInterval(flood);
    await (
      await gateway.backend.run(run)
    ).cancelled;
    const { code, message, details } = refusalOf(answer);
    expect([answer.status, code, details[0].reason]).to.deep.equal([413, 8, "BODY_TOO_LARGE"]);
    expect(message).to.contain("message [1]");
    connection.close();
  });

  it("are told where their text is no UTF-8", async () => {
    const broken = Buffer.concat([Buffer.from('{"text": "a'), Buffer.of(0xc3, 0x28), Buffer.from('"}')]);
    const answer = await gather([`{"run": "utf ${++runs}"}`, broken, '{"text": "c"}'], ndjson);
    expect([answer.status, refusalOf(answer).code]).to.deep.equal([400, 3]);
    expect(refusalOf(answer).message).to.match(/^\[1\].*UTF-8/);
  });

  it("may end lines as they like", async () => {
    const answer = await gather(['{"text": "a"}\r\n{"text": "b"}\r\r\n\n{"text": "c"}'], ndjson);
    expect(JSON.parse(answer.body.toString())).to.include({ received: 3 });
  });

  for (const [what, body] of [
    ["never close their array", '[{"text": "a"}, {"text": "b"}'],
    ["end after a comma", '[{"text": "a"},'],
    ["end in a message", '[{"text": "a"}, {"text": "b'],
    ["go on after their array", '[{"text": "a"}] {"text": "b"}'],
    ["leave a comma out", '[{"text": "a"} {"text": "b"}]'],
    ["close what they did not open", '{"text": "a"}}'],
  ] as const)
    it(`are refused when they ${what}`, async () => {
      const answer = await gather([body]);
      const { code, message } = refusalOf(answer);
      expect([answer.status, code]).to.deep.equal([400, 3]);
      expect(message).to.match(/byte \d+|column \d+/);
    });

  it("are read to the end of a hundred thousand tiny messages", async () => {
    const count = 100_000;
    const grown = await growth(async () => {
      const answer = await gather([Buffer.from("{}".repeat(count))], ndjson);
      expect(JSON.parse(answer.body.toString())).to.include({ received: count });
    });
    expect(grown).to.be.below(16 * mebi);
  });

  it("get no further with what follows their body", async () => {
    const connection = await begin(gateway, "/v1/gather", ndjson);
    connection.send(chunk('{"text": "a"}'));
    connection.send(`${last}\u0000\u0001 no request at all\r\n\r\n`);
    expect((await connection.response()).status).to.equal(200);
    // What came behind the request is no reason to leave it unanswered, and the end of the connection.
    expect((await connection.rest()).toString()).to.equal("");
  });

  it("are asked to go on where they wait for that", async () => {
    const connection = await begin(gateway, "/v1/gather", ndjson, "Expect: 100-continue");
    expect((await connection.response()).status).to.equal(100);
    connection.send(chunk('{"text": "a"}'));
    connection.send(last);
    expect((await connection.response()).status).to.equal(200);
    connection.close();
  });

  it("may compress what they stream with gzip and deflate, and have it inflated as it comes", async () => {
    for (const [encoding, compress] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
    ] as const) {
      const run = `inflated ${++runs}`;
      const bytes = compress(`[{"run":"${run}","next":"finish"},${'{"text":"abc"},'.repeat(5000)}{}]`);
      const parts = Array.from({ length: 9 }, (_, at) =>
        bytes.subarray((at * bytes.length) / 9, ((at + 1) * bytes.length) / 9),
      );
      const answer = await gather(parts, `Content-Encoding: ${encoding}`);
      expect(answer.status, answer.body.toString()).to.equal(200);
    }
    const brotli = await gather(["{}"], "Content-Encoding: br");
    expect([brotli.status, refusalOf(brotli).details[0].reason]).to.deep.equal([415, "CONTENT_ENCODING_UNSUPPORTED"]);
    expect(brotli.headers.get("accept-encoding")).to.equal("gzip, deflate");
  });

  it("get messages through at once that they compress one by one", async () => {
    const run = `flushed ${++runs}`;
    const gzip = createGzip();
    const connection = await begin(gateway, "/v1/gather", ndjson, "Content-Encoding: gzip");
    const flushed = async (text: string): Promise<void> => {
      gzip.write(text);
      await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
      connection.send(chunk(gzip.read() as Buffer));
    };
    await flushed(`{"run":"${run}"}\n`);
    const backend = await gateway.backend.run(run);
    for (let count = 2; count < 5; count++) {
      await flushed("{}\n");
      while (backend.received < count) await new Promise((resolve) => setImmediate(resolve));
    }
    connection.close();
    await backend.cancelled;
  });

  it("get a bomb inflated no further than it is worth, and what is no gzip, or goes on behind it, refused", async () => {
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().external)), 1);
    const { external } = process.memoryUsage();
    const refused = await gather([bomb], "Content-Encoding: gzip");
    clearInterval(watch);
    expect([refused.status, refusalOf(refused).details[0].reason]).to.deep.equal([413, "BODY_TOO_LARGE"]);
    expect(refusalOf(refused).message).to.contain("100 times");
    expect(peak - external).to.be.below(32 * mebi);
    expect((await gather([], "Content-Encoding: gzip")).status).to.equal(200);
    const whole = gzipSync("[{}]");
    for (const body of [Buffer.from("[{}]"), whole.subarray(0, -4), Buffer.concat([whole, Buffer.from("more")])]) {
      const answer = await gather([body], "Content-Encoding: gzip");
      expect([answer.status, refusalOf(answer).details[0].reason]).to.deep.equal([400, "BODY_ENCODING_INVALID"]);
    }
  });

  it("have the one request of a stream inflated no further than it may be large", async () => {
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().external)), 1);
    const { external } = process.memoryUsage();
    const connection = await begin(gateway, "/v1/list", "Content-Type: application/json", "Content-Encoding: gzip");
    connection.send(chunk(bomb));
    connection.send(last);
    const answer = await connection.response();
    clearInterval(watch);
    expect([answer.status, refusalOf(answer).details[0].reason]).to.deep.equal([413, "BODY_TOO_LARGE"]);
    expect(peak - external).to.be.below(32 * mebi);
    connection.close();
  });

  it("have their calls cancelled when they hang up in the middle of a message", async () => {
    const run = `half ${++runs}`;
    const connection = await begin(gateway, "/v1/gather");
    connection.send(chunk(`[{"run": "${run}"}, {"text": "b`));
    const { cancelled } = await gateway.backend.run(run);
    connection.socket.end();
    await cancelled;
    connection.close();
  });

  it("get no compression on a WebSocket, whatever they offer", async () => {
    const connection = await openRaw(gateway);
    const key = Buffer.alloc(16).toString("base64");
    const offer = ["permessage-deflate; client_max_window_bits, permessage-deflate", "x-webkit-deflate-frame"];
    const lines = ["GET /v1/chat HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket"];
    const handshake = [
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${key}`,
      `Sec-WebSocket-Extensions: ${offer.join(", ")}`,
    ];
    connection.send(`${[...lines, ...handshake].join("\r\n")}\r\n\r\n`);
    const { status, headers } = await connection.response();
    expect([status, headers.has("sec-websocket-extensions")]).to.deep.equal([101, false]);
    connection.close();
  });
});

describe("hostile clients of streams over HTTP that say nothing", () => {
  let gateway: StreamGateway;
  let runs = 0;

  before(async () => {
    gateway = await startStreamGateway({ yaml: "streams: {idle_timeout: 1s}" });
  });

  after(() => gateway.close());

  /** One that its backend has: another, where the machine stood still until that was too late. */
  const reach = async (path: string, first: (run: string) => string, ...headers: readonly string[]) => {
    for (;;) {
      const run = `idle ${++runs}`;
      const connection = await begin(gateway, path, ...headers);
      connection.send(chunk(first(run)));
      const answered = connection.response();
      const reached = await Promise.race([gateway.backend.run(run), answered.then(() => undefined)]);
      if (reached !== undefined) return { connection, answered, cancelled: reached.cancelled };
      connection.close();
    }
  };

  it("do not keep a stream alive by white space", async () => {
    const { connection, answered, cancelled } = await reach("/v1/gather", (run) => `[{"run": "${run}"}`);
    const drip = setInterval(() => connection.send(chunk(" ")), 50);
    const answer = await answered;
    clearInterval(drip);
    await cancelled;
    expect([answer.status, refusalOf(answer).details[0].reason]).to.deep.equal([503, "STREAM_IDLE"]);
    connection.close();
  });

  it("are not waited for when they vanish without a word", async () => {
    const first = (run: string): string => `{"run": "${run}", "count": 1}\n`;
    const reached = await reach("/v1/chat", first, ndjson, "Accept: application/x-ndjson");
    const { connection, answered, cancelled } = reached;
    answered.catch(() => {});
    connection.socket.pause();
    await cancelled;
    connection.close();
  });
});
