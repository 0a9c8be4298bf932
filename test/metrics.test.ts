import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createExtAuthz } from "../src/chain/ext-authz/ext-authz.ts";
import type { ExtAuthzOptions } from "../src/chain/ext-authz/ext-authz.ts";
import { createBans } from "../src/chain/bans.ts";
import { CacheCounts } from "../src/chain/cache/cache-counts.ts";
import { EntryStore } from "../src/chain/cache/entry-store.ts";
import { SharedEntries } from "../src/chain/cache/shared-entries.ts";
import { CallCounts } from "../src/chain/call-counts.ts";
import { toBans } from "../src/config/resolve-guard.ts";
import { guardSettings } from "../src/config/settings-guard.ts";
import { createConcurrency } from "../src/chain/concurrency.ts";
import { MemoryStore } from "../src/chain/limit/memory-store.ts";
import { createRedisConnection } from "../src/chain/redis-connection.ts";
import { RedisStore } from "../src/chain/limit/redis-store.ts";
import { LoadWatch } from "../src/chain/load-watch.ts";
import type { MethodPolicy } from "../src/chain/policy.ts";
import { createShed } from "../src/chain/shed.ts";
import { StepCounts } from "../src/compose/counts.ts";
import type { Metric } from "../src/exposition.ts";
import { Census, endStream, openStream } from "../src/front/stream/census.ts";
import { writeMetrics } from "../src/metrics.ts";
import { knownService } from "./chain/new-call.ts";
import { cacheMetrics } from "../src/metrics/cache-metrics.ts";
import { limitMetrics } from "../src/metrics/limit-metrics.ts";
import { retryMetrics } from "../src/metrics/retry-metrics.ts";
import { AttemptCounts } from "../src/metrics/attempt-counts.ts";
import { connectionMetrics } from "../src/metrics/stream-metrics.ts";
import { attemptMetrics } from "../src/metrics/upstream-metrics.ts";
import type { Transport } from "../src/upstream/transport.ts";
import { jwtMetrics } from "../src/chain/authenticate/jwt-metrics.ts";
import { logMetrics } from "../src/metrics/log-metrics.ts";
import { watchRuntime } from "../src/metrics/runtime.ts";
import { slotMetrics } from "../src/metrics/slot-metrics.ts";
import type { Method } from "../src/schema/descriptor.ts";
import { compileSlots } from "../src/slots.ts";

/** Of a gateway with a limit, a bound, Redis and shedding. */
function everyLimitMetric(): Metric[] {
  const local = new MemoryStore(["a"]);
  const watch = new LoadWatch({ maxDelayMs: 500, maxHeap: 0.9 });
  const policyOf = (): MethodPolicy => ({ maxInFlight: { value: 1, from: "test" } }) as MethodPolicy;
  const concurrency = createConcurrency({ policyOf, maxStreamsPerClient: 1, slotsOf: compileSlots(undefined, 1) });
  concurrency.compile({ name: "p.S.M", kind: "unary", service: knownService } as Method);
  const link = {
    isReady: false,
    connect: () => Promise.resolve(),
    run: () => Promise.reject(new Error("away")),
    close() {},
  };
  const options = { link, local, prefix: "", timeoutMs: 1, onFailure: "local", instances: 1, onFault() {} } as const;
  const shed = createShed({ watch, isSpared: () => false });
  return limitMetrics({
    refused: new Map([["a", 3]]),
    local,
    redis: new RedisStore(options),
    concurrency,
    shed,
    watch,
  });
}

/** Of a gateway that keeps answers in Redis. */
function newSharedEntries(): SharedEntries {
  const connection = createRedisConnection({
    url: "unix:/nowhere/redis.sock",
    username: undefined,
    password: undefined,
    ca: undefined,
    onDown() {},
  });
  const now = (): number => 0;
  return new SharedEntries({ connection, prefix: "", timeoutMs: 1, maxEntryBytes: 1, onFault() {}, now });
}

/** What `promtool check metrics` has to say of names. */
function findNameProblem(name: string, type: string, help: string): string | undefined {
  if (help === "") return "no help";
  if (!/^(?:sluice|nodejs|process)(?:_[a-z0-9]+)+$/.test(name)) return "no snake case";
  if (name.endsWith("_total") !== (type === "counter")) return "a counter ends in _total, and nothing else does";
  if (/_(?:sum|count|bucket|info|timestamp)$/.test(name)) return "the end of a name that formats use themselves";
  if (/(?:counter|gauge|histogram|summary)/.test(name)) return "its type in its name";
  if (/_(?:ms|millis\w*|micros\w*|nanos\w*|minutes|hours|days|kb|kib|mb|mib|percent)(?:_|$)/.test(name))
    return "no base unit: seconds, bytes, parts of 1";
  return undefined;
}

