// Thousands of streams and sockets that come and go: nothing of them stays, neither in the counts nor in memory.
import { once } from "node:events";
import { expect } from "chai";
import { startKit } from "../front/websocket/kit.ts";
import type { KitFixture } from "../front/websocket/kit.ts";
import { overHttp } from "../support/stream-http-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { muxTransports } from "../support/stream-mux-client.ts";
import { openSocket, simpleTransports } from "../support/stream-websocket-client.ts";
import { heldBytes } from "./held-bytes.ts";
import { settled } from "./settled.ts";

const cycles = 20;

function eachOf<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

/** Of the process itself: whatever hangs on to it outlives everything. */
function listeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

describe("sockets that come and go", () => {
  let kit: KitFixture;

  before(async () => {
    kit = await startKit({ options: { maxSocketsPerPrincipal: 1000, handshakesPerSecond: 1_000_000 } });
  });

  after(() => kit.close());

  const endings = ["half-close", "close", "terminate"] as const;

  /** Opens a call, has it answered, and leaves it in one way or another. */
  const visit = async (index: number): Promise<void> => {
    const isMux = index % 2 === 1;
    const socket = await openSocket(
      `${kit.url.replace(/^http/, "ws")}${isMux ? "/-/stream" : "/v1/rooms/7/talk"}`,
      isMux ? ["sluice.mux.v1.json"] : [],
    );
    const answered = once(socket, "message");
    if (isMux) {
      socket.send('{"t":"init"}');
      socket.send('{"t":"open","id":1,"method":"kit.v1.Kit/Talk","m":{"text":"hello"}}');
    } else socket.send('{"text":"hello"}');
    await answered;
    const closed = once(socket, "close");
    const ending = endings[index % endings.length];
    if (ending === "half-close" && !isMux) socket.send("");
    else if (ending === "terminate") socket.terminate();
    else socket.close();
    await closed;
  };

  it("leave no count, no clock and no listener behind: 200 at a time, twenty times", async () => {
    const before = { swept: kit.sweep.size, listeners: listeners() };
    for (let i = 0; i < cycles; i++) await eachOf(200, visit);
    while (kit.census.sockets > 0 || kit.sweep.size > before.swept)
      await new Promise((resolve) => setImmediate(resolve));
    expect(kit.census.tallies().map(({ open }) => open)).to.deep.equal(kit.census.tallies().map(() => 0));
    expect(kit.census.tallies().reduce((sum, { opened }) => sum + opened, 0)).to.equal(200 * cycles);
    expect({ swept: kit.sweep.size, listeners: listeners() }).to.deep.equal(before);
    expect(kit.reports).to.deep.equal([]);
  });
});

describe("streams that come and go", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway();
  });

  after(() => gateway.close());

  const transports = [
    overHttp("SSE", { form: "sse", version: "1.1", byUrl: true }),
    overHttp("NDJSON", { form: "ndjson", version: "2", byUrl: false }),
    simpleTransports[0],
    muxTransports[0],
  ];

  /** Left after the first of its answers, and cancelled at the backend. */
  const visit = async (index: number): Promise<void> => {
    const name = `visit ${index}`;
    const call = await transports[index % transports.length].open(gateway, "server-streaming");
    call.send({ run: name, count: 1, next: "hang" });
    await call.until(1);
    const { cancelled } = await gateway.backend.run(name);
    gateway.backend.forget(name);
    call.cancel();
    await cancelled;
  };

  it("leave nothing behind, and memory as it was", async () => {
    for (let i = 0; i < cycles / 2; i++) await eachOf(40, visit);
    await settled(gateway, () => gateway.metric("sluice_streams"));
    const half = await heldBytes();
    for (let i = 0; i < cycles / 2; i++) await eachOf(40, visit);
    await settled(gateway, () => gateway.metric("sluice_streams") + gateway.metric("sluice_websocket_sockets"));
    expect((await heldBytes()) - half).to.be.below(2 * 1024 * 1024);
    expect(gateway.metric("sluice_streams")).to.equal(0);
    expect(gateway.metric("sluice_websocket_sockets")).to.equal(0);
    expect(gateway.backend.open.size).to.equal(0);
    expect(gateway.reports).to.deep.equal([]);
  });
});
