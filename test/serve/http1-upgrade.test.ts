// Requests to upgrade on their way from the listener to a front: what it may do with the connection, and what the listener goes on doing.
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { expect } from "chai";
import type { Upgrade, UpgradeFront } from "../../src/front/front.ts";
import { serveHttp2 } from "../../src/serve/http2-connection.ts";
import { createListener } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener, ListenerOptions } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import type { ListenerLimits } from "../../src/serve/listen-limits.ts";
import { openRaw, request } from "../support/raw-http.ts";
import type { RawConnection } from "../support/raw-http.ts";
import { createPki } from "../support/pki.ts";
import { collectGarbage } from "../../src/memory-return.ts";
import { until } from "../support/until.ts";

const wanted = ["Connection: Upgrade", "Upgrade: WebSocket"];

describe("an upgrade", () => {
  let listener: Listener;
  let bound: BoundAddress;

  const start = async (
    upgrade: UpgradeFront | undefined,
    options: Partial<ListenerOptions> = {},
    limits: Partial<ListenerLimits> = {},
  ): Promise<void> => {
    listener = createListener({
      address: { host: "127.0.0.1", port: 0 },
      limits: { ...defaultListenerLimits, ...limits },
      front: (exchange) => exchange.respond(200, [], Buffer.from("ordinary")),
      upgrade,
      ...options,
    });
    bound = await listener.listen();
  };
  const ask = async (line = "GET /x?y=1", headers: readonly string[] = wanted): Promise<RawConnection> => {
    const raw = await openRaw(bound);
    raw.send(request(line, headers));
    return raw;
  };
  /** Answers with what comes. */
  const echo = (upgrade: Upgrade): Duplex => {
    const { socket, firstBytes } = upgrade.takeOver();
    socket.on("error", () => socket.destroy());
    socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    socket.write(firstBytes);
    socket.on("data", (chunk: Buffer) => socket.write(chunk));
    return socket;
  };

  afterEach(() => listener.close(0));

  it("is handed over with its head", async () => {
    let seen: Upgrade | undefined;
    await start((upgrade) => {
      seen = upgrade;
      upgrade.respond(418, ["x-a", "b"], Buffer.from("no"));
    });
    const raw = await ask();
    const { status, headers, body } = await raw.response();
    expect([status, headers.get("x-a"), headers.get("connection"), body.toString()]).to.deep.equal([
      418,
      "b",
      "close",
      "no",
    ]);
    expect(seen).to.deep.include({
      protocol: "websocket",
      httpVersion: "1.1",
      method: "GET",
      target: "/x?y=1",
      secure: false,
    });
    expect(seen?.headers["host"]).to.equal("localhost");
    await raw.closed;
  });

  it("gives the connection away, and what was sent behind the head", async () => {
    await start(echo);
    const raw = await openRaw(bound);
    raw.send(Buffer.concat([request("GET /", wanted), Buffer.from("first")]));
    expect((await raw.response(true)).status).to.equal(101);
    raw.send("second");
    raw.socket.end();
    expect((await raw.rest()).toString()).to.equal("firstsecond");
  });

  it("keeps nothing of what came with the head, as it is there as long as its socket", async () => {
    const taken: Upgrade[] = [];
    const came: WeakRef<ArrayBufferLike>[] = [];
    await start((upgrade) => {
      const { socket, firstBytes } = upgrade.takeOver();
      taken.push(upgrade);
      came.push(new WeakRef(firstBytes.buffer));
      socket.on("error", () => socket.destroy()).end("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    });
    for (let i = 0; i < 2; i++) {
      const raw = await ask();
      await raw.response(true);
      await raw.closed;
    }
    // Of the last there may be something still, in what the processor or the engine looked at last.
    await until(() => {
      collectGarbage();
      return came[0].deref() === undefined;
    });
    expect(taken.map(({ target }) => target)).to.deep.equal(["/x?y=1", "/x?y=1"]);
  });

  it("may be answered later", async () => {
    await start((upgrade) => void setImmediate(() => echo(upgrade)));
    const raw = await ask();
    expect((await raw.response(true)).status).to.equal(101);
    raw.close();
  });

  it("is answered once", async () => {
    await start((upgrade) => {
      upgrade.respond(400, [], undefined);
      upgrade.respond(500, [], undefined);
      expect(() => upgrade.takeOver()).to.throw("answered once");
    });
    expect((await (await ask()).response()).status).to.equal(400);
  });

  it("is a request like others for another protocol, with a body, in HTTP/1.0, and without a front for it", async () => {
    await start(echo);
    for (const [line, headers] of [
      ["GET /", ["Connection: Upgrade", "Upgrade: h2c"]],
      ["GET /", ["Upgrade: websocket"]],
      ["POST /", [...wanted, "Content-Length: 1"]],
    ] as const) {
      const raw = await openRaw(bound);
      raw.send(Buffer.concat([request(line, headers), Buffer.from(line === "POST /" ? "x" : "")]));
      expect((await raw.response()).status).to.equal(200);
      raw.close();
    }
    await listener.close(0);
    await start(undefined);
    expect((await (await ask()).response()).status).to.equal(200);
  });

  it("is refused with a head that no front gets to see", async () => {
    await start(echo);
    const raw = await ask("GET /", [...wanted, "X_Y: underscore"]);
    expect((await raw.response()).status).to.equal(400);
  });

  it("is refused when its front fails", async () => {
    await start(() => {
      throw new Error("a fault");
    });
    const { status, body } = await (await ask()).response();
    expect([status, body.toString().includes("a fault")]).to.deep.equal([500, false]);
  });

  it("is still cut when the listener closes for good, and counted until then", async () => {
    let taken: Duplex | undefined;
    await start((upgrade) => (taken = echo(upgrade)), {}, { maxConnectionsPerIp: 1 });
    const raw = await ask();
    await raw.response(true);
    expect((await (await ask()).response()).status).to.equal(503);
    const closed = once(taken as Duplex, "close");
    await listener.close(0);
    await closed;
  });

  it("is left alone by the clocks of HTTP once it is taken over, and ended by them before", async () => {
    const short = { headersTimeoutMs: 20, keepAliveTimeoutMs: 20, requestTimeoutMs: 20, checkIntervalMs: 5 };
    await start(echo, {}, short);
    const raw = await ask();
    await raw.response(true);
    const other = await openRaw(bound);
    // The clocks have ended this one meanwhile.
    await other.closed;
    raw.send("still");
    const received = new Promise<string>((resolve) =>
      raw.socket.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    expect(await received).to.equal("still");
    await listener.close(0);
    await start(() => {}, {}, short);
    await (
      await ask()
    ).closed;
  });

  it("works over TLS, beside HTTP/2", async () => {
    const pki = createPki();
    let isSecure: boolean | undefined;
    const tls = { cert: pki.cert, key: pki.key, clientCa: undefined, minVersion: "TLSv1.2" } as const;
    await start(
      (upgrade) => {
        isSecure = upgrade.secure;
        echo(upgrade);
      },
      { tls, http2: serveHttp2 },
    );
    const socket = connect({ port: bound.port, host: bound.host, ca: pki.ca, servername: "localhost" });
    await once(socket, "secureConnect");
    socket.write(Buffer.concat([request("GET /", wanted), Buffer.from("first")]));
    let text = "";
    const echoed = new Promise<void>((resolve) =>
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith("first")) resolve();
      }),
    );
    await echoed;
    expect(isSecure).to.equal(true);
    socket.destroy();
    pki.remove();
  });
});
