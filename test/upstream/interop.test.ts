// Both transports against servers in processes of their own: grpc-js always, those that scripts/interop.mjs has built when it says so.
import { fileURLToPath } from "node:url";
import { createGrpcJsTransport } from "../../src/upstream/grpc-js.ts";
import { createNativeTransport } from "../../src/upstream/native.ts";
import { describeInterop, type InteropServer } from "./interop-suite.ts";

const grpcJs: InteropServer = {
  name: "grpc-js",
  command: [process.execPath, fileURLToPath(new URL("servers/grpc-js.js", import.meta.url))],
  encodings: [],
};
const built = JSON.parse(process.env["SLUICE_INTEROP_SERVERS"] ?? "[]") as readonly InteropServer[];

for (const server of [grpcJs, ...built]) {
  describeInterop(server, "native", createNativeTransport);
  describeInterop(server, "grpc-js", createGrpcJsTransport);
}
