// What becomes of lines where the way out is disturbed: files that are moved while they are written, disks that are full.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { expect } from "chai";
import { createLog } from "../../src/log/log.ts";
import type { LogOptions } from "../../src/log/log.ts";
import { createFolder } from "../config/yaml-fixture.ts";
import { until } from "../support/until.ts";

const options: Omit<LogOptions, "output"> = { level: "info", format: "json", maxWaitingBytes: 64 * 1024 * 1024 };
const text = "x".repeat(200);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what leaves the log", () => {
  let folder: ReturnType<typeof createFolder>;
  let output: string;
  beforeEach(() => {
    folder = createFolder();
    output = `${folder.path}/logs/access.log`;
    mkdirSync(`${folder.path}/logs`);
  });
  afterEach(() => folder.dispose());

  /** The numbers of the lines of all files, each of which must be whole. */
  function numbers(from = `${folder.path}/logs`): number[] {
    const lines = readdirSync(from).flatMap((name) => readFileSync(`${from}/${name}`, "utf8").trim().split("\n"));
    const parsed = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as { n: number; text: string });
    for (const line of parsed) expect(line.text).to.equal(text);
    return parsed.map(({ n }) => n).sort((a, b) => a - b);
  }

  it("is each line once, and whole, whenever and however often the file is opened anew", async () => {
    const log = createLog({ ...options, output });
    let count = 0;
    const write = (lines: number): void => {
      for (let i = 0; i < lines; i++) log.writeLine(JSON.stringify({ n: count++, text }));
    };
    for (let round = 0; round < 30; round++) {
      log.reopen();
      write(2500);
      if (round % 3 === 0 && existsSync(output)) renameSync(output, `${output}.${round}`);
      log.reopen();
      await turn();
      write(1500);
      log.reopen();
      if (round % 4 === 0) await turn();
    }
    await log.close(8000);
    expect(log.dropped).to.equal(0);
    expect(numbers()).to.deep.equal(Array.from({ length: count }, (_, n) => n));
  });

  it("goes on to the file it has while another cannot be opened, and then to that one", async () => {
    const log = createLog({ ...options, output });
    renameSync(`${folder.path}/logs`, `${folder.path}/moved`);
    for (let n = 0; n < 3; n++) {
      log.reopen();
      log.writeLine(JSON.stringify({ n, text }));
      await until(() => numbers(`${folder.path}/moved`).includes(n));
    }
    mkdirSync(`${folder.path}/logs`);
    log.reopen();
    await until(() => existsSync(output));
    log.writeLine(JSON.stringify({ n: 3, text }));
    await log.close();
    expect([numbers(`${folder.path}/moved`), numbers()]).to.deep.equal([[0, 1, 2], [3]]);
  });

  /** A process that may write no more than 20 KiB to a file, which it is told of as it would be of a full disk. */
  function runOnFullDisk(script: string): { status: number | null; stdout: string } {
    const begin = `
      import { renameSync, statSync } from "node:fs";
      import { createLog } from ${JSON.stringify(new URL("../../src/log/log.js", import.meta.url).href)};
      const output = ${JSON.stringify(output)};
      const log = createLog({ output, level: "info", format: "json", maxWaitingBytes: 1 << 20 });
      const text = "x".repeat(200);
      let n = 0;
      const write = () => { for (let i = 0; i < 30; i++) log.writeLine(JSON.stringify({ n: n++, text })); };
      const isFull = async () => { while (statSync(output).size < 20 * 1024) await new Promise((r) => setTimeout(r, 5)); };
      const fill = async () => { for (let i = 0; i < 5; i++) { write(); await new Promise((r) => setTimeout(r, 25)); } await isFull(); };`;
    const node = [process.execPath, "--input-type=module", "-e", `${begin}\n${script}`];
    const { status, stdout } = spawnSync("bash", ["-c", 'ulimit -f 20; exec "$@"', "bash", ...node], {
      timeout: 45_000,
    });
    return { status, stdout: stdout.toString() };
  }

  for (const end of ["log.flushNow();", "await log.close(50);", ""])
    it(`lets a process end whose disk is full${end === "" ? "" : `, after ${end.slice(0, -1)}`}`, () => {
      expect(runOnFullDisk(`await fill(); ${end} process.exit(3);`).status).to.equal(3);
    });

  it("lets a process end that gives up while another file is being opened", () => {
    // The time of `close` is over before the file is open: behind what is immediate the event loop looks at its clocks first.
    const { status } = runOnFullDisk(`
      await fill();
      renameSync(output, output + ".1");
      await new Promise((r) => setImmediate(r));
      log.reopen();
      const closed = log.close(1);
      for (const end = Date.now() + 30; Date.now() < end; );
      await closed;
      await new Promise((r) => setTimeout(r, 100));
      process.exit(3);`);
    expect(status).to.equal(3);
  });

  it("is, of a line that a full disk took half of, the whole in the next file", () => {
    const { stdout } = runOnFullDisk(`
      await fill();
      renameSync(output, output + ".1");
      log.reopen();
      await log.close();
      console.log(n, log.dropped);`);
    const [written, dropped] = stdout.split(" ").map(Number);
    const full = readFileSync(`${output}.1`, "utf8");
    const whole = full.slice(0, full.lastIndexOf("\n") + 1);
    expect(full.length).to.be.greaterThan(whole.length);
    const lines = `${whole}${readFileSync(output, "utf8")}`.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).to.deep.equal(
      Array.from({ length: written - dropped }, (_, at) => at),
    );
  });
});
