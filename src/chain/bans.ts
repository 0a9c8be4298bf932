// Bans: whoever is refused too often is refused for a time, unheard. By address until a caller has said who it is, then by principal.
import { createHash } from "node:crypto";
import { addressKey, compileAddressList } from "../addresses.ts";
import type { CallEnd, CallEndListener, Miss } from "../call.ts";
import type { Metric, MetricSource } from "../exposition.ts";
import { Code, GatewayError } from "../status.ts";
import type { BanKind, BanLink } from "./ban-link.ts";
import { BanTable } from "./ban-table.ts";
import type { BanLimits } from "./ban-table.ts";
import type { Interceptor } from "./compose.ts";

export interface BanWeights {
  readonly unauthenticated: number;
  readonly permissionDenied: number;
  readonly notFound: number;
  readonly rateLimited: number;
  readonly malformed: number;
}

export interface BanOptions extends BanLimits {
  readonly weights: BanWeights;
  /** Addresses and CIDR blocks that are never banned, the trusted proxies' among them. */
  readonly exempt: readonly string[];
  /** Of one of several processes: who counts for all of them, beside what each counts itself. */
  readonly link?: BanLink | undefined;
}

export interface Bans {
  /** First in the chain: hears how calls end. */
  readonly counting: Interceptor;
  /** Behind authentication: refuses principals that are banned. */
  readonly refusing: Interceptor;
  /** Throws GatewayError for an address that is banned: to be asked before anything else. */
  readonly checkAddress: (address: string) => void;
  /** A request that did not come to be a call. */
  readonly onMiss: (miss: Miss) => void;
  /** Bytes of a client that are no valid HTTP, WebSocket or gRPC. */
  readonly onMalformed: (address: string) => void;
  readonly metrics: MetricSource;
}

/** Throws RangeError for an entry of `exempt` that is no address. */
export function createBans(options: BanOptions, now?: () => number): Bans {
  const { weights, link } = options;
  const isExempt = compileAddressList(options.exempt, "exempt address");
  const tables = { address: new BanTable(options, now), principal: new BanTable(options, now) };
  link?.onBan((kind, ban, isOwn) => {
    const isNew = tables[kind].impose(ban);
    if (isNew && isOwn) tables[kind].banned++;
  });

  const charge = (kind: BanKind, key: string, points: number): void => {
    tables[kind].charge(key, points);
    link?.charge(kind, key, points);
  };
  const chargeAddress = (address: string, points: number): void => {
    if (address !== "" && points > 0 && !isExempt(address)) charge("address", addressKey(address), points);
  };
  const chargeCaller = ({ identity, peer }: Pick<Miss, "identity" | "peer">, points: number): void => {
    if (points === 0) return;
    if (identity === undefined) chargeAddress(peer.address, points);
    else charge("principal", toKey(identity.principal), points);
  };
  const refuse = (table: BanTable, key: string): void => {
    const remaining = table.remaining(key);
    if (remaining === 0) return;
    table.refused++;
    throw banned(remaining);
  };

  const count: CallEndListener = (end, call) => chargeCaller(call, toPoints(weights, end));

  return {
    counting: {
      name: "bans",
      compile: () => (call) => call.onEnd(count),
    },
    refusing: {
      name: "bans",
      compile:
        () =>
        ({ identity }) => {
          if (identity !== undefined) refuse(tables.principal, toKey(identity.principal));
        },
    },
    checkAddress(address) {
      if (tables.address.size > 0 && address !== "") refuse(tables.address, addressKey(address));
    },
    onMiss(miss) {
      const { error } = miss;
      if (error.reason !== reason && error.reason !== "ADDRESS_FORBIDDEN")
        chargeCaller(miss, toMissPoints(weights, error));
    },
    onMalformed: (address) => chargeAddress(address, weights.malformed),
    metrics: () => toMetrics(tables),
  };
}

/** What the table holds of a principal is short, however long its name is. */
function toKey(principal: string): string {
  return principal.length <= 64 ? principal : createHash("sha256").update(principal).digest("base64");
}

const reason = "BANNED";

/** Of a call that was one: what it found at the backend is the backend's to judge, who may call it is not. */
function toPoints(weights: BanWeights, { error }: Pick<CallEnd, "error">): number {
  if (error === undefined || error.reason === reason) return 0;
  if (error.code === Code.UNAUTHENTICATED) return weights.unauthenticated;
  if (error.code === Code.PERMISSION_DENIED) return weights.permissionDenied;
  return error.code === Code.RESOURCE_EXHAUSTED && error.httpStatus === 429 ? weights.rateLimited : 0;
}

function toMissPoints(weights: BanWeights, error: GatewayError): number {
  const points = toPoints(weights, { error });
  if (points > 0) return points;
  if (error.code === Code.NOT_FOUND || error.code === Code.UNIMPLEMENTED) return weights.notFound;
  return 0;
}

/** Says when to come again, not why. */
function banned(remainingMs: number): GatewayError {
  const seconds = String(Math.ceil(remainingMs / 1000));
  return new GatewayError(
    Code.RESOURCE_EXHAUSTED,
    `too many requests of this client were refused; it is served again in ${seconds} s`,
    { reason, headers: { "retry-after": seconds } },
  );
}

function toMetrics(tables: Readonly<Record<BanKind, BanTable>>): readonly Metric[] {
  const each = (value: (table: BanTable) => number) =>
    Object.entries(tables).map(([kind, table]) => [{ kind }, value(table)] as const);
  return [
    {
      name: "sluice_banned_clients",
      type: "gauge",
      help: "Clients that are banned. Every worker tells of all bans.",
      samples: each((table) => table.countBanned()),
    },
    {
      name: "sluice_bans_total",
      type: "counter",
      help: "Bans of clients that were refused too often.",
      samples: each((table) => table.banned),
    },
    {
      name: "sluice_ban_refusals_total",
      type: "counter",
      help: "Requests that were refused because their client is banned.",
      samples: each((table) => table.refused),
    },
  ];
}
