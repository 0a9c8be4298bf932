// Server streams over HTTP: what a client gets by what it accepts, over both versions of HTTP.
import { expect } from "chai";
import { Metadata } from "@grpc/grpc-js";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { BackendError, toStatus } from "../../support/backend.ts";
import { strictRest } from "../../../src/front/rest/options.ts";
import { toHttpStatus } from "../../../src/status.ts";
import { note, shown, startRooms, versions } from "./rooms.ts";
import type { Rooms, RoomsOptions } from "./rooms.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

const a = '{"room":"","text":"a","number":"1","labels":{}}';
const b = '{"room":"","text":"b","number":"2","labels":{}}';
const two = [note({ text: "a", number: 1 }), note({ text: "b", number: 2 })];

const lines = { accept: "application/x-ndjson" };
const events = { accept: "text/event-stream" };
const watch = "GET /v1/rooms/r:watch";

/** google.rpc.Status with RetryInfo of two seconds. */
const statusWithRetry = note(
  {
    code: 8,
    message: "slow down",
    details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }],
  },
  "google.rpc.Status",
);

/** Without `retry`, whose value is random. */
function withoutRetry(text: string): string {
  return text.replace(/^retry: \d+\n/, "");
}

for (const version of versions) {
  describe(`server streams over ${version}`, () => {
    let rooms: Rooms;
    let answer: (call: Call) => void;
    const start = async (setup: RoomsOptions = {}): Promise<void> => {
      const stream = (call: Call): void => {
        call.on("data", () => {});
        answer(call);
      };
      const methods = ["Watch", "Values", "Plain", "Latest", "Strict", "Download"];
      rooms = await startRooms(Object.fromEntries(methods.map((method) => [method, { stream }])), setup);
    };
    const get = (line: string, headers?: Record<string, string>) => rooms.send(version, { line, headers });
    const writeAll = (messages: readonly Buffer[], failure?: BackendError) => (call: Call) => {
      for (const message of messages) call.write(message);
      if (failure === undefined) call.end();
      else call.emit("error", toStatus(failure));
    };

    beforeEach(() => {
      answer = writeAll(two);
    });
    afterEach(() => rooms.close());

    describe("as an array", () => {
      it("are what is sent to who accepts anything", async () => {
        await start();
        for (const accept of [undefined, "*/*", "application/json"]) {
          const headers = accept === undefined ? undefined : { accept };
          const { status, headers: head, text } = await get(watch, headers);
          expect([status, head["content-type"], text]).to.deep.equal([200, "application/json", `[${a},${b}]`]);
        }
      });

      it("are [] without messages", async () => {
        await start();
        answer = writeAll([]);
        expect((await get(watch)).text).to.equal("[]");
      });

      it("are cut off by a failure, behind what came before it", async () => {
        await start();
        answer = writeAll(two, new BackendError(9, "no more"));
        const { status, text, isCut } = await get(watch);
        expect([status, text, isCut]).to.deep.equal([200, `[${a},${b}`, true]);
      });

      it("come element by element", async () => {
        await start();
        let more = (): void => {};
        answer = (call) => {
          call.write(two[0]);
          more = () => {
            call.write(two[1]);
            call.end();
          };
        };
        const opened = await rooms.open(version, { line: watch });
        opened.end();
        const reply = await opened.answer();
        expect(await reply.until("}")).to.equal(`[${a}`);
        more();
        expect((await reply.whole()).text).to.equal(`[${a},${b}]`);
      });

      it("are indented with $pretty, and stay JSON", async () => {
        await start();
        const { text } = await get(`${watch}?$pretty&$fields=text`);
        expect(text).to.equal('[{\n  "text": "a"\n},{\n  "text": "b"\n}]');
      });
    });

    describe("as lines", () => {
      it("are one message a line, under the name the client has for them", async () => {
        await start();
        for (const type of ["application/x-ndjson", "application/jsonl"]) {
          const { headers, text } = await get(watch, { accept: type });
          expect([headers["content-type"], text]).to.deep.equal([type, `${a}\n${b}\n`]);
        }
      });

      it("end with the status of a failure, its details and the trailers on the list", async () => {
        await start({ responseHeaders: ["x-left"] });
        answer = (call) => {
          call.write(two[0]);
          const trailers = new Metadata();
          trailers.set("x-left", "7");
          trailers.set("x-secret", "1");
          call.emit("error", toStatus(new BackendError(8, "slow down", statusWithRetry), trailers));
        };
        const { text, isCut } = await get(watch, lines);
        const status = `{"code":8,"status":"RESOURCE_EXHAUSTED","message":"slow down","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}],"trailers":{"x-left":"7"}}`;
        expect([text, isCut]).to.deep.equal([`${a}\n{"@status":${status}}\n`, false]);
      });

      it("put messages with keys of their own into an envelope", async () => {
        await start();
        answer = writeAll([note({ "@status": 1 }, "google.protobuf.Value")]);
        expect((await get("GET /v1/rooms/r/values", lines)).text).to.equal('{"result":{"@status":1}}\n');
        expect((await get("GET /v1/rooms/r/values")).text).to.equal('[{"@status":1}]');
        answer = writeAll([note({ labels: { "@status": "x" } })]);
        expect((await get("GET /v1/rooms/r/labels", lines)).text).to.equal('{"result":{"@status":"x"}}\n');
      });

      it("show the field that response_body names", async () => {
        await start();
        expect((await get("GET /v1/rooms/r/texts", lines)).text).to.equal('"a"\n"b"\n');
      });

      it("are never broken by $pretty or a configured indent", async () => {
        await start({ json: { ...strictRest.json, indent: 2 } });
        expect((await get(`${watch}?$pretty`, lines)).text).to.equal(`${a}\n${b}\n`);
        expect(withoutRetry((await get(`${watch}?$pretty`, events)).text)).to.match(
          /^id: a\ndata: \{"room".*\}\n\nid: b/,
        );
      });
    });

    describe("as events", () => {
      it("have a retry time, ids of the declared token, and a status in the end", async () => {
        await start();
        const { headers, text } = await get(watch, events);
        expect(headers["content-type"]).to.equal("text/event-stream");
        const [, retry] = /^retry: (\d+)\n/.exec(text) ?? [];
        expect(Number(retry)).to.be.within(1000, 3000);
        expect(withoutRetry(text)).to.equal(
          `id: a\ndata: ${a}\n\nid: b\ndata: ${b}\n\nevent: status\nid: ~end.0\ndata: {"code":0,"status":"OK","message":"","details":[]}\n\n`,
        );
      });

      it("go on behind Last-Event-ID", async () => {
        await start();
        let asked: unknown;
        answer = (call) =>
          call
            .once("data", (message: Buffer) => (asked = shown(message, "rooms.WatchRequest")))
            .once("end", () => call.end());
        await get(`${watch}?after=old`, { ...events, "last-event-id": "new \u00c3\u00a9" });
        expect(asked).to.deep.equal({ room: "r", after: "new é" });
        await get(watch, { "last-event-id": "ignored where there are no events" });
        expect(asked).to.deep.equal({ room: "r" });
      });

      it("are answered with 204 to who comes back after the end", async () => {
        await start();
        const { status, text } = await get(watch, { ...events, "last-event-id": "~end.5" });
        expect([status, text, rooms.backend.calls.length]).to.deep.equal([204, "", 0]);
      });

      it("end with the failure, after which a browser stays away, unless the service is merely unavailable", async () => {
        await start();
        answer = writeAll([two[0]], new BackendError(5, "gone"));
        const status = (code: number, name: string, message: string): string =>
          `data: {"code":${code},"status":"${name}","message":"${message}","details":[]}\n\n`;
        expect(withoutRetry((await get(watch, events)).text)).to.equal(
          `id: a\ndata: ${a}\n\nevent: status\nid: ~end.5\n${status(5, "NOT_FOUND", "gone")}`,
        );
        answer = writeAll([two[0]], new BackendError(14, "later"));
        expect(withoutRetry((await get(watch, events)).text)).to.equal(
          `id: a\ndata: ${a}\n\nevent: status\n${status(14, "UNAVAILABLE", "later")}`,
        );
      });

      it("leave out ids that no event can have", async () => {
        await start();
        answer = writeAll(["x\ndata: forged", "~end.0", " x", ""].map((text) => note({ text })));
        expect((await get(`${watch}?$fields=number`, events)).text).not.to.match(/^(?:id: (?!~end\.0$)|data: forged)/m);
      });

      it("tell of a failure before the first one with $errors=event", async () => {
        await start();
        answer = writeAll([], new BackendError(7, "not you"));
        expect((await get(watch, events)).status).to.equal(403);
        const { status, text } = await get(`${watch}?$errors=event`, events);
        expect([status, withoutRetry(text)]).to.deep.equal([
          200,
          'event: status\nid: ~end.7\ndata: {"code":7,"status":"PERMISSION_DENIED","message":"not you","details":[]}\n\n',
        ]);
        const bad = await get(`${watch}?$errors=event&limit=x`, events);
        expect([bad.status, bad.text]).to.satisfy(
          ([code, body]: [number, string]) => code === 200 && body.includes('"field":"limit"'),
        );
        expect((await get(`${watch}?$errors=event`, lines)).status).to.equal(400);
      });
    });

    describe("of google.api.HttpBody", () => {
      const piece = (data: string, contentType = ""): Buffer =>
        note({ contentType, data: Buffer.from(data).toString("base64") }, "google.api.HttpBody");

      it("are one body, of the type of the first piece, whatever the client accepts", async () => {
        await start();
        answer = writeAll([piece("ab", "text/csv"), piece("\nc", "ignored/type"), piece("")]);
        for (const headers of [{}, events, { accept: "image/png" }]) {
          const { headers: head, text } = await get("GET /v1/rooms/r/file", headers);
          expect([head["content-type"], text]).to.deep.equal(["text/csv", "ab\nc"]);
        }
      });

      it("are cut off by a failure, and empty without pieces", async () => {
        await start();
        answer = writeAll([piece("ab", "text/csv")], new BackendError(15, "lost"));
        const { text, isCut } = await get("GET /v1/rooms/r/file");
        expect([text, isCut]).to.deep.equal(["ab", true]);
        answer = writeAll([]);
        const empty = await get("GET /v1/rooms/r/file");
        expect([empty.status, empty.text, empty.headers["content-type"]]).to.deep.equal([200, "", undefined]);
      });
    });

    describe("are chosen", () => {
      it("by weight, and an array among equals", async () => {
        await start();
        const typeOf = async (accept: string) => (await get(watch, { accept })).headers["content-type"];
        expect(await typeOf("application/json;q=0.5, application/x-ndjson")).to.equal("application/x-ndjson");
        expect(await typeOf("application/json, text/event-stream")).to.equal("application/json");
        expect(await typeOf("text/*")).to.equal("text/event-stream");
        expect(await typeOf("application/*;q=0.1, text/event-stream;q=0.2, */*;q=0")).to.equal("text/event-stream");
      });

      it("by $alt before Accept", async () => {
        await start();
        const typeOf = async (alt: string) => (await get(`${watch}?$alt=${alt}`, events)).headers["content-type"];
        expect(await typeOf("json")).to.equal("application/json");
        expect(await typeOf("ndjson")).to.equal("application/x-ndjson");
        expect(await typeOf("sse")).to.equal("text/event-stream");
      });

      it("not where there is none: 406, naming those there are", async () => {
        await start();
        const refused = await get(watch, { accept: "application/x-protobuf" });
        expect([refused.status, refused.text]).to.satisfy(
          ([status, text]: [number, string]) =>
            status === 406 && text.includes("application/x-ndjson, application/jsonl, text/event-stream"),
        );
        expect((await get(`${watch}?$alt=proto`)).status).to.equal(406);
        for (const headers of [lines, events])
          expect((await get("GET /v1/rooms/r/plain", headers)).status).to.equal(406);
        expect((await get("GET /v1/rooms/r/plain", { accept: "text/event-stream, */*;q=0.1" })).status).to.equal(200);
        expect((await get(watch, { accept: "nonsense" })).status).to.equal(400);
        expect(rooms.backend.calls.length).to.equal(1);
      });
    });

    describe("have a head that", () => {
      it("no cache keeps, and no proxy holds back or changes", async () => {
        await start();
        const { headers } = await get(watch, { "accept-encoding": "gzip" });
        expect(headers["cache-control"]).to.equal("no-store, no-transform");
        expect(headers["x-accel-buffering"]).to.equal("no");
        expect(headers["date"]).to.match(/ GMT$/);
        expect(headers["x-content-type-options"]).to.equal("nosniff");
        expect(headers["vary"]).to.equal("Accept");
        expect(headers["content-encoding"]).to.equal(undefined);
      });

      it("has the status of a failure before the first message, and its details, for every code", async () => {
        await start();
        for (let code = 1; code <= 16; code++) {
          answer = writeAll([], new BackendError(code, `code ${code}`));
          const { status, text } = await get(watch, lines);
          expect([status, JSON.parse(text)]).to.deep.equal([
            toHttpStatus(code),
            { code, message: `code ${code}`, details: [] },
          ]);
        }
        answer = writeAll([], new BackendError(8, "slow down", statusWithRetry));
        const { headers, text } = await get(watch, lines);
        expect([headers["retry-after"], JSON.parse(text).details.length]).to.deep.equal(["2", 1]);
      });

      it("has the metadata on the list, and the status the backend chose", async () => {
        await start({ responseHeaders: ["x-page"], allowHttpCode: true });
        answer = (call) => {
          const head = new Metadata();
          head.set("x-page", "2");
          head.set("x-secret", "1");
          head.set("x-http-code", "206");
          call.sendMetadata(head);
          call.end();
        };
        const { status, headers } = await get(watch);
        expect([status, headers["x-page"], headers["x-secret"]]).to.deep.equal([206, "2", undefined]);
      });

      it("goes without a message after a while", async () => {
        await start();
        let go = (): void => {};
        answer = (call) => {
          go = () => call.end();
        };
        const opened = await rooms.open(version, { line: watch, headers: events });
        opened.end();
        const reply = await opened.answer();
        expect(await reply.until("\n")).to.match(/^retry: \d+\n$/);
        go();
        expect((await reply.whole()).text).to.contain("~end.0");
      });

      it("is all that HEAD gets, and the backend is not asked", async () => {
        await start();
        const { status, headers, text } = await get("HEAD /v1/rooms/r:watch", lines);
        expect([status, headers["content-type"], text]).to.deep.equal([200, "application/x-ndjson", ""]);
        expect((await get("HEAD /v1/rooms/r:watch?limit=x")).status).to.equal(400);
        expect(rooms.backend.calls.length).to.equal(0);
      });
    });

    describe("that are silent", () => {
      it("give a sign of life that changes nothing, and is no event of its own", async () => {
        await start();
        const expected = { "application/json": "[", "application/x-ndjson": "", "text/event-stream": "\n" };
        for (const [accept, first] of Object.entries(expected)) {
          let call: Call | undefined;
          answer = (opened) => void (call = opened);
          const opened = await rooms.open(version, { line: watch, headers: { accept } });
          opened.end();
          const reply = await opened.answer();
          if (first !== "") await reply.until(first);
          rooms.sweep.tick(Math.max(performance.now(), rooms.sweep.now) + 16_000);
          const sign = accept === "text/event-stream" ? ":\n" : accept === "application/json" ? "\n" : " ";
          await reply.until(sign);
          call!.write(two[0]);
          call!.end();
          const { text } = await reply.whole();
          if (accept === "application/json") expect(JSON.parse(text)).to.deep.equal([JSON.parse(a)]);
          else if (accept === "application/x-ndjson") expect(JSON.parse(text)).to.deep.equal(JSON.parse(a));
          else expect(withoutRetry(text)).to.match(/^:\nid: a\ndata: /);
        }
      });
    });
  });
}