describe("writeMetrics", () => {
  it("tells sockets, streams, messages and upstreams", () => {
    const census = new Census();
    census.openSocket();
    census.openSocket();
    census.closeSocket(1000);
    census.refuse("ORIGIN_FORBIDDEN");
    const tally = census.tallyOf({ name: "p.S.Watch", kind: "server-streaming" }, "sse");
    openStream(tally);
    openStream(tally);
    endStream(tally, 5);
    tally.messagesOut = 7;
    const text = writeMetrics(census, {
      transports: [{ target: 'say "hi"', transport: { state: "ready" } as Transport }],
    });
    for (const line of [
      "# TYPE sluice_websocket_sockets gauge",
      "sluice_websocket_sockets 1",
      'sluice_websocket_closes_total{code="1000"} 1',
      'sluice_websocket_refusals_total{reason="ORIGIN_FORBIDDEN"} 1',
      'sluice_streams{method="p.S.Watch",kind="server-streaming",way="sse"} 1',
      'sluice_streams_opened_total{method="p.S.Watch",kind="server-streaming",way="sse"} 2',
      'sluice_streams_ended_total{method="p.S.Watch",kind="server-streaming",way="sse",code="NOT_FOUND"} 1',
      'sluice_stream_messages_total{method="p.S.Watch",kind="server-streaming",way="sse",direction="out"} 7',
      'sluice_upstream_ready{target="say \\"hi\\""} 1',
    ])
      expect(text.split("\n")).to.include(line);
    expect(text.endsWith("\n")).to.equal(true);
  });

  it("agrees with docs/metrics.md in names, types and meanings, both ways", () => {
    const runtime = watchRuntime();
    const server = { counts: { allowed: 0, denied: 0, failed: 0 } } as unknown as ExtAuthzOptions["server"];
    const omitted = { attempts: 0, pushback: 0, begun: 0, budget: 0, deadline: 0 };
    const bans = createBans(toBans({ ...guardSettings.bans, enabled: true })!);
    const counts = new CacheCounts();
    counts.tallyOf({ name: "p.S.M" } as Method);
    const text = writeMetrics(
      new Census(),
      { transports: [] },
      {
        calls: new CallCounts([1]),
        more: [
          runtime.metrics,
          bans.metrics,
          everyLimitMetric,
          () => jwtMetrics({ counts: { known: 0, checked: 0, refused: 0 }, knownTokens: 0, issuers: [] }),
          createExtAuthz({ server, principal: undefined, isAsked: () => false }).metrics,
          () => cacheMetrics({ store: new EntryStore(1), counts, shared: newSharedEntries() }),
          () => new StepCounts().metrics(),
          () => logMetrics({ dropped: 0 }),
          () => slotMetrics({ counts: () => [{ name: "max_in_flight", granted: 1, refused: 0, late: 0 }] }),
          () => connectionMetrics({ connections: 0 }),
          () => retryMetrics({ tallies: [{ method: "p.S.M", answered: 1, failed: 0, omitted }], budgets: new Map() }),
          () => attemptMetrics(new AttemptCounts([1])),
        ],
      },
    );
    runtime.stop();
    const told = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)$/gm)].map(([, name, help, type]) => [
      name,
      type,
      help,
    ]);
    const documented = [
      ...readFileSync("docs/metrics.md", "utf8").matchAll(/^\| `(\w+)` \| (\w+) \|.*\| ([^|]+) \|$/gm),
    ].map(([, name, type, help]) => [name, type, help]);
    const byName = ([a]: string[], [b]: string[]): number => (a < b ? -1 : 1);
    expect(told.sort(byName)).to.deep.equal(documented.sort(byName));
    // Of OpenMetrics: `x_total` is a sample of the family `x`, which nothing else may be named.
    const names = told.map(([name]) => name);
    const families = names.map((name) => name.replace(/_total$/, ""));
    expect(families.filter((name, index) => families.indexOf(name) !== index)).to.deep.equal([]);
    for (const [name, type, help] of told) expect(findNameProblem(name, type, help), name).to.equal(undefined);
  });

  it("leaves out a source that fails", () => {
    const broken = (): never => {
      throw new Error("broken");
    };
    expect(writeMetrics(new Census(), { transports: [] }, { more: [broken] })).to.contain("sluice_streams");
  });
});

describe("Census", () => {
  it("keeps close codes that clients make up together", () => {
    const census = new Census();
    for (const code of [3000, 3001, 4999, 4150, 1000]) {
      census.openSocket();
      census.closeSocket(code);
    }
    expect(census.closes()).to.deep.equal([
      [0, 3],
      [1000, 1],
      [4150, 1],
    ]);
  });
});
