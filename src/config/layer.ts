// One source of settings (flags, environment, file), and how to say where one of its values came from.
import { join, isAbsolute } from "node:path";
import type { Diagnostic, Position } from "../diagnostic.ts";
import { schemaAt } from "./config-schema.ts";
import { formProblem, isServiceName } from "./form.ts";
import { didYouMean } from "../diagnostic.ts";
import type { Settings } from "./settings.ts";
import { formatPath } from "./validation-message.ts";
import type { KeyPath, Report } from "./yaml-source.ts";

export interface Layer {
  readonly settings: Settings;
  /** What relative paths are relative to; empty for the working directory. */
  readonly folder: string;
  /** In a file, the place of a value. */
  positionOf(path: KeyPath): Position | undefined;
  /** How the user gave it: `--listen`, `SLUICE_LISTEN`, `listen`. */
  nameOf(path: KeyPath): string;
}

/** Flags or variables: text already split into lists, not yet looked at. */
export function createTextLayer(settings: Settings, nameOf: (key: string) => string): Layer {
  return {
    settings,
    folder: "",
    positionOf: () => undefined,
    // `--json-names` is json.names, `--tls-cert` is tls.cert; all others are top-level keys.
    nameOf: (path) =>
      nameOf(
        path
          .slice(0, path[0] === "upstreams" ? 1 : 2)
          .filter((part) => typeof part === "string")
          .join("."),
      ),
  };
}

/** Without what is undefined, which a merge would take for a value; undefined when nothing is left. */
export function compact<T extends object>(values: T): T | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

/** Reports every value of a text layer that the schema does not allow. */
export function checkTextLayer(layer: Layer, report: Report): boolean {
  let isValid = true;
  const visit = (value: unknown, path: KeyPath): void => {
    if (value === undefined) return;
    if (typeof value === "object" && value !== null) {
      for (const [key, child] of Object.entries(value))
        visit(child, [...path, Array.isArray(value) ? Number(key) : key]);
      return;
    }
    const problem = valueProblem(value, path);
    if (problem === undefined) return;
    isValid = false;
    report({
      severity: "error",
      position: undefined,
      message: `${layer.nameOf(path)}: ${problem.message}`,
      hint: problem.hint,
      rule: "config-value",
    });
  };
  visit(layer.settings, []);
  return isValid;
}

function valueProblem(value: unknown, path: KeyPath): Pick<Diagnostic, "message" | "hint"> | undefined {
  const node = schemaAt(path);
  if (node?.enum !== undefined && !node.enum.includes(value)) {
    const names = node.enum.map(String);
    return {
      message: `one of ${names.join(", ")} is expected, found ${JSON.stringify(value)}`,
      hint: didYouMean(String(value), names),
    };
  }
  const problem = node?.["x-form"] === undefined ? undefined : formProblem(node["x-form"], value);
  return problem === undefined ? undefined : { message: `${problem}; found ${JSON.stringify(value)}` };
}

/** `[SERVICE=]TARGET` of --upstream and SLUICE_UPSTREAM, by service; the default's key is `default`. */
export function parseUpstreams(entries: readonly string[], name: string, report: Report): Record<string, string> {
  const upstreams: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const entry of entries) {
    const equals = entry.indexOf("=");
    const service = equals > 0 && !entry.slice(0, equals).includes(":") ? entry.slice(0, equals) : "default";
    if (!isServiceName(service)) {
      report({
        severity: "error",
        position: undefined,
        message: `${name}: ${JSON.stringify(service)} is not the full name of a gRPC service`,
        hint: "write [SERVICE=]HOST:PORT, e.g. shop.v1.Orders=localhost:50052",
        rule: "config-value",
      });
    } else if (service !== "default" && equals === entry.length - 1) {
      report({
        severity: "error",
        position: undefined,
        message: `${name}: the target of ${service} is empty`,
        hint: `write ${service}=HOST:PORT`,
        rule: "config-value",
      });
    } else if (Object.hasOwn(upstreams, service)) {
      report({
        severity: "error",
        position: undefined,
        message: `${name}: ${service === "default" ? "two default targets" : `two targets for ${service}`}`,
        hint: "one target a service; name the service as SERVICE=HOST:PORT",
        rule: "config-value",
      });
    } else {
      upstreams[service] = service === "default" ? entry : entry.slice(equals + 1);
    }
  }
  return upstreams;
}

export function locatePath(layer: Layer, path: string): string {
  return isAbsolute(path) ? path : join(layer.folder, path);
}

/** `sluice.yaml:3:9: ` is added by the position; without one the name of the flag or variable leads the message. */
export function layerError(layer: Layer, path: KeyPath, message: string, hint?: string): Diagnostic {
  const position = layer.positionOf(path);
  return {
    severity: "error",
    position,
    message: `${position === undefined ? layer.nameOf(path) : formatPath(path)}: ${message}`,
    hint,
    rule: "config-value",
  };
}
