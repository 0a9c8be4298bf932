// Whom a client certificate names, as fronts see it: over HTTP/1.1, HTTP/2 and upgrades, and not at all where it was not verified.
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { get } from "node:https";
import type { IncomingMessage } from "node:http";
import { connect } from "node:tls";
import { expect } from "chai";
import type { ClientCertificate } from "../../src/caller.ts";
import { parseAltNames } from "../../src/serve/client-certificate.ts";
import { serveHttp2 } from "../../src/serve/http2-connection.ts";
import { createListener } from "../../src/serve/listen.ts";
import type { BoundAddress, Listener } from "../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../src/serve/listen-limits.ts";
import { createPki } from "../support/pki.ts";
import type { Pki } from "../support/pki.ts";

describe("parseAltNames", () => {
  const values = (text: string) => parseAltNames(text).map(({ kind, value }) => `${kind}=${value}`);

  it("reads names of every kind", () =>
    expect(values("DNS:a.example, URI:spiffe://x/y, email:a@b.example, IP Address:10.0.0.1")).to.deep.equal([
      "DNS=a.example",
      "URI=spiffe://x/y",
      "email=a@b.example",
      "IP Address=10.0.0.1",
    ]));

  it("takes a quoted name for the one name it is", () =>
    expect(values('URI:"spiffe://x/a, DNS:admin.example", DNS:b.example')).to.deep.equal([
      "URI=spiffe://x/a, DNS:admin.example",
      "DNS=b.example",
    ]));

  it("has no names where the list cannot be read", () => {
    for (const text of ['DNS:"a', "DNS:a,DNS:b", 'DNS:a"b', 'DNS:"a"b', "a.example", "DNS:a, ", 'DNS:"\\x"'])
      expect(values(text), text).to.deep.equal([]);
    expect(values("")).to.deep.equal([]);
  });

  it("leaves out names with control characters", () =>
    expect(values('DNS:"a.example\\u0000.evil.example", DNS:b.example')).to.deep.equal(["DNS=b.example"]));
});

describe("the client certificate of a connection", () => {
  let pki: Pki;
  let client: { readonly cert: Buffer; readonly key: Buffer };
  let listener: Listener | undefined;
  let bound: BoundAddress;
  let seen: (ClientCertificate | undefined)[];
  before(() => {
    pki = createPki();
    client = pki.issue(
      "/O=Example, Inc./CN=billing",
      "URI:spiffe://example/billing,DNS:billing.example,email:ops@billing.example",
    );
  });
  after(() => pki?.remove());
  afterEach(() => listener?.close(0));

  const start = async (clientAuth: "required" | "optional"): Promise<void> => {
    seen = [];
    listener = createListener({
      address: { host: "127.0.0.1", port: 0 },
      limits: defaultListenerLimits,
      front: (exchange) => {
        seen.push(exchange.certificate);
        exchange.respond(200, [], Buffer.from("ok"));
      },
      upgrade: (upgrade) => {
        seen.push(upgrade.certificate);
        upgrade.respond(400, [], undefined);
      },
      http2: serveHttp2,
      tls: { cert: pki.cert, key: pki.key, clientCa: pki.ca, clientAuth, minVersion: "TLSv1.2" },
    });
    bound = await listener.listen();
  };
  const ask = async (options: object, headers: Record<string, string> = {}): Promise<number | undefined> => {
    const { host, port } = bound;
    const request = get({ host, port, ca: pki.ca, servername: "localhost", agent: false, headers, ...options });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };

  it("is told with its names, over HTTP/1.1", async () => {
    await start("required");
    expect(await ask(client)).to.equal(200);
    const [certificate] = seen;
    expect(certificate).to.deep.include({
      subject: "CN=billing,O=Example\\, Inc.",
      commonName: "billing",
      uris: ["spiffe://example/billing"],
      dnsNames: ["billing.example"],
      emails: ["ops@billing.example"],
    });
    expect(certificate?.fingerprint).to.match(/^[0-9a-f]{64}$/);
    expect(certificate?.validTo)
      .to.be.greaterThan(Date.now())
      .and.lessThan(Date.now() + 3 * 86_400_000);
  });

  it("is told of HTTP/2 requests and of upgrades too, the same object for one connection", async () => {
    await start("required");
    const session = connectHttp2(`https://127.0.0.1:${bound.port}`, { ca: pki.ca, servername: "localhost", ...client });
    for (let i = 0; i < 2; i++) {
      const stream = session.request({ ":path": "/" });
      stream.resume().end();
      await once(stream, "close");
    }
    session.close();
    expect(await ask(client, { connection: "upgrade", upgrade: "websocket" })).to.equal(400);
    expect(seen.map((certificate) => certificate?.commonName)).to.deep.equal(["billing", "billing", "billing"]);
    expect(seen[0]).to.equal(seen[1]);
  });

  it("may be left out where it is optional, but not be a bad one", async () => {
    await start("optional");
    expect(await ask({})).to.equal(200);
    expect(await ask(client)).to.equal(200);
    expect(seen.map((certificate) => certificate?.commonName)).to.deep.equal([undefined, "billing"]);
    const stranger = createPki();
    const { cert, key } = stranger;
    const socket = connect({ port: bound.port, host: bound.host, ca: pki.ca, servername: "localhost", cert, key });
    socket.on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.resume();
    await once(socket, "close");
    stranger.remove();
    expect(seen.length).to.equal(2);
  });

  it("is told of a connection that resumes the session of an earlier one, too", async () => {
    await start("required");
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      seen = [];
      let session: Buffer | undefined;
      for (let i = 0; i < 2; i++) {
        const options = {
          port: bound.port,
          host: bound.host,
          ca: pki.ca,
          servername: "localhost",
          ...client,
          maxVersion,
        };
        const socket = connect({ ...options, session });
        const ticket = session === undefined ? once(socket, "session") : undefined;
        await once(socket, "secureConnect");
        expect(socket.isSessionReused(), `${maxVersion} ${i}`).to.equal(i === 1);
        socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        socket.resume();
        if (ticket !== undefined) [session] = (await ticket) as [Buffer];
        await once(socket, "close");
      }
      expect(seen.map((certificate) => certificate?.commonName)).to.deep.equal(["billing", "billing"]);
    }
  });

  it("is not told of two common names, of which neither is the one", async () => {
    await start("required");
    expect(await ask(pki.issue("/CN=billing/CN=admin"))).to.equal(200);
    expect(seen[0]).to.deep.include({ commonName: undefined, subject: "CN=admin,CN=billing" });
  });
});
