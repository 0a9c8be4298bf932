// Messages as they lie in DATA frames: in any pieces, and every way in which they can be wrong.
import { expect } from "chai";
import type { BackendHandlers } from "../../support/backend.ts";
import { bodyOf, data, headers, trailersOf } from "../../serve/http2-fixture.ts";
import { frameOf } from "./byte-backend.ts";
import { grpcHead, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const handlers: BackendHandlers = {
  [path.say]: (message) => message,
  [path.chat]: {
    stream: (call) => {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    },
  },
};

interface Outcome {
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly details: string;
}

const one = Buffer.from([8, 1]);
const INTERNAL = "13";
const UNIMPLEMENTED = "12";
const RESOURCE_EXHAUSTED = "8";

interface Wrong {
  readonly what: string;
  readonly body: Buffer;
  readonly code: string;
  readonly reason: string;
  readonly text: RegExp;
}

const wrongForAll: readonly Wrong[] = [
  {
    what: "a message cut short",
    body: frameOf(one, 0, 3),
    code: INTERNAL,
    reason: "MESSAGE_MALFORMED",
    text: /ended in the middle of a message/,
  },
  {
    what: "a prefix cut short",
    body: Buffer.from([0, 0, 0]),
    code: INTERNAL,
    reason: "MESSAGE_MALFORMED",
    text: /ended in the middle of a message/,
  },
  {
    what: "a flag byte that is none",
    body: frameOf(one, 2),
    code: INTERNAL,
    reason: "MESSAGE_FRAME_INVALID",
    text: /begins with the byte 2/,
  },
  {
    what: "a message marked as compressed where grpc-encoding does not say how",
    body: frameOf(one, 1),
    code: INTERNAL,
    reason: "MESSAGE_ENCODING_INVALID",
    text: /grpc-encoding does not say how/,
  },
  {
    what: "a prefix that announces four gigabytes",
    body: frameOf(one, 0, 0xffff_ffff),
    code: RESOURCE_EXHAUSTED,
    reason: "MESSAGE_TOO_LARGE",
    text: /4294967295 bytes, more than the 4194304 allowed/,
  },
];

const wrongForUnary: readonly Wrong[] = [
  {
    what: "no message",
    body: Buffer.alloc(0),
    code: UNIMPLEMENTED,
    reason: "MESSAGE_COUNT_INVALID",
    text: /no message/,
  },
  {
    what: "two messages",
    body: Buffer.concat([frameOf(one), frameOf(one)]),
    code: UNIMPLEMENTED,
    reason: "MESSAGE_COUNT_INVALID",
    text: /more than one message/,
  },
];

describe("message framing over gRPC", () => {
  let notes: Notes;

  before(async () => {
    notes = await startNotes({ handlers });
  });

  after(() => notes.close());

  async function send(target: string, parts: readonly Buffer[], ...fields: readonly string[]) {
    const raw = await notes.raw();
    const head = grpcHead(target, ...fields);
    raw.send(headers(1, head), ...parts.map((part, at) => data(1, part, at === parts.length - 1)));
    return raw;
  }

  async function outcomeOf(target: string, body: Buffer): Promise<Outcome> {
    const answer = await trailersOf(await send(target, [body]), 1);
    return {
      code: answer?.get("grpc-status"),
      message: answer?.get("grpc-message"),
      details: Buffer.from(answer?.get("grpc-status-details-bin") ?? "", "base64").toString("latin1"),
    };
  }

  for (const target of [path.say, path.chat]) {
    const kind = target === path.say ? "unary" : "streaming";
    for (const { what, body, code, reason, text } of [...wrongForAll, ...(kind === "unary" ? wrongForUnary : [])]) {
      it(`refuses ${what} in a ${kind} call`, async () => {
        const outcome = await outcomeOf(target, body);
        expect(outcome.code).to.equal(code);
        expect(outcome.message).to.match(text);
        expect(outcome.details).to.include(reason);
      });
    }

    it(`puts a message together from single bytes in a ${kind} call`, async () => {
      const body = frameOf(Buffer.from("in pieces"));
      const raw = await send(
        target,
        Array.from(body, (byte) => Buffer.from([byte])),
      );
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
      expect(bodyOf(raw, 1)).to.deep.equal(body);
    });

    it(`reads a message whose end comes in an empty frame in a ${kind} call`, async () => {
      const raw = await send(target, [frameOf(one), Buffer.alloc(0)]);
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
    });
  }

  it("takes as many messages from one frame as there are", async () => {
    const body = Buffer.concat(Array.from({ length: 1000 }, (_, at) => frameOf(Buffer.from([8, at & 127]))));
    const raw = await send(path.chat, [body]);
    expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
    expect(bodyOf(raw, 1)).to.deep.equal(body);
  });

  it("sends on the messages that came before the one that is wrong", async () => {
    const raw = await notes.raw();
    const head = grpcHead(path.chat);
    raw.send(headers(1, head), data(1, frameOf(one)));
    while (bodyOf(raw, 1).length < 7) await raw.settled();
    raw.send(data(1, frameOf(one, 9), true));
    expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal(INTERNAL);
    expect(bodyOf(raw, 1)).to.deep.equal(frameOf(one));
  });
});
