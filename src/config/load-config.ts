// Flags, environment, file and defaults -> one frozen Config; every error of all of them at once.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Diagnostic, Position } from "../diagnostic.ts";
import { deepFreeze } from "./config.ts";
import type { Config } from "./config.ts";
import { readEnvironment } from "./environment.ts";
import { readRules, readRulesFile, readSoundRules } from "./http-rules.ts";
import { checkTextLayer, createTextLayer, locatePath } from "./layer.ts";
import type { Layer } from "./layer.ts";
import { readTextFile } from "./read-file.ts";
import { resolveConfig } from "./resolve.ts";
import { salvageConfig } from "./salvage.ts";
import type { Salvage } from "./salvage.ts";
import type { Settings } from "./settings.ts";
import type { Environment } from "./substitute.ts";
import { validateSource } from "./validate.ts";
import { formatPath } from "./validation-message.ts";
import { parseYaml } from "./yaml-source.ts";
import type { Report, YamlSource } from "./yaml-source.ts";
import type { YamlHttpRule } from "../schema/bind/http-rule.ts";

const defaultConfigFile = "sluice.yaml";

export interface ConfigInputs {
  /** From the command line; upstreams by service. */
  readonly flags: Settings;
  /** --config */
  readonly configFile: string | undefined;
  /** --http-rules */
  readonly httpRules: readonly string[];
  readonly environment: Environment;
}

export interface LoadedConfig {
  /** Undefined when there is an error among the diagnostics. */
  readonly config: Config | undefined;
  /** What can be told all the same, for finding what is wrong in the protos too. */
  readonly salvage: Salvage;
  readonly diagnostics: readonly Diagnostic[];
  /** Every target any layer names, for whoever knows the grammar of targets; also when `config` is undefined. */
  readonly targets: readonly NamedTarget[];
}

export interface NamedTarget {
  readonly target: string;
  /** The key in `upstreams`: a service, a package or `default`. Undefined for what is no backend. */
  readonly service: string | undefined;
  /** The flag, variable or key. */
  readonly name: string;
  readonly position: Position | undefined;
}

/** Reads files synchronously: it runs once, before anything is served. */
export function loadConfig(inputs: ConfigInputs): LoadedConfig {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => void diagnostics.push(diagnostic);
  const environment = readEnvironment(inputs.environment, report);
  const flags = createTextLayer(inputs.flags, flagName);
  const path =
    inputs.configFile ?? environment.config ?? (existsSync(defaultConfigFile) ? defaultConfigFile : undefined);
  const source = path === undefined ? undefined : readSource(path, inputs.environment, report);
  const file = source === undefined ? createEmptyLayer() : createFileLayer(source);
  const areTextsValid = [checkTextLayer(flags, report), checkTextLayer(environment.layer, report)].every(Boolean);
  const isFileValid = source === undefined || validateSource(source, besideUnknown(diagnostics, report));
  const rules = collectRules({
    source,
    isFileValid,
    file,
    files: [...environment.httpRules, ...inputs.httpRules],
    report,
  });
  const layers = [flags, environment.layer, file];
  const config = areTextsValid && isFileValid ? resolveConfig(layers, { file: path, rules }, report) : undefined;
  diagnostics.sort(byPosition);
  const hasErrors = diagnostics.some((diagnostic) => diagnostic.severity === "error");
  return {
    config: hasErrors || config === undefined ? undefined : deepFreeze(config),
    salvage: salvageConfig(layers, rules),
    diagnostics,
    targets: layers.flatMap(listTargets),
  };
}

/** Of a value that is not to be had nobody knows what is wrong with it. */
function besideUnknown(diagnostics: readonly Diagnostic[], report: Report): Report {
  const places = new Set(
    diagnostics.filter(({ rule }) => rule === "undefined-variable").map(({ position }) => JSON.stringify(position)),
  );
  return (found) => {
    if (!places.has(JSON.stringify(found.position))) report(found);
  };
}

/** What has no place first, then by place; files keep the order in which they were read. */
function byPosition(a: Diagnostic, b: Diagnostic): number {
  if (a.position === undefined || b.position === undefined)
    return Number(a.position !== undefined) - Number(b.position !== undefined);
  if (a.position.file !== b.position.file) return 0;
  return a.position.line - b.position.line || a.position.column - b.position.column;
}

/** An empty file is a file without settings. */
function readSource(path: string, environment: Environment, report: Report): YamlSource | undefined {
  const text = readTextFile(path, report);
  const source = text === undefined ? undefined : parseYaml(text, path, environment, report);
  return source?.value === undefined ? undefined : source;
}

/** A file that is not valid may hold anything at this place. */
function listTargets(layer: Layer): NamedTarget[] {
  return [...listUpstreams(layer), ...listExtAuthz(layer)];
}

function listExtAuthz(layer: Layer): NamedTarget[] {
  const path = ["auth", "ext_authz", "target"];
  const target = path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    layer.settings,
  );
  if (typeof target !== "string" || target === "") return [];
  return [{ target, service: undefined, position: layer.positionOf(path), name: formatPath(path) }];
}

function listUpstreams(layer: Layer): NamedTarget[] {
  const upstreams: unknown = layer.settings?.upstreams;
  if (typeof upstreams !== "object" || upstreams === null) return [];
  return Object.entries(upstreams).flatMap(([key, value]: [string, unknown]) => {
    const isObject = typeof value === "object" && value !== null;
    const path = isObject ? ["upstreams", key, "target"] : ["upstreams", key];
    const target: unknown = isObject ? (value as Record<string, unknown>)["target"] : value;
    const position = layer.positionOf(path);
    return typeof target === "string" && target !== ""
      ? [{ target, service: key, position, name: position === undefined ? layer.nameOf(path) : formatPath(path) }]
      : [];
  });
}

function createFileLayer(source: YamlSource): Layer {
  return {
    settings: source.value as Settings,
    folder: dirname(source.file),
    positionOf: (path) => source.positionOf(path),
    nameOf: (path) => path.join("."),
  };
}

function createEmptyLayer(): Layer {
  return { settings: {}, folder: "", positionOf: () => undefined, nameOf: (path) => path.join(".") };
}

function flagName(key: string): string {
  if (key === "upstreams") return "--upstream";
  if (key === "import_paths") return "-I";
  return key === "protos" ? "PROTO" : `--${key.replaceAll(/[._]/g, "-")}`;
}

interface RuleSources {
  readonly source: YamlSource | undefined;
  readonly isFileValid: boolean;
  readonly file: Layer;
  readonly files: readonly string[];
  readonly report: Report;
}

function collectRules({ source, isFileValid, file, files, report }: RuleSources): YamlHttpRule[] {
  const read = isFileValid ? readRules : readSoundRules;
  const rules = source === undefined ? [] : read(source, ["http", "rules"]);
  const named = source === undefined || !isFileValid ? undefined : file.settings.http?.rules_file;
  const paths = named === undefined ? files : [locatePath(file, named), ...files];
  return [...rules, ...paths.flatMap((path) => readRulesFile(path, report))];
}
