// Runs the transports against gRPC servers of other implementations: grpc-go and Python's grpcio, installed into .cache/ from their registries.
// `--no-build` uses dist/ as it is, `--dist DIR` another one. What cannot be installed is left out, with the reason. Ends with `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { mocha } from "./mocha.mjs";
import { ensureInstalled } from "./run.mjs";

const pythonPackage = "grpcio==1.85.1";
const root = fileURLToPath(new URL("..", import.meta.url));
const cache = `${root}.cache/interop`;
const sources = `${root}test/upstream/servers`;
const dist = process.argv.includes("--dist") ? process.argv[process.argv.indexOf("--dist") + 1] : "dist";

ensureInstalled();
if (dist === "dist" && !process.argv.includes("--no-build")) build();
mkdirSync(cache, { recursive: true });
const servers = [];
for (const [name, install] of Object.entries({ "grpc-go": installGo, Python: installPython })) {
  try {
    servers.push({ name, ...install() });
  } catch (error) {
    console.log(`skipped: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(`servers: ${["grpc-js", ...servers.map(({ name }) => name)].join(", ")}`);
process.exitCode = mocha({
  files: [`${dist}/test/upstream/interop.test.js`],
  env: { SLUICE_INTEROP_SERVERS: JSON.stringify(servers) },
});

function installGo() {
  const program = `${cache}/go-server`;
  const env = { ...process.env, GOFLAGS: "-mod=mod", GOTOOLCHAIN: process.env.GOTOOLCHAIN ?? "local" };
  run("go", ["build", "-o", program, "."], { cwd: `${sources}/go`, env });
  return { command: [program], encodings: ["gzip"] };
}

function installPython() {
  const venv = `${cache}/python`;
  const python = `${venv}/bin/python`;
  if (spawnSync(python, ["-c", "import grpc"]).status !== 0) {
    console.log(`installing ${pythonPackage} …`);
    if (!existsSync(python)) run("python3", ["-m", "venv", venv]);
    run(python, [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--only-binary",
      ":all:",
      pythonPackage,
    ]);
  }
  return { command: [python, `${sources}/python/server.py`], encodings: ["gzip", "deflate"] };
}

/** Throws with the last line the command has printed. */
function run(command, args, options = {}) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", ...options });
  if (error) throw new Error(error.code === "ENOENT" ? `${command} is not installed` : error.message);
  if (status === 0) return;
  const said = `${stdout}${stderr}`.trim().split("\n").at(-1);
  throw new Error(`${command} ${args.slice(0, 3).join(" ")} failed: ${said}`);
}
