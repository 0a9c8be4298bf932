// The example backends as a process of their own: `node dist/examples/main.js [--host HOST] [--port FIRST]`.
import { parseArgs } from "node:util";
import { startExamples } from "./start.ts";

const { values } = parseArgs({
  options: { host: { type: "string", default: "127.0.0.1" }, port: { type: "string", default: "50051" } },
});

try {
  const examples = await startExamples({ host: values.host, port: Number(values.port) });
  const stop = (): void => void examples.close();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // Last: whoever reads these lines may stop the process at once.
  for (const [service, target] of examples.targets) console.log(`${service} on ${target}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
