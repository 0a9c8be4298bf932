// Where lines go: files, terminals that a person reads, outputs that nobody reads.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { expect } from "chai";
import { createLog } from "../../src/log/log.ts";
import type { LogOptions } from "../../src/log/log.ts";
import { formatLineForPeople } from "../../src/log/line-for-people.ts";
import { createFolder } from "../config/yaml-fixture.ts";

const options: LogOptions = { output: "stdout", level: "info", format: "json", maxWaitingBytes: 1024 * 1024 };
const linesOf = (path: string): string[] => readFileSync(path, "utf8").trimEnd().split("\n");

describe("createLog", () => {
  let folder: ReturnType<typeof createFolder>;
  let output: string;
  beforeEach(() => {
    folder = createFolder();
    output = `${folder.path}/access.log`;
  });
  afterEach(() => folder.dispose());

  it("appends whole lines to a file, and has written them all when it is closed", async () => {
    for (const name of ["a", "b"]) {
      const log = createLog({ ...options, output });
      for (let i = 0; i < 2000; i++) log.writeLine(`{"line":"${name}${i}"}`);
      await log.close();
      expect(log.dropped).to.equal(0);
    }
    const lines = linesOf(output);
    expect(lines).to.have.length(4000);
    expect([lines[0], lines[3999]]).to.deep.equal(['{"line":"a0"}', '{"line":"b1999"}']);
    expect(statSync(output).mode & 0o777).to.be.oneOf([0o640, 0o600]);
  });

  it("tells lines of its own in the same form, of its level and above", async () => {
    const log = createLog({ ...options, output, level: "warn" });
    log.tell("info", "not told");
    log.tell("error", "fault", { request_id: "r1", method: undefined, stack: "a\n\u001b[31mb\u2028é" });
    await log.close();
    const [line] = linesOf(output);
    expect(line).to.match(/^[\x20-\x7e]+$/);
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(time).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(rest).to.deep.equal({ level: "error", msg: "fault", request_id: "r1", stack: "a\n\u001b[31mb\u2028é" });
  });

  it("opens a file anew that was moved away", async () => {
    const log = createLog({ ...options, output });
    log.writeLine('{"n":1}');
    log.reopen();
    await eventually(() => existsSync(output) && readFileSync(output, "utf8") !== "");
    renameSync(output, `${output}.1`);
    log.reopen();
    await eventually(() => existsSync(output));
    log.writeLine('{"n":2}');
    await log.close();
    expect([linesOf(`${output}.1`), linesOf(output)]).to.deep.equal([['{"n":1}'], ['{"n":2}']]);
  });

  it("takes what is told after its end, and counts it as lost", async () => {
    const log = createLog({ ...options, output });
    log.writeLine('{"n":1}');
    await log.close();
    log.writeLine('{"n":2}');
    log.tell("error", "fault");
    log.flushNow();
    await log.close();
    expect([linesOf(output), log.dropped]).to.deep.equal([['{"n":1}'], 2]);
  });

  it("throws where there is nothing to write to", () => {
    for (const path of [`${folder.path}/no/such/folder.log`, folder.path])
      expect(() => createLog({ ...options, output: path })).to.throw(/ENOENT|EISDIR/);
  });

  it("writes text for people", async () => {
    const log = createLog({ ...options, output, format: "text" });
    log.tell("warn", "fault", { reason: "X" });
    await log.close();
    expect(linesOf(output)[0]).to.match(/^\d\d:\d\d:\d\d WARN fault reason=X$/);
  });

  it("has a bound on what waits for an output that nobody reads, counts what is lost, and lets the process end", async () => {
    const result = await runWriter("stuck");
    expect(result.stderr).to.match(/^dropped \d+ waiting \d+$/m);
    const [, dropped, grown] = /dropped (\d+) waiting (\d+)/.exec(result.stderr)!.map(Number);
    expect(dropped).to.be.greaterThan(150_000);
    expect(grown).to.be.lessThan(40);
    expect(result.code).to.equal(0);
  });

  it("outlives a reader that goes away", async () => {
    const result = await runWriter("gone");
    expect(result.stderr).to.contain("still here");
    expect(result.code).to.equal(0);
  });

  for (const output of ["stdout", "file"])
    it(`writes to ${output === "file" ? "a file" : output} what came last before a process ends, whoever ends it`, () => {
      const path = output === "file" ? `${folder.path}/last.log` : output;
      const script = `
        import { createLog } from ${JSON.stringify(new URL("../../src/log/log.js", import.meta.url).href)};
        const log = createLog({ output: ${JSON.stringify(path)}, level: "info", format: "json", maxWaitingBytes: 1 << 20 });
        log.writeLine('{"n":0}');
        await new Promise((resolve) => setTimeout(resolve, 40));
        for (let n = 1; n <= 3; n++) log.writeLine('{"n":' + n + "}");
        process.exit(3);`;
      const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
      const text = output === "file" ? readFileSync(path, "utf8") : stdout.toString();
      expect([status, text]).to.deep.equal([3, '{"n":0}\n{"n":1}\n{"n":2}\n{"n":3}\n']);
    });

  it("writes what waits before a process that is about to end has ended", () => {
    const script = `
      import { createLog } from ${JSON.stringify(new URL("../../src/log/log.js", import.meta.url).href)};
      const log = createLog({ output: "stdout", level: "info", format: "json", maxWaitingBytes: 1 << 20 });
      for (let i = 0; i < 1000; i++) log.writeLine('{"n":' + i + "}");
      log.flushNow();
      process.exit(3);`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    expect([status, stdout.toString().trim().split("\n").length]).to.deep.equal([3, 1000]);
  });
});

