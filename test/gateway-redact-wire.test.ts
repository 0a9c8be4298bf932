// (sluice.redact) where messages take other ways through the gateway: gRPC with JSON, gRPC over a WebSocket, and backends that compress.
import { once } from "node:events";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { WebSocket } from "ws";
import { secretIssuer, tokenOf } from "./matrix/secret-issuer.ts";
import { startGateway } from "./support/gateway.ts";
import type { GatewayFixture } from "./support/gateway.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "sluice/annotations.proto";
  message Ask { string id = 1; }
  message M { string name = 1; string ssn = 2 [(sluice.redact) = { unless_roles: "support" }]; }
  service S {
    option (sluice.service_auth) = { level: OPTIONAL };
    rpc Get(Ask) returns (M);
    rpc Watch(Ask) returns (stream M);
  }
`;
const yaml = `json: { emit_defaults: false }\nwebsocket: { unary: true }\n${secretIssuer}`;
const authorization = { authorization: `Bearer ${tokenOf({ sub: "ada", roles: ["support"] })}` };
const whole = Buffer.from("0a034164611206736563726574", "hex");
const cut = whole.subarray(0, 5);

function frameOf(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Flag and content of each. */
function framesIn(body: Buffer): [flag: number, content: string][] {
  const frames: [number, string][] = [];
  for (let at = 0; at < body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    frames.push([body[at], body.toString("latin1", at + 5, end)]);
    at = end;
  }
  return frames;
}

/** One gRPC call over HTTP/2, whatever the method is. */
async function call(
  { host, port }: GatewayFixture,
  method: string,
  contentType: string,
  headers: http2.OutgoingHttpHeaders = {},
) {
  const session = http2.connect(`http://${host}:${port}`);
  try {
    const head = { ":method": "POST", ":path": `/t.S/${method}`, "content-type": contentType, te: "trailers" };
    const stream = session.request({ ...head, ...headers });
    stream.end(frameOf(contentType.endsWith("json") ? Buffer.from("{}") : Buffer.alloc(0)));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return framesIn(Buffer.concat(chunks));
  } finally {
    session.close();
  }
}

describe("(sluice.redact) over gRPC", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos, yaml });
    gateway.answerWith({ kind: "stream", messages: [whole, whole] });
  });
  after(() => gateway.close());

  for (const [method, count] of [
    ["Get", 1],
    ["Watch", 2],
  ] as const) {
    const times = <T>(one: T): T[] => Array.from({ length: count }, () => one);
    const answer = () =>
      gateway.answerWith(
        count === 1 ? { kind: "reply", message: whole } : { kind: "stream", messages: [whole, whole] },
      );

    it(`holds for ${method} with protobuf, JSON, and protobuf over a WebSocket`, async () => {
      answer();
      for (const [headers, bytes, json] of [
        [{}, cut, '{"name":"Ada"}'],
        [authorization, whole, '{"name":"Ada","ssn":"secret"}'],
      ] as const) {
        expect(await call(gateway, method, "application/grpc", headers)).to.deep.equal(
          times([0, bytes.toString("latin1")]),
        );
        expect(await call(gateway, method, "application/grpc+json", headers)).to.deep.equal(times([0, json]));
        expect(await overWebSocket(gateway, method, headers)).to.deep.equal(times(bytes.toString("latin1")));
      }
    });
  }
});

/** The messages that a client of the sub-protocol grpc-websockets gets. */
async function overWebSocket(
  { host, port }: GatewayFixture,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<string[]> {
  const socket = new WebSocket(`ws://${host}:${port}/t.S/${method}`, ["grpc-websockets"]);
  const received: Buffer[] = [];
  socket.on("message", (data: Buffer) => received.push(data));
  await once(socket, "open");
  const lines = Object.entries({ "content-type": "application/grpc-web+proto", ...headers });
  socket.send(Buffer.from(lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")));
  socket.send(Buffer.concat([Buffer.from([0]), frameOf(Buffer.alloc(0))]));
  socket.send(Buffer.from([1]));
  await once(socket, "close");
  return received.flatMap(framesIn).flatMap(([flag, content]) => (flag === 0 ? [content] : []));
}

describe("(sluice.redact) of what a backend has compressed", () => {
  let backend: http2.Http2Server;
  let gateway: GatewayFixture;

  before(async () => {
    backend = http2.createServer();
    backend.on("stream", (stream) => {
      const head = { ":status": 200, "content-type": "application/grpc", "grpc-encoding": "gzip" };
      stream.respond(head, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(frameOf(gzipSync(whole), 1));
    });
    backend.listen(0, "127.0.0.1");
    await once(backend, "listening");
    gateway = await startGateway({
      protos,
      yaml,
      upstream: `127.0.0.1:${(backend.address() as AddressInfo).port}`,
    });
  });
  after(async () => {
    await gateway.close();
    backend.close();
  });

  for (const method of ["Get", "Watch"])
    it(`sends no compressed message on that holds more than the caller sees, of ${method}`, async () => {
      const accepts = { "grpc-accept-encoding": "gzip" };
      expect(await call(gateway, method, "application/grpc", accepts)).to.deep.equal([[0, cut.toString("latin1")]]);
      const seen = await call(gateway, method, "application/grpc", { ...accepts, ...authorization });
      expect(seen).to.deep.equal([[1, gzipSync(whole).toString("latin1")]]);
    });
});
