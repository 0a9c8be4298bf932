// The bench's command line: which benches, how thorough, for whom.
import { parseArgs } from "node:util";
import { benchChain } from "./chain.ts";
import { benchCodec } from "./codec.ts";
import { benchFront } from "./front.ts";
import { benchGhz } from "./ghz.ts";
import { benchLoad } from "./load.ts";
import { benchHttp1 } from "./http1.ts";
import { Missing } from "./load/missing.ts";
import { leaveUnpinned } from "./load/process.ts";
import { saveResult } from "./load/results.ts";
import type { BackendKind } from "./load/subjects.ts";
import { benchMemory } from "./memory.ts";
import { writeReport } from "./report/report.ts";
import { benchRoute } from "./route.ts";
import { benchStart } from "./start.ts";
import { benchStream } from "./stream.ts";
import { type BenchTable, formatTable } from "./table.ts";
import { benchTransport } from "./transport.ts";
import { benchValidate } from "./validate.ts";

interface Options {
  readonly quick: boolean;
  readonly runs: number;
  readonly seconds: number | undefined;
  readonly peers: readonly string[] | undefined;
  readonly only: string | undefined;
  readonly suffix: string;
  readonly backend: BackendKind;
  readonly calls: number | undefined;
  readonly progress: (line: string) => void;
}

type Bench = (options: Options) => Promise<BenchTable | readonly BenchTable[]>;

const benches: Readonly<Record<string, Bench>> = {
  codec: benchCodec,
  front: benchFront,
  http1: benchHttp1,
  route: benchRoute,
  start: benchStart,
  transport: benchTransport,
  validate: benchValidate,
  rest: (options) => benchLoad("rest", options),
  grpc: (options) => benchLoad("grpc", options),
  chain: benchChain,
  memory: benchMemory,
  stream: benchStream,
  ghz: benchGhz,
};

const usage = `usage: npm run bench -- [${Object.keys(benches).join("|")}|report]… [options]

  codec   translators against @bufbuild/protobuf and protobufjs, both ways
  front   what a front costs by itself, without sockets and backend
  http1   the HTTP/1.1 engine beside node:http and a bare socket, CPU per request
  route   matching a path with 10, 100 and 1,000 routes
  start   loading 100 proto files with 500 routes, in a process of its own
  transport  CPU per call and memory per idle stream, native beside grpc-js
  validate  rules for messages, beside protovalidate for JavaScript
  rest    REST over HTTP/1.1 and HTTP/2 beside grpc-gateway, Envoy, Vanguard and express + grpc-js
  grpc    gRPC in and out beside Envoy, Vanguard and a grpc-js proxy
  chain   what authentication, authorization, limits, log and metrics cost a request, beside the same gateway without
  memory  resident memory: idle, per idle connection, per idle gRPC stream
  stream  WebSocket, SSE and NDJSON: messages per core, memory of 10,000 sockets, slow clients, opening and closing
  ghz     ghz on the example backend, then through the gateway
  report  all of them, and docs/performance.md with its plots

  --quick        few, short rounds: checks the answers, the figures are rough; installs no peer
  --runs N       rounds of the load benches (default 5)
  --seconds N    length of one run in rest, grpc, chain and stream (default 3, curves 2)
  --peers A,B    only these subjects: sluice, grpc-gateway, envoy, envoy-proxy, vanguard, express, websocket-proxy, hello …
  --only TEXT    only cells of rest, grpc and stream with TEXT in their name or title
  --unpinned     leave it to the kernel on which core a process runs
  --backend K    bare (default), or grpc-go, which costs as much as a gateway
  --calls N      calls of ghz (default 50000)
  --saved        report from the results of earlier runs, measuring nothing
  --json         one JSON array instead of tables

All benches without a name. Every bench checks its subjects' answers before it times them.`;

function refuse(message: string): never {
  console.error(`error: ${message}\n\n${usage}`);
  process.exit(2);
}

function stop(message: string): never {
  console.error(`error: ${message}`);
  process.exit(1);
}

function readArguments(): ReturnType<typeof parse> {
  try {
    return parse();
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function parse() {
  return parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      saved: { type: "boolean", default: false },
      unpinned: { type: "boolean", default: false },
      backend: { type: "string", default: "bare" },
      runs: { type: "string" },
      seconds: { type: "string" },
      peers: { type: "string" },
      only: { type: "string" },
      calls: { type: "string" },
    },
  });
}

function toCount(flag: string, text: string | undefined): number | undefined {
  if (text !== undefined && !/^[1-9]\d{0,7}$/.test(text)) refuse(`${flag}: a count is expected, not "${text}"`);
  return text === undefined ? undefined : Number(text);
}

function readBackend(text: string): BackendKind {
  if (text === "bare" || text === "grpc-go") return text;
  return refuse(`--backend: bare or grpc-go is expected, not "${text}"`);
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const options: Options = {
  quick: values.quick,
  runs: toCount("--runs", values.runs) ?? (values.quick ? 1 : 5),
  seconds: toCount("--seconds", values.seconds),
  peers: values.peers?.split(","),
  only: values.only,
  suffix: (values.unpinned ? "-unpinned" : "") + (values.backend === "bare" ? "" : `-${values.backend}`),
  backend: readBackend(values.backend),
  calls: toCount("--calls", values.calls),
  // On the other stream: --json must stay JSON.
  progress: (line) => console.error(line),
};
if (values.unpinned) leaveUnpinned();
const isReport = positionals.includes("report");
const named = positionals.filter((name) => name !== "report");
for (const name of named) if (benches[name] === undefined) refuse(`there is no bench "${name}"`);

const tables: BenchTable[] = [];
for (const name of named.length > 0 ? named : isReport && values.saved ? [] : Object.keys(benches)) {
  options.progress(`${name} …`);
  try {
    const done = await benches[name](options);
    const several = "rows" in done ? [done] : done;
    if ("rows" in done && !options.quick) saveResult(name, done);
    tables.push(...several);
    if (!values.json) for (const table of several) console.log(`${formatTable(table)}\n`);
  } catch (error) {
    // What this machine lacks stops a bench that was asked for, not a look at all of them; what is wrong stops both.
    const reason = error instanceof Error ? error.message : String(error);
    if (named.length > 0 || !(error instanceof Missing)) stop(`${name}: ${reason}`);
    options.progress(`${name}: left out: ${reason}`);
  }
}
if (tables.length === 0 && values.only !== undefined) stop(`no cell has "${values.only}" in its name or title`);
if (isReport) console.log(`wrote ${writeReport()}`);
if (values.json) console.log(JSON.stringify(tables, undefined, 2));
else
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${new Date().toISOString().slice(0, 10)}`);
