import { expect } from "chai";
import type { BanLimits } from "../../src/chain/ban-table.ts";
import type { FromPrimary, FromWorker, TicketQuestion } from "../../src/workers/messages.ts";
import { Primary } from "../../src/workers/primary.ts";
import type { WorkerProcess } from "../../src/workers/primary.ts";
import { standStill } from "../support/stand-still.ts";

/** A worker that does as it is told by the test. */
class FakeProcess implements WorkerProcess {
  readonly got: FromPrimary[] = [];
  readonly signals: string[] = [];
  #onMessage: (message: FromWorker) => void = () => {};
  #onExit: (how: string) => void = () => {};
  /** Does not end when it is told to. */
  isDeaf = false;

  send(message: FromPrimary): void {
    this.got.push(message);
    if (message.kind === "stop" && !this.isDeaf) this.#onExit("exit code 0");
    if (message.kind === "ask" && !this.isDeaf) {
      const readiness = { ready: true, reasons: [] };
      this.say({ kind: "state", id: message.id, metrics: "# HELP m M.\n# TYPE m gauge\nm 1\n", readiness });
    }
  }

  onMessage(listener: (message: FromWorker) => void): void {
    this.#onMessage = listener;
  }

  onExit(listener: (how: string) => void): void {
    this.#onExit = listener;
  }

  signal(name: string): void {
    this.signals.push(name);
    if (name === "SIGKILL") this.#onExit(name);
  }

  say(message: FromWorker): void {
    this.#onMessage(message);
  }

  listen(): void {
    this.say({ kind: "listening", address: { host: "127.0.0.1", port: 8080 } });
  }

  exit(how: string): void {
    this.#onExit(how);
  }
}

const banLimits: BanLimits = {
  threshold: 10,
  windowMs: 1000,
  durationMs: 60_000,
  maxDurationMs: 60_000,
  maxEntries: 100,
};

function newPrimary(count: number) {
  const processes: FakeProcess[] = [];
  const lost: [string, number][] = [];
  const clock = { ms: 0 };
  const waiting: (() => void)[] = [];
  const primary = new Primary({
    count,
    bans: banLimits,
    now: () => clock.ms,
    onLost: (how, ms) => lost.push([how, ms]),
    fork: () => {
      const process = new FakeProcess();
      processes.push(process);
      for (const wake of waiting.splice(0)) wake();
      return process;
    },
  });
  const forked = async (number: number): Promise<FakeProcess> => {
    while (processes.length < number) await new Promise<void>((resolve) => waiting.push(resolve));
    return processes[number - 1];
  };
  return { primary, processes, lost, clock, forked };
}

async function startPrimary(count: number) {
  const fixture = newPrimary(count);
  const started = fixture.primary.start();
  for (let i = 1; i <= count; i++) (await fixture.forked(i)).listen();
  expect(await started).to.deep.equal({ host: "127.0.0.1", port: 8080 });
  return fixture;
}

