// Row 31 of docs/attacks.md: backends that say what no gRPC server would, frame by frame. Whatever it is, it is the same on every way, nobody is
// told what the backend made up, and the next call is served.
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { expect } from "chai";
import { clientPreface, FrameType } from "../../src/http2/protocol.ts";
import { frame, literals, RawPeer } from "../http2/support/raw-peer.ts";
import { startGateway, toMessage } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { protos, ways } from "./ways.ts";

/** The frames of the answer on a stream. */
type Script = (id: number) => readonly Buffer[];

const endStream = 1;
const endHeaders = 4;
const grpcHead = [":status", "200", "content-type", "application/grpc"];
const headers = (id: number, fields: readonly string[], flags = endHeaders): Buffer =>
  frame(FrameType.HEADERS, flags, id, literals(...fields));
const last = endHeaders | endStream;

/** Answers every call with what the test says, and knows nothing else of HTTP/2. */
class ScriptedBackend {
  script: Script = () => [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      const peer = new RawPeer(socket, clientPreface.length);
      peer.send(frame(FrameType.SETTINGS, 0, 0), frame(FrameType.SETTINGS, 1, 0));
      void this.#serve(peer);
    });
  }

  async #serve(peer: RawPeer): Promise<void> {
    for (let id = 1; ; id += 2) {
      const end = await Promise.race(
        [FrameType.HEADERS, FrameType.DATA].map((type) =>
          peer.next(type, (one) => one.id === id && (one.flags & endStream) !== 0),
        ),
      );
      if (end === undefined) return;
      for (const bytes of this.script(id)) if (!peer.isEnded) peer.send(bytes);
    }
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe("a backend that lies, frame by frame", () => {
  const backend = new ScriptedBackend();
  let gateway: GatewayFixture;
  let data: (id: number, flags?: number) => Buffer;

  before(async () => {
    gateway = await startGateway({
      protos,
      upstream: await backend.listen(),
      yaml: "http: { response_headers: [x-a] }",
    });
    const message = toMessage(gateway.schema, "t.M", '{"text":"sound"}');
    const prefix = Buffer.from([0, 0, 0, 0, message.length]);
    data = (id, flags = 0) => frame(FrameType.DATA, flags, id, Buffer.concat([prefix, message]));
  });
  after(async () => {
    await gateway.close();
    backend.close();
  });

  const good: Script = (id) => [headers(id, grpcHead), data(id), headers(id, ["grpc-status", "0"], last)];
  const endsWith =
    (...trailers: readonly string[]): Script =>
    (id) => [headers(id, grpcHead), data(id), headers(id, trailers, last)];
  const fails =
    (...fields: readonly string[]): Script =>
    (id) => [headers(id, [...grpcHead, ...fields], last)];

  const rows: readonly (readonly [what: string, script: Script, code: number])[] = [
    ["a line break in a header", (id) => [headers(id, [...grpcHead, "x-a", "b\r\nset-cookie: evil=1"]), data(id)], 13],
    ["a line break in a trailer", endsWith("grpc-status", "0", "x-a", "b\r\nset-cookie: evil=1"), 13],
    ["a name in capitals", (id) => [headers(id, [...grpcHead, "Set-Cookie", "evil=1"]), data(id)], 13],
    ["a pseudo-header twice", (id) => [headers(id, [":status", "200", ...grpcHead]), data(id)], 13],
    ["a status of 99", fails("grpc-status", "99"), 2],
    ["a status that is no number", fails("grpc-status", "evil"), 2],
    ["no status", (id) => [headers(id, grpcHead), data(id, endStream)], 2],
    [
      "line breaks in the text of an error",
      fails("grpc-status", "5", "grpc-message", "a%0d%0aset-cookie: evil=1%zz"),
      5,
    ],
    ["details that are none", fails("grpc-status", "5", "grpc-status-details-bin", "!!evil!!"), 5],
    [
      "HTML",
      (id) => [headers(id, [":status", "200", "content-type", "text/html"]), frame(FrameType.DATA, 1, id, [60])],
      2,
    ],
    ["HTTP 503", (id) => [headers(id, [":status", "503", "content-type", "text/html"], last)], 14],
    ["an error that HTTP 200 hides", fails("grpc-status", "16"), 16],
    ["a message of 4 GiB", (id) => [headers(id, grpcHead), frame(FrameType.DATA, 0, id, [0, 255, 255, 255, 255])], 8],
    ["a message cut off", (id) => [headers(id, grpcHead), frame(FrameType.DATA, 1, id, [0, 0, 0, 0, 9, 1])], 2],
    [
      "a message in a compression nobody named",
      (id) => [
        headers(id, grpcHead),
        frame(FrameType.DATA, 0, id, [1, 0, 0, 0, 0]),
        headers(id, ["grpc-status", "0"], last),
      ],
      13,
    ],
    ["a reset", (id) => [frame(FrameType.RST_STREAM, 0, id, [0, 0, 0, 2])], 13],
    [
      "headers without end",
      (id) => [
        headers(id, grpcHead, 0),
        ...Array.from({ length: 40 }, (_, at) =>
          frame(
            FrameType.CONTINUATION,
            0,
            id,
            literals(...Array.from({ length: 20 }, (__, n) => [`x-${at}-${n}`, "e".repeat(700)]).flat()),
          ),
        ),
      ],
      14,
    ],
  ];

  for (const [what, script, code] of rows)
    for (const way of ways)
      it(`is found out over ${way.name}: ${what}`, async () => {
        backend.script = script;
        const { code: told, text } = await way.try(gateway, { message: '{"text":"a"}' });
        // After its first element an array can only be cut off.
        expect(told, text).to.be.oneOf(way.name === "a stream in an array" ? [code, undefined] : [code]);
        // In a frame it is a text like others.
        const head = /WebSocket/.test(way.name) ? text.slice(0, text.indexOf("\r\n\r\n")) : text;
        expect(head).to.not.match(/^ ?set-cookie:/im);
        backend.script = good;
        const again = await way.try(gateway, { message: '{"text":"a"}' });
        expect(again.code, again.text).to.equal(0);
      });
});