/** A process whose standard output is a pipe: nobody reads it, or who does goes away. */
async function runWriter(kind: "stuck" | "gone"): Promise<{ code: number | null; stderr: string }> {
  const script = `
    import { createLog } from ${JSON.stringify(new URL("../../src/log/log.js", import.meta.url).href)};
    process.stdout.on("error", () => {});
    const log = createLog({ output: "stdout", level: "info", format: "json", maxWaitingBytes: 1 << 20 });
    const line = JSON.stringify({ text: "x".repeat(200) });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 10_000; i++) { log.writeLine(line); if (i % 100 === 0) await turn(); }
    global.gc();
    const before = process.memoryUsage();
    for (let i = 0; i < 200_000; i++) { log.writeLine(line); if (i % 100 === 0) await turn(); }
    global.gc();
    const after = process.memoryUsage();
    const grown = Math.round((after.heapUsed + after.external - before.heapUsed - before.external) / 1048576);
    process.stderr.write("dropped " + log.dropped + " waiting " + Math.max(0, grown) + "\\n");
    await log.close(100);
    process.stderr.write("still here\\n");
    process.exit(0);`;
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.pause();
  if (kind === "gone") child.stdout.destroy();
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  // Not `close`: that waits for the pipe nobody reads.
  const [code] = (await once(child, "exit")) as [number | null];
  child.stdout.destroy();
  return { code, stderr };
}

async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("formatLineForPeople", () => {
  it("puts what matters first", () => {
    const line = JSON.stringify({
      time: "2026-01-02T03:04:05.006Z",
      level: "warn",
      msg: "call",
      request_id: "r1",
      method: "t.S/Get",
      front: "rest",
      http_method: "GET",
      path: "/v1/x",
      code: "UNAVAILABLE",
      http_status: 503,
      error: "the backend is away",
      duration_ms: 3.2171,
    });
    expect(formatLineForPeople(line)).to.equal(
      '03:04:05 WARN rest GET /v1/x t.S/Get 503 UNAVAILABLE 3.2ms request_id=r1 error="the backend is away"',
    );
  });

  it("steers no terminal", () => {
    const line = JSON.stringify({
      level: "info",
      msg: "miss",
      front: "rest",
      path: "/\u001b[2J\r\n\u202e",
      http_method: "G\u0007",
    });
    expect(formatLineForPeople(line)).to.match(/^[\x20-\x7e]+$/);
  });

  it("leaves alone what is no JSON", () => expect(formatLineForPeople("x")).to.equal("x"));
});
