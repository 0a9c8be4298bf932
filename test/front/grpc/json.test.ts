// gRPC for clients without protobuf: application/grpc+json, translated both ways as REST bodies are.
import { expect } from "chai";
import type { BackendHandlers } from "../../support/backend.ts";
import { bodyOf, data, headBlock, headers, headOf, trailersOf } from "../../serve/http2-fixture.ts";
import { frameOf } from "./byte-backend.ts";
import { note, path, startNotes } from "./notes.ts";
import type { Notes } from "./notes.ts";

const handlers: BackendHandlers = {
  [path.say]: (message) => message,
  [path.chat]: {
    stream: (call) => {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    },
  },
  [path.list]: {
    stream: (call) => {
      call.on("data", () => call.write(Buffer.from([0xff])));
    },
  },
};

function messagesIn(body: Buffer): unknown[] {
  const messages: unknown[] = [];
  for (let at = 0; at < body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    messages.push(JSON.parse(body.toString("utf8", at + 5, end)));
    at = end;
  }
  return messages;
}

describe("application/grpc+json", () => {
  let notes: Notes;

  before(async () => {
    notes = await startNotes({ handlers });
  });

  after(() => notes.close());

  async function call(target: string, ...messages: readonly string[]) {
    const raw = await notes.raw();
    const body = Buffer.concat(messages.map((text) => frameOf(Buffer.from(text))));
    raw.send(headers(1, headBlock(target, "content-type", "application/grpc+json")), data(1, body, true));
    const trailers = await trailersOf(raw, 1);
    return { head: await headOf(raw, 1), messages: messagesIn(bodyOf(raw, 1)), trailers };
  }

  it("carries a unary call", async () => {
    const { head, messages, trailers } = await call(path.say, '{"text":"caf\u00e9","number":"9007199254740993"}');
    expect(head?.get("content-type")).to.equal("application/grpc+json");
    expect(trailers?.get("grpc-status")).to.equal("0");
    expect(messages).to.deep.equal([{ text: "caf\u00e9", number: "9007199254740993", data: "" }]);
    expect(notes.backend.calls.at(-1)?.message).to.deep.equal(note({ text: "caf\u00e9", number: "9007199254740993" }));
  });

  it("carries every message of a stream", async () => {
    const { messages, trailers } = await call(path.chat, '{"text":"a"}', "{}", '{"number":7}');
    expect(trailers?.get("grpc-status")).to.equal("0");
    expect(messages).to.deep.equal([
      { text: "a", number: "0", data: "" },
      { text: "", number: "0", data: "" },
      { text: "", number: "7", data: "" },
    ]);
  });

  it("refuses JSON that is none, with the place", async () => {
    for (const target of [path.say, path.chat]) {
      const { trailers } = await call(target, '{"text":}');
      expect(trailers?.get("grpc-status")).to.equal("3");
      expect(trailers?.get("grpc-message")).to.match(/line 1, column 9/);
    }
  });

  it("refuses a field the message does not have", async () => {
    for (const target of [path.say, path.chat]) {
      const { trailers } = await call(target, '{"txet":"a"}');
      expect(trailers?.get("grpc-message")).to.match(/txet.*text/);
    }
  });

  it("says that a backend's message is no protobuf", async () => {
    const { trailers } = await call(path.list, "{}");
    expect(trailers?.get("grpc-status")).to.equal("13");
  });
});
