// A gateway that asks who its callers are: on every way to call it, over real sockets, from the refusal to the end of the credentials.
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { expect } from "chai";
import type { Authenticate, Identity } from "../src/caller.ts";
import type { CustomAround, CustomInterceptor } from "../src/chain/points.ts";
import { Sweep } from "../src/front/stream/sweep.ts";
import { createGateway } from "../src/gateway.ts";
import type { Gateway } from "../src/gateway.ts";
import { Code, GatewayError } from "../src/status.ts";
import { openClient, Refused } from "./front/websocket/kit.ts";
import type { KitClient } from "./front/websocket/kit.ts";
import { startBackend } from "./support/backend.ts";
import type { Backend } from "./support/backend.ts";
import { loadSource, toMessage } from "./support/gateway.ts";
import { unshed } from "./support/unshed.ts";

const protos = `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  message M { string text = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/one" }; }
    rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/v1/watch" }; }
  }
`;

const asIs = (bytes: Buffer): Buffer => bytes;

/** By the name in `Bearer name`; `name.1`, `name.2` are further tokens of the same. */
type Judge = (name: string) => Identity | undefined | Promise<Identity>;

/** Good for 20 s. */
const brief: Judge = (name) => Promise.resolve({ principal: name.split(".")[0], expiresAt: Date.now() + 20_000 });
const lasting: Judge = (name) => Promise.resolve({ principal: name.split(".")[0], expiresAt: Infinity });
/** After that and the time of grace. */
const afterGraceMs = 51_000;

function refusal(code: Code, message: string): GatewayError {
  return new GatewayError(code, message, { reason: "INTERNAL" });
}

const judgeAll: Judge = (name) => {
  if (name === "") throw refusal(Code.UNAUTHENTICATED, "who are you");
  if (name === "late") return Promise.reject(refusal(Code.UNAUTHENTICATED, "who are you, after all"));
  if (name === "nobody") throw refusal(Code.PERMISSION_DENIED, "not you");
  if (name === "broken") throw new TypeError("secret detail");
  if (name === "odd") return { principal: "odd", expiresAt: Number.NaN };
  return { principal: name, expiresAt: Infinity };
};

/** Makes the messages of streams as large as no window is, and tells of the first. */
function enlarge(onFirst: () => void): CustomAround {
  const wrap: CustomAround["wrap"] = (next) => ({
    ...next,
    stream: (call) => {
      const reply = next.stream(call);
      const read = async (): Promise<Uint8Array | undefined> => {
        if ((await reply.messages.read()) === undefined) return undefined;
        setImmediate(onFirst);
        return Buffer.alloc(1024 * 1024);
      };
      return { ...reply, messages: { read } };
    },
  });
  return { name: "enlarge", around: "upstream", wrap };
}

