// Workers as real processes: they share the port and the limits, are replaced, and end together.
import { expect } from "chai";
import { startBackend } from "../support/backend.ts";
import type { Backend } from "../support/backend.ts";
import { overload, serve } from "../limits/processes.ts";
import type { Process } from "../limits/processes.ts";

describe("sluice serve with workers", function () {
  this.timeout(60_000);
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
    const { answers } = await overload({ bases: [gateway.base], callsPerSecond: 200, ms: 1000, keepAlive: false });
    expect(answers.get(200)).to.equal(40);
    expect(answers.get(429)).to.be.greaterThan(100);
    const served = [1, 2].map((worker) => gateway.metric(`sluice_rate_limited_total{worker="${worker}",limit="all"}`));
    for (const count of await Promise.all(served)) expect(count).to.be.greaterThan(0);
  });

  it("puts another in the place of one that is killed, and goes on serving", async () => {
    await gateway.killOne();
    const { answers } = await overload({ bases: [gateway.base], callsPerSecond: 50, ms: 500 });
    expect([...answers.keys()]).to.deep.equal([429]);
  });

  it("ends with exit code 0 when it is told to", async () => {
    expect(await gateway.stop()).to.equal(0);
    expect(gateway.output()).to.contain("stopped");
  });
});
