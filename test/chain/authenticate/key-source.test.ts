// Keys of an issuer: when they are fetched, how long they are used, and what a key server can do to the gateway.
import { expect } from "chai";
import { addressProblem } from "../../../src/chain/authenticate/outside-address.ts";
import { askOutside } from "../../../src/chain/authenticate/ask-outside.ts";
import { readKeySet } from "../../../src/chain/authenticate/json-web-keys.ts";
import { FetchedKeys } from "../../../src/chain/authenticate/key-source.ts";
import type { LoadedKeys } from "../../../src/chain/authenticate/key-source.ts";
import { loadKeys } from "../../../src/chain/authenticate/load-keys.ts";
import { GatewayError } from "../../../src/status.ts";
import { readToken } from "../../../src/chain/authenticate/read-token.ts";
import { answerKeys, base64Url, createKey, KeyServer } from "./token-kit.ts";
import type { KeyAnswer, KeyPair } from "./token-kit.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const first = createKey("RS256", "first");
const next = createKey("ES256", "next");

function setOf(...keys: readonly KeyPair[]): LoadedKeys["keys"] {
  return readKeySet(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
}

/** An issuer whose answers, and whose clock, are moved by hand. */
function createBench(
  initial: () => Promise<LoadedKeys> = () => Promise.resolve({ keys: setOf(first), maxAgeMs: undefined }),
) {
  const bench = { now: 0, loads: 0, answer: initial, reports: [] as unknown[] };
  const keys = new FetchedKeys({
    issuer: "https://idp.example",
    load: () => {
      bench.loads++;
      return bench.answer();
    },
    timer: { add: () => {}, delete: () => {} },
    report: (_issuer, cause) => void bench.reports.push(cause),
    now: () => bench.now,
  });
  const tick = async (now: number): Promise<void> => {
    bench.now = now;
    keys.check();
    await turn();
  };
  return { bench, keys, tick };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const gone = (): Promise<LoadedKeys> => Promise.reject(new Error("nobody there"));

async function failureOf(promise: unknown): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}

describe("the keys of an issuer", () => {
  it("are fetched at start, and are there at once from then on", async () => {
    const { bench, keys } = createBench();
    expect(keys.problem()).to.contain("not fetched yet");
    keys.start();
    await turn();
    expect(keys.find("first", "RS256")).to.have.property("kid", "first");
    expect([bench.loads, keys.problem()]).to.deep.equal([1, undefined]);
  });

  it("are fetched once for all who wait for them", async () => {
    const { bench, keys } = createBench();
    const found = await Promise.all(Array.from({ length: 100 }, async () => keys.find("first", "RS256")));
    expect(found.every((key) => key?.kid === "first")).to.equal(true);
    expect(bench.loads).to.equal(1);
  });

  for (const [stated, life] of [
    [undefined, 10 * minute],
    [0, minute],
    [5 * minute, 5 * minute],
    [1000 * hour, 24 * hour],
  ] as const)
    it(`are fetched again ahead of their end, ${life / minute} min when the issuer says ${stated}`, async () => {
      const { bench, keys, tick } = createBench(() => Promise.resolve({ keys: setOf(first), maxAgeMs: stated }));
      keys.start();
      await turn();
      await tick(0.8 * life - 1);
      expect(bench.loads).to.equal(1);
      await tick(0.8 * life);
      expect(bench.loads).to.equal(2);
    });

  it("are fetched for a key nobody knows, at most every 30 s, however many ask", async () => {
    const { bench, keys } = createBench();
    keys.start();
    await turn();
    bench.now = 29 * second;
    for (let i = 0; i < 1000; i++) expect(keys.find(`unknown ${i}`, "RS256")).to.equal(undefined);
    expect(bench.loads).to.equal(1);
    bench.now = 30 * second;
    bench.answer = () => Promise.resolve({ keys: setOf(first, next), maxAgeMs: undefined });
    const asked = Array.from({ length: 1000 }, async () => keys.find("next", "ES256"));
    const found = await Promise.all(asked);
    expect(found.every((key) => key?.kid === "next")).to.equal(true);
    expect(bench.loads).to.equal(2);
    bench.now = 59 * second;
    for (let i = 0; i < 1000; i++) expect(keys.find(`unknown ${i}`, "RS256")).to.equal(undefined);
    expect(bench.loads).to.equal(2);
  });

  it("stay what they were where they stay, and are gone where they went", async () => {
    const { bench, keys, tick } = createBench();
    keys.start();
    await turn();
    const key = keys.find("first", "RS256");
    bench.answer = () => Promise.resolve({ keys: setOf(first, next), maxAgeMs: undefined });
    await tick(10 * minute);
    expect(keys.find("first", "RS256")).to.equal(key);
    bench.answer = () => Promise.resolve({ keys: setOf(next), maxAgeMs: undefined });
    await tick(20 * minute);
    expect(key).to.have.property("isGone", true);
  });

  it("are another key when only the name is the same", async () => {
    const { bench, keys, tick } = createBench();
    keys.start();
    await turn();
    const key = keys.find("first", "RS256");
    bench.answer = () => Promise.resolve({ keys: setOf(createKey("RS256", "first")), maxAgeMs: undefined });
    await tick(10 * minute);
    expect(key).to.have.property("isGone", true);
    expect(keys.find("first", "RS256")).to.have.property("isGone", false);
  });

  it("are used for 24 h while their issuer is away, and not longer", async () => {
    const { bench, keys, tick } = createBench();
    keys.start();
    await turn();
    const key = keys.find("first", "RS256");
    bench.answer = gone;
    await tick(23 * hour);
    expect(keys.find("first", "RS256")).to.equal(key);
    expect(bench.reports).to.have.length(1);
    await tick(24 * hour + 1);
    expect(key).to.have.property("isGone", true);
    expect(keys.problem()).to.contain("nobody there");
  });

  it("are asked for again ever more slowly while there are none, up to every 30 s", async () => {
    const { bench, keys, tick } = createBench(gone);
    keys.start();
    await turn();
    const at: number[] = [];
    for (let now = 0; now < 200 * second; now += second) {
      const before = bench.loads;
      await tick(now);
      if (bench.loads > before) at.push(now / second);
    }
    expect(at.slice(0, 6)).to.deep.equal([1, 3, 7, 15, 31, 61]);
  });

  it("are UNAVAILABLE while there are none, without asking for each call", async () => {
    const { bench, keys } = createBench(gone);
    const error = await failureOf(keys.find("first", "RS256"));
    expect(error).to.be.instanceOf(GatewayError).and.include({ code: 14, reason: "KEYS_UNAVAILABLE" });
    expect(error.message).not.to.contain("idp.example");
    for (let i = 0; i < 100; i++) expect(() => keys.find("first", "RS256")).to.throw(GatewayError);
    expect(bench.loads).to.equal(1);
  });

  it("say how many they are, how old, and how often they were fetched", async () => {
    const { bench, keys, tick } = createBench();
    expect(keys.state()).to.deep.equal({ keys: 0, ageMs: undefined, fetched: 0, failed: 0 });
    keys.start();
    await turn();
    bench.answer = gone;
    await tick(10 * minute);
    expect(keys.state()).to.deep.equal({ keys: 1, ageMs: 10 * minute, fetched: 1, failed: 1 });
  });

  it("are not fetched any more once it is closed", async () => {
    const { bench, keys, tick } = createBench();
    keys.close();
    await tick(hour);
    expect(bench.loads).to.equal(0);
  });
});

describe("a key server", () => {
  let server: KeyServer;
  before(async () => {
    server = await new KeyServer(() => {}).listen();
  });
  after(() => server.close());

  const load = (answer: KeyAnswer): Promise<LoadedKeys> => {
    server.answer = answer;
    return loadKeys("https://idp.example", `${server.origin}/keys`);
  };
  const answer = (status: number, headers: Readonly<Record<string, string>>, body = ""): KeyAnswer => {
    return (_request, response) => void response.writeHead(status, headers).end(body);
  };

  it("says how long its keys are good for", async () => {
    for (const [headers, expected] of [
      [{}, undefined],
      [{ "cache-control": "public, max-age=300" }, 300_000],
      [{ "cache-control": "max-age=300", age: "100" }, 200_000],
      [{ "cache-control": "no-store" }, 0],
      [{ "cache-control": "max-age=banana" }, undefined],
    ] as const)
      expect((await load(answerKeys(() => [first.jwk], headers))).maxAgeMs).to.equal(expected);
  });

  it("is not followed anywhere", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const location = "http://169.254.169.254/latest/meta-data";
      expect((await failureOf(load(answer(status, { location })))).message).to.contain("redirects are not followed");
    }
    expect(server.requests.filter((url) => url !== "/keys")).to.deep.equal([]);
  });

  it("is not read beyond 1 MiB, said or not", async () => {
    const said = answer(200, { "content-length": String(100 * 1024 * 1024) }, "x".repeat(2 * 1024 * 1024));
    let written = 0;
    const endless: KeyAnswer = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && written < 100 * 1024 * 1024) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536, 0x20))) return void response.once("drain", more);
        }
      };
      more();
    };
    for (const hostile of [said, endless])
      expect((await failureOf(load(hostile))).message).to.contain("larger than 1048576 bytes");
    expect(written).to.be.below(32 * 1024 * 1024);
  });

  it("is not believed when its answer is compressed, broken off, an error, or no JSON", async () => {
    expect((await failureOf(load(answer(200, { "content-encoding": "gzip" })))).message).to.contain("compressed");
    expect((await failureOf(load(answer(500, {})))).message).to.contain("answers 500");
    expect((await failureOf(load(answer(200, {}, "<html>")))).message).to.contain("JSON");
    await failureOf(load((request) => void request.socket.destroy()));
    await failureOf(
      load((_request, response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{", () => response.destroy());
      }),
    );
  });

  it("has so much time for all of its answer, however it spreads it", async () => {
    server.answer = (_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(" "), 10);
      response.once("close", () => clearInterval(drip));
    };
    const url = new URL(`${server.origin}/keys`);
    const error = await failureOf(askOutside({ url, timeoutMs: 150, maxBytes: 1024 }));
    expect(error.message).to.equal("no answer within 150 ms");
  });

  it("is found by discovery, where the issuer speaks for itself", async () => {
    server.answer = (request, response) => {
      const configuration = { issuer: server.origin, jwks_uri: `${server.origin}/jwks` };
      if (request.url === "/.well-known/openid-configuration") response.end(JSON.stringify(configuration));
      else answerKeys(() => [first.jwk])(request, response);
    };
    const { keys } = await loadKeys(server.origin, undefined);
    expect(keys.map(({ kid }) => kid)).to.deep.equal(["first"]);
    for (const [document, message] of [
      [{ issuer: "https://other.example", jwks_uri: `${server.origin}/jwks` }, "names another issuer"],
      [{ issuer: server.origin }, "has no jwks_uri"],
      [{ issuer: server.origin, jwks_uri: "http://10.0.0.1/jwks" }, "is no https URL"],
      [{ issuer: server.origin, jwks_uri: "file:///etc/passwd" }, "is no https URL"],
      [{ issuer: server.origin, jwks_uri: "https://169.254.169.254/jwks" }, "is no address that is called"],
    ] as const) {
      server.answer = (_request, response) => void response.end(JSON.stringify(document));
      expect((await failureOf(loadKeys(server.origin, undefined))).message).to.contain(message);
    }
  });
});

