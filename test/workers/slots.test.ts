// The workers' side of shared slots and the primary's, talking to each other as processes do: by copies of messages, in order, some time later.
import { expect } from "chai";
import { HandshakeRate } from "../../src/front/websocket/handshake-rate.ts";
import type { GatewayError } from "../../src/status.ts";
import { compileSlots } from "../../src/slots.ts";
import type { Slots } from "../../src/slots.ts";
import type { SlotReport, TellSlots } from "../../src/workers/messages.ts";
import { SlotCounter } from "../../src/workers/slot-counter.ts";
import type { SlotHolder } from "../../src/workers/slot-counter.ts";
import { standStill } from "../support/stand-still.ts";
import { SlotLeases } from "../../src/workers/slot-leases.ts";

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One worker; nothing it says arrives while `isCut`, all of it in order afterwards. */
class Line {
  readonly leases: SlotLeases;
  readonly holder: SlotHolder;
  readonly sent: (readonly SlotReport[])[] = [];
  readonly told: TellSlots[] = [];
  isCut = false;
  #backlog: (() => void)[] = [];

  constructor(counter: SlotCounter) {
    this.holder = {
      send: (message) => {
        this.told.push(message);
        this.#later(() => this.leases.tell(copy(message)));
      },
    };
    this.leases = new SlotLeases((list) => {
      this.sent.push(list);
      this.#later(() => counter.hear(this.holder, copy(list)));
    });
  }

  mend(): void {
    this.isCut = false;
    for (const deliver of this.#backlog.splice(0)) setImmediate(deliver);
  }

  #later(deliver: () => void): void {
    if (this.isCut) this.#backlog.push(deliver);
    else setImmediate(deliver);
  }
}

function newGroup(workers: number, max: number) {
  const counter = new SlotCounter(workers);
  const lines = Array.from({ length: workers }, () => new Line(counter));
  const share = Math.max(1, Math.floor(max / workers));
  const slots = lines.map(({ leases }) => leases.slotsOf("max_in_flight", max, share));
  const close = (): void => {
    for (const { leases } of lines) leases.close();
  };
  return { counter, lines, slots, close };
}

async function takeMany(slots: Slots, count: number, key = "k"): Promise<number> {
  const taken = await Promise.all(Array.from({ length: count }, async () => slots.take(key)));
  return taken.filter(Boolean).length;
}

/** Until nobody has anything left to say. */
async function settle(lines: readonly Line[]): Promise<void> {
  let said = -1;
  const count = (): number => lines.reduce((sum, { sent, told }) => sum + sent.length + told.length, 0);
  while (said !== count()) {
    said = count();
    for (let i = 0; i < 4; i++) await nextTurn();
  }
}

