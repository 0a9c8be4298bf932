// What holds of streams behind any proxy in front of a gateway: nothing is held up there, silence is survived, and a stop is told.
import { expect } from "chai";
import { settled } from "../matrix/settled.ts";
import { answerOf } from "../support/stream-backend.ts";
import type { Ask, StreamRun } from "../support/stream-backend.ts";
import type { StreamHandle, StreamTransport } from "../support/stream-client.ts";
import { overHttp } from "../support/stream-http-client.ts";
import { MuxConnection, muxTransports } from "../support/stream-mux-client.ts";
import { simpleTransports } from "../support/stream-websocket-client.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import type { GatewayProcess } from "./gateway-process.ts";
import { hasProgram } from "./proxy.ts";
import type { Proxy, StartProxy } from "./proxy.ts";

const array = overHttp("array", { form: "array", version: "1.1", byUrl: true });
const lines = overHttp("NDJSON", { form: "ndjson", version: "1.1", byUrl: true });
export const events = overHttp("SSE", { form: "sse", version: "1.1", byUrl: true });
const transports = [array, lines, events, ...simpleTransports, ...muxTransports];

/** More than twice of what the sockets on the way hold. */
export const flood = { count: 512, size: 64 * 1024 };

/** Longer than the 60 seconds that proxies wait for either side. */
const silenceMs = 65_000;

export interface Behind {
  readonly gateway: GatewayProcess;
  readonly proxy: Proxy;
}

/** `more` adds tests about this one proxy. */
export function describeStreamsBehind(name: string, start: StartProxy, more: (behind: () => Behind) => void): void {
  describe(`streams behind ${name}`, () => {
    let gateway: GatewayProcess;
    let proxy: Proxy;
    let runs = 0;

    before(async () => {
      if (!hasProgram(name)) throw new Error(`${name} is not installed: apt-get install ${name}`);
      gateway = await startGatewayProcess();
      proxy = await start(gateway);
    });

    after(async () => {
      await proxy?.close();
      await gateway?.close();
    });

    /** A server stream that gives two answers and then waits. */
    const open = async (transport: StreamTransport, ask: Ask = { count: 2, next: "hang" }) => {
      const run = `${transport.name} ${++runs}`;
      const call = await transport.open(proxy, "server-streaming");
      call.send({ ...ask, run });
      return { call, run: await gateway.backend.run(run) };
    };

    for (const transport of transports) {
      it(`passes messages of ${transport.name} on while the stream is open, and the client's leaving`, async () => {
        const { call, run } = await open(transport);
        await call.until(2);
        run.say();
        await call.until(3);
        call.cancel();
        await run.cancelled;
      });

      it(`passes the status of ${transport.name} on`, async () => {
        const { call } = await open(transport, { count: 1, code: 5 });
        const { code, how } = await call.ended;
        if (transport === array) expect(how).to.equal("cut");
        else expect(code).to.equal(5);
      });

      it(`talks both ways over ${transport.name}`, async () => {
        const run = `${transport.name} ${++runs}`;
        const call = await transport.open(proxy, "bidi-streaming");
        call.send({ run, count: 1 });
        await call.until(1);
        call.send({ text: "more" });
        await call.until(2);
        call.end();
        expect((await call.ended).code).to.equal(0);
        expect(call.messages).to.deep.equal([answerOf(run, 1), answerOf(run, 2, { received: 2 })]);
      });
    }

    it("lets all of them be silent for longer than it waits itself", async function () {
      this.timeout(silenceMs + 30_000);
      const opened: { call: StreamHandle; run: StreamRun }[] = [];
      for (const transport of transports) opened.push(await open(transport));
      await Promise.all(opened.map(({ call }) => call.until(2)));
      await new Promise((resolve) => setTimeout(resolve, silenceMs));
      for (const { run } of opened) run.say();
      await Promise.all(opened.map(({ call }) => call.until(3)));
      for (const { call } of opened) call.cancel();
      await Promise.all(opened.map(({ run }) => run.cancelled));
    });

    it("leaves a backend waiting for a client that does not read", async () => {
      const call = await events.open(proxy, "server-streaming");
      call.hold();
      call.send({ run: "slow", ...flood });
      const run = await gateway.backend.run("slow");
      await settled(gateway, () => run.sent);
      expect(run.sent).to.be.below(flood.count / 2);
      call.release();
      expect((await call.ended).code).to.equal(0);
      expect(call.messages).to.have.length(flood.count);
    });

    more(() => ({ gateway, proxy }));

    it("passes on how the gateway says that it stops", async () => {
      const connection = await MuxConnection.open(`ws://127.0.0.1:${proxy.port}/-/stream`, "json");
      const stream = connection.stream("server-streaming", { window: 4 });
      stream.send({ run: "last mux", count: 2, next: "hang" });
      await stream.until(2);
      const others = await Promise.all([array, lines, events, ...simpleTransports].map((each) => open(each)));
      await Promise.all(others.map(({ call }) => call.until(2)));
      const goaway = connection.next("goaway");
      const closed = new Promise((resolve) => connection.socket.once("close", resolve));
      gateway.program.signal("SIGTERM");
      const { reason, lastId } = await goaway;
      expect([reason, lastId]).to.deep.equal(["shutdown", 1]);
      expect((await stream.ended).code).to.equal(14);
      expect(await closed).to.equal(1012);
      const ends = await Promise.all(others.map(({ call }) => call.ended));
      expect(ends.map(({ how }) => how)).to.deep.equal([
        "cut",
        "last line",
        "event, id none",
        "close 1001 the gateway is stopping",
        "close 1001 the gateway is stopping",
      ]);
      expect([ends[1].code, ends[2].code]).to.deep.equal([14, 14]);
      expect(await gateway.program.exited).to.equal(0);
    });
  });
}
