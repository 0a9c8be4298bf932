// Holds Sluice's profile grpc-gateway against grpc-gateway itself: the same requests to both, in front of the same backends.
// Needs Go. `--no-build` uses dist/ as it is, `--dist DIR` another one, `--only TEXT` some of the cases. Ends with `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const gatewayModule = "github.com/grpc-ecosystem/grpc-gateway/v2@v2.30.0";
const root = fileURLToPath(new URL("..", import.meta.url));
const cache = `${root}.cache/compat`;
const exe = process.platform === "win32" ? ".exe" : "";
const examplepb = "examples/internal/proto/examplepb";
/** In the order in which the Go gateways register their services. */
const exampleProtos = [
  "echo_service",
  "unannotated_echo_service",
  "stream",
  "a_bit_of_everything",
  "flow_combination",
  "excess_body",
  "non_standard_names",
  "response_body_service",
];
const furtherProtos = [
  "wrappers",
  "generate_unbound_methods",
  "camel_case_service",
  "visibility_rule_echo_service",
  "opaque",
  "use_go_template",
  "proto3_field_semantics",
  "enum_with_single_value",
];

const children = [];
const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const dist = `${root}${option("--dist") ?? "dist"}`;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
} finally {
  for (const child of children) child.kill("SIGKILL");
}

async function main() {
  ensureInstalled();
  if (option("--dist") === undefined && !process.argv.includes("--no-build")) build();
  const module = downloadModule();
  buildGoPrograms(module);
  const { runCases } = await import(pathToFileURL(`${dist}/test/compat/run.js`).href);
  const { startEchoBackend } = await import(pathToFileURL(`${dist}/test/compat/echo-backend.js`).href);
  const echo = await startEchoBackend(protoFiles(module, [...exampleProtos, ...furtherProtos]), module);
  const example = await startExampleBackend();
  const pairs = {
    example: {
      reference: await startReference(example, []),
      sluice: await startSluice(module, example, exampleProtos, [
        "--http-rules",
        rulesFile(module, "standalone_echo_service"),
      ]),
    },
    echo: {
      reference: await startReference(echo.port, ["-all"]),
      sluice: await startSluice(
        module,
        echo.port,
        [...exampleProtos, ...furtherProtos],
        ["--http-rules", rulesFile(module, "unannotated_echo_service"), "--config", unboundConfig()],
      ),
    },
  };
  const only = option("--only");
  const { passed, failed, different } = await runCases(pairs, only === undefined ? undefined : new RegExp(only));
  await echo.close();
  console.log(`${different} more differ as documented in docs/migrating-from-grpc-gateway.md`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** The folder of the module's sources, with the protos. */
function downloadModule() {
  const go = spawnSync("go", ["version"], { encoding: "utf8" });
  if (go.error !== undefined || go.status !== 0)
    throw new Error("Go is needed to build grpc-gateway, which Sluice is compared with: https://go.dev/doc/install");
  const result = spawnSync("go", ["mod", "download", "-json", gatewayModule], { encoding: "utf8", cwd: cacheFolder() });
  const { Dir, Error: reason } = JSON.parse(result.stdout === "" ? "{}" : result.stdout);
  if (Dir === undefined) throw new Error(`${gatewayModule} cannot be downloaded: ${reason ?? result.stderr}`);
  return Dir;
}

function cacheFolder() {
  mkdirSync(cache, { recursive: true });
  return cache;
}

/** In a copy of the module, as the gateway is a program of our own with its internal packages. Go's build cache makes this quick from the second time on. */
function buildGoPrograms(module) {
  const copy = `${cache}/grpc-gateway-${module.split("@").at(-1)}`;
  if (!existsSync(`${copy}/copied`)) {
    console.log("building grpc-gateway and its example server …");
    cpSync(module, copy, { recursive: true, filter: (path) => !path.endsWith(".git") });
    makeWritable(copy);
    writeFileSync(`${copy}/copied`, "");
  }
  const program = `${copy}/examples/internal/cmd/compat-gateway`;
  mkdirSync(program, { recursive: true });
  copyFileSync(`${root}test/compat/gateway.go.txt`, `${program}/main.go`);
  for (const name of ["example-grpc-server", "compat-gateway"]) {
    const args = ["build", "-o", `${cache}/${name}${exe}`, `./examples/internal/cmd/${name}`];
    const { status, stderr } = spawnSync("go", args, { encoding: "utf8", cwd: copy });
    if (status !== 0) throw new Error(`go ${args.join(" ")} failed:\n${stderr}`);
  }
}

/** Go's module cache is read-only, and so is what is copied from it. */
function makeWritable(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) makeWritable(`${folder}/${entry.name}`);
}

function protoFiles(module, names) {
  return names.map((name) => `${module}/${examplepb}/${name}.proto`);
}

function rulesFile(module, name) {
  return `${module}/${examplepb}/${name}.yaml`;
}

/** What the generator's generate_unbound_methods=true is for generate_unbound_methods.proto. */
function unboundConfig() {
  const file = `${cache}/unbound.yaml`;
  writeFileSync(file, "http:\n  bind_unannotated: true\n");
  return file;
}

async function startExampleBackend() {
  const port = await freePort();
  start(`${cache}/example-grpc-server${exe}`, ["-addr", `127.0.0.1:${port}`]);
  await listening(port, "the example server");
  return port;
}

async function startReference(backend, flags) {
  const port = await freePort();
  start(`${cache}/compat-gateway${exe}`, [
    "-endpoint",
    `127.0.0.1:${backend}`,
    "-listen",
    `127.0.0.1:${port}`,
    ...flags,
  ]);
  await listening(port, "grpc-gateway");
  return port;
}

async function startSluice(module, backend, protos, flags) {
  const port = await freePort();
  const args = [`${dist}/src/main.js`, "serve", ...protoFiles(module, protos), "-I", module];
  args.push(
    "--profile",
    "grpc-gateway",
    "--upstream",
    `127.0.0.1:${backend}`,
    "--listen",
    `127.0.0.1:${port}`,
    "--admin",
    "off",
  );
  start(process.execPath, [...args, ...flags]);
  await listening(port, "Sluice");
  return port;
}

function start(command, args) {
  const verbose = process.argv.includes("--verbose");
  const child = spawn(command, args, { stdio: verbose ? "inherit" : "ignore", cwd: cache });
  children.push(child);
  child.on("error", (error) => console.error(`${command}: ${error.message}`));
  child.on("exit", (code) => {
    if (code !== null) console.error(`${command} ended with exit code ${code}`);
  });
}

/** The tests', which are compiled when this is called. */
async function freePort() {
  const tests = await import(pathToFileURL(`${dist}/test/support/free-port.js`).href);
  return tests.freePort();
}

async function listening(port, name) {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    if (children.at(-1).exitCode !== null) break;
    if (await canConnect(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} did not start on port ${port}`);
}

function canConnect(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => socket.end(() => resolve(true)));
    socket.on("error", () => resolve(false));
  });
}