describe("slots of all workers", () => {
  it("are given to one that wants them all, though others hold some", async () => {
    const { slots, lines, close } = newGroup(4, 100);
    // Each of the others uses one, and holds some that it does not use.
    for (const other of slots.slice(1)) expect(await other.take("k")).to.equal(true);
    expect(await takeMany(slots[0], 120)).to.equal(97);
    expect(lines.slice(1).map(({ told }) => told.some(({ tighten }) => tighten.length > 0))).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect(await takeMany(slots[1], 5)).to.equal(0);
    slots[0].release("k");
    await settle(lines);
    expect(await takeMany(slots[1], 5)).to.equal(1);
    close();
  });

  it("are as many as the bound, exactly, for workers that all want them at once", async () => {
    const { slots, close } = newGroup(4, 50);
    const taken = await Promise.all(slots.map((one) => takeMany(one, 50)));
    expect(taken.reduce((a, b) => a + b)).to.equal(50);
    close();
  });

  it("cost few questions while there are plenty", async () => {
    const { slots, lines, close } = newGroup(2, 1000);
    for (let i = 0; i < 2000; i++) {
      for (let j = 0; j < 5; j++) expect(await slots[0].take("k")).to.equal(true);
      for (let j = 0; j < 5; j++) slots[0].release("k");
    }
    expect(lines[0].sent.length).to.be.below(20);
    close();
  });

  it("are counted for each key by itself", async () => {
    const { slots, close } = newGroup(2, 1);
    expect(await Promise.all([slots[0].take("a"), slots[1].take("b")])).to.deep.equal([true, true]);
    expect(await Promise.all([slots[1].take("a"), slots[0].take("b")])).to.deep.equal([false, false]);
    // Too long to be sent as it is.
    expect(await Promise.all([slots[1].take("x".repeat(5000)), slots[0].take("x".repeat(5000))])).to.have.members([
      true,
      false,
    ]);
    close();
  });

  it("never are more than the bound, nor refused while one is free, whatever happens in whatever order", async () => {
    const max = 20;
    const { slots, lines, counter, close } = newGroup(4, max);
    const held = slots.map(() => 0);
    const sum = (): number => held.reduce((a, b) => a + b);
    let [seed, refused, most] = [7, 0, 0];
    const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
    const pending = new Set<Promise<void>>();
    const take = async (worker: number): Promise<void> => {
      if (await slots[worker].take("k")) held[worker]++;
      else refused++;
      most = Math.max(most, sum());
    };
    for (let step = 1; step <= 20_000; step++) {
      const worker = random(3) === 0 ? 0 : random(4);
      if (random(100) < 52) {
        const one = take(worker).finally(() => pending.delete(one));
        pending.add(one);
      } else if (held[worker] > 0) {
        held[worker]--;
        slots[worker].release("k");
      }
      if (random(3) === 0) await nextTurn();
      if (step % 100 > 0) continue;
      // Whoever comes now gets all that nobody uses, wherever it is.
      await Promise.all(pending);
      await settle(lines);
      const greedy = random(4);
      const free = max - sum();
      expect(await takeMany(slots[greedy], max)).to.equal(free);
      const given = random(free + 1);
      for (let i = 0; i < given; i++) slots[greedy].release("k");
      held[greedy] += free - given;
    }
    await Promise.all(pending);
    expect(most).to.equal(max);
    expect(refused).to.be.greaterThan(100);
    held.forEach((count, worker) => {
      for (let i = 0; i < count; i++) slots[worker].release("k");
    });
    await settle(lines);
    // Unused for two looks: nothing is left anywhere.
    for (const { leases } of [...lines, ...lines]) leases.checkUse();
    for (const { leases } of lines) leases.checkUse();
    await settle(lines);
    expect([counter.size, ...lines.map(({ leases }) => leases.size)]).to.deep.equal([0, 0, 0, 0, 0]);
    close();
  });

  it("of a worker that ends are free at once, also for those that wait", async () => {
    const { slots, lines, counter, close } = newGroup(2, 10);
    expect(await takeMany(slots[0], 10)).to.equal(10);
    expect(await slots[1].take("k")).to.equal(false);
    counter.drop(lines[0].holder);
    expect(await takeMany(slots[1], 20)).to.equal(10);
    close();
  });

  it("of a worker that does not give back are not waited for long", async () => {
    const { slots, lines, close } = newGroup(2, 100);
    expect(await slots[1].take("k")).to.equal(true);
    lines[1].isCut = true;
    const taken = await takeMany(slots[0], 100);
    // What the silent one holds unused, and not more than an eighth.
    expect(taken).to.be.within(87, 98);
    lines[1].mend();
    await settle(lines);
    expect(await takeMany(slots[0], 100)).to.equal(99 - taken);
    close();
  });

  it("of a worker that does not give back because the whole machine stood still are waited for", async () => {
    const { slots, lines, close } = newGroup(2, 100);
    expect(await slots[1].take("k")).to.equal(true);
    lines[1].isCut = true;
    const taking = takeMany(slots[0], 100);
    while (!lines[1].told.some(({ tighten }) => tighten.length > 0)) await nextTurn();
    standStill(110);
    await nextTurn();
    lines[1].mend();
    expect(await taking).to.equal(99);
    close();
  });

  it("are decided by each worker's share while nobody answers, and counted when somebody does again", async () => {
    const { slots, lines, counter, close } = newGroup(4, 40);
    const late: string[] = [];
    lines[0].leases.onLate(() => late.push("late"));
    for (const line of lines) line.isCut = true;
    const taken = await Promise.all(slots.map((one) => takeMany(one, 30)));
    expect(taken).to.deep.equal([10, 10, 10, 10]);
    expect(late).to.deep.equal(["late"]);
    // Known to be late: nobody waits again.
    expect(slots[0].take("k")).to.equal(false);
    slots[0].release("k");
    expect(slots[0].take("k")).to.equal(true);
    expect(lines[0].sent).to.have.length(1);
    expect(lines[0].leases.counts()[0]).to.include({ name: "max_in_flight", granted: 0, refused: 0 });
    for (const line of lines) line.mend();
    await settle(lines);
    expect(await takeMany(slots[3], 5)).to.equal(0);
    for (let i = 0; i < 10; i++) slots[0].release("k");
    await settle(lines);
    expect(await takeMany(slots[3], 15)).to.equal(10);
    for (let i = 0; i < 10; i++) for (const one of slots.slice(1, 3)) one.release("k");
    for (let i = 0; i < 20; i++) slots[3].release("k");
    await settle(lines);
    for (const { leases } of [...lines, ...lines, ...lines]) leases.checkUse();
    await settle(lines);
    expect(counter.size).to.equal(0);
    close();
  });

  it("are taken for a second by each handshake, whichever worker it came to", async () => {
    const { lines, close } = newGroup(2, 1);
    const rates = lines.map(({ leases }) => {
      return new HandshakeRate(10, compileSlots(leases, 2));
    });
    const refused: string[] = [];
    const shake = async (worker: number): Promise<boolean> => {
      try {
        await rates[worker].check("192.0.2.1");
        return true;
      } catch (error) {
        refused.push((error as GatewayError).reason ?? "");
        return false;
      }
    };
    // One of the two gets most of them.
    const passed = await Promise.all(Array.from({ length: 30 }, (_, i) => shake(i % 5 === 0 ? 1 : 0)));
    expect(passed.filter(Boolean)).to.have.length(10);
    expect(new Set(refused)).to.deep.equal(new Set(["HANDSHAKE_RATE"]));
    // Those of the one are free for the other.
    let more = 0;
    while (more < 10) {
      if (await shake(1)) more++;
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
    close();
  });

  it("are kept to the share when the process that counts is gone", async () => {
    const { slots, lines, close } = newGroup(2, 10);
    const waiting = takeMany(slots[0], 8);
    lines[0].leases.close();
    expect(await waiting).to.equal(5);
    close();
  });
});
