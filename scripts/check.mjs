// What to run before a commit: format, lint, build, and the tests but for the stream matrix, which `npm test` runs as well. A minute.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bundleArguments, emptyDist } from "./build.mjs";
import { ensureInstalled } from "./run.mjs";
import { test } from "./test.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The exit code, once what the tool said has been printed in one piece. */
async function run(tool, args) {
  const child = spawn(`${root}node_modules/.bin/${tool}`, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (text += part));
  const [code] = await once(child, "close");
  process.stdout.write(text);
  return code ?? 1;
}

ensureInstalled();
emptyDist();
const codes = await Promise.all([
  run("tsc", []),
  run("tsc", ["-p", "src/client"]),
  run("esbuild", bundleArguments),
  run("oxfmt", ["--check"]),
  run("oxlint", ["--type-aware", "--deny-warnings"]),
]);
process.exitCode = codes.find((code) => code !== 0) ?? test(["--ignore", "dist/test/matrix/**"]);
