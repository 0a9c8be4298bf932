// Other people's clients against the gateway: the interop client of grpc-go in front of its interop server, on both transports, with
// protos and without, plain and over TLS; then h2spec, h2load, curl, grpcurl and ghz where they are installed.
// `--no-build` uses dist/ as it is, `--dist DIR` another one; `--no-grpc-go` and `--no-tools` leave out a half, `--only TEXT` all that
// has it not in its name. Ends with `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = `${root}.cache/interop`;
const sources = `${root}test/interop`;
const dist = valueOf("--dist") ?? "dist";
const only = valueOf("--only") ?? "";
const env = { ...process.env, PATH: [process.env.PATH ?? "", join(homedir(), "go", "bin")].join(delimiter) };

const metricsBalancer = '{"loadBalancingConfig":[{"test_backend_metrics_load_balancer":{}}]}';
/** All of the client's that need no credentials of somebody's cloud; `--help` lists the rest. */
const cases = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "timeout_on_sleeping_server",
  "cancel_after_begin",
  "cancel_after_first_response",
  "status_code_and_message",
  "special_status_message",
  "custom_metadata",
  "unimplemented_method",
  "unimplemented_service",
  "pick_first_unary",
  "orca_per_rpc",
  "orca_oob",
  "rpc_soak",
  "channel_soak",
];
const method = "/shop.v1.Catalog/GetProduct";
const route = "/v1/products/mug";
const request = '{"name":"products/mug"}';
const h2specFlags = ["--strict", "--timeout", "5"];

const counts = { passed: 0, failed: 0 };
const children = [];
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

ensureInstalled();
if (dist === "dist" && !process.argv.includes("--no-build")) build();
mkdirSync(cache, { recursive: true });
const { createPki } = await import(`../${dist}/test/support/pki.js`);
const { freePort } = await import(`../${dist}/test/support/free-port.js`);
const certificate = makeCertificate();
if (!process.argv.includes("--no-grpc-go")) await runInteropCases();
if (!process.argv.includes("--no-tools")) await runTools();
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);

async function runInteropCases() {
  const programs = await installInterop();
  if (programs === undefined) return;
  const port = await freePort();
  start(programs.server, ["--port", String(port)]);
  await untilListening(port);
  const upstream = ["--upstream", `127.0.0.1:${port}`];
  const withProtos = [programs.descriptors, ...upstream];
  const withoutProtos = [`${root}protos/examples`, "--config", proxyUnknownConfig(), ...upstream];
  const call = (at, name, flags = []) => {
    const target = ["--server_host", "127.0.0.1", "--server_port", String(at), "--test_case", name];
    const config = name.startsWith("orca") ? ["--service_config_json", metricsBalancer] : [];
    return run(programs.client, [...target, ...config, ...flags]);
  };
  const known = [];
  for (const name of cases) if (await passesWithoutGateway(name, () => call(port, name))) known.push(name);
  const ways = {
    "native transport": withProtos,
    "grpc-js transport": [...withProtos, "--transport", "grpc-js"],
    "native transport, proxy_unknown": withoutProtos,
    "grpc-js transport, proxy_unknown": [...withoutProtos, "--transport", "grpc-js"],
    "native transport, TLS": [...withProtos, ...certificate.flags],
  };
  for (const [way, args] of Object.entries(ways)) {
    const gateway = await startGateway(args);
    const tls = way.endsWith("TLS") ? certificate.clientFlags : [];
    for (const name of known) await check(`${way}: ${name}`, () => call(gateway.port, name, tls));
    gateway.stop();
  }
}

/** What the client and the server of grpc-go cannot do with each other says nothing of the gateway between them. */
async function passesWithoutGateway(name, work) {
  try {
    await work();
    return true;
  } catch (error) {
    console.log(`skipped ${name}: fails without the gateway, too: ${error.message}`);
    return false;
  }
}

async function runTools() {
  const { startExamples } = await import(`../${dist}/examples/start.js`);
  const examples = await startExamples({ port: 0 });
  const upstreams = [...examples.targets].flatMap(([service, target]) => ["--upstream", `${service}=${target}`]);
  const args = [`${root}protos/examples`, ...upstreams];
  const plain = await startGateway(args);
  for (const [tool, what, given, expected] of plainChecks(plain.port)) await checkTool(tool, what, given, expected);
  plain.stop();
  const grpc = await startGrpcFront();
  const h2spec = ["--host", "127.0.0.1", "--port", String(grpc.port), ...h2specFlags];
  await checkTool("h2spec", "a gRPC method", h2spec);
  grpc.stop();
  const secure = await startGateway([...args, ...certificate.flags]);
  for (const [tool, what, given, expected] of secureChecks(secure.port)) await checkTool(tool, what, given, expected);
  secure.stop();
  await examples.close();
}

