// Calls of every kind over every front, as they end well and badly: something for each panel of the dashboard to show.
import { grpc } from "../support/stream-grpc-client.ts";
import { httpTransports, overHttp } from "../support/stream-http-client.ts";
import { muxTransports } from "../support/stream-mux-client.ts";
import { simpleTransports } from "../support/stream-websocket-client.ts";
import { pairs } from "../matrix/pairs.ts";
import type { Ask, Kind } from "../support/stream-backend.ts";
import type { StreamHandle, StreamTransport } from "../support/stream-client.ts";
import type { GatewayProcess, GatewayProcessOptions } from "../proxies/gateway-process.ts";
import { openSocket } from "../support/stream-websocket-client.ts";

export const observed: GatewayProcessOptions = {
  hasAdmin: true,
  protos: {
    "pages.proto": `
      syntax = "proto3";
      package pages;
      import "google/api/annotations.proto";
      import "sluice/annotations.proto";
      import "streams.proto";
      message Page { streams.Answer first = 1; }
      service Pages {
        rpc GetPage(streams.Ask) returns (Page) {
          option idempotency_level = NO_SIDE_EFFECTS;
          option (google.api.http) = { get: "/v1/page" };
          option (sluice.compose) = {
            step { id: "first" call: "streams.Streams/Single" set: "run = req.run" allow_side_effects: true }
            out: "first = first"
          };
        }
      }
    `,
  },
  yaml: `
log: { access: on, output: stderr, format: json }
tracing: { generate: true }
shedding: { max_delay: 10s }
http:
  trusted_proxies: [127.0.0.0/8]
  rules:
    - { selector: streams.Streams.Single, get: /v1/single }
limits:
  - { name: gathering, key: "ip", rate: 1/h, methods: [streams.Streams.Gather] }
bans: { enabled: true, threshold: 3, exempt: ["127.0.0.0/8"] }
policies:
  - { methods: ["streams.Streams.Single"], cache: { ttl: 1h } }
  - { methods: ["streams.Streams.*"], retry: { idempotent: true, initial_backoff: 1ms, max_backoff: 1ms } }
`,
};

let runs = 0;

async function call(gateway: GatewayProcess, transport: StreamTransport, kind: Kind, ask: Ask = {}): Promise<void> {
  const handle = await transport.open(gateway, kind);
  handle.send({ run: `run ${++runs}`, ...(kind === "unary" ? {} : { count: 2 }), ...ask });
  handle.end();
  await handle.ended;
}

export async function readMetrics({ admin }: GatewayProcess, accept = "text/plain"): Promise<string> {
  return (await fetch(`http://${admin}/metrics`, { headers: { accept } })).text();
}

/** A client that takes nothing for a while, so that its backend has to wait. */
async function readLate(gateway: GatewayProcess): Promise<void> {
  const lines = overHttp("late", { form: "ndjson", version: "1.1", byUrl: true });
  const run = `late ${++runs}`;
  const handle = await lines.open(gateway, "server-streaming");
  handle.hold();
  handle.send({ run, count: 200, size: 64 * 1024 });
  while (!/^sluice_streams_waiting\{.*\} [1-9]/m.test(await readMetrics(gateway)))
    await new Promise((resolve) => setTimeout(resolve, 50));
  handle.release();
  await handle.ended;
}

async function resume(base: string): Promise<void> {
  const accept = { accept: "text/event-stream" };
  const first = await (await fetch(`${base}/v1/follow?run=resumed&count=2`, { headers: accept })).text();
  const [, id] = /^id: ?(.+)$/m.exec(first) ?? [];
  await (await fetch(`${base}/v1/follow?run=resumed&count=2`, { headers: { ...accept, "last-event-id": id } })).text();
}

/** All that ends. */
export async function makeTraffic(gateway: GatewayProcess): Promise<void> {
  const base = `http://${gateway.host}:${gateway.port}`;
  const get = async (path: string, headers: Record<string, string> = {}): Promise<unknown> =>
    (await fetch(`${base}${path}`, { headers })).text();
  await Promise.all(
    pairs.flatMap(({ transport, kind }) => [
      call(gateway, transport, kind),
      call(gateway, transport, kind, { code: 5, after: 1 }),
    ]),
  );
  // Answered by the second attempt; by none.
  for (const failures of [1, 9]) await call(gateway, grpc, "server-streaming", { code: 14, failures });
  for (let i = 0; i < 3; i++) await get("/v1/single?run=cached");
  await get("/v1/page?run=page");
  await get("/nowhere");
  for (let i = 0; i < 6; i++) await get("/nowhere", { "x-forwarded-for": "203.0.113.9" });
  await openSocket(`${base}/v1/list`, [], { origin: "https://elsewhere.example" }).catch(() => {});
  await resume(base);
  await readLate(gateway);
}

/** One over each front, and one whose client takes nothing: until they are cancelled. */
export async function openStreams(gateway: GatewayProcess): Promise<readonly StreamHandle[]> {
  const handles: StreamHandle[] = [];
  for (const transport of [grpc, httpTransports[0], simpleTransports[0], muxTransports[0]]) {
    const handle = await transport.open(gateway, "server-streaming");
    handle.send({ run: `open ${++runs}`, count: 1, next: "hang" });
    await handle.until(1);
    handles.push(handle);
  }
  const held = await httpTransports[0].open(gateway, "server-streaming");
  held.hold();
  held.send({ run: `held ${++runs}`, count: 200, size: 64 * 1024 });
  await gateway.backend.run(`held ${runs}`);
  return [...handles, held];
}
