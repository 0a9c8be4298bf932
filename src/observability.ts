// What is seen of calls, built from what the configuration says of it: traces, the access log, metrics.
import { createHash, randomBytes } from "node:crypto";
import { createAccessLog } from "./chain/access-log.ts";
import { CallCounts } from "./chain/call-counts.ts";
import type { Around, ChainParts, Interceptor } from "./chain/compose.ts";
import { createMetrics } from "./chain/metrics.ts";
import type { Point } from "./schema/points.ts";
import { lazily } from "./lazily.ts";
import { createTrace } from "./chain/trace/trace.ts";
import type { Miss } from "./call.ts";
import type { Config } from "./config/config.ts";
import type { PrincipalName } from "./config/observe-settings.ts";
import { readVersion } from "./command/version.ts";
import type { MetricsFormat, MetricSource } from "./exposition.ts";
import { DiagnosticError } from "./diagnostic.ts";
import { createLog } from "./log/log.ts";
import type { Log } from "./log/log.ts";
import { writeMetrics } from "./metrics.ts";
import type { AttemptCounts } from "./metrics/attempt-counts.ts";
import { connectionMetrics } from "./metrics/stream-metrics.ts";
import type { Census } from "./front/stream/census.ts";
import type { Listener } from "./serve/listen.ts";
import { logMetrics } from "./metrics/log-metrics.ts";
import { attemptMetrics } from "./metrics/upstream-metrics.ts";
import { watchRuntime } from "./metrics/runtime.ts";
import type { Method } from "./schema/descriptor.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

const loadSpans = lazily(import.meta.url, "./chain/trace/spans.js") as () => typeof import("./chain/trace/spans.ts");

/** An SDK that is registered was registered through the API, of whatever copy: this is where they meet. */
function isTelemetryLoaded(): boolean {
  return Symbol.for("opentelemetry.js.api.1") in globalThis;
}

/** Of a log, what a line is written to and what is counted of it. */
export type LogSink = Pick<Log, "writeLine" | "dropped">;

export interface ObservabilityInputs {
  readonly config: Config;
  /** Undefined: where the configuration says. */
  readonly log: LogSink | undefined;
  readonly upstreams: Pick<Upstreams, "targetOf">;
  /** Of those upstreams; undefined where nothing is counted. */
  readonly attempts: AttemptCounts | undefined;
  /** The gateway's own methods, which no upstream answers. */
  readonly isOwn: (method: Method) => boolean;
}

type OnMiss = (miss: Miss) => void;
type TargetOf = (method: Method) => string | undefined;

/** What is counted elsewhere. */
interface MetricParts {
  readonly census: Census;
  readonly upstreams: Pick<Upstreams, "transports">;
  readonly listener: Pick<Listener, "connections">;
  readonly format: MetricsFormat | undefined;
}

export interface Observability {
  readonly at: Partial<Readonly<Record<Point, Interceptor>>>;
  /** With who else wants to hear of misses. */
  hooks(onMiss: OnMiss | undefined): Pick<ChainParts, "onMiss" | "watch">;
  /** Next to the upstream, behind all others. */
  readonly around: Around;
  writeMetrics(parts: MetricParts, more: readonly MetricSource[]): string;
  close(): Promise<void>;
}

