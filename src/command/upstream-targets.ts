// The upstreams of a Config as upstream/ wants them: targets parsed, TLS files read.
import type { Config, UpstreamConfig } from "../config/config.ts";
import { readTlsFiles } from "../config/tls-files.ts";
import { DiagnosticError } from "../diagnostic.ts";
import { parseTarget } from "../upstream/target.ts";
import type { TargetAddress } from "../upstream/transport.ts";
import type { UpstreamTargets } from "../upstream/upstreams.ts";

/** Throws DiagnosticError for TLS files that cannot be used. */
export function toUpstreamTargets(config: Config): UpstreamTargets {
  const byService = new Map<string, TargetAddress>();
  let fallback: TargetAddress | undefined;
  for (const upstream of config.upstreams) {
    if (upstream.service === undefined) fallback = toAddress(upstream);
    else byService.set(upstream.service, toAddress(upstream));
  }
  return { default: fallback, byService };
}

function toAddress({ target, tls }: UpstreamConfig): TargetAddress {
  const parsed = parseTarget(target, tls === undefined ? undefined : readTlsFiles(tls));
  if (parsed.kind === "target") return parsed.address;
  throw new DiagnosticError([{ severity: "error", position: undefined, message: parsed.message, hint: parsed.hint, rule: "target" }]);
}
