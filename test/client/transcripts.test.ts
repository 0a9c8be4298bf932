// The transcripts of test/protocol/mux, played from the server's side: the client sends what they send, and hands on what they expect.
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import type { MethodInfo, StreamCall } from "../../src/client/client.ts";
import { protoCodec } from "../../src/client/proto-codec.ts";
import { schemaOf } from "../support/schema.ts";
import { startFakeGateway } from "./fake-gateway.ts";
import type { FakeGateway, FakeSocket, Frame } from "./fake-gateway.ts";
import { methodInfo, openPage } from "./fixture.ts";
import type { Page } from "./fixture.ts";

type Step = Readonly<Record<string, unknown>> & { readonly send?: Frame; readonly expect?: Frame };

interface Transcript {
  readonly name: string;
  readonly given: { readonly path: string; readonly protocols?: readonly string[]; readonly options?: unknown };
  readonly steps: readonly Step[];
}

const transcripts = readdirSync("test/protocol/mux")
  .filter((file) => file.endsWith(".json"))
  .flatMap((file) => JSON.parse(readFileSync(`test/protocol/mux/${file}`, "utf8")) as Transcript | Transcript[]);

const kitSchema = schemaOf({ "kit.proto": readFileSync("test/protocol/kit.proto", "utf8") });
const ours = new Set(["init", "open", "msg", "end", "cancel"]);
const theirs = new Set(["ready", "head", "msg", "status", "credit", "pong"]);

function infoOf(frame: Frame): MethodInfo | undefined {
  const [service, name] = String(frame["method"]).split("/");
  return service === "kit.v1.Kit" && kitSchema.method(`${service}.${name}`) !== undefined
    ? methodInfo({ schema: kitSchema, bindings: [] }, name)
    : undefined;
}

const takesMany = ({ kind }: MethodInfo): boolean => kind === "client-streaming" || kind === "bidi-streaming";

/** Those that a client that keeps the rules could have written: the others are the faults of one that does not. */
function isPlayable({ given, steps }: Transcript): boolean {
  if (given.path !== "/-/stream" || given.protocols?.[0] !== "sluice.mux.v1.json" || given.options !== undefined)
    return false;
  const sent = steps.flatMap(({ send }) => (send === undefined ? [] : [send]));
  const isClean = steps.every((step) =>
    step.send === undefined ? theirs.has(step.expect?.t ?? "") : ours.has(step.send.t),
  );
  if (!isClean || sent[0]?.t !== "init" || sent.filter(({ t }) => t === "init").length > 1) return false;
  // Credit that is answered with a pong or an error is about what no client sends.
  const opens = sent.filter(({ t }) => t === "open");
  return opens.length > 0 && opens.every((open, index) => open["id"] === index + 1 && isOurOpen(open, sent));
}

/** As this client opens: one message in `open`, with the end, or none and messages later. */
function isOurOpen(open: Frame, sent: readonly Frame[]): boolean {
  const info = infoOf(open);
  if (info === undefined || open["timeout"] !== undefined || open["metadata"] !== undefined) return false;
  const later = sent.filter(({ t, id }) => (t === "msg" || t === "end") && id === open["id"]);
  return takesMany(info)
    ? open["m"] === undefined && open["end"] === undefined
    : open["m"] !== undefined && later.length === 0;
}

/** What a `"*"` stands for does not matter to a client. */
function concrete(frame: Frame): Frame {
  return {
    ...frame,
    ...Object.fromEntries(
      Object.entries(frame)
        .filter(([, value]) => value === "*")
        .map(([key]) => [key, 7]),
    ),
  };
}

/** Messages of a call, as the transcript sends them. */
class Feed {
  readonly #waiting: ((step: IteratorResult<unknown>) => void)[] = [];
  readonly #steps: IteratorResult<unknown>[] = [];

  give(step: IteratorResult<unknown>): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#steps.push(step);
    else waiter(step);
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return {
      next: () => {
        const step = this.#steps.shift();
        return step === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(step);
      },
    };
  }
}

