// Pages of other origins in a real browser: what they get to read where they are listed, and that they get nothing where they are not.
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import type { Authenticate } from "../../src/caller.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { launchChromium } from "./chromium.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/notes/{text}" }; }
    rpc Put(M) returns (M) { option (google.api.http) = { put: "/v1/notes/{text}" body: "*" }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/watch" }; }
  }
`;

/** A web server of pages that are empty. */
async function startPages(): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((_, answer) =>
    answer.writeHead(200, { "content-type": "text/html" }).end("<title>page</title>"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const authenticate: Authenticate = ({ headers }) => {
  if (headers["authorization"] !== "Bearer good")
    throw new GatewayError(Code.UNAUTHENTICATED, "who are you", { reason: "CREDENTIALS_MISSING" });
  return { principal: "ada", expiresAt: Infinity };
};

describe("pages of other origins", () => {
  let browser: Browser;
  let listed: Page;
  let foreign: Page;
  let gateway: GatewayFixture;
  let servers: readonly Server[];
  let url: string;

  before(async () => {
    browser = await launchChromium();
    const [own, other] = [await startPages(), await startPages()];
    servers = [own.server, other.server];
    const yaml = `cors: { origins: ["${own.origin}"], headers: [x-tenant] }\nrequest_id: { enabled: true }`;
    gateway = await startGateway({
      protos,
      yaml,
      options: { authenticate },
      handlers: {
        "t.S/Watch": () => ({ kind: "stream", messages: ['{"text":"one"}', '{"text":"two"}'] }),
        "t.S/Get": ({ message }) => ({ kind: "reply", message }),
        "t.S/Put": ({ message }) => ({ kind: "reply", message }),
      },
    });
    url = `http://${gateway.host}:${gateway.port}`;
    [listed, foreign] = [await browser.newPage(), await browser.newPage()];
    await listed.goto(own.origin);
    await foreign.goto(other.origin);
  });

  after(async () => {
    await browser?.close();
    await gateway?.close();
    for (const server of servers ?? []) server.close();
  });

  interface Read {
    readonly status: number;
    readonly body: { readonly text?: string; readonly message?: string };
    readonly requestId: string | null;
  }

  /** What the page gets to read, or the name of the error that fetch ends with. */
  const read = (page: Page, path: string, init: object): Promise<Read | string> =>
    page.evaluate<Read | string>(`
      fetch(${JSON.stringify(url + path)}, ${JSON.stringify(init)}).then(
        async (response) => ({ status: response.status, body: await response.json(), requestId: response.headers.get("x-request-id") }),
        (error) => error.name)`);

  const good = { authorization: "Bearer good" };

  it("read answers, after a preflight that asks nobody who calls", async () => {
    const init = {
      method: "PUT",
      headers: { ...good, "content-type": "application/json", "x-tenant": "a" },
      body: "{}",
    };
    const answer = (await read(listed, "/v1/notes/a", init)) as Read;
    expect([answer.status, answer.body.text]).to.deep.equal([200, "a"]);
    expect(answer.requestId).to.match(/^[\w-]{22}$/);
  });

  it("read why they are refused", async () => {
    const refused = (await read(listed, "/v1/notes/a", {})) as Read;
    expect([refused.status, refused.body.message]).to.deep.equal([401, "who are you"]);
    const missing = (await read(listed, "/v1/nothing", { method: "DELETE", headers: good })) as Read;
    expect(missing.status).to.equal(404);
  });

  it("may not set a header that is not listed, nor use a method that the path has not", async () => {
    expect(await read(listed, "/v1/notes/a", { headers: { ...good, "x-other": "a" } })).to.equal("TypeError");
    expect(await read(listed, "/v1/notes/a", { method: "DELETE", headers: good })).to.equal("TypeError");
  });

  it("call from a sandboxed frame, which has no origin, where every page may read, and nowhere else", async () => {
    const open = await startGateway({
      protos,
      yaml: "cors: { origins: ['*'] }",
      handlers: { "t.S/Put": ({ message }) => ({ kind: "reply", message }) },
    });
    const call = (target: string): Promise<string> => {
      const init = { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" };
      const script = `fetch(${JSON.stringify(target)}, ${JSON.stringify(init)}).then((answer) => answer.text(), (error) => error.name)
        .then((text) => parent.postMessage(text, "*"))`;
      return listed.evaluate<string>(`
        new Promise((resolve) => {
          addEventListener("message", ({ data }) => resolve(data), { once: true });
          const frame = document.createElement("iframe");
          frame.sandbox = "allow-scripts";
          frame.srcdoc = ${JSON.stringify("<script>")} + ${JSON.stringify(script)} + ${JSON.stringify("</script>")};
          document.body.append(frame);
        })`);
    };
    const found = [await call(`http://${open.host}:${open.port}/v1/notes/a`), await call(`${url}/v1/notes/a`)];
    await open.close();
    expect(found).to.deep.equal(['{"text":"a"}', "TypeError"]);
  });

  it("get a ticket, and open a stream of events with it", async () => {
    const texts = await listed.evaluate<string[]>(`
      (async () => {
        const url = ${JSON.stringify(url)};
        const answer = await fetch(url + "/-/ticket", {
          method: "POST",
          headers: { authorization: "Bearer good", "content-type": "application/json" },
          body: JSON.stringify({ path: "/v1/watch" }),
        });
        const { ticket } = await answer.json();
        return new Promise((resolve) => {
          const texts = [];
          const source = new EventSource(url + "/v1/watch?$ticket=" + ticket);
          source.onmessage = ({ data }) => texts.push(JSON.parse(data).text);
          source.addEventListener("status", () => { source.close(); resolve(texts); });
          source.onerror = () => resolve(texts);
        });
      })()`);
    expect(texts.slice(0, 2)).to.deep.equal(["one", "two"]);
  });

  it("open a WebSocket", async () => {
    const token = Buffer.from("good").toString("base64url");
    const opened = (page: Page): Promise<string> =>
      page.evaluate<string>(`
        new Promise((resolve) => {
          const socket = new WebSocket(${JSON.stringify(`${url.replace("http", "ws")}/v1/watch`)}, ["sluice.v1.json", "bearer.${token}"]);
          socket.onmessage = ({ data }) => resolve(data);
          socket.onclose = ({ code }) => resolve("closed " + code);
        })`);
    expect(await opened(listed)).to.contain("one");
    expect(await opened(foreign)).to.match(/^closed 1006/);
  });

  it("read nothing where they are not listed, not even why", async () => {
    const before = gateway.calls.length;
    expect(await read(foreign, "/v1/notes/a", { headers: good })).to.equal("TypeError");
    expect(await read(foreign, "/v1/notes/a", {})).to.equal("TypeError");
    expect(
      await read(foreign, "/-/ticket", {
        method: "POST",
        headers: { ...good, "content-type": "application/json" },
        body: '{"path":"/v1/watch"}',
      }),
    ).to.equal("TypeError");
    // The preflight was refused: the request with credentials was never sent.
    expect(gateway.calls.length).to.equal(before);
  });
});
