// What of a client's metadata the backend gets, and of the backend's the client: everything but what belongs to a hop.
import { Metadata } from "@grpc/grpc-js";
import { expect } from "chai";
import type { Handler } from "../../../src/call.ts";
import { BackendError } from "../../support/backend.ts";
import type { BackendHandlers } from "../../support/backend.ts";
import { data, headers, headOf, trailersOf } from "../../serve/http2-fixture.ts";
import { literals } from "../../http2/support/raw-peer.ts";
import { entriesOf, grpcHead, note, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const bytes = Buffer.from([0, 1, 254, 255]);
const emptyMessage = Buffer.alloc(5);

const handlers: BackendHandlers = {
  [path.say]: (message, call) => {
    if (message.toString("latin1").includes("fail")) {
      call.trailer("x-why", "because");
      call.trailer("x-why-bin", bytes);
      throw new BackendError(5, "not here");
    }
    call.header("x-head", "h");
    call.header("x-head-bin", bytes);
    call.trailer("x-trail", "t");
    call.trailer("x-trail-bin", bytes);
    return message;
  },
  [path.chat]: {
    stream: (call) => {
      const head = new Metadata();
      head.add("x-head", "1");
      head.add("x-head", "2");
      call.sendMetadata(head);
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => {
        const trailers = new Metadata();
        trailers.add("x-trail-bin", bytes);
        call.end(trailers);
      });
    },
  },
};

/** In every spelling somebody behind might take for the real one. */
const reserved: readonly string[] = [
  "grpc-status",
  "grpc-message",
  "grpc-metadata-x-user",
  "grpc-metadata-grpc-timeout",
  "grpc-metadata-authorization-bin",
  "grpc-trace-bin",
  "connect-timeout-ms",
  "connect-protocol-version",
  "sluice-user",
  "grpcgateway-authorization",
  "x-forwarded-for-bin",
  "x-real-ip",
  "x-real-ip-bin",
  "forwarded",
  "user-agent-bin",
  "x-http-code",
  "proxy-authorization",
  "content-encoding",
  "accept-encoding",
  "expect",
  "trailer",
];

