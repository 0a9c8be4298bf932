// The gateway in front of the example backends, as `npm run demo` starts it, in this process and on free ports.
import { fileURLToPath } from "node:url";
import { startExamples } from "../../examples/start.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { DiagnosticError } from "../../src/diagnostic.ts";
import { createGateway } from "../../src/gateway.ts";
import { bindMethods } from "../../src/schema/bind/http-rule.ts";
import { loadSchema } from "../../src/schema/load/load.ts";
import { unshed } from "./unshed.ts";

export interface DemoGateway {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

export async function startDemoGateway(): Promise<DemoGateway> {
  const protos = fileURLToPath(new URL("../../../protos/examples", import.meta.url));
  const examples = await startExamples({ port: 0 });
  const { config, diagnostics } = loadConfig({
    flags: { protos: [protos], listen: "127.0.0.1:0", admin: "off", upstreams: Object.fromEntries(examples.targets) },
    configFile: undefined,
    httpRules: [],
    environment: {},
  });
  if (config === undefined) throw new DiagnosticError(diagnostics);
  const { schema, diagnostics: problems } = loadSchema({ inputs: config.protos, importPaths: [] });
  if (schema === undefined) throw new DiagnosticError(problems);
  const bindings = bindMethods(schema, { profile: config.profile, bindUnannotated: true, yamlRules: [] }, () => {});
  const gateway = createGateway({ config: unshed(config), schema, bindings });
  const { host, port } = await gateway.listen();
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      await gateway.close();
      await examples.close();
    },
  };
}
