// One port, told apart by the first bytes: HTTP/1.1, HTTP/2, and what is neither.
import { expect } from "chai";
import { serveHttp2 } from "../../src/serve/http2-connection.ts";
import { createListener } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import { clientPreface, FrameType } from "../../src/http2/protocol.ts";
import { frame, RawPeer } from "../http2/support/raw-peer.ts";
import { openRaw } from "../support/raw-http.ts";
import { headBlock, headers, headOf } from "./http2-fixture.ts";

describe("a port for HTTP/1.1 and HTTP/2", () => {
  let listener: Listener;
  let bound: BoundAddress;

  before(async () => {
    listener = createListener({
      address: { host: "127.0.0.1", port: 0 },
      limits: defaultListenerLimits,
      front: (exchange) => exchange.respond(200, ["x-version", exchange.httpVersion], undefined),
      http2: serveHttp2,
    });
    bound = await listener.listen();
  });

  after(() => listener.close(0));

  it("serves a client that sends the preface byte by byte", async () => {
    const { socket } = await openRaw(bound);
    const raw = new RawPeer(socket);
    for (const byte of clientPreface) raw.send(Buffer.from([byte]));
    raw.send(frame(FrameType.SETTINGS, 0, 0), headers(1, headBlock("/"), true));
    expect((await headOf(raw, 1))?.get("x-version")).to.equal("2");
    socket.destroy();
  });

  for (const line of ["GET / HTTP/1.1", "PUT / HTTP/1.1", "PATCH / HTTP/1.1"]) {
    it(`serves ${line}`, async () => {
      const connection = await openRaw(bound);
      connection.send(`${line}\r\nHost: a\r\n\r\n`);
      expect((await connection.response()).headers.get("x-version")).to.equal("1.1");
      connection.close();
    });
  }

  for (const bytes of ["INVALID CONNECTION PREFACE\r\n\r\n", "SOURCE /g ICE/1.0\r\n\r\n"]) {
    it(`says nothing to ${JSON.stringify(bytes)}, and ends`, async () => {
      const connection = await openRaw(bound);
      connection.send(bytes);
      expect(await connection.rest()).to.have.length(0);
    });
  }

  for (const bytes of [
    "GET /\r\n\r\n",
    "GET / HTTP/3.0\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    "GET  / a HTTP/1.1\r\n\r\n",
  ]) {
    it(`refuses ${JSON.stringify(bytes)} in HTTP/1.1`, async () => {
      const connection = await openRaw(bound);
      connection.send(bytes);
      expect((await connection.response()).status).to.be.oneOf([400, 505]);
      await connection.closed;
    });
  }
});
