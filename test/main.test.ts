import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { createProtos } from "./command/capture.ts";
import { freePort } from "./support/free-port.ts";

const main = fileURLToPath(new URL("../src/main.js", import.meta.url));

/** Collects output, and waits for a line of it. */
function watch(child: ChildProcess) {
  let text = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const check of waiting) check();
    });
  }
  return {
    text: () => text,
    line: (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(text);
          if (match === null) return;
          waiting.delete(check);
          resolve(match);
        };
        child.once("exit", (code) => reject(new Error(`exit ${code} before ${String(pattern)}:\n${text}`)));
        waiting.add(check);
        check();
      }),
  };
}

describe("main", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  it("runs as a program, through a link as npm makes it", () => {
    const link = `${folder.path}/sluice`;
    symlinkSync(main, link);
    const { status, stdout, stderr } = spawnSync(process.execPath, [link, "version"], { encoding: "utf8" });
    expect([status, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(/^sluice \d+\.\d+\.\d+\n$/);
  });

  it("exits with 2 for usage, 1 for what is refused", () => {
    expect(spawnSync(process.execPath, [main, "nope"]).status).to.equal(2);
    expect(spawnSync(process.execPath, [main, "check", "/no/such/folder"]).status).to.equal(1);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`serves before its backend is there, and stops on ${signal} with exit code 0`, async () => {
      const port = await freePort();
      const child = spawn(process.execPath, [
        main,
        "serve",
        folder.protos,
        "--upstream",
        `127.0.0.1:${port}`,
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
      ]);
      const output = watch(child);
      const [, base] = await output.line(/listening on (http:\S+)/);
      const [, admin] = await output.line(/admin on (http:\S+)/);
      await output.line(/waiting for 127\.0\.0\.1:\d+ … \(calls answer 503 until then\)/);
      const answer = await fetch(`${base}/v1/orders/1`);
      expect(answer.status).to.equal(503);
      expect(await answer.text()).to.not.contain(String(port));
      expect((await fetch(`${admin}/readyz`)).status).to.equal(503);
      expect((await fetch(`${admin}/healthz`)).status).to.equal(200);
      const exited = once(child, "exit");
      child.kill(signal);
      expect(await exited).to.deep.equal([0, null]);
      expect(output.text())
        .to.contain(`stopping (${signal})`)
        .and.to.match(/stopped\n$/);
    });
  }

  it("says so when the port is taken, exit code 1", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const child = spawn(process.execPath, [
      main,
      "serve",
      folder.protos,
      "--upstream",
      "127.0.0.1:1",
      "--listen",
      `127.0.0.1:${port}`,
    ]);
    const output = watch(child);
    const [code] = (await once(child, "close")) as [number];
    expect(code).to.equal(1);
    expect(output.text()).to.equal(
      `error: 127.0.0.1:${port} is in use, by another program or another sluice; choose another with --listen\n`,
    );
    await new Promise((resolve) => server.close(resolve));
  });
});
