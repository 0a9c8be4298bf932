// One question and those who wait for it: each leaves by itself, and the last one ends it.
import { expect } from "chai";
import { Cancellation } from "../../../src/cancellation.ts";
import { Flight } from "../../../src/chain/cache/flight.ts";
import { Code, GatewayError } from "../../../src/status.ts";

const waiter = (deadline = Infinity) => ({ deadline, cancellation: new Cancellation() });
const gone = new GatewayError(Code.CANCELLED, "gone");

async function codeOf(result: Promise<unknown>): Promise<Code> {
  try {
    await result;
    return Code.OK;
  } catch (error) {
    return GatewayError.from(error).code;
  }
}

function open() {
  let settle!: { resolve(value: string): void; reject(error: unknown): void };
  const result = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
  let left = 0;
  const flight = new Flight(
    () => result,
    () => left++,
  );
  return { flight, ...settle, left: () => left };
}

describe("Flight", () => {
  it("answers all who wait", async () => {
    const { flight, resolve, left } = open();
    const all = [flight.join(waiter()), flight.join(waiter()), flight.join(waiter(performance.now() + 60_000))];
    resolve("answer");
    expect(await Promise.all(all)).to.deep.equal(["answer", "answer", "answer"]);
    expect(left()).to.equal(0);
    expect(flight.cancellation.error).to.equal(undefined);
  });

  it("goes on when one leaves, and ends when all have", async () => {
    const { flight, left } = open();
    const [first, second] = [waiter(), waiter()];
    const [one, other] = [flight.join(first), flight.join(second)];
    first.cancellation.cancel(gone);
    expect(await codeOf(one)).to.equal(Code.CANCELLED);
    expect([left(), flight.cancellation.error]).to.deep.equal([0, undefined]);
    second.cancellation.cancel(gone);
    expect(await codeOf(other)).to.equal(Code.CANCELLED);
    expect(left()).to.equal(1);
    expect(flight.cancellation.error?.code).to.equal(Code.CANCELLED);
  });

  it("lets go whose deadline has passed, or who had gone before", async () => {
    const { flight, resolve } = open();
    const patient = flight.join(waiter());
    expect(await codeOf(flight.join(waiter(performance.now() - 1)))).to.equal(Code.DEADLINE_EXCEEDED);
    const late = waiter();
    late.cancellation.cancel(gone);
    expect(await codeOf(flight.join(late))).to.equal(Code.CANCELLED);
    resolve("answer");
    expect(await patient).to.equal("answer");
  });

  it("is kept up by whom nobody can send away", async () => {
    const { flight, left, resolve } = open();
    const kept = flight.result;
    const client = waiter();
    const joined = flight.join(client);
    client.cancellation.cancel(gone);
    await codeOf(joined);
    expect(left()).to.equal(0);
    resolve("answer");
    expect(await kept).to.equal("answer");
  });

  it("fails for all alike, with what is theirs to know", async () => {
    const { flight, reject } = open();
    const all = [flight.join(waiter()), flight.join(waiter())];
    reject(new TypeError("secret"));
    expect(await Promise.all(all.map(codeOf))).to.deep.equal([Code.INTERNAL, Code.INTERNAL]);
  });
});
