// What can become of a call: the rows of the matrix. Each plays the client's part on a call that was opened for it, and says what must
// be seen of it at either end.
import { expect } from "chai";
import { answerOf } from "../support/stream-backend.ts";
import type { Ask, Kind } from "../support/stream-backend.ts";
import type { Ended, OpenOptions, StreamHandle, StreamTransport } from "../support/stream-client.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { codes, expectFailure, expectSuccess } from "./expected.ts";
import type { Failing } from "./expected.ts";
import { arriveInTime } from "../support/in-time.ts";
import { settled } from "./settled.ts";

export interface Cell {
  readonly gateway: StreamGateway;
  readonly transport: StreamTransport;
  readonly kind: Kind;
  /** Names the call at the backend. */
  readonly run: string;
  open(options?: OpenOptions): Promise<StreamHandle>;
  /** How long the call took that was opened last, from there to its end. */
  readonly tookMs: number;
}

/** What becomes of one call by itself. */
export interface Outcome {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly play: (cell: Cell) => Promise<void>;
}

const single: Kind = "unary";
const list: Kind = "server-streaming";
const gather: Kind = "client-streaming";
const chat: Kind = "bidi-streaming";
const every = [single, list, gather, chat];

function isClientStream(kind: Kind): boolean {
  return kind === gather || kind === chat;
}

/** Opens the call and sends `messages` messages, the first of them with what the backend is to do. */
async function begin(cell: Cell, ask: Ask, { messages = 1, ...options }: OpenOptions & { messages?: number } = {}) {
  const call = await cell.open(options);
  if (messages > 0) call.send({ ...ask, run: cell.run });
  for (let i = 1; i < messages; i++) call.send({ text: `message ${i + 1}` });
  return call;
}

/** An answer over HTTP begins without its first message when there is none for a second. */
const headWaitMs = 1000;

/** Of a call that came to a backend. */
function expectEnd({ transport, kind, tookMs }: Cell, ended: Ended, failing: Failing): void {
  const hasBegun = failing.afterMessages || (tookMs >= headWaitMs && !ended.how.startsWith("HTTP "));
  expectFailure(transport, kind, ended, { ...failing, afterMessages: hasBegun });
}

function ending(count: number): Outcome {
  return {
    name: `ends well with ${count} message${count === 1 ? "" : "s"}`,
    kinds: count === 1 ? every : [list, gather, chat],
    async play(cell) {
      const { kind, run, transport } = cell;
      const isStream = isClientStream(kind);
      const call = await begin(cell, { count: isStream ? 1 : count }, { messages: isStream ? count : 1 });
      if (isStream) call.end();
      expectSuccess(transport, kind, await call.ended);
      const numbers = Array.from({ length: kind === gather ? 1 : count }, (_, i) => i + 1);
      const named = isStream && count === 0 ? "" : run;
      const expected = numbers.map((number) =>
        answerOf(named, number, { received: kind === gather ? count : kind === chat ? number : 1 }),
      );
      expect(call.messages).to.deep.equal(expected);
    },
  };
}

function failing(code: number, after: 0 | 2): Outcome {
  const when = after === 0 ? "before its first message" : "after two messages";
  return {
    name: `fails with ${codes[code][0]} ${when}`,
    kinds: after === 0 ? every : [list, gather, chat],
    async play(cell) {
      const { kind, run } = cell;
      const isGather = kind === gather;
      const ask = isGather ? { code, after: after === 0 ? 1 : 2 } : { code, count: after };
      const call = await begin(cell, ask, { messages: isGather && after > 0 ? 2 : 1 });
      const ended = await call.ended;
      expectEnd(cell, ended, { code, afterMessages: after > 0, ofBackend: true });
      const count = isGather ? 0 : after;
      // Of an answer that is cut off its end may be lost, but never the order.
      const expected = Array.from({ length: count }, (_, i) => answerOf(run, i + 1));
      expect(call.messages).to.deep.equal(ended.how === "cut" ? expected.slice(0, call.messages.length) : expected);
    },
  };
}

const failingAtEnd: Outcome = {
  name: "fails with NOT_FOUND when the client has sent all",
  kinds: [gather, chat],
  async play(cell) {
    const { kind } = cell;
    const call = await begin(cell, kind === gather ? { code: 5 } : { code: 5, count: 0 }, { messages: 1 });
    call.end();
    expectEnd(cell, await call.ended, { code: 5, afterMessages: false, ofBackend: true });
  },
};

const endingEarly: Outcome = {
  name: "ends well although the client has not ended",
  kinds: [gather, chat],
  async play(cell) {
    const { kind, transport, run } = cell;
    const call = await begin(cell, { count: 1, next: "finish" });
    expectSuccess(transport, kind, await call.ended);
    expect(call.messages).to.deep.equal([answerOf(run, 1)]);
  },
};

const cancelledBefore: Outcome = {
  name: "is cancelled by the client before its first message",
  kinds: every,
  async play(cell) {
    const call = await begin(cell, { next: "hang" });
    const run = await cell.gateway.backend.run(cell.run);
    call.cancel();
    await run.cancelled;
    await expectCancelled(cell, call);
  },
};

const cancelledBetween: Outcome = {
  name: "is cancelled by the client after two messages",
  kinds: [list, chat],
  async play(cell) {
    const call = await begin(cell, { count: 2, next: "hang" });
    await call.until(2);
    const run = await cell.gateway.backend.run(cell.run);
    call.cancel();
    await run.cancelled;
    await expectCancelled(cell, call);
  },
};

const cancelledAtEnd: Outcome = {
  name: "is cancelled by the client that had half-closed",
  kinds: [gather, chat],
  async play(cell) {
    const call = await begin(cell, { next: "hang" });
    call.end();
    const run = await cell.gateway.backend.run(cell.run);
    await run.halfClosed;
    call.cancel();
    await run.cancelled;
    await expectCancelled(cell, call);
  },
};

