// The bench `chain`: what authentication, authorization, limits, log and metrics cost a REST request, each and all together.
import { chainCells } from "./load/chain-cells.ts";
import { createIdentities } from "./load/identity.ts";
import { writeChainConfigs } from "./load/chain-configs.ts";
import { benchCells, type LoadOptions } from "./load.ts";
import type { BenchTable } from "./table.ts";

export async function benchChain(options: LoadOptions): Promise<BenchTable[]> {
  const identities = await createIdentities();
  try {
    writeChainConfigs(identities.jwks);
    return await benchCells(chainCells(identities.tokensOf), options);
  } finally {
    identities.close();
  }
}
