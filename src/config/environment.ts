// SLUICE_* variables: the second layer of settings, over the file and under the flags.
import { delimiter } from "node:path";
import { didYouMean } from "../diagnostic.ts";
import { compact, createTextLayer, parseUpstreams } from "./layer.ts";
import type { Layer } from "./layer.ts";
import type { Settings } from "./settings.ts";
import type { Environment } from "./substitute.ts";
import type { Report } from "./yaml-source.ts";

/** By the key each sets; `config` and `http_rules` name files and are no keys of the file. */
export const environmentVariables: Readonly<Record<string, string>> = {
  config: "SLUICE_CONFIG",
  protos: "SLUICE_PROTOS",
  import_paths: "SLUICE_IMPORT_PATHS",
  reflect: "SLUICE_REFLECT",
  listen: "SLUICE_LISTEN",
  "tls.cert": "SLUICE_TLS_CERT",
  "tls.key": "SLUICE_TLS_KEY",
  admin: "SLUICE_ADMIN",
  profile: "SLUICE_PROFILE",
  transport: "SLUICE_TRANSPORT",
  upstreams: "SLUICE_UPSTREAM",
  http_rules: "SLUICE_HTTP_RULES",
  "json.names": "SLUICE_JSON_NAMES",
};

export interface EnvironmentLayer {
  readonly layer: Layer;
  readonly config: string | undefined;
  readonly httpRules: readonly string[];
}

/** An empty variable is an unset one, as container files tend to leave them. */
export function readEnvironment(environment: Environment, report: Report): EnvironmentLayer {
  const get = (key: string): string | undefined => {
    const value = environment[environmentVariables[key] ?? ""];
    return value === "" ? undefined : value;
  };
  const list = (key: string, separator: string): string[] | undefined =>
    get(key)
      ?.split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  warnOfMisspelt(environment, report);
  const upstreams = list("upstreams", ",");
  const names = get("json.names");
  const settings = {
    protos: list("protos", delimiter),
    import_paths: list("import_paths", delimiter),
    reflect: readSwitch(get("reflect"), report),
    listen: get("listen"),
    tls: compact({ cert: get("tls.cert"), key: get("tls.key") }),
    admin: get("admin"),
    profile: get("profile"),
    transport: get("transport"),
    upstreams: upstreams === undefined ? undefined : parseUpstreams(upstreams, "SLUICE_UPSTREAM", report),
    json: names === undefined ? undefined : { names },
  };
  // Checked against the schema before anything reads it as Settings.
  const layer = createTextLayer(settings as Settings, (key) => environmentVariables[key] ?? key);
  return { layer, config: get("config"), httpRules: list("http_rules", delimiter) ?? [] };
}

function readSwitch(text: string | undefined, report: Report): boolean | undefined {
  if (text === undefined) return undefined;
  if (["true", "1"].includes(text)) return true;
  if (["false", "0"].includes(text)) return false;
  report({
    severity: "error",
    position: undefined,
    message: `SLUICE_REFLECT: true or false is expected, found ${JSON.stringify(text)}`,
    rule: "config-value",
  });
  return undefined;
}

/** Only near misses: Kubernetes sets SLUICE_PORT and its like for a service called sluice. */
function warnOfMisspelt(environment: Environment, report: Report): void {
  const known = Object.values(environmentVariables);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("SLUICE_") || known.includes(name)) continue;
    const suffix = didYouMean(
      name.slice(7),
      known.map((each) => each.slice(7)),
    );
    if (suffix === undefined) continue;
    report({
      severity: "warning",
      position: undefined,
      message: `the environment variable ${name} is not known and ignored`,
      hint: suffix.replace('"', '"SLUICE_'),
      rule: "unknown-variable",
    });
  }
}
