// Multiplexed mode through a whole gateway to a real backend: what arrives there, and what comes back.
import { expect } from "chai";
import { startMux } from "./mux-gateway.ts";
import type { MuxClient, MuxFixture } from "./mux-gateway.ts";

describe("multiplexed mode through the gateway", () => {
  let mux: MuxFixture;
  beforeEach(async () => {
    mux = await startMux();
  });
  afterEach(() => mux.close());

  const start = async (headers?: Readonly<Record<string, string>>): Promise<MuxClient> => {
    const client = await mux.connect({ headers });
    client.frame({ t: "init" });
    expect(await client.nextFrame()).to.include({ t: "ready" });
    return client;
  };
  const open = (id: number, name: string, more: object = {}) => ({
    t: "open",
    id,
    method: `echo.v1.Echo/${name}`,
    ...more,
  });

  it("carries calls of every kind, side by side", async () => {
    const client = await start();
    client.frame(open(1, "Chat", { credit: 9 }));
    client.frame(open(2, "Say", { m: { text: "once" } }));
    expect(await client.nextFrame()).to.deep.equal({ t: "msg", id: 2, m: { text: "once", number: "0", data: "" } });
    expect(await client.nextFrame()).to.deep.equal({ t: "status", id: 2, code: 0, status: "OK" });
    client.frame({ t: "open", id: 3, path: "GET /v1/notes/seven?number=7" });
    expect(await client.nextFrame()).to.deep.equal({ t: "msg", id: 3, m: { text: "seven", number: "7", data: "" } });
    expect(await client.nextFrame()).to.include({ t: "status", id: 3, code: 0 });
    client.frame({ t: "msg", id: 1, m: { text: "still there" } });
    expect(await client.nextFrame()).to.deep.include({ id: 1, m: { text: "still there", number: "0", data: "" } });
    client.frame({ t: "end", id: 1 });
    expect(await client.nextFrame()).to.include({ t: "status", id: 1, code: 0 });
  });

  it("keeps 64-bit integers exact, written as numbers or as text", async () => {
    const client = await start();
    for (const [id, number] of [
      [1, "9007199254740993"],
      [2, `"-9223372036854775808"`],
    ] as const) {
      client.socket.send(`{"t":"open","id":${id},"method":"echo.v1.Echo/Say","m":{"number":${number}}}`);
      expect(await client.nextText()).to.include(`"number":"${number.replaceAll('"', "")}"`);
      await client.nextFrame();
    }
  });

  it("passes the bytes of messages as they are in the proto form, fields unknown here included", async () => {
    const client = await mux.connect({ form: "proto" });
    const note = Buffer.concat([mux.toNote('{"text":"a"}'), Buffer.from("fa3f0178", "hex")]);
    const method = Buffer.from("echo.v1.Echo/Chat");
    client.socket.send(Buffer.from([1, 0]));
    client.socket.send(Buffer.concat([Buffer.from([3, 1, 0x22, method.length]), method, Buffer.from([0x30, 9])]));
    client.socket.send(Buffer.concat([Buffer.from([5, 1]), note]));
    await client.next();
    expect(await client.next()).to.deep.equal({ binary: Buffer.concat([Buffer.from([5, 1]), note]) });
  });

  it("gives calls the metadata of handshake, init, auth and open, the later in place of the earlier", async () => {
    const client = await mux.connect({
      headers: { "x-request-id": "handshake", "accept-language": "de", authorization: "Basic a" },
    });
    const [first, second] = ["1", "2"].map((digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`);
    const metadata = { "x-request-id": "init", traceparent: first, "x-unlisted": "no", "grpc-status": "9" };
    client.frame({ t: "init", auth: "Bearer one", metadata });
    client.frame(open(1, "Say", { m: {}, metadata: { traceparent: second, baggage: ["a=1", "b=2"] } }));
    for (let i = 0; i < 3; i++) await client.nextFrame();
    client.frame({ t: "auth", auth: "Bearer two" });
    client.frame(open(2, "Say", { m: {} }));
    for (let i = 0; i < 3; i++) await client.nextFrame();
    client.frame(open(3, "Say", { m: {}, metadata: { authorization: "Bearer own" } }));
    for (let i = 0; i < 2; i++) await client.nextFrame();
    const seen = mux.backend.calls.map(({ metadata: entries }) =>
      ["authorization", "x-request-id", "accept-language", "traceparent", "baggage", "x-unlisted"].map(
        (name) => entries.get(name)?.join() ?? "",
      ),
    );
    expect(seen).to.deep.equal([
      ["Bearer one", "init", "de", second, "a=1, b=2", ""],
      ["Bearer two", "init", "de", first, "", ""],
      ["Bearer own", "init", "de", first, "", ""],
    ]);
  });

  it("shows the header and trailer metadata that are listed, and details in ProtoJSON", async () => {
    const client = await start();
    const waiting = mux.nextStream();
    client.frame(open(1, "List", { m: {} }));
    const stream = await waiting;
    stream.metadata.set("x-shown", "head");
    stream.metadata.set("x-hidden", "head");
    stream.call.sendMetadata(stream.metadata);
    expect(await client.nextFrame()).to.deep.equal({ t: "head", id: 1, metadata: { "x-shown": "head" } });
    const info = '{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}';
    const any = Buffer.from(
      "0a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e5265747279496e666f12040a020802",
      "hex",
    );
    const status = Buffer.concat([
      Buffer.from([0x08, 14, 0x12, 4]),
      Buffer.from("busy"),
      Buffer.from([0x1a, any.length]),
      any,
    ]);
    stream.fail(14, "busy", status);
    expect(await client.nextFrame()).to.deep.equal({
      t: "status",
      id: 1,
      code: 14,
      status: "UNAVAILABLE",
      message: "busy",
      details: [JSON.parse(info)],
    });
  });

  it("ends a call at its deadline, here and at the backend", async () => {
    const client = await start();
    const waiting = mux.nextStream();
    client.frame(open(1, "Chat", { timeout: "1s" }));
    const { cancelled } = await waiting;
    expect(await client.nextFrame()).to.include({ t: "status", id: 1, code: 4, status: "DEADLINE_EXCEEDED" });
    await cancelled;
  });

  it("cancels the call at the backend when the client cancels the stream", async () => {
    const client = await start();
    const waiting = mux.nextStream();
    client.frame(open(1, "Chat"));
    const { cancelled } = await waiting;
    client.frame({ t: "cancel", id: 1 });
    expect(await client.nextFrame()).to.include({ t: "status", id: 1, code: 1 });
    await cancelled;
  });

  for (const way of ["terminate", "close"] as const) {
    it(`cancels every call at the backend when the client leaves by ${way}`, async () => {
      const client = await start();
      const waiting = [mux.nextStream(), mux.nextStream()];
      client.frame(open(1, "Chat"));
      client.frame(open(2, "List", { m: {} }));
      const streams = await Promise.all(waiting);
      client.socket[way]();
      await Promise.all(streams.map(({ cancelled }) => cancelled));
    });
  }

  it("lets one stream go on while another has no credit", async () => {
    const client = await start();
    const waiting = mux.nextStream();
    client.frame(open(1, "List", { credit: 0, m: {} }));
    const stalled = await waiting;
    for (let i = 0; i < 100; i++) stalled.send('{"text":"waits"}');
    client.frame(open(2, "Chat", { credit: 100, m: { text: "goes" } }));
    expect(await client.nextFrame()).to.deep.include({ t: "msg", id: 2 });
    client.frame({ t: "credit", id: 1, n: 2 });
    for (let i = 0; i < 2; i++) expect(await client.nextFrame()).to.deep.include({ t: "msg", id: 1 });
    client.frame({ t: "msg", id: 2, m: {} });
    expect(await client.nextFrame()).to.deep.include({ t: "msg", id: 2 });
  });

  it("delivers what the backend sent before its error", async () => {
    const client = await start();
    const waiting = mux.nextStream();
    client.frame(open(1, "List", { credit: 9, m: {} }));
    const stream = await waiting;
    for (let i = 0; i < 5; i++) stream.send(`{"number":${i}}`);
    stream.fail(10, "enough");
    for (let i = 0; i < 5; i++) expect(await client.nextFrame()).to.deep.include({ t: "msg" });
    expect(await client.nextFrame()).to.include({ t: "status", code: 10, message: "enough" });
  });

  it("lets what is open end when the gateway stops, and closes with 1012", async () => {
    const client = await start();
    client.frame(open(1, "Chat", { credit: 9, m: {} }));
    expect(await client.nextFrame()).to.include({ t: "msg" });
    const stopped = mux.stop();
    expect(await client.nextFrame()).to.include({ t: "goaway", reason: "shutdown", lastId: 1 });
    client.frame({ t: "msg", id: 1, m: { text: "last" } });
    expect(await client.nextFrame()).to.deep.include({ t: "msg", m: { text: "last", number: "0", data: "" } });
    client.frame({ t: "end", id: 1 });
    expect(await client.nextFrame()).to.include({ t: "status", code: 0 });
    expect((await client.closed).code).to.equal(1012);
    await stopped;
  });
});
