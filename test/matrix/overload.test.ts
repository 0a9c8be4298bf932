// A gateway that cannot keep up, on every front: what the calls hear that it sheds, and that others are served. It is a process of its own
// whose heap is full by its measure, as a late event loop would be that of everybody who shares it.
import { Client, credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { startGatewayProcess } from "../proxies/gateway-process.ts";
import type { GatewayProcess } from "../proxies/gateway-process.ts";
import { exchangeRaw, request } from "../support/raw-http.ts";
import type { Ended } from "../support/stream-client.ts";
import { expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";
import { expectUnavailable } from "./unavailable.ts";

describe("a gateway that is overloaded", () => {
  let gateway: GatewayProcess;

  before(async () => {
    gateway = await startGatewayProcess({
      // All calls come from one address, each WebSocket of them with a handshake.
      yaml: "shedding: { max_heap: 10 }\nwebsocket: { handshakes_per_second: 100000 }",
      nodeFlags: ["--max-old-space-size=48", "--max-semi-space-size=1"],
    });
    while ((await single()).status === 200);
  });
  after(() => gateway.close());

  const single = () => exchangeRaw(gateway, request("POST /v1/single", [], "{}"));

  /** Nine of ten are shed, evenly: within ten calls both are to be seen. */
  async function findIn<T>(call: () => Promise<T>, isIt: (found: T) => boolean): Promise<T> {
    for (let i = 0; i < 12; i++) {
      const found = await call();
      if (isIt(found)) return found;
    }
    throw new Error("none in twelve");
  }

  it("says 503 over REST, and when to come again", async () => {
    const { headers, body } = await findIn(single, ({ status }) => status === 503);
    expect(headers.get("retry-after")).to.equal("1");
    expect(body.toString()).to.contain('"reason":"OVERLOADED"');
    await findIn(single, ({ status }) => status === 200);
  });

  for (const { transport, kind } of pairs)
    it(`sheds ${kind} calls over ${transport.name}, and serves the others`, async () => {
      const ask = async (): Promise<Ended> => {
        const call = await transport.open(gateway, kind);
        call.send({ run: "overload", count: 1 });
        call.end();
        return call.ended;
      };
      const shed = await findIn(ask, ({ code }) => code !== 0);
      expectUnavailable(shed, transport.way, "the gateway is overloaded; try again", "OVERLOADED");
      expectSuccess(transport, kind, await findIn(ask, ({ code }) => code === 0));
    });

  it("answers every question about its health", async () => {
    const client = new Client(`${gateway.host}:${gateway.port}`, credentials.createInsecure());
    const asIs = (bytes: Buffer): Buffer => bytes;
    const check = (): Promise<unknown> =>
      new Promise((resolve) =>
        client.makeUnaryRequest("/grpc.health.v1.Health/Check", asIs, asIs, Buffer.alloc(0), resolve),
      );
    for (let i = 0; i < 20; i++) expect(await check()).to.equal(null);
    client.close();
  });
});
