import { expect } from "chai";
import type { Call, CallStart, Intercept } from "../../../src/call.ts";
import { Cancellation } from "../../../src/cancellation.ts";
import type { LimitHeaders } from "../../../src/chain/limit/answer.ts";
import type { LimitStore, Taken } from "../../../src/chain/limit/limit.ts";
import { MemoryStore } from "../../../src/chain/limit/memory-store.ts";
import { createRateLimit } from "../../../src/chain/limit/rate-limit.ts";
import type { MethodPolicy } from "../../../src/chain/policy.ts";
import type { Method, MethodKind } from "../../../src/schema/descriptor.ts";
import { readLimitRule } from "../../../src/schema/limit-rule.ts";
import type { LimitRule, LimitSettings } from "../../../src/schema/limit-rule.ts";
import { Code, GatewayError } from "../../../src/status.ts";
import { newCall } from "../new-call.ts";

const from = "test";
const methodOf = (kind: MethodKind, name = "t.S.M"): Method => ({ name, kind }) as Method;

function policyOf(limits: readonly LimitSettings[]): MethodPolicy {
  return {
    auth: { value: "public", from },
    rules: [],
    limits: limits.map((settings) => ({ value: readLimitRule(settings) as LimitRule, from })),
    timeoutMs: undefined,
    maxInFlight: undefined,
    retry: undefined,
    validate: { value: false, from },
    cache: undefined,
    stream: {},
    http: {},
    redact: [],
  };
}

interface Fixture {
  readonly intercept: Intercept | undefined;
  readonly clock: { ms: number };
  readonly refused: string[];
  call(more?: Partial<CallStart>): Call;
}

function newLimit(
  limits: readonly LimitSettings[],
  more: { headers?: LimitHeaders; kind?: MethodKind; store?: LimitStore } = {},
): Fixture {
  const clock = { ms: 5000 };
  const refused: string[] = [];
  const policy = policyOf(limits);
  const method = methodOf(more.kind ?? "unary");
  const intercept = createRateLimit({
    policyOf: () => policy,
    store: more.store ?? new MemoryStore(["a", "b"], { now: () => clock.ms }),
    headers: more.headers ?? "always",
    onRefused: (names) => refused.push(...names),
  }).compile(method);
  return { intercept, clock, refused, call: (start = {}) => newCall({ method, ...start }) };
}

/** The error a call is refused with; fails when it is not. */
function refusalOf(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the limit interceptor", () => {
  it("costs a method without limits nothing", () => expect(newLimit([]).intercept).to.equal(undefined));

  it("answers at once, without a promise", () => {
    const { intercept, call } = newLimit([{ name: "a", rate: "5/s" }]);
    expect(intercept?.(call())).to.equal(undefined);
  });

  it("tells what each limit is, and what is left of it", () => {
    const { intercept, call } = newLimit([
      { name: "a", rate: "100/m" },
      { name: "b", rate: "5/s", burst: 2 },
    ]);
    const first = call();
    void intercept?.(first);
    expect(first.replyHeaders).to.deep.equal([
      "ratelimit-policy",
      '"a";q=100;w=60, "b";q=5;w=1',
      "ratelimit",
      '"a";r=99;t=1, "b";r=1;t=1',
    ]);
  });

  it("tells each call its own state, whatever calls come after it and whatever else they are told", () => {
    const { intercept, call, clock } = newLimit([{ name: "a", rate: "3/m" }]);
    const told = [0, 0, 20_000].map((laterMs) => {
      clock.ms += laterMs;
      const one = call();
      void intercept?.(one);
      one.addReplyHeader("x-own", String(clock.ms));
      return one;
    });
    const last = told.map(({ replyHeaders }) => replyHeaders.slice(3));
    expect(last).to.deep.equal([
      ['"a";r=2;t=20', "x-own", "5000"],
      ['"a";r=1;t=40', "x-own", "5000"],
      ['"a";r=1;t=40', "x-own", "25000"],
    ]);
  });

  it("refuses with code, reason, quota, and when to try again", () => {
    const { intercept, call, clock, refused } = newLimit([
      { name: "a", rate: "100/m" },
      { name: "b", rate: "2/m", burst: 1 },
    ]);
    void intercept?.(call());
    clock.ms += 500;
    const second = call();
    const error = refusalOf(() => intercept?.(second));
    expect(error).to.include({
      code: Code.RESOURCE_EXHAUSTED,
      httpStatus: 429,
      reason: "RATE_LIMITED",
      message: "the limit b is used up; try again in 30 s",
      retryAfterMs: 29_500,
    });
    expect(error.metadata).to.deep.equal({ limit: "b" });
    expect(error.quotas).to.deep.equal([{ subject: "b", description: "2/m calls, at most 1 at once" }]);
    expect(error.headers).to.deep.equal({ "retry-after": "30" });
    expect(second.replyHeaders.at(-1)).to.equal('"a";r=99;t=1, "b";r=0;t=30');
    expect(refused).to.deep.equal(["b"]);
  });

  it("sends its headers only with refusals, or never, where that is said", () => {
    for (const headers of ["refused", "off"] as const) {
      const { intercept, call } = newLimit([{ name: "a", rate: "1/h" }], { headers });
      const [first, second] = [call(), call()];
      void intercept?.(first);
      expect(refusalOf(() => intercept?.(second)).headers).to.have.property("retry-after");
      expect([first.replyHeaders.length, second.replyHeaders.length]).to.deep.equal([0, headers === "off" ? 0 : 4]);
    }
  });

  it("waits for a store that has to ask somebody, and refuses by rejecting", async () => {
    const state = { remaining: 0, resetMs: 10, waitMs: 10 };
    const store: LimitStore = {
      take: (): Promise<Taken> => Promise.resolve({ admitted: false, waitMs: 10, states: [state] }),
    };
    const { intercept, call } = newLimit([{ name: "a", rate: "1/s" }], { store });
    const error = await Promise.resolve(intercept?.(call())).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).to.be.instanceOf(GatewayError).with.property("reason", "RATE_LIMITED");
  });
});

