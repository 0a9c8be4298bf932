// Whatever bytes arrive, the listener answers or closes, and goes on serving others.
import { expect } from "chai";
import fc from "fast-check";
import { createListener } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import { exchangeRaw, openRaw, request } from "../support/raw-http.ts";

const fragments = [
  "GET / HTTP/1.1\r\n",
  "POST /a?b=c HTTP/1.1\r\n",
  "HEAD * HTTP/1.0\r\n",
  "OPTIONS * HTTP/1.1\r\n",
  "CONNECT a:1 HTTP/1.1\r\n",
  "Host: a\r\n",
  "Host: b\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: x\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive, x-y\r\n",
  "Expect: 100-continue\r\n",
  "Upgrade: h2c\r\n",
  "X_A: 1\r\n",
  "__proto__: 1\r\n",
  "\r\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "zz\r\n",
  "hello",
  "\n",
  "\r",
  "\0",
];

describe("createListener under fuzz", () => {
  let listener: Listener;
  let bound: BoundAddress;
  before(async () => {
    const front = (exchange: Parameters<Parameters<typeof createListener>[0]["front"]>[0]): void => {
      if (exchange.target.length % 2 === 0) {
        exchange.respond(200, [], Buffer.from("ok"));
        return;
      }
      exchange.readBody(100).then(
        (body) => exchange.respond(200, [], body),
        () => exchange.respond(400, [], undefined),
      );
    };
    listener = createListener({ address: { host: "127.0.0.1", port: 0 }, limits: defaultListenerLimits, front });
    bound = await listener.listen();
  });
  after(() => listener.close(0));

  const send = async (pieces: readonly (string | Uint8Array)[]): Promise<string> => {
    const connection = await openRaw(bound);
    for (const piece of pieces) connection.send(piece);
    connection.socket.end();
    const received = (await connection.rest()).toString("latin1");
    connection.close();
    return received;
  };

  it("answers with HTTP/1.1 or not at all", async () => {
    const piece = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...fragments) }, fc.uint8Array({ maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const received = await send(pieces);
        if (received !== "") expect(received).to.match(/^HTTP\/1\.1 \d{3} /);
      }),
      { numRuns: 300 },
    );
    expect((await exchangeRaw(bound, request("GET /"))).status).to.equal(200);
  });
});