describe("Primary", () => {
  it("starts one worker, and the others when that one listens", async () => {
    const { primary, processes, forked } = newPrimary(3);
    const started = primary.start();
    expect(processes).to.have.length(1);
    processes[0].listen();
    await forked(3);
    processes[1].listen();
    processes[2].listen();
    await started;
    expect(primary.size).to.equal(3);
    await primary.stop("SIGTERM", 1000);
  });

  it("does not start when the first worker does not", async () => {
    const { primary, processes, lost } = newPrimary(2);
    const started = primary.start().then(
      () => "started",
      (error: unknown) => (error as Error).message,
    );
    processes[0].exit("exit code 1");
    expect(await started).to.equal("worker 1 ended before it listened: exit code 1");
    expect([processes.length, lost.length]).to.deep.equal([1, 0]);
  });

  it("puts another in the place of one that ends, after a pause that doubles while they end soon", async () => {
    const { primary, processes, lost, clock, forked } = await startPrimary(2);
    processes[1].exit("SIGSEGV");
    (await forked(3)).listen();
    processes[2].exit("exit code 1");
    clock.ms += 60_000;
    processes[0].exit("SIGKILL");
    (await forked(5)).listen();
    expect(lost).to.deep.equal([
      ["worker 2 ended: SIGSEGV", 200],
      ["worker 2 ended: exit code 1", 400],
      ["worker 1 ended: SIGKILL", 200],
    ]);
    primary.kill();
  });

  it("tells all to stop, and kills those that do not", async () => {
    const { primary, processes, lost } = await startPrimary(2);
    processes[1].isDeaf = true;
    await primary.stop("SIGTERM", 20);
    expect(processes.map(({ got }) => got.at(-1))).to.deep.equal([
      { kind: "stop", signal: "SIGTERM" },
      { kind: "stop", signal: "SIGTERM" },
    ]);
    expect(processes.map(({ signals }) => signals)).to.deep.equal([[], ["SIGKILL"]]);
    expect([primary.size, lost.length]).to.deep.equal([0, 0]);
  });

  it("counts limits for all workers, as Redis would", async () => {
    const { primary, processes } = await startPrimary(2);
    // One a second, two at once, in microseconds.
    const args = ["0", "2000000", "1000000"];
    const ask = (worker: number, id: number): unknown => {
      processes[worker].say({ kind: "limits", list: [[id, { keys: ["a:k"], args }]] });
      const { list } = processes[worker].got.at(-1) as Extract<FromPrimary, { kind: "limits" }>;
      return [list[0][0], list[0][1][0]];
    };
    expect([ask(0, 7), ask(1, 7), ask(0, 8), ask(1, 8)]).to.deep.equal([
      [7, 1],
      [7, 1],
      [8, 0],
      [8, 0],
    ]);
    primary.kill();
  });

  it("gives a ticket to the first worker that asks for it, whichever left it, also when that one is gone", async () => {
    const { primary, processes } = await startPrimary(2);
    const ticket = { path: "/a", principal: "p", credentials: { authorization: "Bearer x" } };
    const ask = (worker: number, question: TicketQuestion): unknown => {
      processes[worker].say({ kind: "tickets", list: [[1, question]] });
      return (processes[worker].got.at(-1) as Extract<FromPrimary, { kind: "tickets" }>).list[0][1];
    };
    expect(ask(0, { hash: "h", ticket })).to.equal(true);
    processes[0].exit("SIGKILL");
    expect([ask(1, { hash: "h" }), ask(1, { hash: "h" })]).to.deep.equal([ticket, null]);
    for (let i = 0; i < 64; i++) ask(1, { hash: String(i), ticket });
    expect(ask(1, { hash: "64", ticket })).to.equal(false);
    primary.kill();
  });

  it("adds up what workers refuse, and tells all of a ban, later ones as well", async () => {
    const { primary, processes, forked } = await startPrimary(2);
    const bansOf = (worker: number) => processes[worker].got.filter((message) => message.kind === "bans");
    processes[0].say({ kind: "charges", list: [["address", "192.0.2.1", 9]] });
    expect([bansOf(0), bansOf(1)]).to.deep.equal([[], []]);
    processes[1].say({ kind: "charges", list: [["address", "192.0.2.1", 1]] });
    expect(bansOf(0)).to.have.length(1);
    expect(bansOf(0)[0]).to.deep.include({ of: "address", isOwn: false });
    expect(bansOf(0)[0].list[0]).to.include({ key: "192.0.2.1", bans: 1 });
    expect(bansOf(1)[0]).to.deep.include({ of: "address", isOwn: true });
    processes[0].exit("SIGKILL");
    (await forked(3)).listen();
    expect(bansOf(2)[0].list[0].remainingMs).to.be.within(1, 60_000);
    primary.kill();
  });

  it("gathers the metrics of all, and is ready when one is", async () => {
    const { primary, processes } = await startPrimary(2);
    expect(await primary.metrics("prometheus")).to.equal(
      '# HELP m M.\n# TYPE m gauge\nm{worker="1"} 1\nm{worker="2"} 1\n',
    );
    expect(await primary.readiness()).to.deep.equal({ ready: true, reasons: [] });
    processes[1].isDeaf = true;
    const late = primary.metrics("prometheus");
    standStill(2100);
    await new Promise((resolve) => setImmediate(resolve));
    processes[1].isDeaf = false;
    processes[1].send(processes[1].got.at(-1)!);
    expect(await late).to.contain('worker="2"');
    expect(await primary.metrics("openmetrics")).to.match(/m\{worker="2"\} 1\n# EOF\n$/);
    const asked = processes[1].got.flatMap((message) => (message.kind === "ask" ? [message.format] : []));
    expect(asked).to.include.members(["prometheus", "openmetrics"]);
    processes[0].exit("SIGKILL");
    expect(await primary.metrics("prometheus"))
      .to.contain('worker="2"')
      .and.not.to.contain('worker="1"');
    primary.kill();
    expect(await primary.readiness()).to.deep.equal({ ready: false, reasons: ["stopping"] });
  });
});
