// What a Node user writes today: express routes that call a grpc-js client made by proto-loader. `node express.js PORT BACKEND`
import { credentials, loadPackageDefinition, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import express from "express";
import type { Response } from "express";
import { root } from "../load/folders.ts";

type Call = (request: unknown, done: (error: ServiceError | null, reply: unknown) => void) => void;
type LoadClient = new (target: string, security: unknown) => Record<"GetItem" | "EchoOrder", Call>;

const [port, backend] = process.argv.slice(2);
const definition = loadSync("load.proto", {
  includeDirs: [`${root}bench/corpus`, `${root}protos`],
  longs: String,
  enums: String,
  defaults: true,
});
const loaded = loadPackageDefinition(definition) as unknown as { bench: { load: { v1: { Load: LoadClient } } } };
const client = new loaded.bench.load.v1.Load(backend, credentials.createInsecure());

const httpStatus: Readonly<Record<number, number>> = {
  [status.NOT_FOUND]: 404,
  [status.INVALID_ARGUMENT]: 400,
  [status.UNAVAILABLE]: 503,
};

function answer(response: Response): (error: ServiceError | null, reply: unknown) => void {
  return (error, reply) => {
    if (error === null) response.json(reply);
    else response.status(httpStatus[error.code] ?? 500).json({ code: error.code, message: error.details });
  };
}

const app = express();
app.use(express.json({ limit: "8mb" }));
app.get("/v1/items/:id", (request, response) => client.GetItem({ id: request.params.id }, answer(response)));
app.post("/v1/orders\\:echo", (request, response) => client.EchoOrder(request.body, answer(response)));
app.listen(Number(port), "127.0.0.1");
