// What answers depend on that no call says: the protos, who answers, and what is done to calls on their way. Kept where other gateways find
// them, answers are only for those that have all of that in common, before and after a change of any of it.
import { hash } from "node:crypto";
import type { Config } from "./config/config.ts";
import type { Schema } from "./schema/descriptor.ts";

/** The same text for gateways whose answers are the same. No secrets, and no paths, which differ between machines. */
export function describeWorld({ upstreams, compose, interceptors, auth }: Config, schema: Schema): string {
  const callers = auth && {
    issuers: auth.issuers.map(({ issuer, audiences, principal, scopes, roles }) => [
      issuer,
      audiences,
      principal,
      scopes,
      roles,
    ]),
    introspection: auth.introspection?.url,
    extAuthz: auth.extAuthz?.target,
    certificates: auth.mtls?.principal,
    forwarded: [auth.forwardClaims, auth.forwardToken],
  };
  return JSON.stringify([
    fingerprint(schema),
    upstreams.map(({ service, target }) => [service, target]),
    compose.map(({ method, settings }) => [method, settings]),
    interceptors.map(({ name, place, methods, options }) => [name, place, methods, options]),
    callers,
  ]);
}

/** Of every file, as its descriptor. */
function fingerprint({ files }: Schema): string {
  const known = files.map((file): [string, string] => [file.path, hash("sha256", file.toBytes())]);
  return hash("sha256", JSON.stringify(known.sort(([one], [other]) => (one < other ? -1 : 1))));
}