describe("metadata over gRPC", () => {
  let notes: Notes;

  before(async () => {
    notes = await startNotes({ handlers });
  });

  after(() => notes.close());

  function received(): ReadonlyMap<string, readonly (string | Buffer)[]> {
    return notes.backend.calls.at(-1)?.metadata ?? new Map();
  }

  it("reaches the backend: texts, bytes, several values of one name", async () => {
    await notes.client().unary(path.say, note({}), {
      "x-text": "some text",
      "x-several": ["a", "b"],
      "x-bytes-bin": bytes,
      "x-list-bin": [bytes, Buffer.alloc(0), Buffer.from("z")],
      authorization: "Bearer t",
      traceparent: "00-a-b-01",
    });
    const metadata = received();
    expect(metadata.get("x-text")).to.deep.equal(["some text"]);
    expect(metadata.get("x-several")?.join(", ")).to.equal("a, b");
    expect(metadata.get("x-bytes-bin")).to.deep.equal([bytes]);
    expect(metadata.get("x-list-bin")).to.deep.equal([bytes, Buffer.alloc(0), Buffer.from("z")]);
    expect(metadata.get("authorization")).to.deep.equal(["Bearer t"]);
    expect(metadata.get("traceparent")).to.deep.equal(["00-a-b-01"]);
  });

  it("says where the client is", async () => {
    await notes.client().unary(path.say, note({}), {
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-host": "evil",
      "x-forwarded-proto": "https",
    });
    const metadata = received();
    expect(metadata.get("x-forwarded-for")).to.deep.equal(["127.0.0.1"]);
    expect(metadata.get("x-forwarded-host")).to.deep.equal([`127.0.0.1:${notes.port}`]);
    expect(metadata.get("x-forwarded-proto")).to.deep.equal(["http"]);
  });

  it("never has a reserved name from a client, in whatever spelling", async () => {
    const raw = await notes.raw();
    raw.send(
      headers(
        1,
        grpcHead(
          path.say,
          ...reserved.flatMap((name) => [name, name === "expect" ? "100-continue" : "QQ"]),
          "x-kept",
          "1",
        ),
      ),
      data(1, emptyMessage, true),
    );
    expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
    const names = [...received().keys()];
    expect(names).to.include("x-kept");
    expect(names.filter((name) => reserved.includes(name))).to.deep.equal([]);
  });

  it("is not read from the trailers of a request", async () => {
    const raw = await notes.raw();
    const trailers = literals("x-user", "root", "authorization", "Bearer root");
    raw.send(headers(1, grpcHead(path.say)), data(1, emptyMessage), headers(1, trailers, true));
    expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
    expect([...received().keys()]).to.not.include.members(["x-user", "authorization"]);
  });

  it("is refused where a text has other characters than printable ASCII", async () => {
    const before = notes.backend.calls.length;
    const raw = await notes.raw();
    raw.send(headers(1, grpcHead(path.say, "x-text", "caf\u00e9")), data(1, emptyMessage, true));
    const answer = await trailersOf(raw, 1);
    expect([answer?.get("grpc-status"), answer?.get("grpc-message")]).to.deep.equal([
      "3",
      "the metadata x-text has characters other than printable ASCII",
    ]);
    expect(notes.backend.calls).to.have.length(before);
  });

  it("is refused where bytes are no base64", async () => {
    for (const value of ["?", "A", "A===", "ab-_"]) {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.say, "x-bytes-bin", value)), data(1, emptyMessage, true));
      const answer = await trailersOf(raw, 1);
      expect([answer?.get("grpc-status"), answer?.get("grpc-message")], value).to.deep.equal([
        "3",
        "the metadata x-bytes-bin is not base64",
      ]);
    }
  });

  it("reads bytes with and without padding", async () => {
    for (const value of ["AAH+/w==", "AAH+/w"]) {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(path.say, "x-bytes-bin", value)), data(1, emptyMessage, true));
      expect((await trailersOf(raw, 1))?.get("grpc-status")).to.equal("0");
      expect(received().get("x-bytes-bin"), value).to.deep.equal([bytes]);
    }
  });

  it("of the backend reaches the client, headers as headers and trailers as trailers", async () => {
    const { headers: head, status } = await notes.client().unary(path.say, note({}));
    const base64 = bytes.toString("base64");
    expect(entriesOf(head)).to.include.deep.keys({ "x-head": ["h"], "x-head-bin": [base64] });
    expect(entriesOf(status.metadata)).to.deep.equal({ "x-trail": ["t"], "x-trail-bin": [base64] });
  });

  it("of the backend reaches the client of a stream", async () => {
    const { headers: head, status } = await notes.client().stream(path.chat, [note({})]);
    expect(entriesOf(head)["x-head"].join(", ")).to.equal("1, 2");
    expect(entriesOf(status.metadata)).to.deep.equal({ "x-trail-bin": [bytes.toString("base64")] });
  });

  it("comes with a failure, too", async () => {
    const { status } = await notes.client().unary(path.say, note({ text: "fail" }));
    expect([status.code, status.details]).to.deep.equal([5, "not here"]);
    expect(entriesOf(status.metadata)).to.deep.include({
      "x-why": ["because"],
      "x-why-bin": [bytes.toString("base64")],
    });
  });
});

describe("metadata that answers a call", () => {
  const fields = ["x-fine", "1", "x-blank", " both ends ", "Upper", "1", "x-text", "caf\u00e9", "", "1"];
  const names = [
    ":status",
    "connection",
    "content-length",
    "content-type",
    "vary",
    "te",
    "grpc-status",
    "connect-timeout-ms",
  ];
  const metadata = [...names.flatMap((name) => [name, "1"]), ...fields];
  const handler: Handler = {
    unary: ({ message }) => Promise.resolve({ message, headers: metadata, trailers: metadata }),
    stream: () => ({
      headers: Promise.resolve(metadata),
      messages: { read: () => Promise.resolve(undefined) },
      trailers: Promise.resolve(metadata),
    }),
  };

  it("never breaks the answer: what HTTP and the gateway set stays, what cannot be sent is left out", async () => {
    const notes = await startNotes({ handler });
    try {
      for (const target of [path.say, path.chat]) {
        const raw = await notes.raw();
        const block = grpcHead(target);
        raw.send(headers(1, block), data(1, emptyMessage, true));
        const trailers = await trailersOf(raw, 1);
        const kept = { "x-fine": "1", "x-blank": "both ends" };
        expect(Object.fromEntries(trailers ?? [])).to.deep.equal({ "grpc-status": "0", ...kept });
        expect(Object.fromEntries((await headOf(raw, 1)) ?? [])).to.deep.equal({
          ":status": "200",
          "content-type": "application/grpc",
          ...kept,
        });
      }
    } finally {
      await notes.close();
    }
  });
});
