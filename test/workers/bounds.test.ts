// What may be there at once holds for all workers together, wherever connections go and whichever process ends or stops.
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { secretIssuer, tokenOf } from "../matrix/secret-issuer.ts";
import { BackendError, startBackend } from "../support/backend.ts";
import type { Backend } from "../support/backend.ts";
import { serve } from "../limits/processes.ts";
import type { Process } from "../limits/processes.ts";

const workers = 4;
const server = (more = ""): string => `server: { workers: ${workers}${more} }\nshedding: { enabled: false }\n`;
const turn = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const total = (counts: readonly number[]): number => counts.reduce((sum, one) => sum + one, 0);

/** One that is under way at the backend, by its id, until it is let go. */
class Held {
  readonly waiting = new Map<string, () => void>();
  backend!: Backend;

  async start(): Promise<void> {
    this.backend = await startBackend({
      "/t.Calls/Get": async (message, call) => {
        const id = message.subarray(2).toString();
        if (id.startsWith("ok")) return Buffer.alloc(0);
        if (id.startsWith("bad")) throw new BackendError(5, "none");
        const done = new Promise<void>((resolve) => this.waiting.set(id, resolve));
        await Promise.race([done, call.cancelled]);
        this.waiting.delete(id);
        return Buffer.alloc(0);
      },
      "/t.Calls/Watch": { stream: (call) => void call.on("data", () => {}).write(Buffer.alloc(0)) },
    });
  }

  letGo(): void {
    for (const done of this.waiting.values()) done();
  }
}

/**
 * As many as there may be, exactly. Where a process stood still for a moment, each worker goes by its share, or what one does not use is not
 * given back in time: another time it is as it should be.
 */
async function passExactly(
  gateway: Process,
  { bound, most }: { readonly bound: string; readonly most: number },
  countPassed: () => Promise<number>,
): Promise<void> {
  const countLate = async (): Promise<number> => {
    const labels = Array.from({ length: workers }, (_, at) => `worker="${at + 1}",bound="${bound}",result="late"`);
    return total(
      await Promise.all(labels.map((each) => gateway.metric(`sluice_shared_bound_questions_total{${each}}`))),
    );
  };
  for (;;) {
    const before = await countLate();
    const passed = await countPassed();
    if (passed === most) return;
    if (passed > most) expect(await countLate()).to.be.above(before);
  }
}

interface Asked {
  readonly stream: ClientHttp2Stream;
  /** The status, or 0 for none. */
  readonly answered: Promise<number>;
}

/** A connection, and with it one worker. */
class Client {
  readonly session: ClientHttp2Session;

  constructor(base: string) {
    this.session = connectHttp2(base);
    this.session.on("error", () => {});
  }

  ask(path: string, headers: object = {}): Asked {
    const stream = this.session.request({ ":path": path, ...headers });
    stream.on("error", () => {});
    const answered = new Promise<number>((resolve) => {
      stream.once("response", (head) => resolve(Number(head[":status"])));
      stream.once("close", () => resolve(0));
    });
    stream.resume();
    return { stream, answered };
  }

  close(): void {
    this.session.destroy();
  }
}

