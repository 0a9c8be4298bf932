// A gRPC proxy as @grpc/grpc-js allows one: messages handed through as bytes. `node grpc-js-proxy.js PORT BACKEND`
import { Client, Server, ServerCredentials, credentials } from "@grpc/grpc-js";
import type { handleServerStreamingCall, handleUnaryCall, ServiceDefinition } from "@grpc/grpc-js";
import { itemMethod, watchMethod } from "../corpus/load-messages.ts";

const [port, backend] = process.argv.slice(2);
const same = (bytes: Buffer): Buffer => bytes;
const bytes = {
  requestStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const methods: ServiceDefinition = {
  GetItem: { ...bytes, path: itemMethod, responseStream: false },
  WatchItem: { ...bytes, path: watchMethod, responseStream: true },
};

const client = new Client(backend, credentials.createInsecure());

const getItem: handleUnaryCall<Buffer, Buffer> = (call, done) => {
  client.makeUnaryRequest(itemMethod, same, same, call.request, call.metadata, (error, reply) => done(error, reply));
};

const watchItem: handleServerStreamingCall<Buffer, Buffer> = (call) => {
  const upstream = client.makeServerStreamRequest(watchMethod, same, same, call.request, call.metadata);
  upstream.on("data", (message: Buffer) => call.write(message));
  upstream.on("end", () => call.end());
  upstream.on("error", (error: Error) => call.emit("error", error));
  call.on("cancelled", () => upstream.cancel());
};

const server = new Server();
server.addService(methods, { GetItem: getItem, WatchItem: watchItem });
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error === null) return;
  console.error(error.message);
  process.exitCode = 1;
});
