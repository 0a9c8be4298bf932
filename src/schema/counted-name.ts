// What a method is counted as: there are as many names as the protos have methods, whatever clients do.
import type { Method } from "./descriptor.ts";

/** Methods that no proto names (`grpc.proxy_unknown`) are one: their names are the client's to make up. */
export function toCountedName({ name, service }: Method): string {
  return service.methods.length === 0 ? "unknown" : name;
}
