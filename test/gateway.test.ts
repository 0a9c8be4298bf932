// A whole gateway that is stopped while streams are open: how each learns of it, and that nothing is left behind.
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { Client, credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { WebSocket } from "ws";
import { createGateway } from "../src/gateway.ts";
import type { Gateway } from "../src/gateway.ts";
import { startBackend } from "./support/backend.ts";
import type { Backend } from "./support/backend.ts";
import { loadSource, toMessage } from "./support/gateway.ts";
import { standStill } from "./support/stand-still.ts";
import { unshed } from "./support/unshed.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M);
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/watch" }; }
  }
`;

/** Waits for 400 ms before it cuts, and tells 200 ms before that. */
const graceMs = 400;
const yaml = `server: {shutdown_grace: ${graceMs}ms}`;

describe("a gateway that stops while streams are open", () => {
  let backend: Backend;
  let gateway: Gateway;
  let port: number;
  /** The backend's side of each call: resolves when it is cancelled. */
  let cancelled: Promise<unknown>[];

  beforeEach(async () => {
    const { project } = await loadSource({ protos, yaml });
    const message = toMessage(project!.schema, "t.M", '{"text": "first"}');
    cancelled = [];
    backend = await startBackend({
      "/t.S/Watch": {
        stream: (call) => {
          cancelled.push(once(call, "cancelled"));
          call.write(message);
          call.on("data", () => {});
        },
      },
    });
    const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
    gateway = createGateway({ ...project!, config: unshed({ ...project!.config, upstreams }) });
    ({ port } = await gateway.listen());
  });

  afterEach(() => backend.close());

  /** Resolves when the first message is there. */
  const watch = async (accept: string): Promise<{ all: () => string; end: Promise<string> }> => {
    let text = "";
    const outgoing = request({ port, path: "/v1/watch", headers: { accept }, agent: false }).end();
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    response.setEncoding("utf8");
    const end = new Promise<string>((resolve) => {
      response.on("end", () => resolve("end"));
      response.on("error", () => resolve("cut"));
    });
    const first = new Promise<void>((resolve) => {
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.includes("first")) resolve();
      });
    });
    await first;
    return { all: () => text, end };
  };

  it("says so at the end of lines and events, and cuts arrays", async () => {
    const [lines, events, array] = [
      await watch("application/x-ndjson"),
      await watch("text/event-stream"),
      await watch("application/json"),
    ];
    await gateway.close();
    expect(await lines.end).to.equal("end");
    expect(lines.all()).to.match(/^\{"text":"first"\}\n\{"@status":\{"code":14,.*the gateway is stopping.*\}\n$/);
    expect(await events.end).to.equal("end");
    // Without the id that would keep EventSource from coming back.
    expect(events.all()).to.match(/event: status\ndata: .*SHUTTING_DOWN/);
    expect(await array.end).to.equal("cut");
    expect(array.all()).to.equal('[{"text":"first"}');
    await Promise.all(cancelled);
  });

  for (const isLate of [false, true])
    it(`tells gRPC clients UNAVAILABLE${isLate ? ", however late it is itself" : ""}`, async () => {
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
      const asIs = (bytes: Buffer): Buffer => bytes;
      const call = client.makeServerStreamRequest("/t.S/Watch", asIs, asIs, Buffer.alloc(0));
      call.on("error", () => {});
      const status = new Promise<{ code: number; details: string }>((resolve) => call.on("status", resolve));
      await once(call, "data");
      const closed = gateway.close();
      // Nothing runs until all of the grace is over.
      if (isLate) standStill(graceMs);
      await closed;
      const { code, details } = await status;
      expect([code, details]).to.deep.equal([14, "the gateway is stopping; open the stream again"]);
      client.close();
      await Promise.all(cancelled);
    });

  it("closes sockets in simple mode with 1001 at once, and multiplexed ones with goaway, status and 1012", async () => {
    const simple = new WebSocket(`ws://127.0.0.1:${port}/v1/watch`);
    await once(simple, "message");
    const mux = new WebSocket(`ws://127.0.0.1:${port}/-/stream`, "sluice.mux.v1.json");
    const frames: { t: string; code?: number; reason?: string }[] = [];
    const first = new Promise<void>((resolve) => {
      mux.on("message", (data: Buffer) => {
        frames.push(JSON.parse(data.toString()) as (typeof frames)[0]);
        if (frames.at(-1)?.t === "msg") resolve();
      });
    });
    await once(mux, "open");
    mux.send('{"t":"init"}');
    mux.send('{"t":"open","id":1,"method":"t.S/Watch","credit":5,"m":{},"end":true}');
    await first;
    const closes = Promise.all([once(simple, "close"), once(mux, "close")]);
    const stopped = gateway.close();
    const [[simpleCode], [muxCode]] = await closes;
    await stopped;
    expect([simpleCode, muxCode]).to.deep.equal([1001, 1012]);
    const last = frames
      .filter(({ t }) => t === "goaway" || t === "status")
      .map(({ t, code, reason }) => [t, code ?? reason]);
    expect(last).to.deep.equal([
      ["goaway", "shutdown"],
      ["status", 14],
    ]);
    await Promise.all(cancelled);
  });
});