describe("a gateway with authenticate", () => {
  let backend: Backend;
  let gateway: Gateway;
  let sweep: Sweep;
  let port: number;
  let calls: string[];
  let reports: GatewayError[];
  /** The backend's side of each stream: resolves when it is cancelled. */
  let cancelled: Promise<unknown>[];
  let grpc: Client;
  const sockets: KitClient[] = [];

  const start = async (judge: Judge, yaml = "", interceptors: readonly CustomInterceptor[] = []): Promise<void> => {
    const { project, problems } = await loadSource({ protos, yaml });
    if (project === undefined) throw new Error(problems.join("\n"));
    const first = toMessage(project.schema, "t.M", '{"text": "first"}');
    calls = [];
    reports = [];
    cancelled = [];
    backend = await startBackend({
      "/t.S/Get": (message) => {
        calls.push("Get");
        return message;
      },
      "/t.S/Watch": {
        stream: (call: ServerDuplexStream<Buffer, Buffer>) => {
          calls.push(String(call.metadata.get("authorization")[0]));
          cancelled.push(once(call, "cancelled"));
          call.write(first);
          call.on("data", () => {});
        },
      },
    });
    // Ticked by hand only.
    sweep = new Sweep(2 ** 31 - 1);
    const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
    const authenticate: Authenticate = ({ metadata }) => {
      const at = metadata.indexOf("authorization");
      return judge(at < 0 ? "" : metadata[at + 1].replace("Bearer ", ""));
    };
    const report = (error: GatewayError): void => void reports.push(error);
    const inputs = { ...project, config: unshed({ ...project.config, upstreams }) };
    gateway = createGateway(inputs, { authenticate, interceptors, report, sweep });
    ({ port } = await gateway.listen());
    grpc = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  };

  afterEach(async () => {
    for (const { socket } of sockets.splice(0)) socket.terminate();
    grpc.close();
    await Promise.all([gateway.close(), backend.close()]);
  });

  const bearer = (name: string): Record<string, string> => (name === "" ? {} : { authorization: `Bearer ${name}` });

  const get = (path: string, name: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...bearer(name), ...headers } });

  const metadataOf = (name: string): Metadata => {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(bearer(name))) metadata.set(key, value);
    return metadata;
  };

  const callUnary = (path: string, name: string): Promise<number> =>
    new Promise((resolve) =>
      grpc.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), metadataOf(name), (error) =>
        resolve(error?.code ?? Code.OK),
      ),
    );

  const watchGrpc = (name: string) => {
    const call = grpc.makeServerStreamRequest("/t.S/Watch", asIs, asIs, Buffer.alloc(0), metadataOf(name));
    call.on("error", () => {});
    const status = new Promise<{ code: number; details: string }>((resolve) => call.on("status", resolve));
    return { first: once(call, "data"), status, cancel: () => call.cancel() };
  };

  /** Resolves when the first message is there. */
  const watchHttp = async (name: string, accept: string): Promise<{ all: () => string; end: Promise<string> }> => {
    let text = "";
    const outgoing = request({ port, path: "/v1/watch", headers: { accept, ...bearer(name) }, agent: false }).end();
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    response.setEncoding("utf8");
    const end = new Promise<string>((resolve) => {
      response.on("end", () => resolve("end"));
      response.on("error", () => resolve("cut"));
    });
    await new Promise<void>((resolve) => {
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.includes("first")) resolve();
      });
    });
    return { all: () => text, end };
  };

  const connect = async (path: string, name: string, more: { protocol?: string; origin?: string } = {}) => {
    const { protocol, origin } = more;
    const headers = { ...bearer(name), ...(origin === undefined ? {} : { origin }) };
    const protocols = protocol === undefined ? [] : [protocol];
    const client = await openClient(`ws://127.0.0.1:${port}${path}`, protocols, { headers });
    sockets.push(client);
    return client;
  };

  const connectMux = async (init: object, name = "") => {
    const client = await connect("/-/stream", name, { protocol: "sluice.mux.v1.json" });
    const send = (frame: object): void => client.socket.send(JSON.stringify(frame));
    const next = async () => JSON.parse(await client.nextText()) as Record<string, unknown>;
    send({ t: "init", ...init });
    return { ...client, send, next };
  };
  const watch = (id: number, more: object = {}) => ({ t: "open", id, method: "t.S/Watch", credit: 5, m: {}, ...more });

  /** One that is open, and has its first message. */
  const openMux = async (name: string) => {
    const mux = await connectMux({ auth: `Bearer ${name}` });
    const ready = await mux.next();
    mux.send(watch(1));
    expect(await mux.next()).to.include({ t: "msg", id: 1 });
    return { ...mux, ready };
  };

  describe("refuses", () => {
    beforeEach(() => start(judgeAll));
    afterEach(() => expect(calls).to.deep.equal([]));

    it("requests with the status of the refusal", async () => {
      for (const name of ["", "late"]) {
        const unary = await get("/v1/one", name);
        expect([unary.status, unary.headers.get("www-authenticate")]).to.deep.equal([401, "Bearer"]);
        expect((await get("/v1/watch", name, { accept: "text/event-stream" })).status).to.equal(401);
      }
      expect((await get("/v1/one", "nobody")).status).to.equal(403);
      expect((await get("/v1/watch", "nobody")).status).to.equal(403);
    });

    it("gRPC calls of every kind", async () => {
      expect(await callUnary("/t.S/Get", "")).to.equal(Code.UNAUTHENTICATED);
      expect(await callUnary("/t.S/Get", "late")).to.equal(Code.UNAUTHENTICATED);
      expect((await watchGrpc("late").status).code).to.equal(Code.UNAUTHENTICATED);
      expect((await watchGrpc("nobody").status).code).to.equal(Code.PERMISSION_DENIED);
    });

    it("WebSockets of programs before the handshake is done", async () => {
      for (const name of ["", "late"]) {
        const refused: unknown = await connect("/v1/watch", name).catch((error: unknown) => error);
        expect(refused).to.be.instanceOf(Refused);
        const { status, headers } = refused as Refused;
        expect([status, headers["www-authenticate"]]).to.deep.equal([401, "Bearer"]);
      }
    });

    it("WebSockets of pages in a frame and a close code they can read", async () => {
      const client = await connect("/v1/watch", "late", { origin: `http://127.0.0.1:${port}` });
      expect(JSON.parse(await client.nextText()))
        .to.have.property("@status")
        .that.includes({ code: 16, message: "who are you, after all" });
      expect((await client.closed).code).to.equal(4016);
    });

    it("multiplexed sockets by a status of the socket", async () => {
      for (const name of ["", "late"]) {
        const mux = await connectMux({}, name);
        expect(await mux.next()).to.include({ t: "status", id: 0, code: 16 });
        expect((await mux.closed).code).to.equal(4016);
      }
    });

    it("without a word of what went wrong inside", async () => {
      for (const name of ["broken", "odd"]) {
        const response = await get("/v1/one", name);
        expect(response.status).to.equal(500);
        expect(await response.text())
          .to.contain("internal error")
          .and.not.contain("secret");
        expect((await watchGrpc(name).status).code).to.equal(Code.INTERNAL);
        const refused: unknown = await connect("/v1/watch", name).catch((error: unknown) => error);
        expect((refused as Refused).status).to.equal(500);
      }
      expect(reports.length).to.equal(6);
      expect(reports.every(({ cause }) => cause instanceof TypeError)).to.equal(true);
    });
  });

  it("lets in who is known, by the handshake's credentials or those of init", async () => {
    await start(judgeAll);
    expect((await get("/v1/one", "ada")).status).to.equal(200);
    expect(await callUnary("/t.S/Get", "ada")).to.equal(Code.OK);
    expect(JSON.parse(await (await connect("/v1/watch", "ada")).nextText())).to.deep.equal({ text: "first" });
    expect(await (await connectMux({}, "ada")).next()).to.include({ t: "ready" });
    const mux = await connectMux({ auth: "Bearer bob" }, "nobody");
    const ready = await mux.next();
    expect(ready).to.include({ t: "ready" }).and.not.to.have.property("authExpiresAt");
  });

  it("asks nobody who calls its own health service", async () => {
    await start(judgeAll);
    expect(await callUnary("/grpc.health.v1.Health/Check", "")).to.equal(Code.OK);
  });

  it("tells interceptors whose each call is, and asks once for each", async () => {
    const seen: (string | undefined)[] = [];
    const asked: string[] = [];
    const look: CustomInterceptor = {
      name: "look",
      after: "authenticate",
      intercept: (call) => void seen.push(call.identity?.principal),
    };
    const judge: Judge = (name) => {
      asked.push(name);
      return lasting(name);
    };
    await start(judge, "", [look]);
    await get("/v1/one", "rest");
    await watchGrpc("grpc").first;
    await (await connect("/v1/watch", "simple")).nextText();
    await openMux("mux");
    expect(seen).to.deep.equal(["rest", "grpc", "simple", "mux"]);
    expect(asked).to.deep.equal(seen);
  });

  describe("whose credentials end", () => {
    beforeEach(() => start(brief));

    it("ends streams over HTTP half a minute later, with a status where there is room for one", async () => {
      const [lines, events, array] = [
        await watchHttp("ada", "application/x-ndjson"),
        await watchHttp("ada", "text/event-stream"),
        await watchHttp("ada", "application/json"),
      ];
      sweep.tick(performance.now() + 49_000);
      expect(lines.all()).to.not.contain("@status");
      sweep.tick(performance.now() + afterGraceMs);
      expect(await lines.end).to.equal("end");
      expect(lines.all()).to.match(/\n *\{"@status":\{"code":16,.*CREDENTIALS_EXPIRED.*\}\n$/);
      expect(await events.end).to.equal("end");
      expect(events.all()).to.match(/event: status\n(?:id: .*\n)?data: .*CREDENTIALS_EXPIRED/);
      expect(await array.end).to.equal("cut");
      await Promise.all(cancelled);
    });

    it("ends gRPC streams with UNAUTHENTICATED", async () => {
      const { first, status } = watchGrpc("ada");
      await first;
      sweep.tick(performance.now() + afterGraceMs);
      expect((await status).code).to.equal(Code.UNAUTHENTICATED);
      await Promise.all(cancelled);
    });

    it("ends sockets in simple mode with a status and 4104", async () => {
      const client = await connect("/v1/watch", "ada");
      await client.nextText();
      sweep.tick(performance.now() + 49_000);
      sweep.tick(performance.now() + afterGraceMs);
      const { frames, code } = await client.rest();
      expect(frames.map((frame) => ("text" in frame ? frame.text : ""))[0]).to.contain("CREDENTIALS_EXPIRED");
      expect(code).to.equal(4104);
      await Promise.all(cancelled);
    });

    it("warns multiplexed sockets, then ends what is open on them and closes with 4104", async () => {
      const mux = await openMux("ada");
      expect(mux.ready.authExpiresAt).to.be.closeTo(Date.now() + 20_000, 15_000);
      sweep.tick(performance.now());
      expect(await mux.next()).to.deep.equal({ t: "expiring", what: "auth", at: mux.ready.authExpiresAt });
      sweep.tick(performance.now() + afterGraceMs);
      expect(await mux.next()).to.include({ t: "status", id: 1, code: 16 });
      expect((await mux.closed).code).to.equal(4104);
      await Promise.all(cancelled);
    });
  });

  it("ends gRPC streams though their client takes nothing", async () => {
    let onFirst = (): void => {};
    const first = new Promise<void>((resolve) => (onFirst = resolve));
    await start(brief, "", [enlarge(() => onFirst())]);
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    const head = { ":method": "POST", ":path": "/t.S/Watch", "content-type": "application/grpc", te: "trailers" };
    client.request({ ...head, ...bearer("ada") }).end(Buffer.alloc(5));
    await first;
    sweep.tick(performance.now() + afterGraceMs);
    await Promise.all(cancelled);
    await callUnary("/t.S/Get", "ada");
    expect(gateway.metrics()).to.match(/sluice_streams\{[^}]*t\.S\.Watch[^}]*\} 0/);
    client.destroy();
  });

  describe("with new credentials on a multiplexed socket", () => {
    it("lets open streams go on beyond the old ones, and opens others with the new", async () => {
      let lifeMs = 20_000;
      await start((name) => Promise.resolve({ principal: name.split(".")[0], expiresAt: Date.now() + lifeMs }));
      const mux = await openMux("ada");
      lifeMs = 1_000_000;
      mux.send({ t: "auth", auth: "Bearer ada.2" });
      const ready = await mux.next();
      expect(ready).to.include({ t: "ready", session: mux.ready.session });
      expect(ready.authExpiresAt).to.be.greaterThan(mux.ready.authExpiresAt as number);
      sweep.tick(performance.now() + afterGraceMs);
      mux.send(watch(2));
      expect(await mux.next()).to.include({ t: "msg", id: 2 });
      expect(calls).to.deep.equal(["Bearer ada", "Bearer ada.2"]);
      mux.send({ t: "cancel", id: 1 });
      expect(await mux.next()).to.include({ t: "status", id: 1, code: Code.CANCELLED });
    });

    it("closes with 4016 when they are refused, or those of another", async () => {
      await start(judgeAll);
      for (const name of ["late", "bob"]) {
        const mux = await openMux("ada");
        mux.send({ t: "auth", auth: `Bearer ${name}` });
        expect(await mux.next()).to.include({ t: "status", id: 0, code: 16 });
        expect((await mux.closed).code).to.equal(4016);
      }
      await Promise.all(cancelled);
    });

    it("closes with 4016 when they are nobody's, so that nobody becomes another by way of nobody", async () => {
      await start((name) => (name === "nobody" ? undefined : { principal: name, expiresAt: Infinity }));
      const mux = await openMux("ada");
      mux.send({ t: "auth", auth: "Bearer nobody" });
      expect(await mux.next()).to.include({ t: "status", id: 0, code: 16 });
      expect((await mux.closed).code).to.equal(4016);
      await Promise.all(cancelled);
    });

    it("judges a call that brings its own by these, and leaves the socket as it is", async () => {
      await start(judgeAll);
      const mux = await openMux("ada");
      mux.send(watch(2, { metadata: { authorization: "Bearer late" } }));
      expect(await mux.next()).to.include({ t: "status", id: 2, code: 16, message: "who are you, after all" });
      mux.send(watch(3, { metadata: { "x-request-id": "7" } }));
      expect(await mux.next()).to.include({ t: "msg", id: 3 });
      mux.send(watch(4, { metadata: { authorization: "Bearer bob" } }));
      expect(await mux.next()).to.include({ t: "msg", id: 4 });
      expect(gateway.revoke("bob")).to.deep.equal({ calls: 1, sockets: 0 });
      expect(await mux.next()).to.include({ t: "status", id: 4, code: 16 });
    });
  });

  it("ends everything of a principal when it is revoked, and nothing of others", async () => {
    await start(lasting);
    const other = await openMux("bob");
    const lines = await watchHttp("ada", "application/x-ndjson");
    const { first, status } = watchGrpc("ada");
    await first;
    const simple = await connect("/v1/watch", "ada");
    await simple.nextText();
    const mux = await openMux("ada");
    expect(gateway.revoke("ada")).to.deep.equal({ calls: 4, sockets: 2 });
    expect(await lines.end).to.equal("end");
    expect(lines.all()).to.contain("CREDENTIALS_REVOKED");
    expect((await status).code).to.equal(Code.UNAUTHENTICATED);
    expect(await simple.nextText()).to.contain("CREDENTIALS_REVOKED");
    expect((await simple.closed).code).to.equal(4016);
    expect(await mux.next()).to.include({ t: "status", id: 1, code: 16 });
    expect(await mux.next()).to.include({ t: "status", id: 0, code: 16 });
    expect((await mux.closed).code).to.equal(4016);
    await Promise.all(cancelled.slice(1));
    expect(gateway.revoke("ada")).to.deep.equal({ calls: 0, sockets: 0 });
    other.send({ t: "ping" });
    expect(await other.next()).to.deep.equal({ t: "pong" });
  });

  it("has forgotten what has ended by then", async () => {
    await start(lasting);
    const lines = request({ port, path: "/v1/watch", headers: { accept: "application/x-ndjson", ...bearer("ada") } });
    lines.on("error", () => {}).end();
    await once(lines, "response");
    const { first, cancel } = watchGrpc("ada");
    await first;
    const simple = await connect("/v1/watch", "ada");
    await simple.nextText();
    const mux = await openMux("ada");
    mux.send({ t: "cancel", id: 1 });
    await mux.next();
    lines.destroy();
    cancel();
    simple.socket.terminate();
    await Promise.all(cancelled);
    expect(gateway.revoke("ada")).to.deep.equal({ calls: 0, sockets: 1 });
  });

  describe("with grpc-websockets, whose credentials come in the first frame", () => {
    const talk = async (name: string) => {
      const client = await connect("/t.S/Watch", "", { protocol: "grpc-websockets" });
      const { authorization = "" } = bearer(name);
      client.socket.send(
        Buffer.from(`content-type: application/grpc-web+proto\r\nauthorization: ${authorization}\r\n`),
      );
      client.socket.send(Buffer.from([0, 0, 0, 0, 0, 0]));
      client.socket.send(Buffer.from([1]));
      const next = async (): Promise<string> => {
        const frame = await client.next();
        return "binary" in frame ? frame.binary.subarray(5).toString() : "";
      };
      return { ...client, next };
    };

    it("refuses the call by its trailers", async () => {
      await start(judgeAll);
      const refused = await talk("late");
      expect(await refused.next()).to.equal("");
      expect(await refused.next()).to.contain("grpc-status: 16");
      expect((await refused.closed).code).to.equal(1000);
      expect(calls).to.deep.equal([]);
    });

    it("ends it when they end, and when they are revoked", async () => {
      await start(brief);
      const brought = await talk("ada");
      await brought.next();
      expect(await brought.next()).to.contain("first");
      sweep.tick(performance.now() + afterGraceMs);
      expect(await brought.next()).to.contain("grpc-status: 16");
      const other = await talk("bob");
      await other.next();
      expect(await other.next()).to.contain("first");
      expect(gateway.revoke("bob")).to.deep.equal({ calls: 1, sockets: 0 });
      expect(await other.next()).to.contain("grpc-status: 16");
      await Promise.all(cancelled);
    });
  });

  it("judges the credentials that a ticket stands for when it is used", async () => {
    await start(judgeAll);
    const ticketOf = async (name: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${port}/-/ticket`, {
        method: "POST",
        headers: { "content-type": "application/json", ...bearer(name) },
        body: '{"path":"/v1/watch"}',
      });
      return ((await response.json()) as { ticket: string }).ticket;
    };
    const refused: unknown = await connect(`/v1/watch?$ticket=${await ticketOf("late")}`, "").catch(
      (error: unknown) => error,
    );
    expect((refused as Refused).status).to.equal(401);
    const events = await get(`/v1/watch?$ticket=${await ticketOf("late")}`, "ada", { accept: "text/event-stream" });
    expect(events.status).to.equal(401);
    expect(calls).to.deep.equal([]);
    await (await connect(`/v1/watch?$ticket=${await ticketOf("ada")}`, "")).nextText();
    expect(calls).to.deep.equal(["Bearer ada"]);
  });

  it("counts sockets by principal, whatever token they came with", async () => {
    await start(lasting, "websocket: {max_sockets_per_principal: 2}");
    await connect("/v1/watch", "ada.1");
    await (await connectMux({ auth: "Bearer ada.2" })).next();
    const refused: unknown = await connect("/v1/watch", "ada.3").catch((error: unknown) => error);
    expect((refused as Refused).status).to.equal(429);
    const mux = await connectMux({ auth: "Bearer ada.4" });
    expect(await mux.next()).to.include({ t: "status", id: 0, code: Code.RESOURCE_EXHAUSTED });
    expect((await mux.closed).code).to.equal(4008);
    await connect("/v1/watch", "bob");
  });

  describe("that gets no answer", () => {
    let asked: (() => void) | undefined;
    let answer: ((identity: Identity) => void) | undefined;
    const wasAsked = (): Promise<void> => new Promise((resolve) => (asked = resolve));

    beforeEach(() =>
      start(() => {
        queueMicrotask(() => asked?.());
        return new Promise((resolve) => (answer = resolve));
      }),
    );
    afterEach(() => expect(calls).to.deep.equal([]));

    it("says so after five seconds", async () => {
      const isAsked = wasAsked();
      const response = get("/v1/one", "ada");
      await isAsked;
      sweep.tick(performance.now() + 4000);
      sweep.tick(performance.now() + 6000);
      expect((await response).status).to.equal(503);
      expect(await (await response).text()).to.contain("AUTHENTICATION_TIMEOUT");
      const isAskedAgain = wasAsked();
      const socket = connect("/v1/watch", "ada").catch((error: unknown) => error);
      await isAskedAgain;
      sweep.tick(performance.now() + 6000);
      expect(((await socket) as Refused).status).to.equal(503);
    });

    it("keeps to the deadline of the call", async () => {
      const isAsked = wasAsked();
      const response = get("/v1/one?$timeout=2s", "ada");
      await isAsked;
      sweep.tick(performance.now() + 2500);
      expect((await response).status).to.equal(504);
    });

    it("opens no socket when the gateway has begun to stop", async () => {
      const isAsked = wasAsked();
      const socket = connect("/v1/watch", "ada").catch((error: unknown) => error);
      await isAsked;
      const stopped = gateway.close();
      answer?.({ principal: "ada", expiresAt: Infinity });
      const refused = await socket;
      expect((refused as Refused).status).to.equal(503);
      expect((refused as Refused).body).to.contain("SHUTTING_DOWN");
      await stopped;
    });

    it("calls nobody for a client that has gone meanwhile", async () => {
      const isAsked = wasAsked();
      const leaving = new AbortController();
      const gone = fetch(`http://127.0.0.1:${port}/v1/one`, { signal: leaving.signal }).catch(() => {});
      await isAsked;
      leaving.abort();
      await gone;
      const another = wasAsked();
      const waiting = get("/v1/one", "bob");
      await another;
      const late = answer;
      sweep.tick(performance.now() + 6000);
      expect((await waiting).status).to.equal(503);
      // The answer that comes too late is nobody's.
      late?.({ principal: "bob", expiresAt: Infinity });
    });
  });
});
