// What clients that read nothing of a flood may cost, on every front: counted where the messages come from and where they end, not by what a
// process weighs. What the kernel took for a client comes to light when the gateway has been killed: the rest of what was sent it had held.
import type { Socket } from "node:net";
import { expect } from "chai";
import { keys, mark, messageBytes, ownBufferBytes, startFloods } from "./flood-backend.ts";
import type { Flood, FloodBackend } from "./flood-backend.ts";
import { serve } from "./processes.ts";
import type { Process } from "./processes.ts";
import { multiplexed, openUnread, readRest, unreadFronts } from "./unread-clients.ts";
import type { UnreadFront } from "./unread-clients.ts";

const yaml = `
shedding: { enabled: false }
server: { max_connections_per_ip: off }
websocket: { max_sockets_per_principal: 1000, handshakes_per_second: 1000, slow_consumer_timeout: 10m }
`;

/** Before anything more is taken from their backend, as docs/http-streams.md has them. */
const unsentBytes = (way: string): number => (way === "websocket" || way === "mux" ? 256 : 64) * 1024;
const keptBytes = 1024 * 1024;
const pooledBytes = 64 * 1024 * 1024;
/** What HTTP/2 lets a backend send before any of it is read. */
const windowBytes = 98_304;
/** Of a message that is kept, as BacklogPool counts it. */
const weight = messageBytes + 256;

interface Opened {
  readonly sockets: readonly Socket[];
  readonly floods: readonly Flood[];
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const sentOf = (floods: readonly Flood[]): number => floods.reduce((sum, { sent }) => sum + sent, 0);

describe("clients that read nothing of a flood", () => {
  let backend: FloodBackend;
  let gateway: Process;
  let opened: Socket[] = [];

  before(async () => {
    backend = await startFloods();
    gateway = await serve(backend.target, yaml);
  });

  afterEach(() => {
    for (const socket of opened) socket.destroy();
    opened = [];
  });

  after(async () => {
    await gateway.stop();
    await backend.close();
  });

  /** Resolves when all their streams have begun. */
  const open = async (method: string, openings: readonly UnreadFront["opening"][], streams = 1): Promise<Opened> => {
    const before = backend.floods.length;
    const asked = { method: `t.Calls/${method}`, path: `/v1/x/${method.toLowerCase()}` };
    const sockets = await Promise.all(openings.map((opening) => openUnread(gateway.base, opening, asked)));
    opened.push(...sockets);
    const all = before + openings.length * streams;
    while (backend.floods.length < all) await turn();
    return { sockets, floods: backend.floods.slice(before) };
  };

  const readKept = (): Promise<number> => gateway.metric("sluice_streams_kept_bytes");

  /** Resolves when so much is kept, and their backends have gone on for as long again as it takes to keep that; it is never more than `most`. */
  const keep = async (floods: readonly Flood[], least: number, most: number): Promise<void> => {
    while ((await readKept()) < least) await turn();
    const goals = floods.map(({ sent }) => sent + keptBytes / messageBytes);
    while (floods.some(({ sent }, i) => sent < goals[i])) expect(await readKept()).to.be.at.most(most);
  };

  // One for each code that sends.
  for (const { name, way, opening } of unreadFronts.filter((front) => !/NDJSON|array/.test(front.name)))
    it(`cost what their method says may be kept, and their backends nothing: ${name}`, async () => {
      const last = await open("Last", [opening]);
      const each = await open("Each", [opening]);
      const mostKept = (Math.floor(keptBytes / messageBytes) + keys) * weight;
      await keep([...last.floods, ...each.floods], mostKept, mostKept);
      for (const socket of [...last.sockets, ...each.sockets]) socket.destroy();
      while ((await readKept()) > 0) await turn();
      for (const method of ["Last", "Each"]) {
        const labels = `method="t.Calls.${method}",kind="server-streaming",way="${way}"`;
        expect(await gateway.metric(`sluice_stream_messages_dropped_total{${labels}}`)).to.be.above(0);
      }
    });

  it("cost no more than all streams may keep together, however many they are", async () => {
    const streams = 60;
    const { floods } = await open("Last", [multiplexed(streams, 0)], streams);
    await keep(floods, pooledBytes - weight, pooledBytes + streams * weight);
    const reading = await fetch(`${gateway.base}/v1/x/last`);
    const reader = reading.body!.getReader();
    const { value } = await reader.read();
    expect(Buffer.from(value ?? []).toString()).to.contain(mark);
    await reader.cancel();
  });

  // The last one, as the gateway dies of it.
  it("cost the gateway what may wait for them, and hold their backends back", async () => {
    const held: (Opened & { readonly front: UnreadFront })[] = [];
    for (const front of unreadFronts) held.push({ front, ...(await open("Watch", Array(2).fill(front.opening))) });
    // Until nothing more comes while many other calls come and go.
    for (let sent = -1, now = 0; sent !== now;) {
      sent = now;
      for (let i = 0; i < 24; i++) await (await fetch(`${gateway.base}/v1/x`)).arrayBuffer();
      now = sentOf(held.flatMap(({ floods }) => floods));
    }
    gateway.signal("SIGKILL");
    for (const { front, sockets, floods } of held) {
      const rests = await Promise.all(sockets.map(readRest));
      const got = rests.reduce((sum, rest) => sum + rest.toString("latin1").split(mark).length - 1, 0);
      expect(got, front.name).to.be.above(0);
      const each = ((sentOf(floods) - got) * messageBytes) / sockets.length;
      expect(each, front.name).to.be.within(1, unsentBytes(front.way) + windowBytes + ownBufferBytes);
    }
  });
});
