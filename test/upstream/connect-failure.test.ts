// What the transports say of a server they cannot talk to: the words an operator gets in the log and at the start.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../../src/upstream/native.ts";
import type { TlsOptions } from "../../src/upstream/transport.ts";
import { failureOf, testLimits, unaryCall } from "./calls.ts";
import { createPki, type Pki } from "../support/pki.ts";

for (const [name, createTransport] of [
  ["native", createNativeTransport],
  ["grpc-js", createGrpcJsTransport],
] as const) {
  describe(`a connect of ${name} that fails`, () => {
    const disposals: (() => unknown)[] = [];
    let pki: Pki;
    before(() => {
      pki = createPki();
    });
    after(() => pki.remove());
    afterEach(async () => {
      for (const dispose of disposals.splice(0).reverse()) await dispose();
    });
    const listen = async (server: Server): Promise<number> => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      disposals.push(() => server.close());
      return (server.address() as AddressInfo).port;
    };
    const reasonOf = (port: number, tls?: Partial<TlsOptions>): Promise<string> => {
      const full = tls && { ca: undefined, cert: undefined, key: undefined, serverName: undefined, ...tls };
      const transport = createTransport({ target: `localhost:${port}`, tls: full }, testLimits);
      disposals.push(() => transport.close());
      return new Promise((resolve) => {
        transport.onStateChange((state, reason) => {
          if (state === "failing") resolve(reason);
        });
        void transport.connect(5000);
      });
    };

    it("asks whether a server that answers something else is a gRPC server", async () => {
      const port = await listen(createHttpServer());
      expect(await reasonOf(port)).to.match(
        /^the server does not answer in HTTP\/2: is it a gRPC server, and one without TLS\? \(/,
      );
    });

    it("asks whether a server that hangs up wants TLS", async () => {
      const port = await listen(createServer((socket) => socket.once("data", () => socket.end())));
      expect(await reasonOf(port)).to.match(
        /^the server closed the connection before it spoke HTTP\/2: does it want TLS\? \(.+\)$/,
      );
    });

    it("says of a server without TLS that it has none", async () => {
      const port = await listen(createHttpServer());
      expect(await reasonOf(port, {})).to.match(/^the server does not speak TLS: call it without \(/);
    });

    it("names the setting where the certificate does not do", async () => {
      const port = await listen(createTlsServer({ key: pki.key, cert: pki.cert, ALPNProtocols: ["h2"] }));
      expect(await reasonOf(port, {})).to.match(/: tls\.ca names one \(/);
      expect(await reasonOf(port, { ca: pki.ca, serverName: "other.example" })).to.match(/: tls\.server_name says /);
    });

    it("asks whether a server that ends after the handshake wants a client certificate", async () => {
      const options = { key: pki.key, cert: pki.cert, ca: pki.ca, requestCert: true, ALPNProtocols: ["h2"] };
      const server = createTlsServer(options).on("tlsClientError", () => {});
      const port = await listen(server);
      expect(await reasonOf(port, { ca: pki.ca })).to.match(/: does it want a client certificate\? \(/);
    });

    it("tells it to the calls that wait for it, too", async () => {
      const port = await listen(createTlsServer({ key: pki.key, cert: pki.cert, ALPNProtocols: ["h2"] }));
      const transport = createTransport({ target: `localhost:${port}`, tls: undefined }, testLimits);
      disposals.push(() => transport.close());
      const error = await failureOf(transport.unary(unaryCall("/t.S/Get")));
      expect(error.reason).to.equal("UPSTREAM_UNAVAILABLE");
      expect((error.cause as Error).message).to.match(/: does it want TLS\? \(/);
    });

    it("says no more than the system where that is enough", async () => {
      const server = createServer();
      const port = await listen(server);
      await new Promise((resolve) => server.close(resolve));
      expect(await reasonOf(port))
        .to.contain("connect ECONNREFUSED")
        .and.not.contain("does it");
    });
  });
}