describe("what all workers may have at once", function () {
  this.timeout(120_000);
  const held = new Held();
  let gateway: Process;
  let clients: Client[] = [];
  const max = 20;
  let lastId = 0;

  before(async () => {
    await held.start();
    const bounds = `streams: { max_per_client: 10 }\npolicies: [{ methods: [t.Calls.Get], max_in_flight: ${max} }]\n`;
    gateway = await serve(held.backend.target, `${server()}${bounds}`);
  });
  after(async () => {
    await gateway?.stop();
    await held.backend.close();
  });
  afterEach(() => {
    gateway?.signal("SIGCONT");
    for (const client of clients) client.close();
    clients = [];
    held.letGo();
  });

  const newClients = (count: number): Client[] => {
    const made = Array.from({ length: count }, () => new Client(gateway.base));
    clients.push(...made);
    return made;
  };
  /** Each worker has one of them at least, and a call of each may be there at once. */
  const newClientsOfAll = async (): Promise<Client[]> => {
    await allListen();
    for (;;) {
      // Those of before are counted until their workers hear of their end.
      while (total(await gateway.connections()) > 0) await turn(20);
      const own = newClients(8);
      await Promise.all(own.map((client) => client.ask("/v1/ok").answered));
      while (own.length < max && (await gateway.connections()).includes(0)) {
        own.push(...newClients(1));
        await own.at(-1)?.ask("/v1/ok").answered;
      }
      if (!(await gateway.connections()).includes(0)) return own;
      for (const client of own) client.close();
    }
  };
  const askHeld = (client: Client): Asked => client.ask(`/v1/h${++lastId}`);
  /** Those that pass, and those that are refused: the former are under way, and stay so. */
  const count = async (asked: readonly Asked[]): Promise<{ passed: number; refused: number }> => {
    let [refused, over] = [0, 0];
    for (const { answered } of asked)
      void answered.then((status) => {
        if (status === 503) refused++;
        else over++;
      });
    const before = held.waiting.size;
    while (refused + over + held.waiting.size - before < asked.length) await turn();
    return { passed: held.waiting.size, refused };
  };
  const letGo = async (asked: readonly Asked[]): Promise<void> => {
    while (held.waiting.size > 0) {
      held.letGo();
      await turn();
    }
    await Promise.all(asked.map(({ answered }) => answered));
  };
  /** From all of these connections at once. */
  const fill = ({ connections = 8, calls = 6 } = {}): Promise<void> =>
    passExactly(gateway, { bound: "max_in_flight", most: max }, async () => {
      const own = newClients(connections);
      const asked = own.flatMap((client) => Array.from({ length: calls }, () => askHeld(client)));
      const { passed, refused } = await count(asked);
      expect(passed + refused).to.equal(asked.length);
      await letGo(asked);
      while ((await inFlight()) > 0) await turn(50);
      return passed;
    });
  const metric = (name: string, labels = ""): Promise<number[]> =>
    Promise.all([1, 2, 3, 4].map((worker) => gateway.metric(`${name}{worker="${worker}"${labels}}`)));
  const allListen = async (): Promise<void> => {
    while ((await gateway.connections()).length < workers) await turn(50);
  };
  const inFlight = async (): Promise<number> => total(await metric("sluice_method_in_flight", ',method="t.Calls.Get"'));

  it("are calls of a method, exactly, on connections to all workers", () => fill());

  it("are calls of a method, all of them on one connection", async () => {
    await fill();
    await fill({ connections: 1, calls: 60 });
    await fill();
  });

  it("are calls of a method, none of which is forgotten, however thousands of them end", async () => {
    const own = newClients(4);
    const end = async (client: Client, round: number): Promise<void> => {
      const kind = round % 5;
      if (kind === 0) await client.ask(`/v1/ok${round}`).answered;
      else if (kind === 1) await client.ask(`/v1/bad${round}`).answered;
      else if (kind === 2) await client.ask(`/v1/h${round}`, { "grpc-timeout": "5m" }).answered;
      else if (kind === 3) {
        const { stream, answered } = client.ask(`/v1/h${round}`);
        await turn(round % 4);
        stream.close(8);
        await answered;
      } else {
        const gone = new Client(gateway.base);
        const { answered } = gone.ask(`/v1/h${round}`);
        await turn(round % 8);
        gone.close();
        await answered;
      }
    };
    for (let round = 0; round < 2000; round += 20)
      await Promise.all(Array.from({ length: 20 }, (_, i) => end(own[i % 4], round + i)));
    while ((await inFlight()) > 0) await turn(50);
    await fill();
  });

  it("are free again when a worker is killed that had some, as many as it had", async () => {
    const own = await newClientsOfAll();
    // One of each first: otherwise one worker may get all of them.
    const first = own.map(askHeld);
    expect((await count(first)).refused).to.equal(0);
    const others = own.flatMap((client) => Array.from({ length: 3 }, () => askHeld(client)));
    expect(await count(others)).to.deep.equal({ passed: max, refused: own.length * 4 - max });
    await gateway.killOne();
    while (held.waiting.size === max) await turn();
    await turn(100);
    const left = held.waiting.size;
    expect(left).to.be.within(1, max - 1);
    const more = newClients(8).flatMap((client) => Array.from({ length: 4 }, () => askHeld(client)));
    expect((await count(more)).passed).to.equal(max);
    await letGo([...first, ...others, ...more]);
  });

  it("are the same when every worker has been replaced", async () => {
    for (let i = 0; i < workers; i++) {
      await gateway.killOne();
      await allListen();
      await fill();
    }
  });

  it("are each worker's share while the process that counts stands still, and exact again afterwards", async () => {
    const own = await newClientsOfAll();
    gateway.signal("SIGSTOP");
    const asked = own.flatMap((client) => Array.from({ length: 10 }, () => askHeld(client)));
    // A worker has its share, and may hold one more that it was granted before.
    expect((await count(asked)).passed).to.be.within(max, max + workers);
    const late = own.map((client) => client.ask("/v1/h-late"));
    expect(await Promise.all(late.map(({ answered }) => answered))).to.deep.equal(late.map(() => 503));
    gateway.signal("SIGCONT");
    await letGo(asked);
    while ((await inFlight()) > 0) await turn(50);
    await fill();
  });

  it("are streams of a client", async () => {
    const accept = { accept: "application/x-ndjson" };
    for (let i = 0; i < 3; i++)
      await passExactly(gateway, { bound: "streams.max_per_client", most: 10 }, async () => {
        const streams = newClients(6).flatMap((client) =>
          Array.from({ length: 5 }, () => client.ask("/v1/x/watch", accept)),
        );
        const answers = await Promise.all(streams.map(({ answered }) => answered));
        for (const status of answers) expect(status).to.be.oneOf([200, 429]);
        for (const client of clients.splice(0)) client.close();
        const labels = ',method="t.Calls.Watch",kind="server-streaming",way="ndjson"';
        while (total(await metric("sluice_streams", labels)) > 0) await turn(20);
        return answers.filter((status) => status === 200).length;
      });
  });
});

