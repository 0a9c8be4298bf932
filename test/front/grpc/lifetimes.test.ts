// How long streams of gRPC clients last: as their method says, or the gateway; never for ever.
import { once } from "node:events";
import { expect } from "chai";
import { note, path, startNotes, statusOf } from "./notes.ts";
import type { Notes } from "./notes.ts";

const minutes = (count: number): number => performance.now() + count * 60_000;

describe("lifetimes of streams over gRPC", () => {
  let notes: Notes;
  /** The backend's side of each call: how it ended. */
  let cancelled: Promise<unknown>[];

  beforeEach(async () => {
    cancelled = [];
    const stream = {
      stream: (call: {
        on(name: string, listener: (message: Buffer) => void): unknown;
        write(message: Buffer): unknown;
      }) => {
        cancelled.push(once(call as never, "cancelled"));
        call.on("data", (message) => void call.write(message));
      },
    };
    notes = await startNotes({ handlers: { [path.chat]: stream, [path.brief]: stream } });
  });

  afterEach(() => notes.close());

  const open = async (method: string) => {
    const call = notes.client().chat(method);
    call.write(note({ text: "x" }));
    await once(call, "data");
    return call;
  };

  it("end after the gateway's idle timeout, and the backend's call with them", async () => {
    const call = await open(path.chat);
    const status = statusOf(call);
    notes.sweep.tick(minutes(9));
    notes.sweep.tick(minutes(10.1));
    const { code, details } = await status;
    expect([code, details]).to.deep.equal([14, "no message passed on this stream for 600 s; open it again"]);
    await cancelled[0];
  });

  it("begin to be silent anew with each message", async () => {
    const call = await open(path.chat);
    notes.sweep.tick(minutes(9));
    call.write(note({ text: "y" }));
    await once(call, "data");
    notes.sweep.tick(minutes(18));
    call.write(note({ text: "z" }));
    expect((await once(call, "data"))[0]).to.deep.equal(note({ text: "z" }));
    call.cancel();
  });

  it("end as the method's (sluice.stream) option says", async () => {
    const idle = await open(path.brief);
    const idleStatus = statusOf(idle);
    notes.sweep.tick(minutes(5.1));
    expect((await idleStatus).details).to.contain("300 s");
    const old = await open(path.brief);
    const oldStatus = statusOf(old);
    for (let at = 10; at < 40; at += 4) {
      notes.sweep.tick(minutes(at));
      if (notes.sweep.size === 0) break;
      old.write(note({ text: "still here" }));
      await Promise.race([once(old, "data"), oldStatus]);
    }
    expect((await oldStatus).details).to.contain("lived as long as streams may");
  });

  it("are counted, and forgotten by the timer, when they end", async () => {
    const call = await open(path.chat);
    const tally = notes.census.tallies().find(({ open: count }) => count > 0);
    expect(tally).to.include({ method: "notes.Notes.Chat", way: "grpc", open: 1, messagesIn: 1, messagesOut: 1 });
    expect(notes.sweep.size).to.equal(1);
    call.cancel();
    await cancelled[0];
    expect(notes.sweep.size).to.equal(0);
    expect(tally?.open).to.equal(0);
    expect(tally?.endedBy[1]).to.equal(1);
  });
});
