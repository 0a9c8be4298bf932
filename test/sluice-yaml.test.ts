// A file of ten lines that guards a shop: as it stands, read by the command line, with an issuer, backends and clients that are real.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { startExamples } from "../examples/start.ts";
import type { Examples } from "../examples/start.ts";
import { startIdentityProvider } from "./support/identity-provider.ts";
import type { IdentityProvider } from "./support/identity-provider.ts";

/** As it stands in README.md. */
const file = `protos: [./protos]
upstreams: { default: "localhost:50051" }
auth:
  default: required            # a method is public only where it says so
  public: ["shop.v1.Catalog.*"]
  issuers:
    - issuer: https://idp.example
      jwks: http://127.0.0.1:9000/jwks.json
      audience: shop
      algorithms: [RS256]
limits:
  - { name: per-user, key: "claim:sub", rate: 50/s, burst: 20, methods: ["shop.v1.Orders.*"] }
`;

const main = fileURLToPath(new URL("../src/main.js", import.meta.url));
const protos = fileURLToPath(new URL("../../protos/examples", import.meta.url));

describe("a sluice.yaml with issuers, public methods and a limit", () => {
  let folder: string;
  let idp: IdentityProvider;
  let examples: Examples;
  let gateway: ChildProcess;
  let base: string;
  let output = "";
  const tokenOf = (sub: string): Promise<string> => idp.sign({ sub, aud: "shop" });

  before(async () => {
    idp = await startIdentityProvider();
    examples = await startExamples({ port: 0 });
    folder = mkdtempSync(join(tmpdir(), "sluice-yaml-"));
    cpSync(protos, join(folder, "protos"), { recursive: true });
    // What is another: where the keys are, as that port is whoever's on the machine of a test, which may stand still and is not to shed.
    const own = `${file.replace("http://127.0.0.1:9000/jwks.json", idp.jwks)}shedding: { enabled: false }\n`;
    writeFileSync(join(folder, "sluice.yaml"), own);
    const upstreams = [...examples.targets].flatMap(([service, target]) => ["--upstream", `${service}=${target}`]);
    const args = [main, "serve", "--listen", "127.0.0.1:0", "--admin", "off", ...upstreams];
    gateway = spawn(process.execPath, args, { cwd: folder });
    base = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        const address = /listening on (http:\S+)/.exec(output)?.[1];
        if (address !== undefined) resolve(address);
      };
      gateway.stdout?.on("data", read);
      gateway.stderr?.on("data", read);
      gateway.once("exit", () => reject(new Error(`the gateway does not start:\n${output}`)));
    });
  });

  after(async () => {
    gateway.kill("SIGTERM");
    await once(gateway, "exit");
    await Promise.all([examples.close(), idp.close()]);
    rmSync(folder, { recursive: true });
  });

  it("stands in the README as it is here", () => {
    expect(readFileSync(new URL("../../README.md", import.meta.url), "utf8")).to.include(`\`\`\`yaml\n${file}\`\`\``);
  });

  const get = async (path: string, token?: string): Promise<Response> =>
    fetch(base + path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

  it("serves the public methods to everybody", async () => {
    expect((await get("/v1/products")).status).to.equal(200);
    // Who calls is not asked there.
    expect((await get("/v1/products", "no token at all")).status).to.equal(200);
  });

  it("asks for a token everywhere else", async () => {
    const answer = await get("/v1/orders");
    expect(answer.status).to.equal(401);
    expect(answer.headers.get("www-authenticate")).to.match(/^Bearer/);
    expect(await answer.json()).to.include({ code: 16 });
    expect((await get("/v1/users")).status).to.equal(401);
  });

  it("serves whoever brings one of its issuer's", async () => {
    expect((await get("/v1/orders", await tokenOf("ada"))).status).to.equal(200);
    expect((await get("/v1/orders", await idp.sign({ sub: "ada", aud: "elsewhere" }))).status).to.equal(401);
  });

  it("lets each user make so many calls at once, and says how many are left", async () => {
    const [bob, eve] = await Promise.all([tokenOf("bob"), tokenOf("eve")]);
    let refused: Response[] = [];
    // 20 at once, and those that come back meanwhile, one in 20 ms: all 60 where a second passes.
    while (refused.length === 0) {
      const answers = await Promise.all(Array.from({ length: 60 }, () => get("/v1/orders", bob)));
      for (const { status } of answers) expect(status).to.be.oneOf([200, 429]);
      refused = answers.filter(({ status }) => status === 429);
    }
    expect(refused[0].headers.get("retry-after")).to.match(/^\d+$/);
    expect(refused[0].headers.get("ratelimit-policy")).to.match(/^"per-user";q=/);
    expect(refused[0].headers.get("ratelimit")).to.match(/^"per-user";r=0/);
    expect((await get("/v1/orders", eve)).status).to.equal(200);
  });

  it("guards gRPC by the same lines", async () => {
    const client = new Client(base.slice("http://".length), credentials.createInsecure());
    const list = (token: string | undefined): Promise<number> =>
      new Promise((resolve) => {
        const metadata = new Metadata();
        if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
        const empty = (bytes: Buffer): Buffer => bytes;
        const done = (error: ServiceError | null): void => resolve(error?.code ?? 0);
        client.makeUnaryRequest("/shop.v1.Orders/ListOrders", empty, empty, Buffer.alloc(0), metadata, done);
      });
    expect(await list(undefined)).to.equal(16);
    expect(await list(await tokenOf("gus"))).to.equal(0);
    client.close();
  });
});
