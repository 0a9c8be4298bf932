// Streams in profile grpc-gateway: what `npm run compat` holds against grpc-gateway itself, as far as it can be shown without Go.
import { expect } from "chai";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { BackendError, toStatus } from "../../support/backend.ts";
import { note, shown, startRooms, versions } from "./rooms.ts";
import type { Rooms } from "./rooms.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

const text = "GET /v1/rooms/r/texts";

for (const version of versions) {
  describe(`streams of profile grpc-gateway over ${version}`, () => {
    let rooms: Rooms;
    let got: unknown[];
    let serve: (call: Call) => void;

    beforeEach(async () => {
      got = [];
      const stream = (call: Call): void => {
        call.on("data", (message: Buffer) => got.push(shown(message)));
        serve(call);
      };
      const handlers = { Watch: { stream }, Gather: { stream }, Chat: { stream }, Download: { stream } };
      rooms = await startRooms(handlers, { profile: "grpc-gateway" });
    });
    afterEach(() => rooms.close());

    const send = (line: string, headers?: Record<string, string>, body?: string) =>
      rooms.send(version, { line, headers }, body);

    it("are lines of result whatever the client accepts, and error in the end", async () => {
      serve = (call) => {
        call.write(note({ text: "a" }));
        call.emit("error", toStatus(new BackendError(9, "no more")));
      };
      for (const accept of ["*/*", "text/event-stream", "application/x-protobuf"]) {
        const { status, headers, text: body } = await send(text, { accept });
        expect([status, headers["content-type"], body]).to.deep.equal([
          200,
          "application/json",
          '{"result":"a"}\n{"error":{"code":9,"message":"no more","details":[]}}\n',
        ]);
      }
    });

    it("tell an early failure of the backend in an envelope, and their own without", async () => {
      serve = (call) => void call.emit("error", toStatus(new BackendError(5, "gone")));
      const failed = await send(text);
      expect([failed.status, failed.text]).to.deep.equal([404, '{"error":{"code":5,"message":"gone","details":[]}}\n']);
      expect((await send(`${text}?limit=x`)).text).to.match(/^\{"code":3,/);
    });

    it("have no type without messages", async () => {
      serve = (call) => call.end();
      const { status, headers, text: body } = await send(text);
      expect([status, headers["content-type"], body]).to.deep.equal([200, undefined, ""]);
    });

    it("have the other forms by $alt", async () => {
      serve = (call) => {
        call.write(note({ text: "a" }));
        call.end();
      };
      expect((await send(`${text}?$alt=json`)).text).to.equal('["a"]');
      expect((await send(`${text}?$alt=ndjson`)).text).to.equal('"a"\n');
      expect((await send(`${text}?$alt=sse`)).text).to.contain('data: "a"\n\nevent: status\n');
    });

    it("have a line break behind each google.api.HttpBody", async () => {
      const piece = (data: string): Buffer =>
        note({ contentType: "text/csv", data: Buffer.from(data).toString("base64") }, "google.api.HttpBody");
      serve = (call) => {
        call.write(piece("ab"));
        call.write(piece("c"));
        call.end();
      };
      const { headers, text: body } = await send("GET /v1/rooms/r/file");
      expect([headers["content-type"], body]).to.deep.equal(["text/csv", "ab\nc\n"]);
    });

    it("take values of any type, but no list of them", async () => {
      serve = (call) =>
        void call.on("end", () => {
          call.write(note({ number: got.length }));
          call.end();
        });
      const gather = "POST /v1/rooms/r:gather";
      const { text: body } = await send(
        gather,
        { "content-type": "text/plain" },
        '{"text":"a"}{"text":"b","nope":1}\n',
      );
      expect(JSON.parse(body).number).to.equal("2");
      expect(got).to.deep.equal([{ room: "r", text: "a" }, { text: "b" }]);
      expect((await send(gather, {}, '[{"text":"a"}]')).status).to.equal(400);
      got = [];
      await send(gather, {}, "");
      expect(got).to.deep.equal([]);
    });

    it("end a request both ways where it cannot be read", async () => {
      serve = (call) =>
        void call.on("end", () => {
          call.write(note({ number: got.length }));
          call.end();
        });
      const { text: body } = await send("POST /v1/rooms/r:chat?$fields=number", {}, '{"text":"a"}{]{"text":"b"}');
      expect(body).to.equal('{"result":{"number":"1"}}\n');
    });
  });
}
