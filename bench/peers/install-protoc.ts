// protoc, for the peers that need generated code or a descriptor set: the one on PATH, or the one of grpcio-tools.
import { spawnSync } from "node:child_process";
import { cache, root } from "../load/folders.ts";
import { installPython, runAsProgram, runTool } from "./installer.ts";

const requirement = "grpcio-tools==1.85.1";

export function installProtoc(): void {
  if (!isOnPath()) installPython(requirement);
}

/** Runs protoc with the protos of the bench and of google/api in reach. */
export function protoc(args: readonly string[], folder: string): void {
  const includes = [`-I${folder}`, `-I${root}bench/corpus`, `-I${root}protos`];
  if (isOnPath()) runTool("protoc", [...includes, ...args]);
  else runTool(`${cache}/python/bin/python3`, ["-m", "grpc_tools.protoc", ...includes, ...args]);
}

function isOnPath(): boolean {
  return spawnSync("protoc", ["--version"]).status === 0;
}

runAsProgram(import.meta.url, installProtoc);
