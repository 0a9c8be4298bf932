// Unary calls that are made again: when, how often, with what, and when not. Over either transport.
import { expect } from "chai";
import { Cancellation } from "../../../src/cancellation.ts";
import { retryCodes } from "../../../src/schema/retry-rule.ts";
import { Code } from "../../../src/status.ts";
import { sleep } from "../../../src/upstream/retry/sleep.ts";
import { clientLeft, createSignal, failureOf, unaryCall } from "../calls.ts";
import { createBench, factories, failing } from "./fixture.ts";
import type { Retried } from "./fixture.ts";

const path = "/t.S/M";
const hello = Buffer.from("hello");

function previousAttempts({ backend }: Retried): unknown[] {
  return backend.calls.map(({ metadata }) => metadata.get("grpc-previous-rpc-attempts")?.join());
}

for (const [name, factory] of factories)
  describe(`unary calls under a retry policy, over ${name}`, () => {
    const bench = createBench(factory);
    afterEach(() => bench.close());

    it("are made again until they are answered, and the backend hears how often they were", async () => {
      const retried = await bench.open({ [path]: failing(2) });
      const reply = await retried.unary(unaryCall(path, hello));
      expect(Buffer.from(reply.message).toString()).to.equal("hello");
      expect(previousAttempts(retried)).to.deep.equal([undefined, "1", "2"]);
      expect(retried.backend.calls.map(({ message }) => String(message))).to.deep.equal(["hello", "hello", "hello"]);
      const [tally] = retried.retries.tallies;
      expect([tally.answered, tally.failed]).to.deep.equal([1, 1]);
    });

    it("end with what the last attempt failed with", async () => {
      const retried = await bench.open({ [path]: failing(9) }, { maxAttempts: 4 });
      const error = await failureOf(retried.unary(unaryCall(path)));
      expect([error.code, error.message]).to.deep.equal([Code.UNAVAILABLE, "no, 4"]);
      expect(retried.backend.calls).to.have.length(4);
      expect(retried.retries.tallies[0].omitted.attempts).to.equal(1);
    });

    for (const code of retryCodes)
      it(`are made again after ${code} if the rule names it, and only then`, async () => {
        const paths = { [path]: failing(1, Code[code]), "/t.S/Other": failing(1, Code[code]) };
        const named = await bench.open(paths, { codes: [code] });
        await named.unary(unaryCall(path));
        const others = await bench.open(paths, { codes: retryCodes.filter((other) => other !== code) });
        expect((await failureOf(others.unary(unaryCall("/t.S/Other")))).code).to.equal(Code[code]);
        expect([named.backend.calls.length, others.backend.calls.length]).to.deep.equal([2, 1]);
      });

    it("are made again where nobody listens", async () => {
      const retried = await bench.open({});
      await retried.backend.close();
      const error = await failureOf(retried.unary(unaryCall(path)));
      expect(error.reason).to.equal("UPSTREAM_UNAVAILABLE");
      expect(retried.waits).to.have.length(2);
    });

    it("are not made again for what the gateway itself refuses", async () => {
      const retried = await bench.open({ [path]: failing(0) }, { codes: ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"] });
      const invalid = await failureOf(retried.unary(unaryCall(path, hello, { metadata: ["x-bin", "$"] })));
      const tooLarge = await failureOf(retried.unary(unaryCall(path, new Uint8Array(5 * 1024 * 1024))));
      expect([invalid.reason, tooLarge.reason]).to.deep.equal(["METADATA_INVALID", "MESSAGE_TOO_LARGE"]);
      expect([retried.waits.length, retried.backend.calls.length]).to.deep.equal([0, 0]);
    });

    it("wait longer each time, up to the longest wait", async () => {
      const rule = { maxAttempts: 5, initialBackoffMs: 100, maxBackoffMs: 500, multiplier: 3 };
      const retried = await bench.open({ [path]: failing(4) }, rule);
      await retried.unary(unaryCall(path));
      expect(retried.waits).to.deep.equal([100, 300, 500, 500]);
    });

    for (const [random, waits] of [
      [0, [80, 160]],
      [1, [120, 240]],
    ] as const)
      it(`wait a fifth ${random === 0 ? "less" : "more"} at most`, async () => {
        const retried = await bench.open({ [path]: failing(2) }, {}, { random: () => random });
        await retried.unary(unaryCall(path));
        expect(retried.waits).to.deep.equal(waits);
      });

    it("wait as long as the backend asks for, and begin anew with their own waits after that", async () => {
      let tries = 0;
      const retried = await bench.open(
        {
          [path]: (message, call) => {
            const handler = failing(1, 14, ++tries === 2 ? ["7"] : []);
            return tries > 4 ? message : handler(message, call);
          },
        },
        { maxAttempts: 5 },
      );
      await retried.unary(unaryCall(path));
      expect(retried.waits).to.deep.equal([100, 7, 100, 200]);
    });

    for (const [what, values] of [
      ["a negative wait", ["-1"]],
      ["a wait that is none", ["soon"]],
      ["a wait with zeros before it", ["010"]],
      ["two waits", ["1", "2"]],
      ["a wait of more than a minute", ["60001"]],
    ] as const)
      it(`are not made again when the backend asks for ${what}`, async () => {
        const retried = await bench.open({ [path]: failing(1, 14, values) });
        await failureOf(retried.unary(unaryCall(path)));
        expect(retried.backend.calls).to.have.length(1);
        expect(retried.retries.tallies[0].omitted.pushback).to.equal(1);
        expect(retried.retries.budgets.get("t")?.tokens).to.equal(9);
      });

    it("count for the budget when the backend asks not to come again, whatever they failed with", async () => {
      const retried = await bench.open({ [path]: failing(1, Code.NOT_FOUND, ["-1"]) });
      await failureOf(retried.unary(unaryCall(path)));
      expect(retried.backend.calls).to.have.length(1);
      expect(retried.retries.budgets.get("t")?.tokens).to.equal(9);
    });

    it("are not waited for past their deadline", async () => {
      const retried = await bench.open({ [path]: failing(1) }, { initialBackoffMs: 30_000, maxBackoffMs: 30_000 });
      const error = await failureOf(retried.unary(unaryCall(path, hello, { timeout: 20_000 })));
      expect([error.code, error.message]).to.deep.equal([Code.UNAVAILABLE, "no, 1"]);
      expect(retried.retries.tallies[0].omitted.deadline).to.equal(1);
    });

    it("end at once when they are cancelled while they wait", async () => {
      const waiting = createSignal<void>();
      const options = {
        sleep: (ms: number, cancellation: Cancellation) => {
          waiting.resolve();
          return sleep(ms, cancellation);
        },
      };
      const long = { initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
      const retried = await bench.open({ [path]: failing(1) }, long, options);
      const cancellation = new Cancellation();
      const failed = failureOf(retried.unary(unaryCall(path, hello, { timeout: 600_000, cancellation })));
      await waiting.promise;
      cancellation.cancel(clientLeft());
      expect((await failed).message).to.equal("client left");
      expect(retried.backend.calls).to.have.length(1);
    });

    it("are not made again once they are cancelled", async () => {
      const cancellation = new Cancellation();
      const retried = await bench.open(
        {
          [path]: () => {
            cancellation.cancel(clientLeft());
            return new Promise<never>(() => {});
          },
        },
        { codes: ["CANCELLED"] },
      );
      const error = await failureOf(retried.unary(unaryCall(path, hello, { cancellation })));
      expect(error.message).to.equal("client left");
      expect([retried.backend.calls.length, retried.waits.length]).to.deep.equal([1, 0]);
    });

    it("are made again when an attempt has had its time, whatever the codes", async () => {
      const deadlines: number[] = [];
      const retried = await bench.open(
        {
          [path]: (message, call) => {
            deadlines.push(call.deadline);
            return deadlines.length > 1 ? message : new Promise<never>(() => {});
          },
        },
        { codes: ["ABORTED"], perTryTimeoutMs: 2000 },
      );
      const before = Date.now();
      await retried.unary(unaryCall(path, hello, { timeout: 100_000 }));
      expect(retried.retries.tallies[0].answered).to.equal(1);
      expect(deadlines[0] - before).to.be.lessThan(50_000);
    });

    it("end with DEADLINE_EXCEEDED when no attempt is answered in its time", async () => {
      const silent = (): Promise<never> => new Promise(() => {});
      const retried = await bench.open({ [path]: silent }, { maxAttempts: 2, perTryTimeoutMs: 50 });
      const error = await failureOf(retried.unary(unaryCall(path)));
      expect([error.code, error.reason]).to.deep.equal([Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"]);
      const [tally] = retried.retries.tallies;
      expect([tally.failed, tally.omitted.attempts]).to.deep.equal([1, 1]);
    });

    it("keep to the call's own deadline where that is before the attempt's", async () => {
      const silent = (): Promise<never> => new Promise(() => {});
      const retried = await bench.open({ [path]: silent }, { perTryTimeoutMs: 60_000 });
      const error = await failureOf(retried.unary(unaryCall(path, hello, { timeout: 50 })));
      expect(error.code).to.equal(Code.DEADLINE_EXCEEDED);
      expect(retried.waits).to.deep.equal([]);
    });

    it("do not multiply when a backend fails: of a hundred in a row three attempts more, of a hundred at once four", async () => {
      const inARow = await bench.open({ [path]: failing(Infinity) });
      for (let i = 0; i < 100; i++) await failureOf(inARow.unary(unaryCall(path)));
      expect(inARow.backend.calls).to.have.length(103);
      const atOnce = await bench.open({ [path]: failing(Infinity) });
      await Promise.all(Array.from({ length: 100 }, () => failureOf(atOnce.unary(unaryCall(path)))));
      expect(atOnce.backend.calls).to.have.length(104);
      const [tally] = atOnce.retries.tallies;
      expect([tally.failed, tally.omitted.budget]).to.deep.equal([4, 100]);
      expect(atOnce.retries.budgets.get("t")?.tokens).to.equal(0);
    });

    it("earn their budget back with answers, ten of them for a failure", async () => {
      const retried = await bench.open({
        [path]: failing(0),
        "/t.S/Flaky": failing(1),
        "/t.S/Down": failing(Infinity),
      });
      for (let i = 0; i < 10; i++) await failureOf(retried.unary(unaryCall("/t.S/Down")));
      const budget = retried.retries.budgets.get("t")!;
      expect([budget.tokens, budget.isSpent]).to.deep.equal([0, true]);
      for (let i = 0; i < 50; i++) await retried.unary(unaryCall(path));
      expect([budget.tokens, budget.isSpent]).to.deep.equal([5, true]);
      for (let i = 0; i < 10; i++) await retried.unary(unaryCall(path));
      for (let i = 0; i < 10; i++) await retried.unary(unaryCall(path));
      expect([budget.tokens, budget.isSpent]).to.deep.equal([7, false]);
      await retried.unary(unaryCall("/t.S/Flaky"));
    });

    it("are made once where their method has no policy", async () => {
      const retried = await bench.open({ [path]: failing(1) }, {}, { ruleOf: () => undefined });
      await failureOf(retried.unary(unaryCall(path)));
      expect(retried.backend.calls).to.have.length(1);
      expect(retried.retries.tallies).to.deep.equal([]);
    });
  });

describe("the wait between two attempts", () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

  it("leaves no timer behind when its call is cancelled", async () => {
    const cancellation = new Cancellation();
    // The test's own timer is started by then.
    await new Promise((resolve) => setImmediate(resolve));
    const before = timers();
    // More than those of others that may come or go meanwhile.
    const waiting = Array.from({ length: 1000 }, () => failureOf(sleep(60_000, cancellation)));
    expect(timers()).to.equal(before + 1000);
    cancellation.cancel(clientLeft());
    await Promise.all(waiting);
    expect(timers()).to.be.below(before + 500);
  });
});
