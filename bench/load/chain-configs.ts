// The configurations of the subjects of the bench `chain`: each what an operator would write, none of it ever refusing a call of the bench.
import { writeFileSync } from "node:fs";
import { cache, makeFolder } from "./folders.ts";
import { audience, issuer, scope } from "./identity.ts";

/** Of all, the plain one among them: one address may have 256 connections by default; here all clients have one address. */
const base = "server:\n  max_connections_per_ip: off\n";

const auth = (jwks: string): string => `auth:
  issuers:
    - { issuer: "${issuer}", jwks: "${jwks}", audience: ${audience}, algorithms: [RS256] }
  rules:
    - { name: readers, methods: ["bench.load.v1.*"], scopes: [${scope}] }
`;

/** By who calls where that is known, and by address. */
const limits = (key: string): string => `limits:
  - { name: per-user, key: "${key}", rate: 1000000/s, burst: 1000000, methods: ["bench.load.v1.*"] }
  - { name: per-address, key: ip, rate: 1000000/s, burst: 1000000 }
`;

/** To standard output, a pipe that somebody reads, as in a container. */
const log = "log: { access: on, format: json }\n";

export const chainConfigs = ["sluice-bare", "sluice-jwt", "sluice-limits", "sluice-log", "sluice-chain"] as const;
export type ChainConfig = (typeof chainConfigs)[number];

export function chainConfigFile(name: ChainConfig): string {
  return `${makeFolder(cache)}/${name}.yaml`;
}

export function writeChainConfigs(jwks: string): void {
  const texts: Readonly<Record<ChainConfig, string>> = {
    "sluice-bare": "metrics: { enabled: false }\n",
    "sluice-jwt": auth(jwks),
    "sluice-limits": limits("ip"),
    "sluice-log": log,
    "sluice-chain": auth(jwks) + limits("claim:sub") + log,
  };
  for (const name of chainConfigs) writeFileSync(chainConfigFile(name), base + texts[name]);
}
