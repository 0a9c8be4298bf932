// The listener on TLS, and HTTP/2 beside HTTP/1.1: whom it hands a connection to, and what it says to the wrong ones.
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import type { Socket } from "node:net";
import { connect } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { expect } from "chai";
import type { ServeConnection } from "../../src/serve/connection.ts";
import { createListener } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener, ListenerOptions } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import type { ListenerLimits } from "../../src/serve/listen-limits.ts";
import { exchangeRaw, openRaw, request } from "../support/raw-http.ts";
import { createPki } from "../support/pki.ts";
import type { Pki } from "../support/pki.ts";

let listener: Listener | undefined;
let bound: BoundAddress;

async function start(options: Partial<ListenerOptions>, limits: Partial<ListenerLimits> = {}): Promise<void> {
  listener = createListener({
    address: { host: "127.0.0.1", port: 0 },
    limits: { ...defaultListenerLimits, ...limits },
    front: (exchange) => exchange.respond(200, [], Buffer.from(exchange.secure ? "secure" : "plain")),
    ...options,
  });
  bound = await listener.listen();
}

/** Says what it got, then ends. */
const http2: ServeConnection = (socket, firstBytes) => {
  socket.on("error", () => {});
  const greet = (bytes: Buffer): void => void socket.end(`h2:${bytes.toString("latin1")}`);
  if (firstBytes === undefined) socket.once("data", greet);
  else greet(firstBytes);
  return { isIdle: true, drain: () => void socket.destroy(), destroy: () => void socket.destroy() };
};

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

describe("createListener with HTTP/2", () => {
  afterEach(() => listener?.close(0));

  it("hands a connection over that begins with the preface, even byte by byte", async () => {
    await start({ http2 });
    for (const pieces of [[preface], preface.split("")]) {
      const socket = connectPlain(bound.port, bound.host);
      await once(socket, "connect");
      socket.setNoDelay(true);
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise(setImmediate);
      }
      expect(await readAll(socket)).to.equal(`h2:${preface}`);
    }
  });

  it("keeps HTTP/1.1 to itself, also a method that begins like the preface", async () => {
    await start({ http2 });
    expect((await exchangeRaw(bound, request("GET /"))).body.toString()).to.equal("plain");
    const connection = await openRaw(bound);
    connection.send("P");
    await new Promise(setImmediate);
    connection.send(request("POST /", [], "x").subarray(1));
    expect((await connection.response()).status).to.equal(200);
    connection.close();
  });

  it("closes a connection that never says what it speaks", async () => {
    await start({ http2 }, { headersTimeoutMs: 50, checkIntervalMs: 20 });
    const silent = await openRaw(bound);
    const half = await openRaw(bound);
    half.send("PRI * HTTP");
    expect([(await silent.rest()).length, (await half.rest()).length]).to.deep.equal([0, 0]);
  });

  it("closes such a connection at once when the listener closes", async () => {
    await start({ http2 });
    const silent = await openRaw(bound);
    await new Promise(setImmediate);
    await listener?.close(600_000);
    await silent.closed;
  });
});

describe("createListener with TLS", () => {
  let pki: Pki;
  before(() => {
    pki = createPki();
  });
  after(() => pki?.remove());
  afterEach(() => listener?.close(0));

  const tls = (options: { clientCa?: Buffer; minVersion?: "TLSv1.3" } = {}): ListenerOptions["tls"] => ({
    cert: pki.cert,
    key: pki.key,
    clientCa: options.clientCa,
    minVersion: options.minVersion ?? "TLSv1.2",
  });

  const open = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ port: bound.port, host: bound.host, ca: pki.ca, servername: "localhost", ...options });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    return socket;
  };

  it("serves HTTP/1.1, and the front knows that it is secure", async () => {
    await start({ tls: tls() });
    const socket = await open({ ALPNProtocols: ["http/1.1"] });
    expect(socket.alpnProtocol).to.equal("http/1.1");
    socket.write(request("GET /", ["Connection: close"]));
    expect(await readAll(socket)).to.match(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nsecure$/);
  });

  it("serves HTTP/2 when it is agreed on, or begun without agreement", async () => {
    await start({ tls: tls(), http2 });
    const agreed = await open({ ALPNProtocols: ["h2", "http/1.1"] });
    expect(agreed.alpnProtocol).to.equal("h2");
    agreed.write(preface);
    expect(await readAll(agreed)).to.equal(`h2:${preface}`);
    const silent = await open();
    silent.write(preface);
    expect(await readAll(silent)).to.equal(`h2:${preface}`);
    const old = await open();
    old.write(request("GET /", ["Connection: close"]));
    expect(await readAll(old)).to.match(/^HTTP\/1\.1 200 /);
  });

  it("agrees on HTTP/1.1 where HTTP/2 is not served", async () => {
    await start({ tls: tls() });
    const socket = await open({ ALPNProtocols: ["h2", "http/1.1"] });
    expect(socket.alpnProtocol).to.equal("http/1.1");
    socket.destroy();
  });

  it("tells who speaks plain HTTP to use https", async () => {
    await start({ tls: tls() });
    const response = await exchangeRaw(bound, request("GET /"));
    expect([response.status, response.body.toString()]).to.deep.equal([
      400,
      "this port speaks TLS, and the request came in plain HTTP; use https://\n",
    ]);
  });

  it("turns clients away whose TLS is too old, or who lack the certificate asked for", async () => {
    await start({ tls: tls({ minVersion: "TLSv1.3", clientCa: pki.ca }) });
    const old = connect({
      port: bound.port,
      host: bound.host,
      ca: pki.ca,
      servername: "localhost",
      maxVersion: "TLSv1.2",
    });
    const [error] = (await once(old, "error")) as [Error];
    expect(error.message).to.include("protocol version");
    // In TLS 1.3 the client learns of it with its first read.
    const bare = await open();
    bare.write(request("GET /"));
    expect(await readAll(bare)).to.equal("");
    const known = await open({ cert: pki.cert, key: pki.key });
    known.write(request("GET /", ["Connection: close"]));
    expect(await readAll(known)).to.match(/^HTTP\/1\.1 200 /);
  });

  it("survives a handshake that breaks off, and ends with the listener in the middle of one", async () => {
    await start({ tls: tls() });
    const broken = connectPlain(bound.port, bound.host);
    broken.on("error", () => {});
    broken.write(Buffer.from("16030100050100000100", "hex"));
    broken.end();
    await once(broken.resume(), "close");
    const hanging = connectPlain(bound.port, bound.host);
    hanging.on("error", () => {});
    hanging.write(Buffer.from("16030100", "hex"));
    const socket = await open();
    socket.write(request("GET /", ["Connection: close"]));
    expect(await readAll(socket)).to.match(/^HTTP\/1\.1 200 /);
    await listener?.close(0);
    await once(hanging.resume(), "close");
  });

  it("refuses a key that does not fit before anybody connects", () => {
    const other = createPki();
    try {
      expect(() =>
        createListener({
          address: { host: "127.0.0.1", port: 0 },
          limits: defaultListenerLimits,
          front: () => {},
          tls: { cert: pki.cert, key: other.key, clientCa: undefined, minVersion: "TLSv1.2" },
        }),
      ).to.throw("key values mismatch");
    } finally {
      other.remove();
    }
  });
});