/** `200`, `503`, or nothing for a connection that is closed unheard. */
async function connectRaw(base: string): Promise<{ socket: Socket; status: string }> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write("GET /v1/ok HTTP/1.1\r\nHost: x\r\n\r\n");
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  await Promise.race([once(socket, "data"), once(socket, "close")]).catch(() => {});
  return { socket, status: text.slice(9, 12) };
}

describe("connections of all workers at once", () => {
  const held = new Held();

  before(() => held.start());
  after(() => held.backend.close());

  for (const { what, bound, setting, status } of [
    {
      what: "of one address",
      bound: "server.max_connections_per_ip",
      setting: ", max_connections_per_ip: 24",
      status: "503",
    },
    {
      what: "of everybody",
      bound: "server.max_connections",
      setting: ', max_connections: 24, max_connections_per_ip: "off"',
      status: "",
    },
  ])
    it(`are bounded ${what}, exactly, and as many again when they have gone`, async () => {
      const gateway = await serve(held.backend.target, server(setting));
      try {
        for (let round = 0; round < 2; round++)
          await passExactly(gateway, { bound, most: 24 }, async () => {
            const all = await Promise.all(Array.from({ length: 60 }, () => connectRaw(gateway.base)));
            for (const one of all) expect(one.status).to.be.oneOf(["200", status]);
            for (const { socket } of all) socket.destroy();
            while (total(await gateway.connections()) > 0) await turn(20);
            return all.filter((one) => one.status === "200").length;
          });
      } finally {
        await gateway.stop();
      }
    });
});

describe("sockets of one client over all workers", () => {
  const held = new Held();
  let gateway: Process;
  const sockets: WebSocket[] = [];
  const bound = "websocket.max_sockets_per_principal";

  before(async () => {
    await held.start();
    const yaml = `websocket: { max_sockets_per_principal: 6 }\n${secretIssuer}`;
    gateway = await serve(held.backend.target, `${server()}${yaml}`);
  });
  after(async () => {
    for (const socket of sockets) socket.terminate();
    await gateway?.stop();
    await held.backend.close();
  });

  /** `open`, or why not. */
  const open = (sub: string): Promise<string> =>
    new Promise((resolve) => {
      const headers = { authorization: `Bearer ${tokenOf({ sub })}` };
      const socket = new WebSocket(`${gateway.base.replace("http", "ws")}/v1/x/watch`, { headers });
      sockets.push(socket);
      socket.once("unexpected-response", (_, answer) => resolve(`HTTP ${answer.statusCode}`));
      socket.once("message", () => resolve("open"));
      socket.once("error", () => {});
    });
  /** Who it is turns out on the open socket: `ready`, or the code it is closed with. */
  const openMux = (sub: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${gateway.base.replace("http", "ws")}/-/stream`, "sluice.mux.v1.json");
      sockets.push(socket);
      const init = JSON.stringify({ t: "init", auth: `Bearer ${tokenOf({ sub })}` });
      socket.once("open", () => socket.send(init));
      socket.once("message", (data: Buffer) => {
        if ((JSON.parse(data.toString()) as { t: string }).t === "ready") resolve("ready");
      });
      socket.once("close", (code) => resolve(`close ${code}`));
      socket.once("unexpected-response", (_, answer) => resolve(`HTTP ${answer.statusCode}`));
      socket.once("error", () => {});
    });

  it("are bounded where the handshake says whose they are", async () => {
    let round = 0;
    await passExactly(gateway, { bound, most: 6 }, async () => {
      const [one, other] = [`ada ${++round}`, `bob ${round}`];
      const [own, another] = await Promise.all([
        Promise.all(Array.from({ length: 20 }, () => open(one))),
        Promise.all(Array.from({ length: 4 }, () => open(other))),
      ]);
      for (const how of own) expect(how).to.be.oneOf(["open", "HTTP 429"]);
      const passed = own.filter((how) => how === "open").length;
      // The other's are counted by themselves.
      return another.every((how) => how === "open") ? passed : 0;
    });
  });

  it("are bounded where it turns out later, and are the client's own from then on", async () => {
    // More than one address may have, if they stayed under its name.
    for (const name of ["eve", "dan"]) {
      let round = 0;
      await passExactly(gateway, { bound, most: 6 }, async () => {
        const sub = `${name} ${++round}`;
        const all: string[] = [];
        for (let i = 0; i < 9; i++) all.push(await openMux(sub));
        for (const how of all) expect(how).to.be.oneOf(["ready", "close 4008"]);
        return all.filter((how) => how === "ready").length;
      });
    }
  });
});
