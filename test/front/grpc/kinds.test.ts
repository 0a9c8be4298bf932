// All four kinds of calls through the gateway, with real clients and a real backend: the bytes, and both halves of every stream.
import { once } from "node:events";
import { loadSync } from "@grpc/proto-loader";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import type { GrpcObject, ServiceClientConstructor } from "@grpc/grpc-js";
import { expect } from "chai";
import { createGrpcJsTransport } from "../../../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../../../src/upstream/native.ts";
import { createFolder } from "../../config/yaml-fixture.ts";
import type { BackendHandlers } from "../../support/backend.ts";
import { note, outcomeOf, path, startNotes, statusOf } from "./notes.ts";
import type { Notes } from "./notes.ts";

const handlers: BackendHandlers = {
  [path.say]: (message) => Buffer.concat([message, message]),
  [path.gather]: {
    stream: (call) => {
      const parts: Buffer[] = [];
      call.on("data", (message: Buffer) => parts.push(message));
      call.on("end", () => {
        call.write(Buffer.concat(parts));
        call.end();
      });
    },
  },
  [path.list]: {
    stream: (call) => {
      call.on("data", (message: Buffer) => {
        for (const byte of message) call.write(Buffer.from([8, byte]));
      });
      call.on("end", () => call.end());
    },
  },
  [path.chat]: {
    stream: (call) => {
      call.on("data", (message: Buffer) => call.write(message));
      call.on("end", () => call.end());
    },
  },
};

const transports = { native: createNativeTransport, "grpc-js": createGrpcJsTransport };

for (const [name, transport] of Object.entries(transports)) {
  describe(`calls over gRPC, the ${name} transport behind`, () => {
    let notes: Notes;

    before(async () => {
      notes = await startNotes({ handlers, transport });
    });

    after(() => notes.close());

    it("carries a unary call", async () => {
      const { message, status } = await notes.client().unary(path.say, note({ text: "hi" }));
      expect([status.code, status.details]).to.deep.equal([0, ""]);
      expect(message).to.deep.equal(Buffer.concat([note({ text: "hi" }), note({ text: "hi" })]));
    });

    it("carries empty messages, which are messages", async () => {
      const client = notes.client();
      expect((await client.unary(path.say, Buffer.alloc(0))).message).to.deep.equal(Buffer.alloc(0));
      const { messages } = await client.stream(path.chat, [Buffer.alloc(0), Buffer.alloc(0), note({ text: "x" })]);
      expect(messages).to.deep.equal([Buffer.alloc(0), Buffer.alloc(0), note({ text: "x" })]);
    });

    it("carries a message of four megabytes, both ways", async () => {
      const large = Buffer.alloc(2_000_000, 5);
      const { message } = await notes.client().unary(path.say, large);
      expect(message?.equals(Buffer.concat([large, large]))).to.equal(true);
      const whole = Buffer.alloc(4_194_304, 7);
      const { messages } = await notes.client().stream(path.chat, [whole, whole]);
      expect(messages.map((one) => one.equals(whole))).to.deep.equal([true, true]);
    });

    it("does not look into messages", async () => {
      const { messages } = await notes.client().stream(path.chat, [Buffer.from("no protobuf")]);
      expect(messages[0].toString()).to.equal("no protobuf");
    });

    it("carries the messages of a client stream in order, and the one answer", async () => {
      const sent = Array.from({ length: 500 }, (_, at) => note({ number: at }));
      const { messages, status } = await notes.client().stream(path.gather, sent);
      expect([status.code, messages.length]).to.deep.equal([0, 1]);
      expect(messages[0]).to.deep.equal(Buffer.concat(sent));
    });

    it("carries the messages of a server stream in order", async () => {
      const bytes = Buffer.from(Array.from({ length: 500 }, (_, at) => at % 128));
      const { messages, status } = await notes.client().stream(path.list, [bytes]);
      expect(status.code).to.equal(0);
      expect(Buffer.concat(messages.map((message) => message.subarray(1)))).to.deep.equal(bytes);
    });

    it("carries a stream without any message", async () => {
      const { messages, status } = await notes.client().stream(path.chat, []);
      expect([status.code, messages]).to.deep.equal([0, []]);
    });

    it("lets both sides of a stream take turns", async () => {
      const call = notes.client().chat(path.chat);
      for (const text of ["a", "b", "c"]) {
        call.write(note({ text }));
        const [answer] = (await once(call, "data")) as [Buffer];
        expect(answer).to.deep.equal(note({ text }));
      }
      call.end();
      expect((await statusOf(call)).code).to.equal(0);
    });

    it("carries a thousand streams at once over ten connections", async () => {
      const clients = Array.from({ length: 10 }, () => notes.client());
      const calls = Array.from({ length: 1000 }, (_, at) => ({ at, call: clients[at % 10].chat(path.chat) }));
      const answers = calls.map(async ({ at, call }) => {
        call.write(note({ number: at }));
        const [answer] = (await once(call, "data")) as [Buffer];
        return answer;
      });
      const received = await Promise.all(answers);
      const ends = calls.map(({ call }) => outcomeOf(call));
      for (const { call } of calls) call.end();
      const codes = (await Promise.all(ends)).map(({ status }) => status.code);
      expect(received).to.deep.equal(calls.map(({ at }) => note({ number: at })));
      expect(new Set(codes)).to.deep.equal(new Set([0]));
    });
  });
}

describe("a client made from the proto", () => {
  it("calls through the gateway as it would call the backend", async () => {
    const notes = await startNotes({ handlers });
    const folder = createFolder();
    try {
      const file = folder.write(
        "notes.proto",
        `syntax = "proto3"; package notes;
        message Note { string text = 1; int64 number = 2; bytes data = 3; }
        service Notes { rpc Say(Note) returns (Note); rpc Chat(stream Note) returns (stream Note); }`,
      );
      const loaded = loadPackageDefinition(loadSync(file));
      const Service = (loaded["notes"] as GrpcObject)["Notes"] as ServiceClientConstructor;
      const client = new Service(`${notes.host}:${notes.port}`, credentials.createInsecure());
      const reply = await new Promise<unknown>((resolve, reject) => {
        client["Say"]({ text: "hi" }, (error: Error | null, answer: unknown) => {
          if (error === null) resolve(answer);
          else reject(error);
        });
      });
      expect(reply).to.have.property("text", "hi");
      client.close();
    } finally {
      folder.dispose();
      await notes.close();
    }
  });
});