/** Throws DiagnosticError for a log that cannot be written. */
export function createObservability(inputs: ObservabilityInputs): Observability {
  const { config, log: given, upstreams, attempts, isOwn } = inputs;
  const upstreamOf: TargetOf = (method) => (isOwn(method) ? undefined : upstreams.targetOf(method));
  const ownLog = given === undefined && config.log.access !== "off" ? openLog(config) : undefined;
  const log = given ?? ownLog;
  const { tracing, metrics } = config;
  const hasSpans = tracing.spans === "auto" && isTelemetryLoaded() && loadSpans().hasTracerProvider();
  const spans = hasSpans ? loadSpans().createSpans({ ...tracing, version: readVersion(), upstreamOf }) : undefined;
  const access = createLogging(config, log, upstreamOf);
  const calls = metrics.enabled ? new CallCounts(metrics.buckets) : undefined;
  const runtime = watchRuntime();
  const sources: readonly MetricSource[] = [
    () => (attempts === undefined ? [] : attemptMetrics(attempts)),
    () => (log === undefined ? [] : logMetrics(log)),
    () => runtime.metrics(),
  ];
  return {
    at: {
      // With spans it is done with them.
      ...(spans === undefined ? { trace: createTrace(tracing) } : {}),
      ...(access === undefined ? {} : { log: access.interceptor }),
      ...(calls === undefined
        ? {}
        : { metrics: createMetrics(calls, { withExemplars: hasSpans || tracing.generate }) }),
    },
    hooks: (onMiss) => ({
      onMiss: joinMisses([access?.onMiss, calls && countMisses(calls), onMiss]),
      watch: spans?.watch,
    }),
    around: (next) => spans?.around(next) ?? next,
    writeMetrics: ({ census, upstreams: asked, listener, format }, more) =>
      writeMetrics(census, asked, { calls, more: [() => connectionMetrics(listener), ...more, ...sources], format }),
    async close() {
      runtime.stop();
      await Promise.all([ownLog?.close(), spans?.flush()]);
    },
  };
}

/** The log that the configuration names. Throws DiagnosticError where it cannot be written. */
export function openLog({ log }: Pick<Config, "log">): Log {
  const { output, level, format, maxWaitingBytes } = log;
  const isTerminal = (output === "stdout" && process.stdout.isTTY) || (output === "stderr" && process.stderr.isTTY);
  const settled = format === "auto" ? (isTerminal ? "text" : "json") : format;
  try {
    return createLog({ output, level, format: settled, maxWaitingBytes });
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new DiagnosticError([
      {
        severity: "error",
        position: undefined,
        message: `log.output: ${JSON.stringify(output)} cannot be written (${code})`,
        hint: "name a file in a folder that the gateway may write to, or stdout",
        rule: "log-output",
      },
    ]);
  }
}

/** Of the parameter and the header that a key comes in. */
function credentialNames(auth: Config["auth"]): string[] {
  const { apiKeys } = auth ?? {};
  return [apiKeys?.header, apiKeys?.query].filter((name) => name !== undefined);
}

function createLogging({ log: config, auth }: Config, log: LogSink | undefined, upstreamOf: TargetOf) {
  const { access, level, sample, query, redact, headers, principal } = config;
  if (access === "off" || log === undefined) return undefined;
  return createAccessLog({
    access,
    level,
    sample,
    withQuery: query,
    redact: [...redact, ...credentialNames(auth)],
    headers,
    toPrincipal: compilePrincipal(principal),
    upstreamOf,
    write: (line) => log.writeLine(line),
  });
}

function joinMisses(all: readonly (OnMiss | undefined)[]): OnMiss | undefined {
  const listeners = all.filter((listener) => listener !== undefined);
  return listeners.length === 0 ? undefined : (miss) => listeners.forEach((tell) => tell(miss));
}

function countMisses(calls: CallCounts): OnMiss {
  return ({ front, error }) => calls.miss(front, error.code);
}

/** Callers that are remembered, so that not every line has to be hashed for. */
const maxPrincipals = 4096;

/** The salt ends with the process: a hash cannot be looked up in a list made beforehand. */
function compilePrincipal(form: PrincipalName): (principal: string) => string | undefined {
  if (form === "plain") return (principal) => principal;
  if (form === "off") return () => undefined;
  const salt = randomBytes(16);
  const known = new Map<string, string>();
  return (principal) => {
    let hash = known.get(principal);
    if (hash === undefined) {
      hash = createHash("sha256").update(salt).update(principal).digest("hex").slice(0, 16);
      if (known.size >= maxPrincipals) known.clear();
      known.set(principal, hash);
    }
    return hash;
  };
}