describe("an address that keys are fetched from", () => {
  for (const address of [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "0.0.0.0",
    "::",
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "::ffff:127.0.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
  ])
    it(`is not ${address}`, () => expect(addressProblem(address, false)).to.be.a("string"));

  for (const address of ["93.184.216.34", "10.0.0.7", "192.168.1.2", "2606:2800:220:1::1", "::ffff:10.0.0.7"])
    it(`is ${address}`, () => expect(addressProblem(address, false)).to.equal(undefined));

  it("is on this machine where the URL says so, and nowhere else then", () => {
    expect(addressProblem("127.0.0.1", true)).to.equal(undefined);
    expect(addressProblem("::1", true)).to.equal(undefined);
    expect(addressProblem("93.184.216.34", true)).to.be.a("string");
    expect(addressProblem("169.254.169.254", true)).to.be.a("string");
  });

  it("is looked at when the name is, not when the URL is read", async () => {
    const ask = (...addresses: readonly string[]): Promise<unknown> =>
      askOutside({
        url: new URL("https://keys.example/"),
        timeoutMs: 2000,
        maxBytes: 1024,
        resolve: (_hostname, _options, callback) =>
          callback(
            null,
            addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
          ),
      });
    expect((await failureOf(ask("127.0.0.1"))).message).to.contain("keys.example: 127.0.0.1 is this machine");
    expect((await failureOf(ask("93.184.216.34", "169.254.169.254"))).message).to.contain(
      "169.254.169.254 is no address",
    );
    expect((await failureOf(ask())).message).to.contain("has no address");
    const literal = await failureOf(
      askOutside({ url: new URL("http://[::ffff:169.254.169.254]/"), timeoutMs: 2000, maxBytes: 1 }),
    );
    expect(literal.message).to.contain("is no address that is called");
  });
});

describe("a token made to cost", () => {
  const header = base64Url('{"alg":"RS256"}');
  const costs: readonly [string, string][] = [
    ["brackets", `{"a":${"[".repeat(2900)}${"]".repeat(2900)}}`],
    ["names", `{${Array.from({ length: 600 }, (_, i) => `"n${i}":1`).join(",")}}`],
    ["escapes", `{"a":"${"\\\\".repeat(2900)}"}`],
    ["a text without end", `{"a":"${'\\"'.repeat(2900)}`],
    ["dots", ""],
  ];
  for (const [what, claims] of costs)
    it(`of ${what} costs less than 20 ms of CPU at 8 KiB`, () => {
      const token = what === "dots" ? ".".repeat(8192) : `${header}.${base64Url(claims)}.AAAA`;
      const before = process.cpuUsage();
      for (let i = 0; i < 100; i++) readToken(token);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 100).to.be.below(20_000);
    });
});
