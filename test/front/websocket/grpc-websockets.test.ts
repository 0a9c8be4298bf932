// The protocol of @improbable-eng/grpc-web over WebSocket, against the kit: frames by hand, as its clients send them.
import { expect } from "chai";
import { strictWebSocket } from "../../../src/front/websocket/options.ts";
import type { KitClient, KitFixture } from "./kit.ts";
import { kitSchema } from "./kit-service.ts";
import { startKit } from "./kit.ts";
import { fromMessage, toMessage } from "../../support/gateway.ts";

const event = (fields: object): Buffer => toMessage(kitSchema, "kit.v1.Event", JSON.stringify(fields));

function data(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.from([0, flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 2);
  return Buffer.concat([prefix, message]);
}

const end = Buffer.from([1]);
const headers = Buffer.from("content-type: application/grpc-web+proto\r\nX-Request-Id: 7\r\nx-grpc-web: 1\r\n");

describe("grpc-websockets", () => {
  let kit: KitFixture;
  beforeEach(async () => {
    kit = await startKit({ options: { socket: strictWebSocket.socket } });
  });
  afterEach(() => kit.close());

  const open = async (method: string, more = headers): Promise<KitClient> => {
    const client = await kit.connect(`/kit.v1.Kit/${method}`, ["grpc-websockets"]);
    client.socket.send(more);
    return client;
  };
  /** A block as its lines, or a message as JSON. */
  const next = async (client: KitClient): Promise<unknown> => {
    const frame = await client.next();
    if (!("binary" in frame)) throw new Error("a text frame");
    const { binary } = frame;
    expect(binary.readUInt32BE(1)).to.equal(binary.length - 5);
    const payload = binary.subarray(5);
    if (binary[0] === 0x80) return payload.toString().split("\r\n").filter(Boolean);
    return JSON.parse(fromMessage(kitSchema, kitSchema.message("kit.v1.Event")!, payload));
  };

  it("carries a bidirectional call: head, replies, trailers, 1000", async () => {
    const client = await open("Talk");
    expect(client.protocol).to.equal("grpc-websockets");
    client.socket.send(data(event({ room: "7", text: "a" })));
    expect(await next(client)).to.deep.equal(["x-kit: 1", "x-kit: 2"]);
    expect(await next(client)).to.deep.equal({ room: "7", number: 1, text: "a" });
    client.socket.send(data(event({ text: "b" })));
    expect(await next(client)).to.deep.equal({ number: 2, text: "b" });
    client.socket.send(end);
    expect(await next(client)).to.deep.equal(["grpc-status: 0", "x-kit-end: well"]);
    expect((await client.closed).code).to.equal(1000);
    const [{ metadata }] = kit.calls;
    expect(metadata[metadata.indexOf("x-request-id") + 1]).to.equal("7");
    expect(metadata).to.not.include("x-grpc-web");
  });

  it("carries a unary call", async () => {
    const client = await open("Get");
    client.socket.send(data(toMessage(kitSchema, "kit.v1.WatchRequest", '{"room":"7","count":1}')));
    client.socket.send(end);
    expect(await next(client)).to.deep.equal(["x-kit: 1", "x-kit: 2"]);
    expect(await next(client)).to.deep.equal({ room: "7", number: 1 });
    expect(await next(client)).to.deep.equal(["grpc-status: 0"]);
  });

  it("takes a message that comes in several frames", async () => {
    const client = await open("Talk");
    const whole = data(event({ text: "in parts" }));
    client.socket.send(whole.subarray(0, 3));
    for (let at = 3; at < whole.length; at += 2)
      client.socket.send(Buffer.concat([Buffer.from([0]), whole.subarray(at, at + 2)]));
    await next(client);
    expect(await next(client)).to.deep.equal({ number: 1, text: "in parts" });
  });

  it("tells an error in the trailers, percent-encoded, behind a head", async () => {
    const client = await open("Talk");
    client.socket.send(data(event({ text: "fail:5:kein Röm 100%" })));
    expect(await next(client)).to.deep.equal(["x-kit: 1", "x-kit: 2"]);
    expect(await next(client)).to.deep.equal([
      "grpc-status: 5",
      "grpc-message: kein R%C3%B6m 100%25",
      "x-kit-end: failed",
    ]);
    expect((await client.closed).code).to.equal(1000);
  });

  const faults: readonly (readonly [string, Buffer, string])[] = [
    ["a frame that begins with neither 0 nor 1", Buffer.from([2, 0]), "3"],
    ["an empty frame", Buffer.alloc(0), "3"],
    ["a compressed message", data(event({}), 1), "12"],
    ["a message that announces more than is taken", Buffer.from([0, 0, 0xff, 0, 0, 0]), "8"],
    ["a prefix that is none", Buffer.from([0, 9, 0, 0, 0, 0]), "13"],
  ];
  for (const [what, frame, code] of faults) {
    it(`ends with code ${code} for ${what}, and cancels the call`, async () => {
      const called = kit.nextCall();
      const client = await open("Talk");
      const { cancelled } = await called;
      client.socket.send(frame);
      let block = (await next(client)) as string[];
      if (!block[0]?.startsWith("grpc-status")) block = (await next(client)) as string[];
      expect(block[0]).to.equal(`grpc-status: ${code}`);
      await cancelled;
    });
  }

  it("ends with code 3 for an end in the middle of a message, and for a message after the end", async () => {
    for (const frames of [
      [data(event({ text: "a" })).subarray(0, 7), end],
      [end, data(event({}))],
    ]) {
      const client = await open("Talk");
      for (const frame of frames) client.socket.send(frame);
      const { frames: received, code } = await client.rest();
      expect(code).to.equal(1000);
      const last = received.at(-1);
      const shown = last !== undefined && "binary" in last ? last.binary.toString() : "";
      // The backend may have ended the call well before the late message is read.
      expect(shown).to.match(frames[0] === end ? /grpc-status: [03]\r\n/ : /grpc-status: 3\r\n/);
    }
  });

  it("ends with code 3 for headers that are none", async () => {
    const client = await open("Talk", Buffer.from("no header\r\n"));
    expect(await next(client)).to.deep.equal([]);
    expect(((await next(client)) as string[])[0]).to.equal("grpc-status: 3");
  });

  it("ends with code 3 for headers of a size that nobody needs, without reading them", async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => `x-${at}: a\r\n`).join("");
    const client = await open("Talk", Buffer.from(lines));
    expect(await next(client)).to.deep.equal([]);
    const [status, message] = (await next(client)) as string[];
    expect(status).to.equal("grpc-status: 3");
    expect(message).to.contain("longer than 20480 bytes");
  });

  it("is closed with 1003 for a text frame", async () => {
    const client = await open("Talk");
    client.socket.send("text");
    expect((await client.closed).code).to.equal(1003);
  });

  it("keeps grpc-timeout, and cancels the call when the client leaves", async () => {
    const called = kit.nextCall();
    const client = await open("Talk", Buffer.from("grpc-timeout: 5S\r\n"));
    const { deadline, cancelled } = await called;
    expect(deadline - performance.now()).to.be.within(0, 5000);
    client.socket.close();
    expect((await cancelled).code).to.equal(1);
  });

  it("is refused with 501 for a path that is no method, and for one that is not offered", async () => {
    for (const method of ["Nothing", "Hidden"]) {
      const refusal = await open(method).catch(String);
      expect(refusal).to.match(/HTTP 501: .*METHOD_UNKNOWN/);
    }
  });

  it("tells a call that the gateway is stopping", async () => {
    const called = kit.nextCall();
    const client = await open("Talk");
    await called;
    kit.front.drain();
    const { frames } = await client.rest();
    const last = frames.at(-1);
    expect(last !== undefined && "binary" in last ? last.binary.toString() : "").to.include("grpc-status: 14\r\n");
  });
});
