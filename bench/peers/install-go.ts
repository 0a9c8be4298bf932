// The programs in Go: the backend of the bench, its evenly paced load, grpc-gateway alone and behind grpc-websocket-proxy, Vanguard; built from bench/peers/go with stubs generated here.
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { routesPerService, routesProto } from "../corpus/routes-proto.ts";
import { cache, makeFolder, root } from "../load/folders.ts";
import { once, runAsProgram, runTool } from "./installer.ts";
import { installProtoc, protoc } from "./install-protoc.ts";

const sources = `${root}bench/peers/go`;
const copy = `${cache}/go`;
const routes = 1000;
const plugins = {
  "protoc-gen-go": "google.golang.org/protobuf/cmd/protoc-gen-go",
  "protoc-gen-go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
  "protoc-gen-grpc-gateway": "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway",
};

export function installGo(): void {
  const inputs = readdirSync(sources, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, "utf8"));
  const protos = ["load", "stream"].map((name) => readFileSync(`${root}bench/corpus/${name}.proto`, "utf8"));
  once("go", [...inputs, ...protos, routesProto(routes)], buildAll);
}

function buildAll(): void {
  runTool("go", ["version"]);
  installProtoc();
  cpSync(sources, makeFolder(copy), { recursive: true });
  for (const [name, target] of Object.entries(plugins)) build(name, target);
  writeFileSync(`${makeFolder(`${cache}/protos`)}/routes.proto`, routesProto(routes));
  const flags = Object.keys(plugins).map((name) => `--plugin=${name}=${cache}/bin/${name}`);
  const outputs = ["go", "go-grpc", "grpc-gateway"].map((name) => `--${name}_out=${copy}`);
  const underModule = ["go", "go-grpc", "grpc-gateway"].map((name) => `--${name}_opt=module=bench`);
  for (const name of ["load", "stream", "routes"])
    protoc([...flags, ...outputs, ...underModule, `${name}.proto`], `${cache}/protos`);
  writeFileSync(`${copy}/gen/routes/handlers.go`, handlersSource());
  for (const name of ["backend", "grpc-gateway", "websocket-proxy", "vanguard", "pace"]) build(name, `./cmd/${name}`);
}

function build(name: string, target: string): void {
  runTool("go", ["build", "-o", `${makeFolder(`${cache}/bin`)}/${name}`, target], copy);
}

/** All registering functions in a list, for a program that serves only the first of them. */
function handlersSource(): string {
  const names = Array.from({ length: routes / routesPerService }, (_, index) => `\tRegisterRoutes${index}Handler,`);
  return `package routes

import (
	"context"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
)

var Handlers = []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
${names.join("\n")}
}
`;
}

runAsProgram(import.meta.url, installGo);
