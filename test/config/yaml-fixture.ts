// Configuration files in a folder of their own, and what loadConfig says about them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadConfig } from "../../src/config/load-config.ts";
import type { LoadedConfig } from "../../src/config/load-config.ts";
import type { Config } from "../../src/config/config.ts";
import type { Settings } from "../../src/config/settings.ts";
import { formatDiagnostic } from "../../src/diagnostic.ts";

export interface Folder {
  readonly path: string;
  write(name: string, text: string | Uint8Array): string;
  dispose(): void;
}

export function createFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "sluice-"));
  return {
    path,
    write(name, text) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    dispose: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface Loading {
  readonly flags?: Settings;
  readonly environment?: Readonly<Record<string, string>>;
  readonly httpRules?: readonly string[];
}

/** Loads `text` as sluice.yaml. */
export function loadYaml(text: string | Uint8Array, loading: Loading = {}): LoadedConfig {
  const folder = createFolder();
  try {
    return loadFile(folder.write("sluice.yaml", text), loading);
  } finally {
    folder.dispose();
  }
}

export function loadFile(
  configFile: string | undefined,
  { flags = {}, environment = {}, httpRules = [] }: Loading = {},
): LoadedConfig {
  return loadConfig({ flags, configFile, httpRules, environment });
}

/** Throws when the file is refused. */
export function configOf(text: string, loading: Loading = {}): Config {
  const { config, diagnostics } = loadYaml(text, loading);
  if (config === undefined) throw new Error(diagnostics.map(formatDiagnostic).join("\n"));
  return config;
}

/** The diagnostics as printed, the folder cut off. */
export function problemsOf(text: string | Uint8Array, loading: Loading = {}): string[] {
  return loadYaml(text, loading).diagnostics.map((diagnostic) =>
    formatDiagnostic(diagnostic).replace(/^\/.*?\/(?=sluice\.yaml)/, ""),
  );
}
