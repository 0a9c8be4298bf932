// Fetches a schema from the default upstream, for `--reflect`.
import type { Config } from "../config/config.ts";
import { fetchDescriptors } from "../upstream/reflection.ts";
import { createGrpcJsTransport } from "../upstream/grpc-js.ts";
import { createNativeTransport } from "../upstream/native.ts";
import type { DescriptorFile } from "./project.ts";
import { toTransportLimits, toUpstreamTargets } from "../gateway-options.ts";

const timeoutMs = 10_000;

/** Rejects with GatewayError. */
export async function reflectDescriptors(config: Config): Promise<readonly DescriptorFile[]> {
  const target = toUpstreamTargets(config).default;
  if (target === undefined) throw new Error("there is no default upstream");
  const { connectTimeoutMs } = config.server;
  const open = config.transport === "native" ? createNativeTransport : createGrpcJsTransport;
  const transport = open(target, toTransportLimits(config));
  try {
    if (!(await transport.connect(connectTimeoutMs))) throw new Error("it does not answer; is the backend running?");
    const files = await fetchDescriptors({ stream: (call) => transport.stream(call) }, { timeoutMs });
    return files.map((bytes) => ({ name: `reflection of ${target.target}`, bytes }));
  } finally {
    await transport.close();
  }
}
