// Workers as real processes: they share the port and the limits, are replaced, and end together.
import { Agent, request } from "node:http";
import { expect } from "chai";
import { WebSocket } from "ws";
import { startBackend } from "../support/backend.ts";
import type { Backend } from "../support/backend.ts";
import { serve } from "../limits/processes.ts";
import type { Process } from "../limits/processes.ts";

describe("sluice serve with workers", () => {
  let backend: Backend;
  let gateway: Process;

  before(async () => {
    backend = await startBackend({ "/t.Calls/Get": () => Buffer.alloc(0) });
    const limits = "limits: [{ name: all, rate: 1/h, burst: 40, methods: [t.*] }]";
    gateway = await serve(backend.target, `server: { workers: 2 }\nshedding: { enabled: false }\n${limits}\n`);
  });

  after(async () => {
    await gateway?.stop();
    await backend.close();
  });

  it("counts limits for all of them together", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(`${gateway.base}/v1/x`)));
    expect(answers.filter(({ status }) => status === 200)).to.have.length(40);
    expect(answers.filter(({ status }) => status === 429)).to.have.length(160);
    const refused = (worker: number) => gateway.metric(`sluice_rate_limited_total{worker="${worker}",limit="all"}`);
    // Whichever of them a connection goes to.
    for (const worker of [1, 2])
      while ((await refused(worker)) === 0) expect((await ask(`${gateway.base}/v1/x`)).status).to.equal(429);
  });

  it("puts another in the place of one that is killed, and goes on serving", async () => {
    await gateway.killOne();
    for (let i = 0; i < 25; i++) expect((await ask(`${gateway.base}/v1/x`)).status).to.equal(429);
  });

  it("ends with exit code 0 when it is told to", async () => {
    expect(await gateway.stop()).to.equal(0);
    expect(gateway.output()).to.contain("stopped");
  });
});

/** On a connection of its own: the next worker's turn. */
function ask(url: string, method = "GET", body = "", headers: object = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    request(url, { method, agent, headers: { ...headers } }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: text })).once("error", reject);
    })
      .once("error", reject)
      .end(body);
  });
}

describe("what workers have together", () => {
  let backend: Backend;
  let gateway: Process;
  const authorizations: string[] = [];

  before(async () => {
    backend = await startBackend({
      "/t.Calls/Watch": {
        stream: (call) => {
          authorizations.push(String(call.metadata.get("authorization")[0]));
          call.on("data", () => {});
          call.end();
        },
      },
    });
    const bans =
      "bans: { enabled: true, exempt: [], threshold: 20, duration: 10m, weights: { not_found: 1, unauthenticated: 0 } }";
    gateway = await serve(backend.target, `server: { workers: 2 }\nshedding: { enabled: false }\n${bans}\n`);
  });

  after(async () => {
    await gateway?.stop();
    await backend.close();
  });

  const getTicket = async (name: string): Promise<string> => {
    const json = { "content-type": "application/json", authorization: `Bearer ${name}` };
    const { status, body } = await ask(`${gateway.base}/-/ticket`, "POST", '{"path":"/v1/x/watch"}', json);
    expect(status, body).to.equal(200);
    return (JSON.parse(body) as { ticket: string }).ticket;
  };
  const watch = async (ticket: string): Promise<number> =>
    (await ask(`${gateway.base}/v1/x/watch?$ticket=${ticket}`, "GET", "", { accept: "application/x-ndjson" })).status;
  const open = (ticket: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${gateway.base.replace("http", "ws")}/v1/x/watch?$ticket=${ticket}`);
      socket.once("close", (code) => resolve(`close ${code}`));
      socket.once("unexpected-response", (_, answer) => resolve(`HTTP ${answer.statusCode}`));
      socket.once("error", () => {});
    });

  it("are tickets: one worker's are good on the other, once", async () => {
    const names = ["one", "two", "three"];
    for (const name of names) {
      const ticket = await getTicket(name);
      expect(await watch(ticket)).to.equal(200);
      expect([await watch(ticket), await watch(ticket)]).to.deep.equal([401, 401]);
    }
    // An odd number between the two: the worker that gave it has its turn, too.
    const own = await getTicket("own");
    await ask(`${gateway.base}/-/`);
    expect(await open(own)).to.equal("close 1000");
    expect(await open(await getTicket("socket"))).to.equal("close 1000");
    expect(await open(own)).to.equal("HTTP 401");
    expect(authorizations).to.deep.equal([...names, "own", "socket"].map((name) => `Bearer ${name}`));
    for (const worker of [1, 2]) {
      const labels = (front: string) => `worker="${worker}",method="t.Calls.Watch",front="${front}",code="OK"`;
      const served = ["rest", "websocket"].map((front) => gateway.metric(`sluice_calls_total{${labels(front)}}`));
      expect(Math.max(...(await Promise.all(served))), `worker ${worker}`).to.be.greaterThan(0);
    }
  });

  it("are tickets that are given out to one who opens two streams with it at once", async () => {
    for (let i = 0; i < 5; i++) {
      const ticket = await getTicket(`twice ${i}`.replace(" ", "-"));
      expect((await Promise.all([watch(ticket), watch(ticket)])).toSorted()).to.deep.equal([200, 401]);
    }
  });

  it("are bans: what all have refused counts, and all refuse, whoever comes in the place of one that is killed as well", async () => {
    const nothing = `${gateway.base}/nothing/here/at/all`;
    // For each of the two by itself not enough.
    for (let i = 0; i < 24; i++) expect((await ask(nothing)).status).to.be.oneOf([404, 429]);
    // What leads to no ban.
    const ticket = () => ask(`${gateway.base}/-/ticket`);
    const untilBanned = async (): Promise<void> => {
      let inARow = 0;
      while (inARow < 8) inARow = (await ticket().catch(() => undefined))?.status === 429 ? inARow + 1 : 0;
    };
    await untilBanned();
    expect((await ticket()).body).to.contain("BANNED");
    await gateway.killOne();
    await untilBanned();
    expect(await gateway.metric('sluice_banned_clients{worker="2",kind="address"}')).to.equal(1);
  });
});