/** Those that tell the client of what it did itself. */
async function expectCancelled({ transport, kind }: Cell, call: StreamHandle): Promise<void> {
  const ended = await call.ended;
  if (transport.way.kind === "mux" || transport.way.kind === "grpc")
    expectFailure(transport, kind, ended, { code: 1, afterMessages: false, ofBackend: false });
}

function reset(after: 0 | 2): Outcome {
  return {
    name: `is reset by the backend ${after === 0 ? "before its first message" : "after two messages"}`,
    kinds: after === 0 ? every : [list, chat],
    async play(cell) {
      const call = await begin(cell, { count: after, next: "hang" });
      const run = await cell.gateway.backend.run(cell.run);
      await call.until(after);
      run.reset();
      // docs/backends.md: a reset with CANCEL that nobody asked for.
      expectEnd(cell, await call.ended, { code: 14, afterMessages: after > 0, ofBackend: false });
      expect(call.messages).to.have.length(after);
    },
  };
}

const flood = { count: 128, size: 64 * 1024 };

/** What may be on its way in all that lies between client and backend: less where the client's protocol bounds it, else what sockets hold. */
function mostOnTheWay({ name }: StreamTransport): number {
  return (/gRPC|HTTP\/2/.test(name) ? 2 : 6.5) * 1024 * 1024;
}

const slowReader: Outcome = {
  name: "waits for a client that does not read, and loses nothing",
  kinds: [list, chat],
  async play(cell) {
    const { kind, transport, gateway } = cell;
    const call = await cell.open();
    call.hold();
    call.send({ ...flood, run: cell.run });
    const run = await gateway.backend.run(cell.run);
    await settled(gateway, () => run.sent);
    expect(run.sent * flood.size).to.be.below(mostOnTheWay(transport));
    call.release();
    if (kind === chat) call.end();
    expectSuccess(transport, kind, await call.ended);
    expect(call.messages.map(({ number }) => number)).to.deep.equal(Array.from(call.messages, (_, i) => i + 1));
    expect(call.messages).to.have.length(flood.count);
  },
};

const slowBackend: Outcome = {
  name: "holds back a client whose backend does not read, and loses nothing",
  kinds: [gather, chat],
  async play(cell) {
    const { kind, transport, gateway } = cell;
    const call = await begin(cell, { next: "stall" });
    const run = await gateway.backend.run(cell.run);
    const text = "y".repeat(flood.size);
    for (let i = 1; i < flood.count; i++) call.send({ text });
    await settled(gateway, () => call.unsentBytes);
    expect(flood.count * flood.size - call.unsentBytes).to.be.below(mostOnTheWay(transport));
    run.release();
    call.end();
    expectSuccess(transport, kind, await call.ended);
    expect(call.messages.at(-1)?.received).to.equal(flood.count);
  },
};

/** What becomes of many calls at a time. */
export interface SharedOutcome {
  readonly name: string;
  readonly kinds: readonly Kind[];
  readonly begin: (cell: Cell) => Promise<StreamHandle>;
  /** When all have begun. */
  readonly strike: (cells: readonly Cell[]) => void;
  /** Of each. */
  readonly expect: (cell: Cell, call: StreamHandle) => Promise<void>;
}

function lost(after: 0 | 2): SharedOutcome {
  return {
    name: `loses the backend's connection ${after === 0 ? "before its first message" : "after two messages"}`,
    kinds: after === 0 ? every : [list, chat],
    async begin(cell) {
      const call = await begin(cell, { count: after, next: "hang" });
      await cell.gateway.backend.run(cell.run);
      await call.until(after);
      return call;
    },
    strike([{ gateway }]) {
      gateway.backend.loseConnections();
    },
    async expect(cell, call) {
      expectEnd(cell, await call.ended, { code: 14, afterMessages: after > 0, ofBackend: false });
      expect(call.messages).to.have.length(after);
    },
  };
}

function late(after: 0 | 2): SharedOutcome {
  return {
    name: `runs out of time ${after === 0 ? "before its first message" : "after two messages"}`,
    kinds: after === 0 ? every : [list, chat],
    async begin(cell) {
      const { backend } = cell.gateway;
      const { call } = await arriveInTime(after === 0 ? 500 : 1000, async (timeoutMs) => {
        backend.forget(cell.run);
        const begun = await begin(cell, { count: after, next: "hang" }, { timeoutMs });
        return { call: begun, arrived: Promise.all([backend.run(cell.run), begun.until(after)]) };
      });
      return call;
    },
    strike: () => {},
    async expect(cell, call) {
      const { gateway } = cell;
      expectEnd(cell, await call.ended, { code: 4, afterMessages: after > 0, ofBackend: false });
      expect(call.messages).to.have.length(after);
      await (
        await gateway.backend.run(cell.run)
      ).cancelled;
    },
  };
}

/** The ones that cost the backend's connection are last: the gateway takes its time to open another. */
export const sharedOutcomes: readonly SharedOutcome[] = [late(0), late(2), lost(0), lost(2)];

const statuses = Array.from({ length: 16 }, (_, i) => i + 1);

export const outcomes: readonly Outcome[] = [
  ending(0),
  ending(1),
  ending(3),
  endingEarly,
  ...statuses.map((code) => failing(code, 0)),
  ...statuses.map((code) => failing(code, 2)),
  failingAtEnd,
  cancelledBefore,
  cancelledBetween,
  cancelledAtEnd,
  reset(0),
  reset(2),
];

/** Where much is under way. */
export const flowOutcomes: readonly Outcome[] = [slowReader, slowBackend];
