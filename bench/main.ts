// The bench's command line: which benches, how thorough, for whom.
import { parseArgs } from "node:util";
import { benchCodec } from "./codec.ts";
import { benchRoute } from "./route.ts";
import { benchStart } from "./start.ts";
import { type BenchTable, formatTable } from "./table.ts";
import { benchTransport } from "./transport.ts";

const benches: Readonly<Record<string, (options: { readonly quick: boolean }) => Promise<BenchTable>>> = {
  codec: benchCodec,
  route: benchRoute,
  start: benchStart,
  transport: benchTransport,
};

const usage = `usage: npm run bench -- [${Object.keys(benches).join("|")}]… [--json] [--quick]

  codec   translators against @bufbuild/protobuf and protobufjs, both ways
  route   matching a path with 10, 100 and 1,000 routes
  start   loading 100 proto files with 500 routes, in a process of its own
  transport  CPU per call and memory per idle stream, native beside grpc-js

  --quick   few, short rounds: checks the answers, the figures are rough
  --json    one JSON array instead of tables

All benches without a name. Every bench checks its subjects' answers before it times them.`;

function refuse(message: string): never {
  console.error(`error: ${message}\n\n${usage}`);
  process.exit(2);
}

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { json: { type: "boolean" }, quick: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
})();
if (values.help === true) {
  console.log(usage);
  process.exit(0);
}
const names = positionals.length === 0 ? Object.keys(benches) : positionals;
const tables: BenchTable[] = [];
for (const name of names) {
  const bench = benches[name] ?? refuse(`there is no bench "${name}"`);
  if (values.json !== true) console.log(`${name} …`);
  const table = await bench({ quick: values.quick === true });
  tables.push(table);
  if (values.json !== true) console.log(`${formatTable(table)}\n`);
}
if (values.json === true) console.log(JSON.stringify(tables, undefined, 2));
else
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${new Date().toISOString().slice(0, 10)}`);