describe("the browser client in the transcripts", () => {
  let server: FakeGateway;
  let page: Page;

  beforeEach(async () => {
    server = await startFakeGateway();
    page = openPage(server.url);
  });

  afterEach(() => {
    page.client.close();
    server.close();
  });

  const playable = transcripts.filter(isPlayable);

  it("are more than a few", () => {
    expect(playable.length).to.be.greaterThan(3);
  });

  for (const { name, steps } of playable)
    it(name, async () => {
      const calls = new Map<unknown, { call: StreamCall<unknown>; feed: Feed }>();
      const opens = steps.flatMap(({ send }) => (send?.t === "open" ? [send] : []));
      const begin = (open: Frame): void => {
        const info = infoOf(open)!;
        const feed = new Feed();
        const call = page.client.stream(info, takesMany(info) ? feed : open["m"]);
        calls.set(open["id"], { call, feed });
      };
      // The first call opens the socket.
      begin(opens[0]);
      const socket = await server.accept();
      expect((await socket.next()).t).to.equal("init");
      for (const { send, expect: told } of steps) {
        if (told !== undefined) await deliver(socket, concrete(told), calls);
        else if (send !== undefined && send.t !== "init") {
          if (send.t === "open" && !calls.has(send["id"])) begin(send);
          const { call, feed } = calls.get(send["id"])!;
          if (send.t === "msg") feed.give({ done: false, value: send["m"] });
          if (send.t === "end") feed.give({ done: true, value: undefined });
          if (send.t === "cancel") call.cancel(send["reason"] as string | undefined);
          const frame = await nextOf(socket);
          // How much credit, and whether an only message is said to be the last, is the client's choice.
          const choice = send.t === "open" ? { credit: frame["credit"], end: frame["end"] } : {};
          expect(frame).to.deep.equal(JSON.parse(JSON.stringify({ ...send, ...choice })));
        }
      }
    });

  /** The client's own refills are its own affair. */
  async function nextOf(socket: FakeSocket): Promise<Frame> {
    const frame = await socket.next();
    return frame.t === "credit" ? nextOf(socket) : frame;
  }

  async function deliver(
    socket: FakeSocket,
    frame: Frame,
    calls: ReadonlyMap<unknown, { readonly call: StreamCall<unknown> }>,
  ): Promise<void> {
    socket.send(frame);
    const call = calls.get(frame["id"])?.call;
    if (call === undefined) return;
    if (frame.t === "head") expect(await call.headers).to.deep.equal(frame["metadata"]);
    if (frame.t === "msg") expect((await call.next()).value).to.deep.equal(frame["m"]);
    if (frame.t !== "status") return;
    const { code } = await call.status;
    expect(code).to.equal(frame["code"]);
    if (code !== 1) expect(await call.trailers).to.deep.equal(frame["trailers"] ?? {});
  }
});

describe("the proto form in the transcripts", () => {
  const frames = transcripts.flatMap(({ steps }) =>
    steps.flatMap(({ expectBinary }) =>
      typeof expectBinary === "string" && !expectBinary.endsWith("*") ? [expectBinary] : [],
    ),
  );

  it("is read by the client", () => {
    expect(frames.length).to.be.greaterThan(5);
    for (const hex of frames) {
      const bytes = Buffer.from(hex, "hex");
      const frame = protoCodec.decode(new Uint8Array(bytes).buffer);
      expect(["head", "msg", "credit", "status", "pong", "ready", "goaway", "expiring"], hex).to.include(frame.t);
      if (frame.t === "msg")
        expect(Buffer.from(frame.m as Uint8Array).toString("hex")).to.equal(
          hex.slice(-2 * (frame.m as Uint8Array).length),
        );
      if (frame.t === "head") expect(frame.metadata).to.deep.equal({ "x-kit": ["1", "2"] });
    }
  });

  it("writes what the transcripts write", () => {
    const written = protoCodec.encode({ t: "credit", id: 150, n: 64 });
    expect(Buffer.from(written as Uint8Array).toString("hex")).to.equal("0696014840");
    const open = protoCodec.encode({
      t: "open",
      id: 1,
      method: "kit.v1.Kit/Talk",
      credit: 9,
      m: Buffer.from("0a01371a0568656c6c6f", "hex"),
    });
    expect(Buffer.from(open as Uint8Array).toString("hex")).to.equal(
      "0301220f6b69742e76312e4b69742f54616c6b3009420a0a01371a0568656c6c6f",
    );
    expect(Buffer.from(protoCodec.encode({ t: "end", id: 1 }) as Uint8Array).toString("hex")).to.equal("0701");
  });

  it("throws for what is cut", () => {
    for (const hex of ["", "05", "0980", "09017a11", "0901ff"])
      expect(() => protoCodec.decode(new Uint8Array(Buffer.from(hex, "hex")).buffer), hex).to.throw(RangeError);
  });
});
