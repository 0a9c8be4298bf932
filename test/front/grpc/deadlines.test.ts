// How long a call may take: what its client, its method and the gateway say, the least of them; and how it ends when time is up.
import { expect } from "chai";
import type { BackendCall, BackendHandlers } from "../../support/backend.ts";
import { data, headers, trailersOf } from "../../serve/http2-fixture.ts";
import { grpcHead, note, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const DEADLINE_EXCEEDED = 4;
const never = (): Promise<never> => new Promise(() => {});

describe("deadlines over gRPC", () => {
  let notes: Notes;
  let lefts: number[] = [];
  let cancelled: Promise<void>[] = [];

  const look = (call: BackendCall): void => {
    lefts.push(call.deadline - Date.now());
    cancelled.push(call.cancelled);
  };
  const handlers: BackendHandlers = {
    [path.say]: (message, call) => {
      look(call);
      return message.length > 0 ? never() : message;
    },
    [path.quick]: (message, call) => {
      look(call);
      return message.length > 0 ? never() : message;
    },
    [path.chat]: {
      stream: (call) => {
        const deadline = call.getDeadline();
        lefts.push((deadline instanceof Date ? deadline.getTime() : deadline) - Date.now());
        cancelled.push(new Promise((resolve) => call.once("cancelled", () => resolve())));
        call.on("data", () => {});
        call.on("end", () => call.end());
      },
    },
    [path.quickChat]: {
      stream: (call) => {
        cancelled.push(new Promise((resolve) => call.once("cancelled", () => resolve())));
        call.on("data", () => {});
      },
    },
  };

  beforeEach(async () => {
    lefts = [];
    cancelled = [];
    notes = await startNotes({ handlers, options: { defaultTimeoutMs: 20_000, maxTimeoutMs: 40_000 } });
  });

  afterEach(() => notes.close());

  /** By hand: no client that gives up by itself. */
  async function callWith(
    target: string,
    ...fields: readonly string[]
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const raw = await notes.raw();
    const head = grpcHead(target, ...fields);
    const message = note({ text: "x" });
    raw.send(headers(1, head), data(1, Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]), true));
    return trailersOf(raw, 1);
  }

  it("of the client is what the backend gets of it", async () => {
    await notes.client().unary(path.say, Buffer.alloc(0), {}, { deadline: Date.now() + 10_000 });
    expect(lefts[0]).to.be.within(5000, 10_000);
  });

  it("of a unary call without one is the gateway's", async () => {
    await notes.client().unary(path.say, Buffer.alloc(0));
    expect(lefts[0]).to.be.within(15_000, 20_000);
  });

  it("of a unary call is never beyond the most the gateway allows", async () => {
    await notes.client().unary(path.say, Buffer.alloc(0), {}, { deadline: Date.now() + 1_000_000 });
    expect(lefts[0]).to.be.within(35_000, 40_000);
  });

  it("of the method is the most its client may ask for", async () => {
    await notes.client().unary(path.quick, Buffer.alloc(0), {}, { deadline: Date.now() + 10_000 });
    expect(lefts[0]).to.be.at.most(510);
  });

  it("of a stream is none unless the client has one", async () => {
    const client = notes.client();
    await client.stream(path.chat, []);
    await client.stream(path.chat, [], {}, { deadline: Date.now() + 10_000 });
    expect(lefts[0]).to.equal(Infinity);
    expect(lefts[1]).to.be.within(5000, 10_000);
  });

  it("ends the call with DEADLINE_EXCEEDED, here and at the backend", async () => {
    const answer = await callWith(path.say, "grpc-timeout", "500m");
    expect(answer?.get("grpc-status")).to.equal(String(DEADLINE_EXCEEDED));
    await cancelled[0];
  });

  it("of a method ends a stream, too", async () => {
    const call = notes.client().chat(path.quickChat);
    const status = await new Promise<{ code: number }>((resolve) => call.on("status", resolve));
    expect(status.code).to.equal(DEADLINE_EXCEEDED);
    await cancelled[0];
  });

  for (const text of ["", "5", "5s", "-1S", "1.5S", "999999999S", "S", "1 S"]) {
    it(`that reads ${JSON.stringify(text)} is refused`, async () => {
      const answer = await callWith(path.say, "grpc-timeout", text);
      expect([answer?.get("grpc-status"), answer?.get("grpc-message")]).to.deep.equal([
        "3",
        `grpc-timeout is ${JSON.stringify(text)}; a positive duration is expected, e.g. 100m or 5S`,
      ]);
      expect(lefts).to.have.length(0);
    });
  }

  for (const text of ["0n", "0S"]) {
    it(`that reads ${text} has passed: no backend hears of the call`, async () => {
      const answer = await callWith(path.say, "grpc-timeout", text);
      expect([answer?.get("grpc-status"), answer?.get("grpc-message")]).to.deep.equal(["4", "deadline exceeded"]);
      expect(lefts).to.have.length(0);
    });
  }

  it("as far away as the header can say is one", async () => {
    expect((await callWith(path.quick, "grpc-timeout", "99999999H"))?.get("grpc-status")).to.equal("4");
  });
});
