// What a method says of its streams in (sluice.stream), and the clocks of all of them, over every transport: silence, age, slow clients.
import { expect } from "chai";
import { failure } from "../support/stream-backend.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway, StreamGatewayOptions } from "../support/stream-gateway.ts";
import type { Ended, StreamTransport } from "../support/stream-client.ts";
import { settled } from "./settled.ts";
import { transports } from "./pairs.ts";

/** How each tells that the gateway ended a stream after its first message. */
function expectUnavailable({ way }: StreamTransport, ended: Ended, simple: string, reason: string): void {
  const details = ended.details as readonly { readonly reason?: string }[] | undefined;
  if (way.kind === "http" && way.form === "array" && !way.readsTrailers) {
    expect(ended.how).to.equal("cut");
    return;
  }
  expect(ended.code).to.equal(14);
  expect(ended.message).to.contain("open it again");
  if (way.kind === "simple") expect(ended.how).to.match(new RegExp(`^close ${simple}`));
  if (details !== undefined && way.kind !== "grpc") expect(details[0]?.reason).to.equal(reason);
}

const clocks = [
  { what: "are silent for too long", yaml: "streams: {idle_timeout: 1s}", simple: "4100", reason: "STREAM_IDLE" },
  { what: "live for too long", yaml: "streams: {max_lifetime: 1s}", simple: "4103", reason: "STREAM_LIFETIME" },
] as const;

for (const { what, yaml, simple, reason } of clocks)
  describe(`streams that ${what}`, () => {
    let gateway: StreamGateway;
    let ends: readonly { readonly ended: Ended; readonly run: string }[];
    let runs = 0;

    /** The end of one that had its first message before: another, where the machine stood still until the time was over. */
    const endOf = async (transport: StreamTransport) => {
      for (;;) {
        const run = `run ${++runs}`;
        const call = await transport.open(gateway, "server-streaming");
        call.send({ run, count: 1, next: "hang" });
        const ended = await call.ended;
        if (call.messages.length > 0) return { ended, run };
      }
    };

    before(async () => {
      gateway = await startStreamGateway({ yaml });
      ends = await Promise.all(transports.map(endOf));
    });

    after(() => gateway.close());

    transports.forEach((transport, index) => {
      it(`end over ${transport.name} with a status to come back after`, async () => {
        const { ended, run } = ends[index];
        expectUnavailable(transport, ended, simple, reason);
        await (
          await gateway.backend.run(run)
        ).cancelled;
      });
    });
  });

const flood = { count: 256, size: 64 * 1024 };

/** What a client gets that read nothing while its backend sent. */
async function readLate(transport: StreamTransport, options: StreamGatewayOptions) {
  const gateway = await startStreamGateway(options);
  try {
    const call = await transport.open(gateway, "server-streaming");
    call.hold();
    call.send({ run: "late", ...flood });
    const run = await gateway.backend.run("late");
    await settled(gateway, () => run.sent);
    const sent = run.sent;
    call.release();
    const ended = await call.ended;
    return { ended, numbers: call.messages.map(({ number }) => number), sent };
  } finally {
    await gateway.close();
  }
}

/** All at once, as being slow takes its time. */
async function readNothing(options: StreamGatewayOptions) {
  const gateway = await startStreamGateway(options);
  try {
    return await Promise.all(
      transports.map(async (transport) => {
        const call = await transport.open(gateway, "server-streaming");
        call.hold();
        call.send({ run: transport.name, ...flood });
        const run = await gateway.backend.run(transport.name);
        await run.cancelled;
        call.release();
        const ended = await call.ended;
        return { ended, numbers: call.messages.map(({ number }) => number), sent: run.sent };
      }),
    );
  } finally {
    await gateway.close();
  }
}

describe("streams whose client takes nothing, where the method says DISCONNECT,", () => {
  let calls: Awaited<ReturnType<typeof readNothing>>;

  before(async () => {
    calls = await readNothing({ listOption: "overflow: DISCONNECT" });
  });

  transports.forEach(({ name, way }, index) => {
    it(`are given up over ${name}, after their backend had to wait`, () => {
      const { ended, numbers, sent } = calls[index];
      expect(sent).to.be.below(flood.count);
      expect(numbers).to.deep.equal(Array.from(numbers, (_, i) => i + 1));
      expect(numbers.length).to.be.below(flood.count);
      if (ended.how === "cut") return;
      expect(ended.code).to.equal(8);
      expect(ended.message).to.contain("as fast as they come");
      if (way.kind === "simple") expect(ended.how).to.match(/^close 4008 RESOURCE_EXHAUSTED: /);
    });
  });
});

const floods = [
  { what: "20 MB in large messages", count: 320, size: 64 * 1024 },
  { what: "2 MB in small ones", count: 4000, size: 500 },
] as const;

describe("streams whose backend sends much at once, where the method says DISCONNECT,", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({ listOption: "overflow: DISCONNECT" });
  });

  after(() => gateway.close());

  for (const transport of transports)
    for (const { what, count, size } of floods)
      it(`are whole over ${transport.name} for a client that reads: ${what}`, async () => {
        const call = await transport.open(gateway, "server-streaming");
        call.send({ count, size });
        expect((await call.ended).code).to.equal(0);
        expect(call.messages.length).to.equal(count);
        expect(call.messages.at(-1)?.number).to.equal(count);
      });
});

describe("streams whose client is slow", () => {
  for (const transport of transports) {
    it(`keep the latest messages over ${transport.name} where the method says DROP_OLDEST`, async () => {
      const { ended, numbers, sent } = await readLate(transport, { listOption: "overflow: DROP_OLDEST keep: 4" });
      expect(sent).to.equal(flood.count);
      expect(ended.code).to.equal(0);
      expect(numbers.slice(-4)).to.deep.equal([253, 254, 255, 256]);
      expect(numbers).to.deep.equal([...numbers].sort((a, b) => a - b));
      expect(numbers.length).to.be.below(flood.count);
    });

    it(`keep the latest message of each key over ${transport.name} where the method says CONFLATE`, async () => {
      const { ended, numbers, sent } = await readLate(transport, { listOption: 'overflow: CONFLATE key: "run"' });
      expect(sent).to.equal(flood.count);
      expect(ended.code).to.equal(0);
      expect(numbers.at(-1)).to.equal(flood.count);
      expect(numbers.length).to.be.below(flood.count);
    });
  }
});

describe("trailers of streams", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway();
  });

  after(() => gateway.close());

  for (const transport of transports.filter(({ way }) => way.kind !== "http" || way.form !== "array"))
    it(`tell values of one name apart over ${transport.name}`, async () => {
      const call = await transport.open(gateway, "server-streaming");
      call.send({ count: 1, code: 5 });
      expect((await call.ended).trailers).to.deep.equal(failure.trailers);
    });
});
