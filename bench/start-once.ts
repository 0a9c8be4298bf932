// One start, in a process of its own for bench/start.ts: loads the folder named on the command line, prints what it took.
import { bindMethods } from "../src/schema/bind/http-rule.ts";
import { loadSchema } from "../src/schema/load/load.ts";
import { createRouter } from "../src/route/router.ts";

const started = performance.now();
const { schema, diagnostics } = loadSchema({ inputs: [process.argv[2]], importPaths: [] });
if (schema === undefined) throw new Error(JSON.stringify(diagnostics));
const bindings = bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, (diagnostic) => {
  throw new Error(diagnostic.message);
});
const router = createRouter(bindings, { profile: "strict", urlUnescape: "except_reserved" });
const found = router.match("POST", "/v1/area99/shelves/7:archive").kind === "match";
const loadMs = performance.now() - started;
const rssMiB = process.memoryUsage.rss() / 1024 / 1024;
console.log(JSON.stringify({ routes: bindings.length, found, loadMs, processMs: performance.now(), rssMiB }));
