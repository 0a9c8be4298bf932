// Runs tests with mocha. A file of which some fail is run once more, alone, when all have ended: among thousands side by side on a machine
// that others use as well, a process may get no time for seconds. What fails alone too has failed; what does not is named.
// The last line is `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** When more have failed than these, the machine is not why. */
const maxAgain = 5;

/** Of a script that is nothing but its tests: installs if needed, builds, runs them. */
export function main(options) {
  ensureInstalled();
  build();
  process.exitCode = mocha(options);
}

/**
 * The exit code. `side`: for how many files run at once; one after the other without. `node`: what goes before mocha; `args`: what goes to it;
 * `once`: no second run.
 */
export function mocha({ files, side = 1, node = [], args = [], env = {}, once = false }) {
  const start = (some, beside) => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-tests-"));
    const counts = join(folder, "counts.json");
    const own = ["node_modules/mocha/bin/mocha.js", "--require", "dist/test/support/closing-line.js"];
    const parallel = beside > 1 ? ["--parallel", "--jobs", String(beside)] : [];
    const { status } = spawnSync(process.execPath, [...node, ...own, ...parallel, ...args, ...some], {
      cwd: root,
      stdio: "inherit",
      env: { ...env, ...process.env, TEST_COUNTS: counts },
    });
    try {
      return { code: status ?? 1, counts: JSON.parse(readFileSync(counts, "utf8")) };
    } catch {
      // It was ended before it could write them.
      return { code: status || 1, counts: { "": { passed: 0, failed: ["the run itself"] } } };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  let { code, counts } = start(files, side);
  const failed = Object.keys(counts).filter((file) => counts[file].failed.length > 0);
  if (!once && failed.length > 0 && failed.length <= maxAgain && !failed.includes("")) {
    console.log(`\nonce more, alone: ${failed.map((file) => relative(root, file)).join(", ")}`);
    const before = failed.flatMap((file) => counts[file].failed);
    const again = failed.map((file) => start([file], 1));
    counts = Object.assign(counts, ...again.map((run) => run.counts));
    code = again.find((run) => run.code !== 0)?.code ?? 0;
    const still = new Set(Object.values(counts).flatMap((file) => file.failed));
    for (const title of before.filter((one) => !still.has(one))) console.log(`failed at first, passed alone: ${title}`);
  }
  const all = Object.values(counts);
  const sum = (of) => all.reduce((total, file) => total + of(file), 0);
  console.log(`${sum((file) => file.passed)} passed, ${sum((file) => file.failed.length)} failed`);
  return code;
}
