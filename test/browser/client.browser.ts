// The browser client in a real browser, as the gateway serves it: what only a page can show.
import { expect } from "chai";
import { buildSync } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { startCounter } from "../client/counter.ts";
import type { CounterGateway } from "../client/counter.ts";

/** What the scripts below leave in the page. */
const setup = `
  Promise.all([import("/-/sluice-client.js"), import("/-/api.js")]).then(([{ connect }, { createApi }]) => {
    window.received = 0;
    class CountingWebSocket extends WebSocket {
      constructor(...args) {
        super(...args);
        this.addEventListener("message", ({ data }) => { if (data.includes('"t":"msg"')) window.received++; });
      }
    }
    window.connect = (options) => createApi(connect("/", { WebSocket: CountingWebSocket, ...options }));
    window.api = window.connect();
  })`;

describe("the browser client in a browser", () => {
  let gateway: CounterGateway;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    gateway = await startCounter("websocket:\n  messages_per_second: 100000\n  handshakes_per_second: 1000\n");
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await gateway?.close();
  });

  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(`${gateway.url}/v1/items/1`);
    await page.evaluate(setup);
  });

  afterEach(() => context.close());

  it("calls through the module that the gateway serves", async () => {
    expect(await page.evaluate(`api.counter.get({ count: "7" })`)).to.deep.equal({ number: "7", text: "" });
  });

  it("never queues more than its window for a slow reader", async () => {
    const seen = await page.evaluate<{ most: number; taken: number }>(`
      (async () => {
        let taken = 0;
        let most = 0;
        const options = { window: 32, maxWindow: 32 };
        for await (const { number } of api.counter.plain({ count: "100000", act: "size:1000" }, options)) {
          taken++;
          if (taken === 400) break;
          if (taken % 8 !== 0) continue;
          // Time enough for everything that the server may send.
          await new Promise((resolve) => setTimeout(resolve, 10));
          most = Math.max(most, window.received - taken);
        }
        return { most, taken };
      })()`);
    expect(seen.taken).to.equal(400);
    expect(seen.most).to.be.within(1, 32);
  });

  it("keeps up with a fast stream by a wider window", async () => {
    const count = await page.evaluate<number>(`
      (async () => {
        let count = 0;
        for await (const item of api.counter.plain({ count: "5000" })) count++;
        return count;
      })()`);
    expect(count).to.equal(5000);
  });

  it("cancels at the backend within 100 ms of the tab being closed", async () => {
    const call = gateway.nextCall("Watch");
    await page.evaluate(`api.counter.watch({ count: "1", act: "hang" }).next()`);
    const backend = await call;
    const cancelled = backend.cancelled.then(() => performance.now());
    await page.close();
    const closedAt = performance.now();
    expect((await cancelled) - closedAt).to.be.lessThan(100);
  });

  it("cancels at the backend when the page is left, though the browser keeps it for its return", async () => {
    const call = gateway.nextCall("Watch");
    await page.evaluate(`api.counter.watch({ count: "1", act: "hang" }).next()`);
    const backend = await call;
    await page.goto("about:blank");
    await backend.cancelled;
  });

  it("reads why a handshake was refused", async () => {
    const narrow = await startCounter("websocket:\n  max_sockets_per_principal: 1\n");
    try {
      await page.goto(`${narrow.url}/v1/items/1`);
      await page.evaluate(setup);
      const error = await page.evaluate<{ code: number; status: string; message: string }>(`
        (async () => {
          await api.counter.get({ count: "1" });
          return connect().counter.put({}).catch(({ code, status, message }) => ({ code, status, message }));
        })()`);
      expect([error.code, error.status]).to.deep.equal([8, "RESOURCE_EXHAUSTED"]);
      expect(error.message).to.match(/socket/i);
    } finally {
      await narrow.close();
    }
  });

  it("goes on without gap or duplicate when the network was away", async () => {
    await page.evaluate(`
      window.numbers = [];
      window.states = [];
      window.stream = api.counter.watch({ count: "100000" }, { window: 16, maxWindow: 16 });
      stream.onState((state) => states.push(state));
      window.done = (async () => {
        let more = 400;
        for await (const { number } of stream) {
          numbers.push(Number(number));
          if (states.includes("resumed") && --more === 0) return;
          if (numbers.length % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
        }
      })();
      undefined`);
    await page.waitForFunction("numbers.length > 100");
    // Chromium leaves open WebSockets alone when it is told to be offline, and holds back what befalls them: the network goes first.
    gateway.proxy.isOpen = false;
    gateway.freeze();
    gateway.cut();
    await page.waitForFunction(`states.includes("reconnecting")`);
    await context.setOffline(true);
    await page.waitForFunction("!navigator.onLine");
    gateway.proxy.isOpen = true;
    const { connections } = gateway.proxy;
    await context.setOffline(false);
    await page.evaluate("done");
    expect(gateway.proxy.connections).to.equal(connections + 1);
    const numbers = await page.evaluate<number[]>("numbers");
    expect(numbers.length).to.be.greaterThan(500);
    expect(numbers).to.deep.equal(numbers.map((_, i) => i + 1));
    expect(await page.evaluate("states")).to.deep.equal(["live", "reconnecting", "resumed"]);
  });

  /** Numbers from 1, slowly, and no end to them; `seen` is what came. */
  const watch = `
    window.seen = [];
    window.states = [];
    window.stream = api.counter.watch({ count: "10000000" }, { window: 16, maxWindow: 16 });
    stream.onState((state) => states.push(state));
    (async () => {
      for await (const { number } of stream)
        if (seen.push(Number(number)) % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
    })();
    undefined`;

  /** Waits for what comes behind `resumed`. */
  async function expectNoGap(): Promise<void> {
    await page.waitForFunction(`states.includes("resumed")`);
    const count = await page.evaluate<number>("seen.length");
    await page.waitForFunction(`seen.length > ${count + 100}`);
    const seen = await page.evaluate<number[]>("seen");
    expect(seen).to.deep.equal(seen.map((_, i) => i + 1));
  }

  it("goes on without gap or duplicate when the page was frozen and its connection died in silence", async () => {
    await page.evaluate(watch);
    await page.waitForFunction("seen.length > 100");
    gateway.freeze();
    // A page without a window is never hidden, and so never frozen: the browser's word has to do.
    await page.evaluate(`document.dispatchEvent(new Event("resume"))`);
    await expectNoGap();
  });

  it("goes on without gap or duplicate when the page was left and the user came back to it", async () => {
    await page.evaluate(watch);
    await page.waitForFunction("seen.length > 100");
    await page.goto(`${gateway.url}/v1/items/2`);
    await page.evaluate("history.back()").catch(() => {});
    await page.waitForURL("**/items/1", { waitUntil: "commit" });
    expect(await page.evaluate("'seen' in window")).to.equal(true);
    await expectNoGap();
  });

  it("works in a worker made of a blob, which has no page", async () => {
    const reply = await page.evaluate(`
      new Promise((resolve) => {
        const source = \`
          Promise.all([import("\${location.origin}/-/sluice-client.js"), import("\${location.origin}/-/api.js")])
            .then(([{ connect }, { createApi }]) => createApi(connect("/")).counter.get({ count: "7" }))
            .then((reply) => postMessage([typeof window, reply.number]), (error) => postMessage(String(error)));\`;
        const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve(message);
      })`);
    expect(reply).to.deep.equal(["undefined", "7"]);
  });

  it("goes over fetch where no WebSocket gets through", async () => {
    const items = await page.evaluate<{ number: string }[]>(`
      (async () => {
        class Blocked extends WebSocket { constructor() { super("ws://127.0.0.1:1/"); } }
        const items = [];
        for await (const item of connect({ WebSocket: Blocked }).counter.plain({ count: "3" })) items.push(item);
        return items;
      })()`);
    expect(items.map(({ number }) => number)).to.deep.equal(["1", "2", "3"]);
  });

  it("runs a bidirectional call of Connect-ES", async () => {
    const { outputFiles } = buildSync({
      stdin: {
        contents: `
          export { createSluiceTransport } from "./src/client/connect-transport.ts";
          export { createClient } from "@connectrpc/connect";
          export { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
          export { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      format: "esm",
      write: false,
    });
    await page.route("**/connect.js", (route) =>
      route.fulfill({ contentType: "text/javascript", body: outputFiles[0].text }),
    );
    const files = gateway.schema.files.map((file) => [file.path, Buffer.from(file.toBytes()).toString("base64")]);
    const heard = await page.evaluate<string[]>(`
      import("/connect.js").then(async (connect) => {
        const files = new Map(${JSON.stringify(files)}.map(([path, text]) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          return [path, connect.fromBinary(connect.FileDescriptorProtoSchema, bytes)];
        }));
        const registry = connect.createFileRegistry(files.get("test.proto"), (path) => files.get(path));
        const transport = connect.createSluiceTransport({ baseUrl: "/" });
        const client = connect.createClient(registry.getService("counter.Counter"), transport);
        const waiting = [];
        async function* questions() {
          for (const text of ["one", "two", "three"]) {
            yield { text };
            await new Promise((resolve) => waiting.push(resolve));
          }
        }
        const heard = [];
        for await (const { text } of client.echo(questions())) {
          heard.push(text);
          waiting.shift()();
        }
        return heard;
      })`);
    expect(heard).to.deep.equal(["one", "two", "three"]);
  });
});