describe("a gateway's own pages", () => {
  const ask = async (yamlText: string, path: string): Promise<{ status: number; body: string }> => {
    const { project } = await loadSource({ protos, yaml: yamlText });
    const gateway = createGateway(project!);
    const { port } = await gateway.listen();
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, body: await response.text() };
    } finally {
      await gateway.close();
    }
  };

  it("are there on loopback, the typed client among them", async () => {
    expect(await ask("", "/-/play")).to.include({ status: 200 });
    expect((await ask("", "/-/api.ts")).body).to.contain("export function createApi(");
    expect(JSON.parse((await ask("", "/-/api.json")).body))
      .to.have.property("webSocket")
      .that.includes({ enabled: true });
  });

  it("are not for pages that DNS rebinding leads here, unless the operator chose to show them", async () => {
    const statusOf = async (yamlText: string, host: string, path = "/-/api.json"): Promise<number> => {
      const { project } = await loadSource({ protos, yaml: yamlText });
      const gateway = createGateway(project!);
      const { port } = await gateway.listen();
      const outgoing = request({
        port,
        path,
        headers: { host: host.replace("PORT", String(port)) },
        agent: false,
      }).end();
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      response.resume();
      await gateway.close();
      return response.statusCode ?? 0;
    };
    for (const host of ["localhost:PORT", "127.0.0.1:PORT", "[::1]:PORT", "shop.localhost", "LOCALHOST"])
      expect(await statusOf("", host), host).to.equal(200);
    for (const host of ["evil.example:PORT", "localhost.evil.example", "xlocalhost", "127.0.0.1.evil.example"])
      expect(await statusOf("", host), host).to.equal(421);
    expect(await statusOf("pages: {playground: on}", "evil.example")).to.equal(200);
  });

  it("can be switched off, but for the client that says nothing about the API", async () => {
    for (const path of ["/-/play", "/-/api.json", "/-/api.ts", "/-/api.js"])
      expect((await ask("pages: {playground: off}", path)).status, path).to.equal(404);
  });

  it("hand out tickets only where there are sockets to open with them", async () => {
    expect((await ask("", "/-/ticket")).status).to.equal(405);
    expect((await ask("websocket: {enabled: false}", "/-/ticket")).status).to.equal(404);
  });
});

describe("a ticket for a stream over HTTP", () => {
  let backend: Backend;
  let gateway: Gateway;
  let base: string;
  let seen: unknown[];

  const startWith = async (yamlText: string): Promise<void> => {
    const { project } = await loadSource({ protos, yaml: yamlText });
    seen = [];
    backend = await startBackend({
      "/t.S/Watch": {
        stream: (call) => {
          seen.push(call.metadata.get("authorization")[0]);
          call.end();
        },
      },
    });
    const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
    gateway = createGateway({ ...project!, config: unshed({ ...project!.config, upstreams }) });
    base = `http://127.0.0.1:${(await gateway.listen()).port}`;
  };

  afterEach(() => Promise.all([gateway.close(), backend.close()]));

  const ticketFor = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
    const response = await fetch(`${base}/-/ticket`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer posted", ...headers },
      body: JSON.stringify({ path }),
    });
    return ((await response.json()) as { ticket: string }).ticket;
  };
  const watch = (ticket: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${base}/v1/watch?$ticket=${ticket}`, { headers: { accept: "text/event-stream", ...headers } });

  it("stands for the credentials of the POST, once, whatever else the request has", async () => {
    await startWith("");
    const ticket = await ticketFor("/v1/watch");
    expect((await watch(ticket, { authorization: "Bearer other" })).status).to.equal(200);
    expect(seen).to.deep.equal(["Bearer posted"]);
    expect((await watch(ticket)).status).to.equal(401);
    expect((await watch(await ticketFor("/v1/other"))).status).to.equal(401);
  });

  it("is good for the page that got it: a GET of its own origin has no Origin, but says so otherwise", async () => {
    await startWith("");
    const own = { origin: base };
    expect((await watch(await ticketFor("/v1/watch", own), { "sec-fetch-site": "same-origin" })).status).to.equal(200);
    expect((await watch(await ticketFor("/v1/watch", own), own)).status).to.equal(200);
    expect((await watch(await ticketFor("/v1/watch", own))).status).to.equal(401);
    expect((await watch(await ticketFor("/v1/watch"), { origin: "https://evil.example" })).status).to.equal(403);
  });

  it("is refused where headers serve, and where there are none", async () => {
    await startWith("websocket: {unary: true}");
    const unary = await fetch(`${base}/t.S/Get?$ticket=x`, { method: "POST", body: "{}" });
    expect(unary.status).to.equal(400);
    expect(await unary.text()).to.contain("$ticket is for streams");
    await Promise.all([gateway.close(), backend.close()]);
    await startWith("websocket: {enabled: false}");
    expect((await watch("x")).status).to.equal(400);
  });
});
