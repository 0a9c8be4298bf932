// Of scripts/mocha.mjs: a file that failed among others is run once more, alone; what fails again has failed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const script = new URL("../../scripts/mocha.mjs", import.meta.url).href;
const root = fileURLToPath(new URL("../..", import.meta.url));

describe("tests of which some fail", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-second-run-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (tests: Readonly<Record<string, string>>, options = ""): { code: number | null; lines: string[] } => {
    const fails =
      'import { existsSync, writeFileSync } from "node:fs";\nconst first = (at) => !existsSync(at) && !writeFileSync(at, "");\n';
    for (const [name, text] of Object.entries(tests)) writeFileSync(join(folder, `${name}.mjs`), fails + text);
    const program = `import { mocha } from ${JSON.stringify(script)};
      process.exitCode = mocha({ files: [${JSON.stringify(join(folder, "*.mjs"))}], ${options} });`;
    const { MOCHA_WORKER_ID: _, ...env } = process.env;
    const args = ["--input-type=module", "--eval", program];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
    return { code: status, lines: stdout.trim().split("\n") };
  };
  const good = 'describe("good", () => { it("one", () => {}); it("two", () => {}); });';
  const failsOnce = (): string =>
    `describe("late", () => { it("other", () => {}); it("own", () => { if (first(${JSON.stringify(join(folder, "seen"))})) throw new Error("late"); }); });`;

  for (const side of [1, 2]) {
    it(`pass when they pass alone, and are named, ${side} at once`, () => {
      const { code, lines } = run({ good, late: failsOnce() }, `side: ${side}`);
      expect(code).to.equal(0);
      expect(lines.at(-1)).to.equal("4 passed, 0 failed");
      expect(lines).to.include("failed at first, passed alone: late own");
    });

    it(`fail when they fail alone, ${side} at once`, () => {
      const bad = 'describe("bad", () => { it("one", () => {}); it("two", () => { throw new Error("no"); }); });';
      const { code, lines } = run({ good, bad, late: failsOnce() }, `side: ${side}`);
      expect(code).to.equal(1);
      expect(lines.at(-1)).to.equal("5 passed, 1 failed");
      expect(lines).to.include("failed at first, passed alone: late own");
    });

    it(`fail when a hook does, ${side} at once`, () => {
      const bad = 'describe("bad", () => { before(() => { throw new Error("no"); }); it("one", () => {}); });';
      const { code, lines } = run({ good, bad }, `side: ${side}`);
      expect(code).to.equal(1);
      expect(lines.at(-1)).to.equal("2 passed, 1 failed");
    });

    it(`fail when a file cannot be loaded, ${side} at once`, () => {
      const { code, lines } = run({ good, bad: 'throw new Error("no");' }, `side: ${side}`);
      expect(code).to.not.equal(0);
      expect(lines.at(-1)).to.match(/ [1-9]\d* failed$/);
    });
  }

  it("are not run again when it is many files of them, or nobody wants it", () => {
    const many = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [`late${i}`, failsOnce().replace("seen", `seen${i}`)]),
    );
    expect(run(many).lines.at(-1)).to.equal("6 passed, 6 failed");
    rmSync(join(folder, "seen0"));
    expect(run({ late0: failsOnce().replace("seen", "seen0") }, "once: true").lines.at(-1)).to.match(/ 1 failed$/);
  });
});
