// The same said of streams in a proto and in sluice.yaml does the same, over real sockets; where both speak, sluice.yaml wins.
import { expect } from "chai";
import { grpc } from "../support/stream-grpc-client.ts";
import { overHttp } from "../support/stream-http-client.ts";
import { muxTransports } from "../support/stream-mux-client.ts";
import { simpleTransports } from "../support/stream-websocket-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway, StreamGatewayOptions } from "../support/stream-gateway.ts";
import { settled } from "./settled.ts";

const lines = overHttp("NDJSON", { form: "ndjson", version: "1.1", byUrl: true });
const events = overHttp("SSE", { form: "sse", version: "1.1", byUrl: true });
const transports = [grpc, lines, events, simpleTransports[0], muxTransports[0]];

/** One field, or those that belong together. */
interface Twin {
  readonly proto: string;
  readonly yaml: string;
  /** A proto that says otherwise. */
  readonly contrary: string;
  /** What clients see of it, over each transport. */
  readonly observe: (gateway: StreamGateway) => Promise<unknown>;
  readonly expected: unknown;
}

const flood = { count: 256, size: 64 * 1024 };

/** Of clients that read nothing while their backend sent: the end, the last messages, and whether some are missing. */
const readLate = (last: number) => async (gateway: StreamGateway) => {
  const seen: unknown[] = [];
  // Lines are held back as events are.
  for (const transport of transports.filter((one) => one !== lines)) {
    const call = await transport.open(gateway, "server-streaming");
    call.hold();
    call.send({ run: transport.name, ...flood });
    const run = await gateway.backend.run(transport.name);
    await settled(gateway, () => run.sent);
    call.release();
    const { code } = await call.ended;
    const numbers = call.messages.map(({ number }) => number);
    seen.push([code, numbers.slice(-last), numbers.length < flood.count]);
  }
  return seen;
};

/** Of clients that read nothing until they are given up, all at once, as that takes its time: the same. */
async function readNothing(gateway: StreamGateway): Promise<unknown> {
  return Promise.all(
    transports
      .filter((one) => one !== lines)
      .map(async (transport) => {
        const call = await transport.open(gateway, "server-streaming");
        call.hold();
        call.send({ run: transport.name, ...flood });
        await (
          await gateway.backend.run(transport.name)
        ).cancelled;
        call.release();
        return [(await call.ended).code, [], call.messages.length < flood.count];
      }),
  );
}

/** How streams end that their backend leaves open. */
async function waitForEnd(gateway: StreamGateway): Promise<unknown> {
  const calls = await Promise.all(transports.map((transport) => transport.open(gateway, "server-streaming")));
  calls.forEach((call, index) => call.send({ run: transports[index].name, count: 1, next: "hang" }));
  const ends = await Promise.all(calls.map((call) => call.ended));
  return ends.map(({ code, message }) => [code, /no message|lived/.exec(message ?? "")?.[0]]);
}

/** Whether streams come about at all. */
async function openEach(gateway: StreamGateway): Promise<unknown> {
  const seen: Record<string, unknown> = {};
  for (const transport of transports) {
    const call = await transport.open(gateway, "server-streaming");
    call.send({ run: transport.name, count: 1 });
    call.end();
    seen[transport.name] = (await call.ended).code;
  }
  return seen;
}

/** The ids of events, where a client that comes back goes on, and what its page is told. */
async function comeBack({ host, port }: StreamGateway): Promise<unknown> {
  const origin = `http://${host}:${port}`;
  const headers = { accept: "text/event-stream", "last-event-id": "7" };
  const answer = await fetch(`${origin}/v1/list?run=back&count=2`, { headers });
  const ids = [...(await answer.text()).matchAll(/^id: ?(.*)$/gm)].map(([, id]) => id);
  const [before] = (await (await fetch(`${origin}/-/api.json`)).text()).split("streams.Streams/Follow");
  const module = await (await fetch(`${origin}/-/api.js`)).text();
  const list = /\{"name":"streams\.Streams\/List".*?\};/.exec(module)?.[0] ?? "";
  return {
    status: answer.status,
    ids,
    api: /"name":"streams\.Streams\/List".*?("resumeFrom":"\w+")/s.exec(before)?.[1],
    module: /"resume":(\{.*?\})/.exec(list)?.[1],
  };
}

const everywhere = Object.fromEntries(transports.map(({ name }) => [name, 0]));
const late = (value: unknown): unknown[] => transports.slice(1).map(() => value);
const each = (value: unknown): unknown[] => transports.map(() => value);

const twins: readonly Twin[] = [
  {
    proto: "overflow: DISCONNECT",
    yaml: "overflow: DISCONNECT",
    contrary: "overflow: BLOCK",
    observe: readNothing,
    expected: late([8, [], true]),
  },
  {
    proto: "overflow: DROP_OLDEST keep: 4",
    yaml: "overflow: DROP_OLDEST, keep: 4",
    contrary: "overflow: DISCONNECT",
    observe: readLate(4),
    expected: late([0, [253, 254, 255, 256], true]),
  },
  {
    proto: 'overflow: CONFLATE key: "run"',
    yaml: "overflow: CONFLATE, key: run",
    contrary: "overflow: BLOCK",
    observe: readLate(1),
    expected: late([0, [256], true]),
  },
  {
    proto: 'idle: "100ms"',
    yaml: "idle: 100ms",
    contrary: 'idle: "1h"',
    observe: waitForEnd,
    expected: each([14, "no message"]),
  },
  {
    proto: 'max_lifetime: "100ms"',
    yaml: "max_lifetime: 100ms",
    contrary: 'max_lifetime: "1h"',
    observe: waitForEnd,
    expected: each([14, "lived"]),
  },
  {
    proto: "ws: false",
    yaml: "ws: false",
    contrary: "ws: true",
    observe: openEach,
    expected: { ...everywhere, [simpleTransports[0].name]: 12, [muxTransports[0].name]: 12 },
  },
  {
    proto: "sse: false",
    yaml: "sse: false",
    contrary: "sse: true",
    observe: openEach,
    expected: { ...everywhere, [events.name]: 3 },
  },
  {
    proto: "ndjson: false",
    yaml: "ndjson: false",
    contrary: "ndjson: true",
    observe: openEach,
    expected: { ...everywhere, [lines.name]: 3 },
  },
  {
    proto: 'resume_token: "number" resume_from: "start_after"',
    yaml: "resume_token: number, resume_from: start_after",
    contrary: 'resume_token: "received" resume_from: "count"',
    observe: comeBack,
    expected: {
      status: 200,
      ids: ["8", "9", "~end.0"],
      api: '"resumeFrom":"startAfter"',
      module: '{"token":["number"],"from":"startAfter"}',
    },
  },
];

async function observed({ observe }: Twin, options: StreamGatewayOptions): Promise<unknown> {
  const gateway = await startStreamGateway(options);
  try {
    return await observe(gateway);
  } finally {
    await gateway.close();
  }
}

describe("stream, said in a proto and in sluice.yaml", () => {
  for (const twin of twins)
    it(`does the same: ${twin.yaml}`, async () => {
      const yaml = `policies: [{ methods: [streams.Streams.List], stream: { ${twin.yaml} } }]`;
      const said = await observed(twin, { listOption: twin.proto });
      expect(said).to.deep.equal(twin.expected);
      expect(await observed(twin, { yaml, listOption: twin.contrary })).to.deep.equal(said);
    });
});
