// Fetches a schema from the default upstream, for `--reflect`.
import type { Config } from "../config/config.ts";
import { fetchDescriptors } from "../upstream/reflection.ts";
import { createGrpcJsTransport } from "../upstream/grpc-js.ts";
import type { DescriptorFile } from "./project.ts";
import { toUpstreamTargets } from "./upstream-targets.ts";

const timeoutMs = 10_000;

/** Rejects with GatewayError. */
export async function reflectDescriptors(config: Config): Promise<readonly DescriptorFile[]> {
  const target = toUpstreamTargets(config).default;
  if (target === undefined) throw new Error("there is no default upstream");
  const { maxMessageBytes, maxMetadataBytes, connectTimeoutMs } = config.server;
  const transport = createGrpcJsTransport(target, { maxMessageBytes, maxMetadataBytes, connectTimeoutMs });
  try {
    if (!(await transport.connect(connectTimeoutMs))) throw new Error("it does not answer");
    const files = await fetchDescriptors({ stream: (call) => transport.stream(call) }, { timeoutMs });
    return files.map((bytes) => ({ name: `reflection of ${target.target}`, bytes }));
  } finally {
    await transport.close();
  }
}