describe("the limit interceptor, of messages", () => {
  const limits: readonly LimitSettings[] = [{ name: "a", rate: "20/s", burst: 2, of: "messages" }];
  const message = new Uint8Array(1);

  it("refuses the message of a unary call that comes too early", () => {
    const { intercept, call } = newLimit(limits);
    const send = (): unknown => {
      const own = call();
      void intercept?.(own);
      expect(own.replyHeaders).to.deep.equal([]);
      return own.requestTaps?.[0](message);
    };
    expect([send(), send()]).to.deep.equal([undefined, undefined]);
    expect(refusalOf(send)).to.include({ reason: "RATE_LIMITED" });
  });

  it("keeps a message of a stream waiting for its turn, over all streams of the key", async () => {
    const { intercept, call } = newLimit(limits, { kind: "bidi-streaming" });
    const streams = [call(), call()];
    for (const stream of streams) void intercept?.(stream);
    const answers = [0, 1, 0, 1].map((index) => streams[index].requestTaps?.[0](message));
    expect(answers.map((answer) => answer instanceof Promise)).to.deep.equal([false, false, true, true]);
    const started = performance.now();
    await Promise.all(answers.map((answer) => Promise.resolve(answer)));
    expect(performance.now() - started).to.be.greaterThan(95);
  });

  it("refuses a message whose turn would not come within ten seconds, or before the deadline", () => {
    const slow: readonly LimitSettings[] = [{ name: "a", rate: "1/m", of: "messages" }];
    const { intercept, call } = newLimit(slow, { kind: "client-streaming" });
    const stream = call();
    void intercept?.(stream);
    void stream.requestTaps?.[0](message);
    expect(refusalOf(() => stream.requestTaps?.[0](message))).to.include({ reason: "RATE_LIMITED", code: 8 });

    const other = newLimit([{ name: "a", rate: "1/s", of: "messages" }], { kind: "client-streaming" });
    const short = other.call({ deadline: performance.now() + 500 });
    void other.intercept?.(short);
    void short.requestTaps?.[0](message);
    expect(refusalOf(() => short.requestTaps?.[0](message))).to.include({ reason: "RATE_LIMITED" });
  });

  it("lets go of a message that waits when its call ends", async () => {
    const cancellation = new Cancellation();
    const { intercept, call } = newLimit([{ name: "a", rate: "1/s", of: "messages" }], { kind: "bidi-streaming" });
    const stream = call({ cancellation });
    void intercept?.(stream);
    void stream.requestTaps?.[0](message);
    const waiting = Promise.resolve(stream.requestTaps?.[0](message)).then(
      () => "passed",
      (error: unknown) => (error as GatewayError).code,
    );
    cancellation.cancel(new GatewayError(Code.CANCELLED, "gone"));
    expect(await waiting).to.equal(Code.CANCELLED);
  });

  it("counts calls and messages of one method by limits of their own", () => {
    const { intercept, call } = newLimit([...limits, { name: "b", rate: "1/h" }], { kind: "bidi-streaming" });
    void intercept?.(call());
    expect(refusalOf(() => intercept?.(call())).metadata).to.deep.equal({ limit: "b" });
  });
});
