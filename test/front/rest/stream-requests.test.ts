// Client streams and both ways at once over HTTP: what bodies become messages, and what is wrong with those that do not.
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { note, shown, startRooms, versions } from "./rooms.ts";
import type { Rooms, RoomsOptions } from "./rooms.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly details: readonly {
    readonly reason?: string;
    readonly fieldViolations?: readonly { readonly field: string }[];
  }[];
}

const json = { "content-type": "application/json" };
const ndjson = { "content-type": "application/x-ndjson" };
const gatherLine = "POST /v1/rooms/r:gather";

for (const version of versions) {
  describe(`client streams over ${version}`, () => {
    let rooms: Rooms;
    let got: unknown[];
    /** Hears of each message. */
    let onMessage: () => void;

    const gather = (type: string) => ({
      stream: (call: Call): void => {
        call.on("data", (message: Buffer) => {
          got.push(shown(message, type));
          onMessage();
        });
        call.on("end", () => {
          call.write(note({ text: `rooms/${got.length}`, number: got.length }));
          call.end();
        });
      },
    });
    const chat = {
      stream: (call: Call): void => {
        call.on("data", (message: Buffer) => call.write(message));
        call.on("end", () => call.end());
      },
    };
    const start = async (setup: RoomsOptions = {}): Promise<void> => {
      got = [];
      onMessage = () => {};
      rooms = await startRooms(
        { Gather: gather("rooms.Note"), Chat: chat, Upload: gather("rooms.UploadRequest") },
        setup,
      );
    };
    const post = (line: string, headers: Record<string, string>, body: string | Uint8Array) =>
      rooms.send(version, { line, headers }, body);
    /** `STATUS REASON FIELD message` of a refusal. */
    const refused = async (line: string, headers: Record<string, string>, body: string): Promise<string> => {
      const { status, text } = await post(line, headers, body);
      const { message, details } = JSON.parse(text) as ErrorBody;
      const field = details.find(({ fieldViolations }) => fieldViolations !== undefined)?.fieldViolations?.[0].field;
      return [status, details[0]?.reason, field, message].filter((part) => part !== undefined).join(" ");
    };

    afterEach(() => rooms.close());

    it("take an array, lines, and values one after the other", async () => {
      await start();
      const three = [{ text: "a", room: "r" }, { text: "b" }, { number: "3" }];
      for (const [headers, body] of [
        [json, '[{"text":"a"},{"text":"b"},{"number":3}]'],
        [json, '{"text":"a"}{"text":"b"} {"number":3}'],
        [ndjson, '{"text":"a"}\n{"text":"b"}\n{"number":3}\n'],
        [{ "content-type": "application/jsonl; charset=utf-8" }, '{"text":"a"}\r\n{"text":"b"}\r\n{"number":3}'],
        [{}, '[{"text":"a"},{"text":"b"},{"number":3}]'],
      ] as const) {
        got = [];
        await post(gatherLine, headers, body);
        expect(got).to.deep.equal(three);
      }
    });

    it("are answered like a unary call, with status, Location and the form the client accepts", async () => {
      await start();
      const { status, headers, text } = await post(gatherLine, { ...json, accept: "application/json" }, "[{},{}]");
      expect([status, headers["location"], JSON.parse(text)]).to.deep.equal([
        201,
        "/v1/rooms/2",
        { room: "", text: "rooms/2", number: "2", labels: {} },
      ]);
      const binary = await post(gatherLine, { ...json, accept: "application/x-protobuf" }, "[{},{}]");
      expect(binary.headers["content-type"]).to.equal("application/x-protobuf");
      expect((await post(gatherLine, { ...json, accept: "text/event-stream" }, "[]")).status).to.equal(406);
    });

    it("bind path and query into the first message, and the body's field into all", async () => {
      await start();
      await post("POST /v1/rooms/a%2Fb/details?text=t&labels[x]=y", json, '[{"size":1},{"words":["w"]}]');
      expect(got).to.deep.equal([
        { room: "a/b", text: "t", detail: { size: "1" }, labels: { x: "y" } },
        { detail: { words: ["w"] } },
      ]);
      expect(await refused(gatherLine, json, '[{"room":"other"}]')).to.match(/^400 FIELD_BOUND \[0\]\.room /);
    });

    it("have one message without a body where path or query say something, and none in an empty array", async () => {
      await start();
      await post(gatherLine, {}, "");
      expect(got).to.deep.equal([{ room: "r" }]);
      await post(gatherLine, json, " \n");
      expect(got).to.have.lengthOf(2);
      got = [];
      await post(gatherLine, json, "[]");
      expect(got).to.deep.equal([]);
      await rooms.send(version, { line: "GET /v1/rooms/r:gather?text=x" });
      expect(got).to.deep.equal([{ room: "r", text: "x" }]);
    });

    it("reach the backend message by message", async () => {
      await start();
      const opened = await rooms.open(version, { line: gatherLine, headers: json });
      for (const part of ['[{"text":"a"}', ',{"te', 'xt":"b"},']) {
        const before = got.length;
        const arrived = new Promise<void>((resolve) => (onMessage = resolve));
        await opened.write(part);
        if (part !== ',{"te') await arrived;
        expect(got.length).to.equal(part === ',{"te' ? before : before + 1);
      }
      opened.end('{"text":"c"}]');
      expect((await (await opened.answer()).whole()).status).to.equal(201);
      expect(got).to.deep.equal([{ room: "r", text: "a" }, { text: "b" }, { text: "c" }]);
    });

    it("may be compressed, and are as long as they like", async () => {
      await start();
      const texts = Array.from({ length: 20_000 }, (_, at) => ({ text: `${at} ${Math.sin(at)}` }));
      const body = gzipSync(texts.map((message) => JSON.stringify(message)).join("\n"));
      const { status } = await post(gatherLine, { ...ndjson, "content-encoding": "gzip" }, body);
      expect([status, got.length]).to.deep.equal([201, 20_000]);
      expect(got.slice(-1)).to.deep.equal(texts.slice(-1));
    });

    it("tell which message is wrong, and where", async () => {
      await start();
      const list = '[{"text":"a"},\n {"text":5}]';
      expect(await refused(gatherLine, json, list)).to.equal(
        "400 VALUE_INVALID [1].text [1].text: expected a string, found 5 (line 1, column 9), in the message that begins at byte 16 of the body",
      );
      expect(await refused(gatherLine, ndjson, '{"text":"a"}\n{"nope":1}')).to.match(/^400 FIELD_UNKNOWN \[1\]\.nope /);
      expect(await refused(gatherLine, json, '[{"text":"a"}')).to.match(
        /^400 JSON_SYNTAX .*the body ends inside its array/,
      );
      expect(await refused(gatherLine, ndjson, "[{}]")).to.match(/^400 VALUE_INVALID \[0\] .*found an array/);
      expect(await refused("POST /v1/rooms/r/details?number=x", json, "[]")).to.match(/^400 VALUE_INVALID number /);
    });

    it("bound each message, not their number", async () => {
      await start({ maxBodyBytes: 200 });
      const fine = JSON.stringify({ text: "x".repeat(150) });
      expect((await post(gatherLine, ndjson, `${fine}\n`.repeat(100))).status).to.equal(201);
      expect(got).to.have.lengthOf(100);
      expect(await refused(gatherLine, ndjson, JSON.stringify({ text: "x".repeat(200) }))).to.match(
        /^413 BODY_TOO_LARGE /,
      );
      const deep = `{"detail":${'{"words":'.repeat(1)}${"[".repeat(101)}`;
      expect(await refused(gatherLine, ndjson, deep)).to.match(/^400 /);
    });

    it("refuse what is no stream of messages with 415, before the call", async () => {
      await start();
      for (const type of ["application/x-protobuf", "application/x-www-form-urlencoded", "text/plain", "nonsense"]) {
        expect(await refused(gatherLine, { "content-type": type }, "{}")).to.match(/^415 CONTENT_TYPE_UNSUPPORTED /);
      }
      expect(await refused(gatherLine, { ...json, "content-encoding": "br" }, "{}")).to.match(
        /^415 CONTENT_ENCODING_UNSUPPORTED /,
      );
      expect(rooms.backend.calls).to.have.lengthOf(0);
    });

    it("carry any bytes as google.api.HttpBody, in pieces, the type in the first", async () => {
      await start();
      const bytes = Buffer.alloc(300_000, "0123456789");
      const { status } = await post("POST /v1/rooms/r/file", { "content-type": "image/png" }, bytes);
      const pieces = got as { room?: string; content: { contentType?: string; data: string } }[];
      expect(status).to.equal(200);
      expect([pieces[0].room, pieces[0].content.contentType]).to.deep.equal(["r", "image/png"]);
      expect(
        pieces.slice(1).filter(({ room, content }) => room !== undefined || content.contentType !== undefined),
      ).to.deep.equal([]);
      expect(Math.max(...pieces.map(({ content }) => content.data.length))).to.be.at.most(90_000);
      const whole = Buffer.concat(pieces.map(({ content }) => Buffer.from(content.data, "base64")));
      expect(whole.equals(bytes)).to.equal(true);
      got = [];
      await post("POST /v1/rooms/r/file", { "content-type": "image/png" }, "");
      expect(got).to.deep.equal([{ room: "r", content: { contentType: "image/png" } }]);
    });

    describe("with a stream of replies", () => {
      it("work both ways at once", async () => {
        await start();
        const opened = await rooms.open(version, {
          line: "POST /v1/rooms/r:chat?$fields=text",
          headers: { ...ndjson, accept: "application/x-ndjson" },
        });
        await opened.write('{"text":"a"}\n');
        const reply = await opened.answer();
        expect(await reply.until("\n")).to.equal('{"text":"a"}\n');
        await opened.write('{"text":"b"}\n');
        await reply.until('{"text":"b"}\n');
        opened.end();
        expect((await reply.whole()).text).to.equal('{"text":"a"}\n{"text":"b"}\n');
      });

      it("work one after the other", async () => {
        await start();
        const { text } = await post("POST /v1/rooms/r:chat?$fields=text", json, '[{"text":"a"},{"text":"b"}]');
        expect(text).to.equal('[{"text":"a"},{"text":"b"}]');
        expect((await rooms.send(version, { line: "GET /v1/rooms/r:chat?$fields=room" })).text).to.equal(
          '[{"room":"r"}]',
        );
      });

      it("end with what is wrong in the request", async () => {
        await start();
        const opened = await rooms.open(version, {
          line: "POST /v1/rooms/r:chat?$fields=text",
          headers: { ...ndjson, accept: "application/x-ndjson" },
        });
        await opened.write('{"text":"a"}\n');
        const reply = await opened.answer();
        await reply.until("\n");
        opened.end("{]");
        expect((await reply.whole()).text).to.match(
          /\{"@status":\{"code":3,"status":"INVALID_ARGUMENT","message":"\[1\]: .*\}\n$/,
        );
      });
    });
  });
}
