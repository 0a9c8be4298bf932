// Puts example services on a port: turns plain functions into grpc-js handlers and errors into statuses.
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { handleUnaryCall, ServerUnaryCall, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { loadProto } from "./load-proto.ts";
import { toStatusObject } from "./rpc-error.ts";

export interface Backend {
  readonly services: readonly string[];
  readonly port: number;
  /** Ends open calls and frees the port. */
  close(): Promise<void>;
}

export interface ServiceSource {
  /** `shop.v1.Catalog` */
  readonly service: string;
  /** Its file below protos/examples. */
  readonly file: string;
  readonly implementation: UntypedServiceImplementation;
}

/** Serves on one port; 0 takes any free one. Rejects when the port is taken. */
export async function serve(sources: readonly ServiceSource[], port: number, host: string): Promise<Backend> {
  const server = new Server();
  for (const { file, service, implementation } of sources) {
    server.addService(loadProto(file)[service] as ServiceDefinition, implementation);
  }
  const services = sources.map(({ service }) => service);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, actual) => {
      if (error === null) resolve(actual);
      else reject(new Error(`${services.join(", ")} cannot listen on ${host}:${port}: ${error.message}`));
    });
  });
  return { services, port: bound, close: async () => server.forceShutdown() };
}

/** A unary handler from a function that returns the reply or throws (RpcError for anything a caller should understand). */
export function unary<Request, Reply>(
  answer: (request: Request, call: ServerUnaryCall<Request, Reply>) => Reply | Promise<Reply>,
): handleUnaryCall<Request, Reply> {
  return (call, callback) => {
    void (async () => {
      try {
        callback(null, await answer(call.request, call));
      } catch (error) {
        callback(toStatusObject(error));
      }
    })();
  };
}
