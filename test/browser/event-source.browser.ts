// EventSource and fetch in a real browser on streams of a real backend: what ends them, what takes them up again, who hears of it.
import { once } from "node:events";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { BackendError, toStatus } from "../support/backend.ts";
import { note, type Rooms, shown, startRooms } from "../front/rest/rooms.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

/** Everything an EventSource gets, until it stays away. */
const collect = (url: string): string => `
  new Promise((resolve) => {
    const events = [];
    const source = new EventSource(${JSON.stringify(url)});
    source.onmessage = ({ data, lastEventId }) => events.push([lastEventId, JSON.parse(data).text]);
    source.addEventListener("status", ({ data }) => events.push(["status", JSON.parse(data).code]));
    source.onerror = () => source.readyState === EventSource.CLOSED && resolve(events);
  })`;

describe("streams in a browser", () => {
  let rooms: Rooms;
  let browser: Browser;
  let page: Page;
  let asked: unknown[];
  let serve: (call: Call) => void;

  before(async () => {
    const stream = (call: Call): void => {
      call.once("data", (message: Buffer) => {
        asked.push(shown(message, "rooms.WatchRequest"));
        serve(call);
      });
    };
    rooms = await startRooms({ Watch: { stream } });
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${rooms.port}/nothing-here`);
  });

  beforeEach(() => {
    asked = [];
  });

  after(async () => {
    await browser?.close();
    await rooms?.close();
  });

  const say = (call: Call, ...texts: readonly string[]): void => {
    for (const text of texts) call.write(note({ text }));
  };

  it("end for good where the call ends, though nobody listens for it", async () => {
    serve = (call) => {
      say(call, "a", "b");
      call.end();
    };
    expect(await page.evaluate(collect("/v1/rooms/r:watch"))).to.deep.equal([
      ["a", "a"],
      ["b", "b"],
      ["status", 0],
    ]);
    expect(asked).to.have.lengthOf(1);
  });

  it("go on behind the last message when the service was unavailable", async () => {
    serve = (call) => {
      if (asked.length === 1) {
        say(call, "a", "é");
        call.emit("error", toStatus(new BackendError(14, "moving")));
        return;
      }
      say(call, "c");
      call.end();
    };
    expect(await page.evaluate(collect("/v1/rooms/r:watch"))).to.deep.equal([
      ["a", "a"],
      ["é", "é"],
      ["status", 14],
      ["c", "c"],
      ["status", 0],
    ]);
    expect(asked).to.deep.equal([{ room: "r" }, { room: "r", after: "é" }]);
  });

  it("tell why they cannot begin with $errors=event", async () => {
    serve = (call) => void call.emit("error", toStatus(new BackendError(7, "not you")));
    expect(await page.evaluate(collect("/v1/rooms/r:watch"))).to.deep.equal([]);
    expect(await page.evaluate(collect("/v1/rooms/r:watch?$errors=event"))).to.deep.equal([["status", 7]]);
  });

  it("are cancelled at the backend when the page closes them, or goes", async () => {
    const opened: Call[] = [];
    serve = (call) => {
      opened.push(call);
      say(call, "a");
    };
    const cancelled = async (): Promise<void> => void (await once(opened.at(-1)!, "cancelled"));
    await page.evaluate(`
      new Promise((resolve) => {
        globalThis.source = new EventSource("/v1/rooms/r:watch");
        source.onmessage = resolve;
      })`);
    const closed = cancelled();
    await page.evaluate("source.close()");
    await closed;
    const other = await browser.newPage();
    await other.goto(`http://127.0.0.1:${rooms.port}/nothing-here`);
    await other.evaluate(`new Promise((resolve) => (new EventSource("/v1/rooms/r:watch").onmessage = resolve))`);
    const left = cancelled();
    await other.close();
    await left;
  });

  it("come line by line to fetch", async () => {
    let more = (): void => {};
    serve = (call) => {
      say(call, "a");
      more = () => {
        say(call, "b");
        call.end();
      };
    };
    const first = await page.evaluate<string>(`
      fetch("/v1/rooms/r:watch?$fields=text", { headers: { accept: "application/x-ndjson" } }).then(async (response) => {
        globalThis.reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        return (await reader.read()).value;
      })`);
    expect(first).to.equal('{"text":"a"}\n');
    more();
    expect(await page.evaluate("reader.read().then(({ value }) => value)")).to.equal('{"text":"b"}\n');
  });
});
