// One command on a fresh clone: installs, builds, starts the example backends and a gateway in front of them, and says what to try.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const usage = `npm run demo -- [--port PORT] [--backend-port FIRST]

  --port PORT           where the gateway listens (default 8080)
  --backend-port FIRST  first of the five ports of the backends; 0 takes any free ones (default 50051)`;

const options = readOptions();
await refuseTakenPorts();
ensureInstalled();
build();
// Somebody may have taken one meanwhile.
await refuseTakenPorts();
const { startExamples } = await import("../dist/examples/start.js");
const examples = await startExamples({ port: options.backendPort });
const gateway = startGateway();
/** One object, so that whoever waits sees it change. */
const state = { isEnding: false };
// Ctrl-C reaches the gateway too, by the terminal; told twice it would not end gracefully.
process.on("SIGINT", () => void end(0, 500));
process.on("SIGTERM", () => void end(0, 0));
gateway.once("exit", (code, signal) => {
  if (state.isEnding) return;
  // Ctrl-C can reach it before it reaches this process.
  const isStopped = signal === "SIGINT" || signal === "SIGTERM";
  if (!isStopped) console.error(`The gateway has ended (exit code ${code}); its last lines above say why.`);
  void end(isStopped ? 0 : 1, 0);
});
await untilListening();
if (!state.isEnding) console.log(whatToTry());

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        "backend-port": { type: "string", default: "50051" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) exit(0, usage);
    return {
      port: readPort("--port", values.port, 1),
      backendPort: readPort("--backend-port", values["backend-port"], 0),
    };
  } catch (error) {
    return exit(2, `${error.message}\n\n${usage}`);
  }
}

function readPort(flag, text, min) {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < min || port > 65_531)
    throw new Error(`${flag}: a port from ${min} to 65531 is expected, not "${text}"`);
  return port;
}

function exit(code, message) {
  (code === 0 ? console.log : console.error)(message);
  process.exit(code);
}

/** Before anything is started, so that the message is about the port and nothing else. */
async function refuseTakenPorts() {
  const { port, backendPort } = options;
  if (await isTaken(port)) exit(1, `Port ${port} is in use. Take another one: npm run demo -- --port ${port + 1}`);
  const backendPorts = backendPort === 0 ? [] : [0, 1, 2, 3, 4].map((index) => backendPort + index);
  for (const taken of backendPorts) {
    if (await isTaken(taken)) {
      exit(1, `Port ${taken}, for an example backend, is in use. Take any free ones: npm run demo -- --backend-port 0`);
    }
  }
}

function isTaken(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(false)));
  });
}

/** The gateway as a user would start it: a process of its own, told where each service is. */
function startGateway() {
  const upstreams = [...examples.targets].flatMap(([service, target]) => ["--upstream", `${service}=${target}`]);
  const args = [
    "dist/src/main.js",
    "serve",
    "protos/examples",
    ...upstreams,
    "--listen",
    `127.0.0.1:${options.port}`,
    "--admin",
    "off",
    "--quiet",
  ];
  return spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
}

async function untilListening() {
  while (!state.isEnding && !(await canConnect())) await new Promise((resolve) => setTimeout(resolve, 50));
}

function canConnect() {
  return new Promise((resolve) => {
    const socket = connect(options.port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** The lines of README's tour, which a test runs: `# purpose` and `$ curl …`. */
function whatToTry() {
  const readme = readFileSync(`${root}README.md`, "utf8");
  const blocks = [...readme.matchAll(/^```console\n([\s\S]*?)^```/gm)].map(([, block]) => block);
  const lines = blocks.flatMap((block) => {
    const shown = block.split("\n").filter((line) => line.startsWith("# ") || line.startsWith("$ "));
    return [...shown.map((line) => (line.startsWith("$ ") ? `  ${line.slice(2)}` : line)), ""];
  });
  const tour = lines.join("\n").replaceAll("localhost:8080", `localhost:${options.port}`);
  const backends = [...examples.targets].map(([service, target]) => `  ${service.padEnd(20)} ${target}`).join("\n");
  const pages = Object.entries({
    "/-/play": "the playground: every method, by hand",
    "/demo/ticker": "prices by EventSource or WebSocket",
    "/demo/chat": "a chat by WebSocket, for two tabs",
  })
    .map(([path, what]) => `  ${`http://localhost:${options.port}${path}`.padEnd(36)} ${what}`)
    .join("\n");
  return `The gateway is at http://localhost:${options.port}, in front of

${backends}

Open in a browser:

${pages}

Try, in another terminal:

${tour}
All routes: npx sluice routes protos/examples. Press Ctrl-C to end the demo.`;
}

/** The gateway first, so that it does not see its backends go; one that hangs is ended after five seconds. */
async function end(code, patienceMs) {
  if (state.isEnding) return;
  state.isEnding = true;
  if (gateway.exitCode === null && gateway.signalCode === null) {
    const asking = setTimeout(() => gateway.kill("SIGTERM"), patienceMs);
    const hanging = setTimeout(() => gateway.kill("SIGKILL"), 5000);
    await new Promise((resolve) => gateway.once("exit", resolve));
    clearTimeout(asking);
    clearTimeout(hanging);
  }
  await examples.close();
  process.exit(code);
}
