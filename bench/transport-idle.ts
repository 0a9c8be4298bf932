// What idle streams hold, in a process of its own for bench/transport.ts: `transport-idle.js NAME TARGET COUNT` prints bytes per stream.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openTransport, streamCall } from "./transport-calls.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function held(): Promise<{ readonly heap: number; readonly rss: number }> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}

const [name, target, countText] = process.argv.slice(2);
const count = Number(countText);
const transport = openTransport(name, target);
const open = (): Promise<unknown> => {
  const reply = transport.stream(streamCall("/t.S/Hang"));
  // As a front does: somebody waits for the next message.
  void reply.messages.read().catch(() => {});
  return reply.headers;
};
// The first ones bring code and connections with them.
for (let i = 0; i < 50; i++) await open();
const before = await held();
for (let done = 0; done < count; done += 100) await Promise.all(Array.from({ length: 100 }, open));
const after = await held();
console.log(JSON.stringify({ heap: (after.heap - before.heap) / count, rss: (after.rss - before.rss) / count }));
process.exit(0);
