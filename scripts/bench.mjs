// `npm run bench -- rest|grpc|stream|memory|ghz|codec|front|route|start|report [--json] [--quick] …`: builds, then runs dist/bench/main.js.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
ensureInstalled();
build();
const result = spawnSync(process.execPath, ["dist/bench/main.js", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = result.status ?? 1;
