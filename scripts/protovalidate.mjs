// Runs protovalidate's own conformance suite against the validators. Its harness is a Go program, built into .cache/; without Go
// nothing can be said. `--no-build` uses dist/ as it is. Ends with `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = `${root}.cache/protovalidate`;
const sources = `${root}test/conformance/protovalidate`;
const tool = "github.com/bufbuild/protovalidate/tools/protovalidate-conformance";
const harness = `${cache}/protovalidate-conformance`;
const testee = `${cache}/testee`;

ensureInstalled();
if (!process.argv.includes("--no-build")) build();
mkdirSync(cache, { recursive: true });
writeFileSync(testee, `#!/bin/sh\nexec "${process.execPath}" "${root}dist/test/conformance/protovalidate-testee.js"\n`);
chmodSync(testee, 0o755);

const built = run("go", ["build", "-mod=readonly", "-o", harness, tool], {
  cwd: sources,
  env: { ...process.env, GOFLAGS: "" },
});
if (built.status !== 0) {
  console.log(built.error ? `go: ${built.error.message}` : `${built.stdout}${built.stderr}`.trim());
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
} else {
  // Messages and the kind of error count, too: what a rule says is part of what it promises.
  const failing = ["--expected_failures", `${sources}/failing.yaml`];
  const result = run(harness, ["--timeout", "120s", "--strict_message", "--strict_error", ...failing, testee]);
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}`;
  const summary = /^(?:PASS|FAIL) \(failed: (\d+), skipped: (\d+), passed: (\d+), total: (\d+)\)/m.exec(output);
  if (result.status !== 0 || summary === null) console.log(output.trim());
  else console.log(summary[0]);
  const [, failed = "1", skipped = "0", passed = "0"] = summary ?? [];
  console.log(`${passed} passed, ${Number(failed) + Number(skipped)} failed`);
  process.exitCode = result.status === 0 && summary !== null && Number(passed) > 0 ? 0 : 1;
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { encoding: "utf8", maxBuffer: 256 * 1024 * 1024, ...options });
}
