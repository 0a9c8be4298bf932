// How calls fail: the backend's status as it was, the gateway's own with its reason, messages that survive the wire.
import { expect } from "chai";
import type { StreamReply } from "../../../src/call.ts";
import { GatewayError } from "../../../src/status.ts";
import { toStatusBytes } from "../../../src/translate/reply/status-bytes.ts";
import { BackendError, toStatus } from "../../support/backend.ts";
import type { BackendHandlers } from "../../support/backend.ts";
import { data, headBlock, headers, trailersOf } from "../../serve/http2-fixture.ts";
import { ErrorCode, FrameType } from "../../../src/http2/protocol.ts";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import { grpcHead, note, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const messages: readonly (readonly [what: string, text: string])[] = [
  ["Unicode", "caf\u00e9 \u2603 \u{1f600}"],
  ["line breaks and tabs", "one\r\ntwo\tthree\n"],
  ["percent signs", "100% %41 %"],
  ["blanks at both ends", "  between  "],
  ["only blanks", "   "],
  ["a lone blank", " "],
];

const details = toStatusBytes(GatewayError.invalidField("lines[2].sku", "no such thing", "SKU_UNKNOWN"))!;

let failure = new BackendError(2, "");

const handlers: BackendHandlers = {
  [path.say]: () => {
    throw failure;
  },
  [path.chat]: {
    stream: (call) => {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.emit("error", toStatus(failure)));
    },
  },
  [path.list]: {
    stream: (call) => void call.emit("error", toStatus(failure)),
  },
};

for (const [name, transport] of Object.entries({ native: createNativeTransport, "grpc-js": createGrpcJsTransport })) {
  describe(`failures over gRPC, the ${name} transport behind`, () => {
    let notes: Notes;

    before(async () => {
      notes = await startNotes({ handlers, transport });
    });

    after(() => notes.close());

    it("have every code the backend gives", async () => {
      const client = notes.client();
      for (let code = 1; code <= 16; code++) {
        failure = new BackendError(code, `code ${code}`);
        const { status } = await client.unary(path.say, note({}));
        expect([status.code, status.details]).to.deep.equal([code, `code ${code}`]);
      }
    });

    for (const [what, text] of messages) {
      it(`keep messages with ${what}`, async () => {
        failure = new BackendError(9, text);
        const client = notes.client();
        // grpc-js sends blanks at the ends as they are, and servers of HTTP/2 take them off.
        expect((await client.unary(path.say, note({}))).status.details.trim()).to.equal(text.trim());
        expect((await client.stream(path.chat, [note({})])).status.details.trim()).to.equal(text.trim());
      });
    }

    it("keep the backend's details, byte by byte", async () => {
      failure = new BackendError(3, "bad", Buffer.from(details));
      const client = notes.client();
      for (const { status } of [await client.unary(path.say, note({})), await client.stream(path.chat, [note({})])])
        expect(status.metadata.get("grpc-status-details-bin")).to.deep.equal([Buffer.from(details)]);
    });

    it("keep long details", async () => {
      failure = new BackendError(3, "bad", Buffer.alloc(6000, 10));
      const { status } = await notes.client().unary(path.say, note({}));
      expect(status.metadata.get("grpc-status-details-bin")).to.deep.equal([Buffer.alloc(6000, 10)]);
    });

    it("come in one header block where nothing came before them", async () => {
      failure = new BackendError(5, "gone");
      for (const target of [path.say, path.list]) {
        const raw = await notes.raw();
        raw.send(headers(1, grpcHead(target)), data(1, Buffer.alloc(5), true));
        const answer = await trailersOf(raw, 1);
        expect([answer?.get(":status"), answer?.get("grpc-status"), answer?.get("grpc-message")]).to.deep.equal([
          "200",
          "5",
          "gone",
        ]);
        expect(raw.frames.filter(({ id, type }) => id === 1 && type === FrameType.HEADERS)).to.have.length(1);
      }
    });

    it("come after the messages of a stream that were sent before", async () => {
      failure = new BackendError(10, "in the middle");
      const { messages: got, status } = await notes
        .client()
        .stream(path.chat, [note({ text: "a" }), note({ text: "b" })]);
      expect([got.length, status.code, status.details]).to.deep.equal([2, 10, "in the middle"]);
    });
  });
}

describe("failures of the gateway", () => {
  it("say that the backend cannot be reached, and neither where it is nor why", async () => {
    const notes = await startNotes({ target: "127.0.0.1:1" });
    try {
      const client = notes.client();
      for (const { status } of [await client.unary(path.say, note({})), await client.stream(path.chat, [])]) {
        expect(status.code).to.equal(14);
        expect(status.details).to.not.match(/127|refused|ECONN/);
        expect((status.metadata.get("grpc-status-details-bin")[0] as Buffer).toString("latin1")).to.include(
          "UPSTREAM_UNAVAILABLE",
        );
      }
      expect(notes.reports).to.not.have.length(0);
    } finally {
      await notes.close();
    }
  });

  it("end the stream where they cannot be said in headers, and the log hears why", async () => {
    const unsayable = new GatewayError(5, "no", { headers: { "x-broken": "a\nb" } });
    const failed = Promise.reject(unsayable);
    failed.catch(() => {});
    const started: StreamReply = {
      headers: Promise.resolve([]),
      messages: { read: () => failed },
      trailers: failed,
    };
    const notes = await startNotes({ handler: { unary: () => failed, stream: () => started } });
    try {
      for (const target of [path.say, path.chat]) {
        const raw = await notes.raw();
        raw.send(headers(1, grpcHead(target)), data(1, Buffer.alloc(5), true));
        expect(await raw.resetCode(1)).to.equal(ErrorCode.INTERNAL_ERROR);
        expect(String(notes.reports.at(-1)?.cause)).to.include("x-broken");
      }
    } finally {
      await notes.close();
    }
  });

  it("are told once, however many promises of the reply have failed", async () => {
    const fail = (): Promise<never> => Promise.reject(new GatewayError(7, "no"));
    const replies: readonly (() => StreamReply)[] = [
      () => ({ headers: fail(), messages: { read: fail }, trailers: fail() }),
      () => ({ headers: Promise.resolve([]), messages: { read: fail }, trailers: fail() }),
    ];
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    try {
      for (const stream of replies) {
        const notes = await startNotes({ handler: { unary: fail, stream } });
        const { status } = await notes.client().stream(path.chat, []);
        expect([status.code, status.details]).to.deep.equal([7, "no"]);
        await notes.close();
      }
    } finally {
      process.off("unhandledRejection", listener);
    }
    expect(unhandled).to.deep.equal([]);
  });

  it("name the field of a JSON message that is wrong", async () => {
    const notes = await startNotes({ handlers });
    try {
      const raw = await notes.raw();
      const body = Buffer.from('{"txt":1}');
      const prefix = Buffer.from([0, 0, 0, 0, body.length]);
      raw.send(
        headers(1, headBlock(path.say, "content-type", "application/grpc+json")),
        data(1, Buffer.concat([prefix, body]), true),
      );
      const answer = await trailersOf(raw, 1);
      expect(answer?.get("grpc-status")).to.equal("3");
      const bin = Buffer.from(answer?.get("grpc-status-details-bin") ?? "", "base64").toString("latin1");
      expect(bin).to.include("FIELD_UNKNOWN").and.include("google.rpc.BadRequest").and.include("txt");
    } finally {
      await notes.close();
    }
  });
});
