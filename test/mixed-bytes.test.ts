// Many clients at once, each with bytes of its own, on every way to call: what comes back to each is its own, to the last byte.
import { once } from "node:events";
import { ServerCredentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { createGateway } from "../src/gateway.ts";
import type { Gateway } from "../src/gateway.ts";
import { startBackend } from "./support/backend.ts";
import type { Backend, BackendHandlers } from "./support/backend.ts";
import { decode, echoProtos, openSocket, pause, randomOf, tagOf, ways } from "./support/echo-clients.ts";
import type { Place } from "./support/echo-clients.ts";
import { loadSource } from "./support/gateway.ts";
import { createPki } from "./support/pki.ts";
import type { Pki } from "./support/pki.ts";
import { unshed } from "./support/unshed.ts";

const handlers: BackendHandlers = {
  "/echo.Echo/Say": (message, call) => {
    call.header("x-tag", tagOf(decode(message)));
    return message;
  },
  "/echo.Echo/Hear": {
    stream: (call) => {
      call.on("data", (message: Buffer) => {
        for (let i = 0; i < 3; i++) call.write(message);
      });
      call.on("end", () => call.end());
    },
  },
  "/echo.Echo/Talk": {
    stream: (call) => {
      call.on("data", (message: Buffer) => {
        if (call.write(message)) return;
        call.pause();
        call.once("drain", () => call.resume());
      });
      call.on("end", () => call.end());
    },
  },
};

const sizes = [3, 200, 3_000, 20_000, 70_000, 150_000];

/** As no other client sends it, wherever one looks at it; without spaces, as parts of it are values of headers. */
function textsOf(client: string, count: number): string[] {
  const random = randomOf(Buffer.from(client).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 7));
  return Array.from({ length: count }, (_, at) => {
    const unit = `[${client}.${at}]`;
    const length = random(sizes[random(sizes.length)]) + 1;
    return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  });
}

/** A difference of a hundred thousand characters helps nobody. */
function expectSame(client: string, got: readonly string[], sent: readonly string[]): void {
  const wrong = sent.findIndex((text, at) => got[at] !== text);
  const shown = wrong === -1 ? "" : `got ${got[wrong]?.length} of ${sent[wrong].length}: ${got[wrong]?.slice(0, 80)}`;
  expect(wrong, `${client}, note ${wrong}: ${shown}`).to.equal(-1);
  expect(got).to.have.length(sent.length);
}

const clientsOfEach = 3;
const notes = 8;

/** Sends part of a body, and goes. */
async function breakOff(place: Place, client: string): Promise<void> {
  const socket = openSocket(place);
  await once(socket, place.ca === undefined ? "connect" : "secureConnect");
  socket.write(`POST /v1/say HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"text":"${client.repeat(1000)}`);
  await pause();
  if (place.ca === undefined && client.endsWith("1")) socket.resetAndDestroy();
  else socket.destroy();
}

describe("the bytes of clients that call at once", () => {
  let pki: Pki;
  let backend: Backend | undefined;
  let gateway: Gateway | undefined;

  before(() => {
    pki = createPki();
  });
  afterEach(async () => {
    await Promise.all([gateway?.close(), backend?.close()]);
  });
  after(() => pki?.remove());

  const yaml = [
    "http: { response_headers: [x-tag] }",
    "server: { max_connections_per_ip: off }",
    "websocket: { max_sockets_per_principal: 1000, handshakes_per_second: 10000, messages_per_second: 1000000, bytes_per_second: 10GiB }",
  ].join("\n");

  async function start(transport: "native" | "grpc-js", isSecure: boolean): Promise<Place> {
    const secured = isSecure ? `\ntls: { cert: ${pki.certFile}, key: ${pki.keyFile} }` : "";
    const { project, problems } = await loadSource({
      protos: echoProtos,
      yaml: `transport: ${transport}\n${yaml}${secured}`,
    });
    if (project === undefined) throw new Error(problems.join("\n"));
    const pair = { private_key: pki.key, cert_chain: pki.cert };
    backend = await startBackend(
      handlers,
      isSecure ? { credentials: ServerCredentials.createSsl(null, [pair]), address: "localhost:0" } : {},
    );
    const tls = isSecure ? { ca: pki.caFile, cert: undefined, key: undefined, serverName: undefined } : undefined;
    const upstreams = [{ service: undefined, target: backend.target, tls }];
    gateway = createGateway({ ...project, config: unshed({ ...project.config, upstreams }) });
    const { port } = await gateway.listen();
    return { authority: `127.0.0.1:${port}`, port, ca: isSecure ? pki.ca : undefined };
  }

  for (const transport of ["native", "grpc-js"] as const)
    for (const isSecure of [false, true])
      it(`stay with them: ${isSecure ? "TLS" : "plain text"}, ${transport} behind`, async () => {
        const place = await start(transport, isSecure);
        const calls = Object.entries(ways).flatMap(([name, way]) =>
          Array.from({ length: clientsOfEach }, async (_, number) => {
            const client = `${name}${number}`;
            const texts = textsOf(client, notes);
            await breakOff(place, client);
            expectSame(client, await way(place, client, texts), texts);
          }),
        );
        await Promise.all(calls);
      });
});
