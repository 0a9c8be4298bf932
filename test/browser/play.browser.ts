// The playground in a real browser, against the example backends: every transport, credit, errors, keyboard.
// Run by `npm run browser`, not with the unit tests: it needs Chromium.
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { type DemoGateway, startDemoGateway } from "../support/demo-gateway.ts";

const waiting = { timeout: 10_000 };

describe("the playground", () => {
  let gateway: DemoGateway;
  let browser: Browser;
  let page: Page;
  let mistakes: string[];

  before(async () => {
    gateway = await startDemoGateway();
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await gateway?.close();
  });

  beforeEach(async () => {
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    page = await context.newPage();
    mistakes = [];
    page.on("pageerror", ({ message }) => mistakes.push(message));
    // What the security policy forbids is said here, too.
    page.on("console", (line) => {
      if (line.type() === "error" && !line.text().includes("Failed to load resource")) mistakes.push(line.text());
    });
  });

  afterEach(async () => {
    await page.context().close();
    expect(mistakes).to.deep.equal([]);
  });

  async function open(method: string, transport: string, message?: object): Promise<void> {
    await page.goto(`${gateway.url}/-/play#${method}:${transport}`);
    await page.locator("#composer").waitFor(waiting);
    if (message !== undefined) await page.fill("#message", JSON.stringify(message, undefined, 2));
  }

  const outcome = async (): Promise<string> => {
    await page.locator("#outcome").waitFor(waiting);
    return (await page.locator("#outcome p").first().textContent()) ?? "";
  };

  /** `up open`, `down msg`, … of all frames, once there are so many. */
  const frames = async (count: number): Promise<string[]> => {
    await page.locator(`#log > li:nth-child(${count})`).waitFor(waiting);
    return page.evaluate<string[]>(
      `[...document.querySelectorAll("#log > li")].map((line) => line.className + " " + line.querySelector(".what").textContent)`,
    );
  };

  const previews = (): Promise<string[]> =>
    page.evaluate<string[]>(`[...document.querySelectorAll("#log .preview")].map(({ textContent }) => textContent)`);

  it("completes a bidirectional call over the multiplexed transport, frame by frame", async () => {
    await open("realtime.v1.Chat/Talk", "mux", { room: "mux", speaker: "ada", text: "hello" });
    await page.click("#send");
    expect(await frames(7)).to.deep.equal([
      "up WebSocket",
      "down open",
      "up init",
      "up open",
      "down ready",
      "down msg",
      "down msg",
    ]);
    await page.fill("#message", '{"text":"again"}');
    await page.keyboard.press("Control+Enter");
    await frames(9);
    expect((await previews()).at(-1)).to.include('"said":"again"');
    expect(await page.textContent("#credit-down")).to.equal("13");
    expect(await page.textContent("#credit-up")).to.equal("31");
    await page.click("#half-close");
    expect(await outcome()).to.equal("OK (0)");
    expect((await frames(11)).slice(-2)).to.deep.equal(["up end", "down status"]);
  });

  it("completes the same call over a WebSocket at the REST path", async () => {
    await open("realtime.v1.Chat/Talk", "websocket", { room: "simple", speaker: "ada", text: "hello" });
    expect(await page.textContent("#address")).to.equal("WebSocket /v1/rooms/simple:talk");
    await page.click("#send");
    await frames(5);
    await page.click("#half-close");
    expect(await outcome()).to.equal("OK (0)close 1000");
    expect((await previews())[2]).to.equal('{"speaker":"ada","text":"hello"}');
  });

  it("stops at the end of its credit, and goes on when it grants more", async () => {
    await open("realtime.v1.Ticker/Watch", "mux", { symbols: ["TEA"], interval: "0.010s", count: 6 });
    await page.fill("#credit-window", "2");
    await page.uncheck("#credit-auto");
    await page.click("#send");
    expect((await frames(7)).filter((frame) => frame === "down msg")).to.have.length(2);
    expect(await page.textContent("#credit-down")).to.equal("0");
    await page.click("#credit-grant");
    expect((await frames(10)).slice(-3)).to.deep.equal(["up credit", "down msg", "down msg"]);
    await page.check("#credit-auto");
    expect(await outcome()).to.equal("OK (0)");
    const all = await frames(14);
    expect(all.filter((frame) => frame === "down msg")).to.have.length(6);
  });

  for (const [transport, first, last] of [
    ["rest", "up GET /v1/ticks?symbols=TEA&interval=0.010s&count=3", "message"],
    ["sse", "up GET /v1/ticks?symbols=TEA&interval=0.010s&count=3", "event: status id ~end.0"],
    ["websocket", "up WebSocket", "message"],
  ] as const) {
    it(`follows a stream of the server by ${transport}`, async () => {
      await open("realtime.v1.Ticker/Watch", transport, { symbols: ["TEA"], interval: "0.010s", count: 3 });
      await page.click("#send");
      expect(await outcome()).to.match(/^OK \(0\)/);
      await page.locator("#log > li:last-child .what", { hasText: last }).waitFor(waiting);
      expect((await frames(5))[0]).to.equal(first);
      await page.locator("#log .preview", { hasText: '"sequence":"3"' }).waitFor(waiting);
      expect((await previews()).filter((text) => text.includes('"symbol":"TEA"'))).to.have.length(3);
    });
  }

  it("sends the messages of a client stream with the half-close over REST", async () => {
    await open("realtime.v1.Upload/Record", "rest", { sensor: "attic", value: 1 });
    await page.click("#send");
    await page.fill("#message", '{"value":3}');
    await page.click("#send");
    await page.click("#half-close");
    expect(await outcome()).to.equal("OK (0)");
    await frames(5);
    expect((await previews()).at(-1)).to.equal('{"sensor":"attic","count":2,"min":1,"max":3,"mean":2}');
  });

  it("shows a failure with its details", async () => {
    await open("shop.v1.Catalog/GetProduct", "rest", { name: "products/spoon" });
    await page.keyboard.press("Control+Enter");
    expect(await outcome()).to.equal("NOT_FOUND (5)HTTP 404");
    expect(await page.textContent("#outcome")).to.include("google.rpc.ResourceInfo");
  });

  it("cancels a call that has no end", async () => {
    for (const transport of ["mux", "websocket", "sse", "rest"]) {
      await page.goto("about:blank");
      await open("realtime.v1.Ticker/Watch", transport, { interval: "0.010s" });
      await page.click("#send");
      await frames(5);
      await page.keyboard.press("Escape");
      expect(await outcome(), transport).to.match(/^CANCELLED \(1\)/);
      expect(await page.isEnabled("#cancel")).to.equal(false);
    }
  });

  it("sends the token over every transport, and forgets it with the page", async () => {
    await open("shop.v1.Users/GetMe", "rest", {});
    await page.fill("#token", "demo-ada");
    for (const key of ["Alt+1", "Alt+4"]) {
      await page.keyboard.press(key);
      await page.click("#send");
      expect(await outcome(), key).to.match(/^OK \(0\)/);
      await frames(3);
      expect((await previews()).join("\n"))
        .to.include("users/ada")
        .and.not.include("demo-ada");
    }
    await page.reload();
    expect(await page.inputValue("#token")).to.equal("");
    expect(await page.evaluate("localStorage.length + sessionStorage.length")).to.equal(0);
  });

  it("finds methods by name, path and comment, with the keyboard alone", async () => {
    await open("shop.v1.Users/GetMe", "rest");
    await page.locator("h1").click();
    await page.keyboard.press("/");
    await page.keyboard.type("rooms talk");
    expect(await page.textContent("#methods-found")).to.equal("1 of 36 methods");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await page.textContent("#method-name")).to.equal("Talk");
    expect(await page.evaluate("document.activeElement.id")).to.equal("message");
  });

  it("says what is wrong with a message before it is sent", async () => {
    await open("shop.v1.Catalog/GetProduct", "rest");
    await page.fill("#message", '{"name": }');
    expect(await page.textContent("#message-problem")).to.match(/^not JSON: /);
    await page.click("#send");
    expect(await page.isHidden("#outcome")).to.equal(true);
    await page.fill("#message", "{}");
    expect(await page.textContent("#address-problem")).to.equal("the path needs name");
  });

  it("puts a field of the request into the message", async () => {
    await open("realtime.v1.Ticker/Watch", "sse", {});
    await page.click('button[aria-label="Add symbols to the message"]');
    await page.click('button[aria-label="Add count to the message"]');
    expect(JSON.parse(await page.inputValue("#message"))).to.deep.equal({ symbols: ["TEA"], count: 1 });
    expect(await page.textContent("#address")).to.equal("GET /v1/ticks?symbols=TEA&count=1");
  });

  it("copies the call, and JavaScript that runs", async () => {
    await open("realtime.v1.Ticker/Watch", "mux", { symbols: ["TEA"], interval: "0.010s", count: 2 });
    const copied = async (id: string): Promise<string> => {
      await page.evaluate('document.getElementById("copied").textContent = ""');
      await page.click(id);
      await page.locator("#copied", { hasText: "copied" }).waitFor(waiting);
      return page.evaluate<string>("navigator.clipboard.readText()");
    };
    expect(await copied("#copy-curl")).to.equal(
      `curl -N '${gateway.url}/v1/ticks?symbols=TEA&interval=0.010s&count=2' -H 'Accept: application/x-ndjson'`,
    );
    expect(await copied("#copy-wscat")).to.include("-s sluice.mux.v1.json\n");
    const script = await copied("#copy-script");
    const printed: string[] = [];
    page.on("console", (line) => printed.push(line.text()));
    await page.evaluate(`(async () => { ${script} })()`);
    expect(printed).to.have.length(2);
  });

  it("keeps no more than 500 frames of a fast stream, and says how many it left out", async () => {
    await open("realtime.v1.Ticker/Watch", "mux", { interval: "0.010s", count: 220 });
    await page.click("#send");
    expect(await outcome()).to.equal("OK (0)");
    await page.locator("#counts", { hasText: "older left out" }).waitFor(waiting);
    expect(await page.locator("#log > li").count()).to.equal(500);
  });

  it("shows markup of a backend as text", async () => {
    const text = '<img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>';
    await open("realtime.v1.Chat/Talk", "mux", { room: "markup", speaker: "ada", text });
    await page.click("#send");
    await frames(7);
    await page.locator("#log > li").last().click();
    expect(await page.locator("#log > li").last().locator("pre").textContent()).to.include("<img src=x onerror=");
    expect(await page.locator("#log img, #log script").count()).to.equal(0);
    expect(await page.title()).to.equal("Talk · Sluice playground");
  });

  for (const width of [420, 1280]) {
    it(`fits a window of ${width} pixels`, async () => {
      await page.setViewportSize({ width, height: 900 });
      await open("shop.v1.Payments/CreatePayment", "rest");
      await page.click("#send");
      await page.locator("#outcome").waitFor(waiting);
      expect(await page.evaluate("document.documentElement.scrollWidth")).to.equal(width);
    });
  }
});
