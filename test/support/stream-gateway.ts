// The gateway as the command line puts it together, in front of the backend of stream-backend.ts: what tests of whole streams start.
import { createGateway } from "../../src/gateway.ts";
import type { Gateway, GatewayOptions } from "../../src/gateway.ts";
import { loadInterceptors } from "../../src/interceptor-modules.ts";
import { loadSource } from "./gateway.ts";
import type { Endpoint } from "./raw-http.ts";
import { startStreamBackend, streamProto } from "./stream-backend.ts";
import type { StreamBackend } from "./stream-backend.ts";

export interface StreamGateway extends Endpoint {
  readonly backend: StreamBackend;
  readonly gateway: Gateway;
  /** What the log would get. */
  readonly reports: readonly unknown[];
  /** The value of a metric, summed over its labels. */
  metric(name: string): number;
  close(): Promise<void>;
}

export interface StreamGatewayOptions {
  /** More of sluice.yaml: whole groups, at its top. */
  readonly yaml?: string;
  /** What stands in the group `websocket`, beside limits that no test should meet. */
  readonly websocket?: readonly string[];
  readonly server?: readonly string[];
  /** What (sluice.stream) says of List. */
  readonly listOption?: string;
  readonly interceptors?: GatewayOptions["interceptors"];
  /** Rules of the messages of clients, as options of their field `text`. */
  readonly textRules?: string;
}

function toYaml({ yaml = "", websocket = [], server = [] }: StreamGatewayOptions): string {
  const lines = [
    "http:",
    "  response_headers: [x-shard, x-tag, x-key-bin]",
    "server:",
    "  max_connections_per_ip: off",
    "  connect_timeout: 60s",
    ...server.map((line) => `  ${line}`),
    "websocket:",
    "  max_sockets_per_principal: 100000",
    "  handshakes_per_second: 100000",
    "  messages_per_second: 1000000",
    "  bytes_per_second: 10GiB",
    ...websocket.map((line) => `  ${line}`),
    // Clients, gateway and backend share a thread here: it is late whenever a test works.
    ...(/^shedding:/m.test(yaml) ? [] : ["shedding: { enabled: false }"]),
    yaml,
  ];
  return lines.join("\n");
}

export async function startStreamGateway(options: StreamGatewayOptions = {}): Promise<StreamGateway> {
  const { listOption = "", textRules = "", interceptors = [] } = options;
  const ruled = streamProto.replace("string text = 6;", `string text = 6 [${textRules}];`);
  const protos = (textRules === "" ? streamProto : ruled).replace(
    "// (List)",
    listOption === "" ? "" : `option (sluice.stream) = { ${listOption} };`,
  );
  const { project, problems } = await loadSource({ protos, yaml: toYaml(options) });
  if (project === undefined) throw new Error(`the gateway does not start:\n${problems.join("\n")}`);
  const backend = await startStreamBackend();
  const reports: unknown[] = [];
  const upstreams = [{ service: undefined, target: backend.target, tls: undefined }];
  const config = { ...project.config, upstreams };
  const report: GatewayOptions["report"] = (error) => void reports.push(error.cause ?? error);
  const { gateway, endpoint } = await listen(async () => {
    const own = [...(await loadInterceptors(config)), ...interceptors];
    return createGateway({ ...project, config }, { report, interceptors: own });
  }).catch(async (error: unknown) => {
    await backend.close();
    throw error;
  });
  return {
    ...endpoint,
    backend,
    gateway,
    reports,
    metric: (name) => readMetric(gateway.metrics(), name),
    async close() {
      await Promise.all([gateway.close(), backend.close()]);
    },
  };
}

async function listen(create: () => Promise<Gateway>) {
  const gateway = await create();
  return { gateway, endpoint: await gateway.listen() };
}

function readMetric(text: string, name: string): number {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
