// The groups `log`, `tracing` and `metrics` as the YAML file spells them, their defaults, and as the gateway runs by them.

export type AccessName = "off" | "on" | "errors";
export type LevelName = "debug" | "info" | "warn" | "error";
export type LogFormatName = "auto" | "json" | "text";
export type PrincipalName = "plain" | "hash" | "off";

export interface LogSettings {
  access: AccessName;
  level: LevelName;
  format: LogFormatName;
  output: string;
  sample: number;
  query: boolean;
  redact: string[];
  headers: string[];
  principal: PrincipalName;
  max_waiting: string | number;
}

export interface TracingSettings {
  spans: "auto" | "off";
  accept: boolean;
  generate: boolean;
}

export interface MetricSettings {
  enabled: boolean;
  buckets: number[];
}

export const defaultLog: LogSettings = {
  access: "off",
  level: "info",
  format: "auto",
  output: "stdout",
  sample: 1,
  query: false,
  redact: [],
  headers: [],
  principal: "plain",
  max_waiting: "4MiB",
};

export const defaultTracing: TracingSettings = { spans: "auto", accept: true, generate: false };

export const defaultMetrics: MetricSettings = {
  enabled: true,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
};

export interface LogConfig {
  readonly access: AccessName;
  readonly level: LevelName;
  readonly format: LogFormatName;
  /** `stdout`, `stderr`, or the absolute path of a file. */
  readonly output: string;
  readonly sample: number;
  readonly query: boolean;
  readonly redact: readonly string[];
  /** Lower case. */
  readonly headers: readonly string[];
  readonly principal: PrincipalName;
  readonly maxWaitingBytes: number;
}

export interface TracingConfig {
  readonly spans: "auto" | "off";
  readonly accept: boolean;
  readonly generate: boolean;
}

export interface MetricsConfig {
  readonly enabled: boolean;
  /** Of durations, in seconds, ascending. */
  readonly buckets: readonly number[];
}
