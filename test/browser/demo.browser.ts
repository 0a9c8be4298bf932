// The demo pages in a real browser: a ticker by EventSource and WebSocket, a chat between two tabs, without any library.
// Run by `npm run browser`, not with the unit tests: it needs Chromium.
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { type DemoGateway, startDemoGateway } from "../support/demo-gateway.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";

const waiting = { timeout: 10_000 };

describe("the demo pages", () => {
  let gateway: DemoGateway;
  let proxy: CuttingProxy;
  let browser: Browser;
  const pages: Page[] = [];
  let mistakes: string[] = [];

  before(async () => {
    gateway = await startDemoGateway();
    proxy = await startCuttingProxy(gateway.url);
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await proxy?.close();
    await gateway?.close();
  });

  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
    expect(mistakes.splice(0)).to.deep.equal([]);
  });

  async function open(path: string, base = gateway.url): Promise<Page> {
    const page = await browser.newPage();
    pages.push(page);
    page.on("pageerror", ({ message }) => mistakes.push(message));
    await page.goto(`${base}${path}`);
    return page;
  }

  async function watch(page: Page, transport: string, count: number): Promise<void> {
    await page.selectOption("#transport", transport);
    await page.fill("#interval", "20");
    await page.fill("#count", String(count));
    await page.click("#start");
  }

  for (const transport of ["sse", "websocket"]) {
    it(`show every tick by ${transport}, and stop at the end of the stream`, async () => {
      const requests: string[] = [];
      const page = await open("/demo/ticker");
      page.on("request", (request) => requests.push(request.url()));
      page.on("websocket", (socket) => requests.push(socket.url()));
      await watch(page, transport, 10);
      await page.locator("#state.ended").waitFor(waiting);
      expect(await page.textContent("#ticks")).to.equal("30");
      expect(await page.textContent("#events")).to.include("the server has sent everything");
      expect(requests.filter((url) => url.includes("/v1/ticks"))).to.have.length(1);
    });

    it(`go on after the last tick by ${transport} when the connection breaks, without a gap or a repetition`, async () => {
      const page = await open("/demo/ticker", proxy.url);
      await watch(page, transport, 40);
      await page.locator("#prices section").nth(2).waitFor(waiting);
      proxy.cut();
      await page.locator("#events", { hasText: "reconnecting" }).waitFor(waiting);
      await page.locator("#state.ended").waitFor({ timeout: 20_000 });
      expect(await page.textContent("#ticks")).to.equal("120");
      expect(await page.textContent("#cursor")).to.equal("1.40.3");
    });
  }

  it("stop an EventSource that has no handler for the end, after one more request", async () => {
    const page = await open("/demo");
    const seen = await page.evaluate<{ states: number[]; messages: number }>(`
      new Promise((resolve) => {
        const states = [];
        let messages = 0;
        const source = new EventSource("/v1/ticks?symbols=TEA&interval=0.01s&count=2");
        source.onmessage = () => (messages += 1);
        source.onerror = () => {
          states.push(source.readyState);
          if (source.readyState === EventSource.CLOSED) resolve({ states, messages });
        };
      })`);
    // Reconnecting (0) once, then 204 closes it for good (2).
    expect(seen).to.deep.equal({ states: [0, 2], messages: 2 });
  });

  it("let two tabs talk to each other", async () => {
    const [ada, blaise] = [await open("/demo/chat#browser"), await open("/demo/chat#browser")];
    for (const [page, name] of [
      [ada, "Ada"],
      [blaise, "Blaise"],
    ] as const) {
      await page.fill("#speaker", name);
      await page.click("#join");
      await page.locator("#state.live").waitFor(waiting);
    }
    await ada.locator("#talk", { hasText: "Blaise has joined, 2 in the room" }).waitFor(waiting);
    await ada.fill("#text", "Tea <b>at four</b>?");
    await ada.press("#text", "Enter");
    await blaise.locator("#talk", { hasText: "Tea <b>at four</b>?" }).waitFor(waiting);
    await blaise.fill("#text", "Gladly.");
    await blaise.click("#send");
    await ada.locator("#talk", { hasText: "Gladly." }).waitFor(waiting);
    await blaise.click("#leave");
    await blaise.locator("#state.left").waitFor(waiting);
    await ada.locator("#talk", { hasText: "Blaise has left, 1 in the room" }).waitFor(waiting);
    expect(await ada.locator("#talk b").count()).to.equal(0);
  });

  it("say so when a tab that talks is closed", async () => {
    const [ada, blaise] = [await open("/demo/chat#closing"), await open("/demo/chat#closing")];
    for (const [page, name] of [
      [ada, "Ada"],
      [blaise, "Blaise"],
    ] as const) {
      await page.fill("#speaker", name);
      await page.click("#join");
      await page.locator("#state.live").waitFor(waiting);
    }
    await blaise.close();
    pages.splice(pages.indexOf(blaise), 1);
    await ada.locator("#talk", { hasText: "Blaise has left, 1 in the room" }).waitFor(waiting);
  });

  it("show the backend's refusal to a page that joins without a name", async () => {
    const page = await open("/demo/chat#refused");
    await page.fill("#speaker", " ");
    await page.click("#join");
    await page.locator("#talk .failed", { hasText: "speaker: must have 1 to 40 characters" }).waitFor(waiting);
  });
});
