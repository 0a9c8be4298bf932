// A real browser against the gateway in front of the example backends: what pages and people with an address bar get.
// Run by `npm run browser`, not with the unit tests: it needs Chromium.
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { type DemoGateway, startDemoGateway } from "../support/demo-gateway.ts";

describe("REST in a browser", () => {
  let gateway: DemoGateway;
  let browser: Browser;
  let page: Page;

  before(async () => {
    gateway = await startDemoGateway();
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`${gateway.url}/v1/products/mug`);
  });

  after(async () => {
    await browser?.close();
    await gateway?.close();
  });

  it("shows a resource that is typed into the address bar", async () => {
    const text = await page.evaluate<string>("document.body.innerText");
    expect(JSON.parse(text)).to.include({ name: "products/mug" });
  });

  it("answers fetch on the same origin, with the body that curl sends", async () => {
    const answer = await page.evaluate<{ status: number; location: string | null; body: { title: string } }>(`
      fetch("/v1/products?productId=lamp-shade", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ title: "Schirm für Lampe", price: { currency: "EUR", minorUnits: "1900" } }),
      }).then(async (response) => ({ status: response.status, location: response.headers.get("location"), body: await response.json() }))`);
    expect(answer.status).to.equal(201);
    expect(answer.location).to.match(/products\/lamp-shade$/);
    expect(answer.body.title).to.equal("Schirm für Lampe");
  });

  it("reads an error's reason from the answer", async () => {
    const answer = await page.evaluate<{ status: number; body: { details: { reason?: string }[] } }>(`
      fetch("/v1/products?page_sise=2").then(async (response) => ({ status: response.status, body: await response.json() }))`);
    expect(answer.status).to.equal(400);
    expect(answer.body.details[0].reason).to.equal("FIELD_UNKNOWN");
  });

  it("shows a picture that a backend sends as HttpBody", async () => {
    const size = await page.evaluate<number>(`
      new Promise((resolve, reject) => {
        const image = new Image();
        image.onload = () => resolve(image.naturalWidth);
        image.onerror = () => reject(new Error("no image"));
        image.src = "/v1/products/fern/image";
      })`);
    expect(size).to.be.greaterThan(0);
  });

  it("ends the backend's call when the page aborts its fetch", async () => {
    const name = await page.evaluate<string>(`
      fetch("/v1/payments", {
        method: "POST",
        headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(200),
        body: JSON.stringify({ order: "users/ada/orders/1002", amount: { currency: "EUR", minorUnits: "3570" }, card: { number: "000000005004" } }),
      }).then(() => "answered", (error) => error.name)`);
    expect(name).to.equal("TimeoutError");
  });
});
