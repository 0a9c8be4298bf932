// Which requests are gRPC calls of which method, and what all others get: spelled exactly, or refused in the words clients know.
import { expect } from "chai";
import type { BackendHandlers } from "../../support/backend.ts";
import { exchangeRaw, request } from "../../support/raw-http.ts";
import { bodyOf, headBlock, headers, headOf, trailersOf } from "../../serve/http2-fixture.ts";
import { literals } from "../../http2/support/raw-peer.ts";
import { ErrorCode } from "../../../src/http2/protocol.ts";
import { entriesOf, grpcHead, note, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const echo = (message: Buffer): Buffer => message;
const handlers: BackendHandlers = {
  [path.say]: echo,
  "/other.Service/Echo": echo,
  "/other.Service/Chat": {
    stream: (call) => {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    },
  },
};

const UNIMPLEMENTED = 12;

/** SECURITY.md, attack 4: a path in another spelling reaches no method. */
const unknown: readonly (readonly [path: string, message: string])[] = [
  ["/notes.Notes/Sing", "unknown method Sing for service notes.Notes"],
  ["/notes.Notes/say", "unknown method say for service notes.Notes"],
  ["/notes.Notes/SAY", "unknown method SAY for service notes.Notes"],
  ["/Notes.Notes/Say", "unknown service Notes.Notes"],
  ["/notes.notes/Say", "unknown service notes.notes"],
  ["/other.Service/Echo", "unknown service other.Service"],
  ["/Notes/Say", "unknown service Notes"],
  ...[
    "/",
    "//",
    "/notes.Notes",
    "/notes.Notes/",
    "/notes.Notes/Say/",
    "//notes.Notes/Say",
    "/notes.Notes//Say",
    "/x/notes.Notes/Say",
    "/notes.Notes/Say?x=1",
    "/notes.Notes/Say#x",
    "/notes.Notes/%53ay",
    "/notes.Notes%2FSay",
    "/notes.Notes/./Say",
    "/notes.Notes/../notes.Notes/Say",
    "/notes.Notes/Say;x",
    "/notes.Notes\\Say",
    "/constructor/__proto__/x",
  ].map((text) => [text, "malformed method name: /package.Service/Method is expected"] as const),
  ["/constructor/__proto__", "unknown service constructor"],
];

describe("methods over gRPC", () => {
  let notes: Notes;

  before(async () => {
    notes = await startNotes({ handlers });
  });

  after(() => notes.close());

  for (const [target, message] of unknown) {
    it(`refuses ${target}: ${message}`, async () => {
      const raw = await notes.raw();
      raw.send(headers(1, grpcHead(target), true));
      const answer = await trailersOf(raw, 1);
      expect(answer?.get(":status")).to.equal("200");
      expect(answer?.get("content-type")).to.equal("application/grpc");
      expect([answer?.get("grpc-status"), answer?.get("grpc-message")]).to.deep.equal([String(UNIMPLEMENTED), message]);
      expect(notes.backend.calls).to.have.length(0);
    });
  }

  it("gives refusals a reason a program can read", async () => {
    const { status } = await notes.client().unary("/notes.Notes/Sing", Buffer.alloc(0));
    const [details] = status.metadata.get("grpc-status-details-bin") as Buffer[];
    expect(details.toString("latin1")).to.include("METHOD_UNKNOWN").and.include("sluice");
  });

  it("resets a path without its slash, which is no request at all", async () => {
    const raw = await notes.raw();
    raw.send(headers(1, grpcHead("notes.Notes/Say"), true));
    expect(await raw.resetCode(1)).to.equal(ErrorCode.PROTOCOL_ERROR);
  });

  it("reads the content type in any case and with parameters", async () => {
    for (const contentType of ["Application/GRPC", "application/grpc; charset=utf-8", "application/grpc+PROTO"]) {
      const raw = await notes.raw();
      const head = headBlock("/x.Y/Z", "content-type", contentType);
      raw.send(headers(1, head, true));
      expect((await trailersOf(raw, 1))?.get("grpc-message"), contentType).to.equal("unknown service x.Y");
    }
  });

  it("answers another method than POST with 405", async () => {
    const raw = await notes.raw();
    raw.send(
      headers(
        1,
        literals(
          ":method",
          "GET",
          ":scheme",
          "http",
          ":path",
          path.say,
          ":authority",
          "a",
          "content-type",
          "application/grpc",
        ),
        true,
      ),
    );
    const answer = await headOf(raw, 1);
    expect([answer?.get(":status"), answer?.get("allow")]).to.deep.equal(["405", "POST"]);
    expect(answer?.get("grpc-status")).to.equal(String(UNIMPLEMENTED));
  });

  it("answers a codec nobody here speaks with 415, and says which there are", async () => {
    const raw = await notes.raw();
    const contentType = "application/grpc+thrift";
    raw.send(headers(1, headBlock(path.say, "content-type", contentType), true));
    expect((await headOf(raw, 1))?.get(":status")).to.equal("415");
    await raw.settled();
    expect(bodyOf(raw, 1).toString()).to.match(/application\/grpc, \+proto or \+json/);
  });

  it("answers gRPC over HTTP/1.1 with 505", async () => {
    const answer = await exchangeRaw(
      notes,
      request(`POST ${path.say}`, ["Content-Type: application/grpc", "TE: trailers"], Buffer.from([0, 0, 0, 0, 0])),
    );
    expect([answer.status, answer.headers.get("grpc-status")]).to.deep.equal([505, String(UNIMPLEMENTED)]);
    expect(answer.body.toString()).to.match(/HTTP\/2/);
  });
});

describe("proxyUnknown", () => {
  let notes: Notes;

  before(async () => {
    notes = await startNotes({ handlers, options: { proxyUnknown: true } });
  });

  after(() => notes.close());

  it("passes unary calls and streams of services without proto on as they are", async () => {
    const client = notes.client();
    const { message } = await client.unary("/other.Service/Echo", note({ text: "hi" }), { "x-a": "1" });
    expect(message).to.deep.equal(note({ text: "hi" }));
    expect(notes.backend.calls.at(-1)?.metadata.get("x-a")).to.deep.equal(["1"]);
    const { messages, status } = await client.stream("/other.Service/Chat", [note({ text: "a" }), note({ text: "b" })]);
    expect([messages.length, status.code]).to.deep.equal([2, 0]);
  });

  it("lets the backend say that it does not know a method", async () => {
    const { status } = await notes.client().unary("/other.Service/Nothing", Buffer.alloc(0));
    expect(status.code).to.equal(UNIMPLEMENTED);
    expect(status.details).to.include("Nothing");
  });

  it("still refuses unknown methods of services that have a proto", async () => {
    const before = notes.backend.calls.length;
    const { status } = await notes.client().unary("/notes.Notes/Sing", Buffer.alloc(0));
    expect(status.details).to.equal("unknown method Sing for service notes.Notes");
    expect(notes.backend.calls).to.have.length(before);
  });

  it("has no JSON for what has no proto", async () => {
    const raw = await notes.raw();
    const contentType = "application/grpc+json";
    const target = "/other.Service/Echo";
    raw.send(headers(1, headBlock(target, "content-type", contentType), true));
    const answer = await trailersOf(raw, 1);
    expect(answer?.get("grpc-status")).to.equal(String(UNIMPLEMENTED));
    expect(answer?.get("grpc-message")).to.match(/other\.Service.*JSON/);
  });

  it("refuses names no proto could have", async () => {
    for (const target of ["/a/b/c", "/a-b/c", `/${"a".repeat(600)}/b`]) {
      const { status } = await notes.client().unary(target, Buffer.alloc(0));
      expect([status.code, entriesOf(status.metadata)["grpc-status-details-bin"]?.length], target).to.deep.equal([
        UNIMPLEMENTED,
        1,
      ]);
    }
  });
});
