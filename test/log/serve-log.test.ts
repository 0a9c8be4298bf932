// The log of `sluice serve` as a process: into its file, over a rotation, and whole when it is told to stop.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createFolder } from "../config/yaml-fixture.ts";

const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));
const proto = `
  syntax = "proto3"; package a; import "google/api/annotations.proto";
  message M { string name = 1; }
  service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/{name}" }; } }
`;

describe("the log of sluice serve", () => {
  let folder: ReturnType<typeof createFolder>;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    folder = createFolder();
    folder.write("protos/a.proto", proto);
  });
  afterEach(() => {
    child?.kill("SIGKILL");
    folder.dispose();
  });

  /** Resolves with where it listens. */
  function serve(yaml: string): Promise<string> {
    const config = folder.write("sluice.yaml", yaml);
    const args = ["serve", `${folder.path}/protos`, "--config", config, "--upstream", "127.0.0.1:1"];
    const started = spawn(process.execPath, [main, ...args, "--listen", "127.0.0.1:0", "--admin", "off"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    let text = "";
    return new Promise((resolve, reject) => {
      started.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const match = /listening on (http:\S+)/.exec(text);
        if (match !== null) resolve(match[1]);
      });
      started.once("exit", () => reject(new Error(`it does not come up:\n${text}`)));
    });
  }

  const linesOf = (path: string): Record<string, unknown>[] =>
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("goes on in a new file after SIGHUP, has the id of each call, and is whole at the end", async () => {
    const url = await serve("log: {access: on, output: access.log}\nrequest_id: {enabled: true}");
    const file = `${folder.path}/access.log`;
    const first = await fetch(`${url}/v1/first`);
    expect(first.status).to.equal(503);
    while (readFileSync(file, "utf8") === "") await new Promise((resolve) => setTimeout(resolve, 5));
    renameSync(file, `${file}.1`);
    child!.kill("SIGHUP");
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all(Array.from({ length: 50 }, async (_, index) => (await fetch(`${url}/v1/n${index}`)).text()));
    child!.kill("SIGTERM");
    const [code] = (await once(child!, "exit")) as [number];
    expect(code).to.equal(0);
    const moved = linesOf(`${file}.1`).filter((line) => line["msg"] === "call");
    expect(moved.map((line) => [line["path"], line["request_id"]])).to.deep.equal([
      ["/v1/first", first.headers.get("x-request-id")],
    ]);
    expect(linesOf(file).filter((line) => line["msg"] === "call")).to.have.length(50);
    const fault = [...linesOf(`${file}.1`), ...linesOf(file)].find((line) => line["msg"] === "fault");
    expect(fault).to.include({ level: "warn", reason: "UPSTREAM_UNAVAILABLE", method: "a.S/Get" });
  });

  it("does not start with a log that cannot be written, and says so", async () => {
    const error = await serve("log: {access: on, output: /proc/nowhere.log}").catch((reason: unknown) =>
      String(reason),
    );
    expect(error).to.contain("does not come up");
    if (child!.exitCode === null) await once(child!, "exit");
    expect(child!.exitCode).to.equal(1);
  });
});
