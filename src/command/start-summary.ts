// What `sluice serve` prints when it is up: what is loaded, the routes, lines to try, what is loosened.
import { formatAddress } from "../config/address.ts";
import type { Address, Config } from "../config/config.ts";
import { listLoosened } from "../config/loosened.ts";
import { compilePolicies } from "../policy/policies.ts";
import type { Binding } from "../schema/binding.ts";
import type { Method } from "../schema/descriptor.ts";
import { adminPaths } from "../serve/admin.ts";
import { compositionsOf } from "./explain-method.ts";
import type { Project } from "./project.ts";
import { plural } from "./report.ts";
import { formatRoutes, toRouteEntries } from "./route-list.ts";
import { createChatSample, createSample, createStreamSample, formatCurl, formatWscat } from "./sample.ts";
import type { SampleRequest } from "./sample.ts";
import { printable } from "./terminal.ts";
import type { Style } from "./terminal.ts";
import { readVersion } from "./version.ts";

const maxRoutes = 40;
const maxSamples = 3;

export interface Started {
  readonly project: Project;
  /** As bound: with the port that was picked. */
  readonly address: Address;
  readonly admin: Address | undefined;
  readonly style: Style;
}

export function describeStart({ project, address, admin, style }: Started): string[] {
  const { config, schema, bindings } = project;
  const files = schema.files.filter((file) => file.isInput).length;
  const entries = toRouteEntries(bindings, compositionsOf(project));
  const base = toBaseUrl(address, config.tls === undefined ? "http" : "https");
  const file = config.file === undefined ? "" : `, configured by ${config.file}`;
  const more = entries.length > maxRoutes ? [`… and ${entries.length - maxRoutes} more: sluice routes`] : [];
  const socket = address.host.startsWith("unix:") ? address.host.slice("unix:".length) : undefined;
  const credentialsOf = describeCredentials(project);
  const curls = pickSamples(bindings).map(
    ([sample, method]) => `${formatCurl(base, sample, socket)}${credentialsOf(method)}`,
  );
  const lines = [
    `${style.bold(`sluice ${readVersion()}`)}: ${plural(files, "file")}, ${plural(schema.services.length, "service")}, ${plural(entries.length, "route")}${file}`,
    ...section("routes", [...formatRoutes(entries, style, maxRoutes), ...more], style),
    ...section("try", [...curls, ...formatStreams(base, project, address), ...formatGrpcurl(address, config)], style),
    ...section("loosened", listLoosened(config), style),
    "",
    ...(config.auth === undefined ? ["no auth: every method is public"] : []),
    ...(config.cache.store === "redis" ? [`answers kept in memory and Redis: ${config.redis?.url}`] : []),
    `${style.green("listening on")} ${address.host.startsWith("unix:") ? address.host : base}`,
    admin === undefined
      ? "admin off"
      : `admin on ${admin.host.startsWith("unix:") ? admin.host : toBaseUrl(admin)} (${adminPaths.join(" ")})`,
  ];
  return lines.map((line) => keepStyle(line));
}

/** What curl, and wscat, are told besides where a method asks who calls: the first way there is to say so. */
function describeCredentials({ config, schema }: Project): (method: Method) => string {
  const { issuers = [], introspection, apiKeys } = config.auth ?? {};
  const isBearer = issuers.length > 0 || introspection !== undefined;
  const header = isBearer ? "authorization: Bearer $TOKEN" : apiKeys && `${apiKeys.header}: $KEY`;
  const { policyOf } = compilePolicies({ config, schema });
  return (method) => (header !== undefined && policyOf(method).auth.value === "required" ? ` -H "${header}"` : "");
}

/** One stream to look at, one to talk to, and the page that does both. */
function formatStreams(base: string, project: Project, address: Address): string[] {
  const { config, bindings } = project;
  if (address.host.startsWith("unix:")) return [];
  const offered = bindings.filter(({ index, method }) => index === 0 && !method.deprecated);
  const credentialsOf = describeCredentials(project);
  const watched = first(offered, createStreamSample);
  const talked = config.websocket.enabled ? first(offered, createChatSample) : undefined;
  return [
    ...(watched === undefined
      ? []
      : [`${formatCurl(base, watched[0]).replace("curl", "curl -N")}${credentialsOf(watched[1])}`]),
    ...(talked === undefined ? [] : [`${formatWscat(base, talked[0])}${credentialsOf(talked[1])}`]),
    ...(config.pages.playground ? [`${base}/-/play (every method, in a browser)`] : []),
  ];
}

function first<T>(
  bindings: readonly Binding[],
  sampleOf: (binding: Binding) => T | undefined,
): readonly [T, Method] | undefined {
  for (const binding of bindings) {
    const sample = sampleOf(binding);
    if (sample !== undefined) return [sample, binding.method];
  }
  return undefined;
}

/** What a gRPC client needs: nothing but the address, where reflection tells it the rest. */
function formatGrpcurl(address: Address, { grpc, tls }: Config): string[] {
  if (!grpc.reflection) return [];
  const security = tls === undefined ? "-plaintext " : "";
  if (address.host.startsWith("unix:")) return [`grpcurl ${security}-unix ${address.host.slice("unix:".length)} list`];
  return [`grpcurl ${security}${toBaseUrl(address).slice("http://".length)} list`];
}

/** A URL that works from this machine: an unspecified address is no destination. */
export function toBaseUrl({ host, port }: Address, scheme: "http" | "https" = "http"): string {
  if (host.startsWith("unix:")) return `${scheme}://localhost`;
  const name = ["", "0.0.0.0", "::"].includes(host) ? "localhost" : host;
  return `${scheme}://${formatAddress({ host: name, port })}`;
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ["", style.bold(title), ...lines.map((line) => `  ${line}`)];
}

/** One a method, reads before writes as they do least harm; first those without variables, whose made-up names are found nowhere. */
function pickSamples(bindings: readonly Binding[]): (readonly [SampleRequest, Method])[] {
  const candidates = bindings
    .filter(({ index, method }) => index === 0 && method.kind === "unary" && !method.deprecated)
    .sort((a, b) => a.variables.length - b.variables.length);
  const reads = candidates.filter(({ httpMethod }) => httpMethod === "GET");
  const writes = candidates.filter(({ httpMethod }) => httpMethod !== "GET");
  const chosen = [...reads.slice(0, maxSamples - Math.min(1, writes.length)), ...writes];
  const samples = chosen.flatMap((binding) => {
    const sample = createSample(binding);
    return sample === undefined ? [] : [[sample, binding.method] as const];
  });
  return samples.slice(0, maxSamples);
}

/** Escapes control characters of proto names and paths, not those of the style. */
function keepStyle(line: string): string {
  const parts = line.split(styleSequence);
  return parts.map((part, index) => (index % 2 === 1 ? part : printable(part))).join("");
}

// oxlint-disable-next-line no-control-regex -- escape sequences are what it keeps
const styleSequence = /(\u001b\[\d+m)/;