function plainChecks(port) {
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}${route}`;
  const h2spec = ["--host", "127.0.0.1", "--port", String(port), ...h2specFlags, "--path"];
  const call = ["-plaintext", "-d", request, address, method.slice(1)];
  const load = ["--insecure", "--call", method.slice(1), "-d", request, "-n2000", "-c20", address];
  return [
    ["h2spec", "a REST route", [...h2spec, route]],
    ["h2spec", "the path of a gRPC method", [...h2spec, method]],
    ["h2load", "a REST route", ["-n2000", "-c4", "-m20", url], /2000 succeeded, 0 failed/],
    ["curl", "--http2-prior-knowledge", ["-sSf", "--http2-prior-knowledge", url], /"products\/mug"/],
    ["curl", "--http1.1 on the same port", ["-sSf", "--http1.1", url], /"products\/mug"/],
    ["grpcurl", "a call by reflection", call, /"products\/mug"/],
    ["grpcurl", "health", ["-plaintext", address, "grpc.health.v1.Health/Check"], /SERVING/],
    ["ghz", "2,000 calls by reflection", load, /\[OK\]\s+2000 responses/],
  ];
}

function secureChecks(port) {
  const h2spec = ["--host", "127.0.0.1", "--port", String(port), ...h2specFlags, "-t", "-k", "--path"];
  return [
    ["h2spec", "a REST route, TLS", [...h2spec, route]],
    ["h2spec", "the path of a gRPC method, TLS", [...h2spec, method]],
    ["curl", "--http2 over TLS", ["-sSfk", "--http2", `https://localhost:${port}${route}`], /"products\/mug"/],
    ["grpcurl", "over TLS, by reflection", ["-insecure", `localhost:${port}`, "list"], /shop\.v1/],
  ];
}

/** Undefined where it cannot be built, with the reason printed. */
async function installInterop() {
  const programs = {
    client: `${cache}/grpc-go-client`,
    server: `${cache}/grpc-go-server`,
    descriptors: `${cache}/grpc-go.binpb`,
  };
  const packages = { client: "google.golang.org/grpc/interop/client", server: "google.golang.org/grpc/interop/server" };
  const options = { cwd: `${sources}/go`, env: { ...env, GOTOOLCHAIN: process.env.GOTOOLCHAIN ?? "local" } };
  try {
    for (const [name, target] of Object.entries(packages))
      await run("go", ["build", "-o", programs[name], target], options);
    if (!existsSync(programs.descriptors)) await run("go", ["run", "./descriptors", programs.descriptors], options);
    return programs;
  } catch (error) {
    console.log(`skipped: the interop client of grpc-go: ${error.message}`);
    return undefined;
  }
}

function proxyUnknownConfig() {
  const file = `${cache}/proxy-unknown.yaml`;
  writeFileSync(file, "grpc:\n  proxy_unknown: true\n");
  return file;
}

/** For localhost, with the flags of the gateway and of grpc-go's client. */
function makeCertificate() {
  const pki = createPki();
  process.on("exit", () => pki.remove());
  const clientFlags = ["--use_tls", "--use_test_ca", "--ca_file", pki.caFile, "--server_host_override", "localhost"];
  return { flags: ["--tls-cert", pki.certFile, "--tls-key", pki.keyFile], clientFlags };
}

async function startGateway(args) {
  const port = await freePort();
  const listen = ["--listen", `127.0.0.1:${port}`, "--admin", "off", "--quiet"];
  const child = start(process.execPath, [`${root}${dist}/src/main.js`, "serve", ...args, ...listen]);
  const ended = new Promise((_, reject) => {
    child.once("exit", (code) => reject(new Error(`the gateway has ended with exit code ${code}`)));
  });
  ended.catch(() => {});
  await Promise.race([untilListening(port), ended]);
  return { port, stop: () => child.kill() };
}

/** h2spec sends no content type: here every request is taken for a gRPC call. */
async function startGrpcFront() {
  const child = start(process.execPath, [`${root}${dist}/test/interop/grpc-front.js`], "pipe");
  const [line] = await once(child.stdout, "data");
  return { port: Number(line), stop: () => child.kill() };
}

function start(command, args, stdout = "ignore") {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", stdout, "inherit"], env });
  children.push(child);
  return child;
}

/** What the tool printed must match. */
async function checkTool(tool, what, args, expected = /(?:)/) {
  const name = `${tool}: ${what}`;
  if (spawnSync(tool, ["--version"], { env }).error !== undefined) {
    if (name.includes(only)) console.log(`skipped ${name}: ${tool} is not installed`);
    return;
  }
  await check(name, async () => {
    const output = await run(tool, args);
    if (!expected.test(output)) throw new Error(`${expected} is not in its output:\n${output}`);
  });
}

async function check(name, work) {
  if (!name.includes(only)) return;
  try {
    await work();
    counts.passed++;
    console.log(`ok      ${name}`);
  } catch (error) {
    counts.failed++;
    console.log(`failed  ${name}\n${error.message}`);
  }
}

/** What the command printed; rejects with it where the command fails. This process goes on: it has the example backends in it. */
async function run(command, args, options = {}) {
  const child = spawn(command, args, { env, timeout: 180_000, stdio: ["ignore", "pipe", "pipe"], ...options });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const [status] = await once(child, "close").catch((error) => {
    throw new Error(error.code === "ENOENT" ? `${command} is not installed` : error.message);
  });
  if (status !== 0) throw new Error(output.trim().split("\n").slice(-20).join("\n") || `${command}: ${status}`);
  return output;
}

async function untilListening(port) {
  for (let tries = 0; tries < 600; tries++) {
    const isUp = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing listens on port ${port} after a minute`);
}

function valueOf(flag) {
  const at = process.argv.indexOf(flag);
  return at === -1 ? undefined : process.argv[at + 1];
}
