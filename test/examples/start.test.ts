import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { startExamples } from "../../examples/start.ts";
import { loadConfig } from "../../src/config/load-config.ts";

// Compiled tests live in dist/test/examples.
const main = fileURLToPath(new URL("../../examples/main.js", import.meta.url));
const configFile = fileURLToPath(new URL("../../../examples/sluice.yaml", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs the backends as a process; `onOutput` sees all of standard output so far. */
function runMain(args: readonly string[], onOutput: (out: string, end: () => void) => void = () => {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let error = "";
  child.stderr.on("data", (chunk: Buffer) => (error += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    onOutput(out, () => child.kill("SIGTERM"));
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, error })));
}

describe("startExamples", () => {
  it("serves each service of the shop on a port of its own, and all others on one", async () => {
    const examples = await startExamples({ port: 0 });
    await examples.close();
    expect([...examples.targets.keys()]).to.deep.equal([
      "shop.v1.Catalog",
      "shop.v1.Users",
      "shop.v1.Orders",
      "shop.v1.Payments",
      "realtime.v1.Ticker",
      "realtime.v1.Chat",
      "realtime.v1.Upload",
      "demo.v1.Pages",
    ]);
    expect(new Set(examples.targets.values()).size).to.equal(5);
  });

  it("fails as a whole when a port is taken, and says which", async () => {
    const first = await startExamples({ port: 0 });
    const taken = Number(first.targets.get("shop.v1.Users")?.split(":")[1]);
    const { code, error } = await runMain(["--port", String(taken)]);
    await first.close();
    expect(code).to.equal(1);
    expect(error).to.include(`shop.v1.Catalog cannot listen on 127.0.0.1:${taken}`);
  });
});

describe("examples/main.ts", () => {
  it("says where each service is and ends well when told to", async () => {
    const ended = await runMain(["--port", "0"], (out, end) => {
      if (out.includes("demo.v1.Pages")) end();
    });
    expect(ended).to.include({ code: 0, error: "" });
    expect(ended.out).to.match(/^shop\.v1\.Catalog on 127\.0\.0\.1:\d+$/m);
  });
});

describe("examples/sluice.yaml", () => {
  it("has the default port of every service, on the host that EXAMPLES_HOST names", () => {
    const { config, diagnostics } = loadConfig({
      flags: {},
      configFile,
      httpRules: [],
      environment: { EXAMPLES_HOST: "backends" },
    });
    expect(diagnostics).to.deep.equal([]);
    const targets = config?.upstreams.map(({ service, target }) => [service, target]);
    expect(targets).to.have.deep.members([
      [undefined, "backends:50055"],
      ["shop.v1.Catalog", "backends:50051"],
      ["shop.v1.Users", "backends:50052"],
      ["shop.v1.Orders", "backends:50053"],
      ["shop.v1.Payments", "backends:50054"],
    ]);
  });
});
