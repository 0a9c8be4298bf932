// Whatever a client sends in place of a call, every stream of it ends, and the gateway goes on serving others.
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { FrameType } from "../../../src/http2/protocol.ts";
import { fuzzParameters, Random } from "../../fuzz/random.ts";
import { frame, literals, number32 } from "../../http2/support/raw-peer.ts";
import type { RawFrame, RawPeer } from "../../http2/support/raw-peer.ts";
import { data, headers } from "../../serve/http2-fixture.ts";
import type { BackendHandlers } from "../../support/backend.ts";
import { frameOf } from "./byte-backend.ts";
import { note, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const echo = {
  stream: (call: Parameters<Extract<BackendHandlers[string], { stream: unknown }>["stream"]>[0]): void => {
    call.on("data", (message: Buffer) => call.write(message));
    call.on("end", () => call.end());
  },
};
const handlers: BackendHandlers = { [path.say]: (message) => message, [path.chat]: echo, [path.list]: echo };

const fields: readonly (readonly string[])[] = [
  ["te", "trailers"],
  ["grpc-encoding", "gzip"],
  ["grpc-encoding", "identity"],
  ["grpc-encoding", "br"],
  ["grpc-accept-encoding", "gzip,deflate,,br"],
  ["grpc-timeout", "20m"],
  ["grpc-timeout", "1n"],
  ["grpc-timeout", "x"],
  ["content-length", "7"],
  ["x-text", "a"],
  ["x-text", "\u00e9"],
  ["x-bin-bin", "AA"],
  ["x-bin-bin", "!"],
  ["x_under", "1"],
  ["grpc-status", "0"],
  ["__proto__", "1"],
];

const messages: readonly Buffer[] = [
  frameOf(note({ text: "a" })),
  frameOf(Buffer.alloc(0)),
  frameOf(gzipSync(note({ text: "a" })), 1),
  frameOf(note({ text: "a" }), 1),
  frameOf(note({ text: "a" }), 3),
  frameOf(Buffer.from("{}")),
  frameOf(Buffer.from("short"), 0, 9),
  frameOf(Buffer.alloc(0), 0, 0xffff_ffff),
  Buffer.from([0, 0, 0]),
  Buffer.alloc(0),
  Buffer.alloc(12_000, 1),
];

function callOf(random: Random, id: number): { readonly bytes: Buffer; readonly isAbandoned: boolean } {
  const target = random.pick([path.say, path.chat, path.list, path.quick, "/notes.Notes/None", "/x", "//"]);
  const contentType = random.pick([
    "application/grpc",
    "application/grpc+json",
    "application/grpc+x",
    "application/grpc;",
  ]);
  const extra = Array.from({ length: random.below(4) }, () => random.pick(fields)).flat();
  const method = random.chance(90) ? "POST" : random.pick(["GET", "HEAD", "PUT"]);
  const head = literals(
    ":method",
    method,
    ":scheme",
    "http",
    ":path",
    target,
    ":authority",
    "a",
    "content-type",
    contentType,
    ...extra,
  );
  const parts = [headers(id, head)];
  for (let count = random.below(4); count > 0; count--) parts.push(data(id, random.pick(messages)));
  const ending = random.below(10);
  if (ending === 0) parts.push(frame(FrameType.RST_STREAM, 0, id, number32(8)));
  else if (ending === 1) parts.push(headers(id, literals("x-trailer", "1"), true));
  else parts.push(data(id, Buffer.alloc(0), true));
  return { bytes: Buffer.concat(parts), isAbandoned: ending === 0 };
}

const isEnd = ({ type, flags }: RawFrame): boolean =>
  type === FrameType.RST_STREAM || ((type === FrameType.HEADERS || type === FrameType.DATA) && (flags & 1) === 1);

/** Waits for the end of each stream; those of a connection that ends are over with it. */
async function allEnded(raw: RawPeer, ids: readonly number[]): Promise<void> {
  for (const wanted of ids) {
    const isItsEnd = (candidate: RawFrame): boolean => candidate.id === wanted && isEnd(candidate);
    await Promise.race(
      [FrameType.RST_STREAM, FrameType.HEADERS, FrameType.DATA].map((type) => raw.next(type, isItsEnd)),
    );
  }
}

describe("the gRPC front under fuzz", () => {
  let notes: Notes;

  before(async () => {
    notes = await startNotes({ handlers, options: { defaultTimeoutMs: 500 } });
  });

  after(() => notes.close());

  it("ends every stream, and serves the next client", async () => {
    const { seed, numRuns } = fuzzParameters(60);
    for (let run = 0; run < numRuns; run++) {
      const random = new Random(seed + run);
      const raw = await notes.raw();
      const ids = Array.from({ length: 8 }, (_, at) => at * 2 + 1);
      const calls = ids.map((id) => callOf(random, id));
      raw.send(...calls.map(({ bytes }) => bytes));
      const waitedFor = ids.filter((_, at) => !calls[at].isAbandoned);
      await allEnded(raw, waitedFor);
      raw.socket.destroy();
    }
    const { message, status } = await notes
      .client()
      .unary(path.say, note({ text: "still here" }), {}, { deadline: Date.now() + 20_000 });
    expect([status.code, message]).to.deep.equal([0, note({ text: "still here" })]);
  });
});
