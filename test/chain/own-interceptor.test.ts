import { expect } from "chai";
import type { Handler, Reply, StreamCall, UnaryCall } from "../../src/call.ts";
import { guardHandler, guardIntercept } from "../../src/chain/own-interceptor.ts";
import { runTapped } from "../../src/chain/taps.ts";
import { DiagnosticError } from "../../src/diagnostic.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { newCall } from "./new-call.ts";

const reply: Reply = { message: Uint8Array.of(1), headers: [], trailers: [] };
const never = (): Promise<never> => new Promise(() => {});
const soon = (): number => performance.now() + 10;

async function failureOf(run: () => unknown): Promise<GatewayError> {
  try {
    await run();
  } catch (error) {
    return GatewayError.from(error);
  }
  throw new Error("it did not fail");
}

describe("guardIntercept", () => {
  it("waits for an interceptor until the deadline of the call, and no longer", async () => {
    const intercept = guardIntercept("slow", never, () => {});
    const { code, reason } = await failureOf(() => intercept(newCall({ deadline: soon() })));
    expect([code, reason]).to.deep.equal([Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"]);
  });

  it("looks at what one that waits has left behind", async () => {
    const intercept = guardIntercept(
      "late",
      async (call) => void (call.metadata = ["x-a"]),
      () => {},
    );
    expect(String((await failureOf(() => intercept(newCall({})))).cause)).to.match(
      /the interceptor "late": call\.metadata/,
    );
  });

  it("lets pass what a client sent, sound or not: that is for the upstream to say", () => {
    const intercept = guardIntercept(
      "copy",
      (call) => void (call.metadata = [...call.metadata, "x-b", "c"]),
      () => {},
    );
    const call = newCall({ metadata: ["x-a", "ü"] });
    expect(intercept(call)).to.equal(undefined);
    expect(call.metadata).to.deep.equal(["x-a", "ü", "x-b", "c"]);
  });
});

describe("taps", () => {
  it("have until the deadline of the call", async () => {
    const call = newCall({ deadline: soon() });
    call.onReply(never);
    const { code } = await failureOf(() => runTapped(call, Uint8Array.of(), () => Promise.resolve(reply)));
    expect(code).to.equal(Code.DEADLINE_EXCEEDED);
  });
});

describe("guardHandler", () => {
  const unary = { kind: "unary", deadline: Infinity } as UnaryCall;
  const stream = { kind: "stream", deadline: Infinity } as StreamCall;
  const guard = (handler: object): Handler =>
    guardHandler("wrap", { unary: never, stream: () => ({}), ...handler } as unknown as Handler);

  it("hands on what a handler answers, as the object's own", async () => {
    const own = {
      reply,
      unary() {
        return Promise.resolve(this.reply);
      },
      stream: never,
    };
    expect(await guardHandler("wrap", own as unknown as Handler).unary(unary)).to.equal(reply);
  });

  for (const [what, answer] of [
    ["nothing", undefined],
    ["a message that is text", { ...reply, message: "x" }],
    ["headers that are a mapping", { ...reply, headers: {} }],
  ] as const)
    it(`refuses ${what} for a reply`, async () => {
      const { code, cause } = await failureOf(() => guard({ unary: () => Promise.resolve(answer) }).unary(unary));
      expect([code, String(cause)]).to.deep.equal([
        Code.INTERNAL,
        'TypeError: the interceptor "wrap": what it answers is no { message, headers, trailers }',
      ]);
    });

  it("refuses what is no stream", async () => {
    expect(String((await failureOf(() => guard({}).stream(stream))).cause)).to.contain("is no { headers, messages");
  });

  it("waits for a reply until the deadline of the call", async () => {
    expect((await failureOf(() => guard({}).unary({ ...unary, deadline: soon() }))).code).to.equal(
      Code.DEADLINE_EXCEEDED,
    );
  });

  it("stops the start for what is no handler", () => {
    for (const made of [undefined, {}, { unary: never }])
      expect(() => guardHandler("wrap", made as unknown as Handler)).to.throw(
        DiagnosticError,
        /"wrap": its wrap\(next\)/,
      );
  });
});
