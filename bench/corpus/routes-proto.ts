// Protos with many routes: services of ten methods each, as resource-oriented APIs have them. The replies are those of load.proto.

/** What one of the collections serves; the bench asks for the last of them. */
const shapes: readonly string[] = [
  `get: "/v1/COLLECTION"`,
  `post: "/v1/COLLECTION" body: "*"`,
  `patch: "/v1/COLLECTION/{id}" body: "*"`,
  `delete: "/v1/COLLECTION/{id}"`,
  `post: "/v1/COLLECTION/{id}:cancel" body: "*"`,
  `get: "/v1/COLLECTION:search"`,
  `get: "/v1/shops/{id}/COLLECTION"`,
  `get: "/v1/COLLECTION/{id}/lines"`,
  `get: "/v1/COLLECTION/{id=files/**}"`,
  `get: "/v1/COLLECTION/{id}"`,
];

export const routesPerService = shapes.length;

/** The path that asks for one item of a service, by its index. */
export function routePath(service: number): string {
  return `/v1/collection${service}/8f14e45f`;
}

export function routeServices(routes: number): string[] {
  return Array.from({ length: routes / routesPerService }, (_, index) => `bench.routes.v1.Routes${index}`);
}

/** @param routes a multiple of ten */
export function routesProto(routes: number): string {
  const services = Array.from({ length: routes / routesPerService }, (_, index) => service(index));
  return `syntax = "proto3";

package bench.routes.v1;

import "google/api/annotations.proto";
import "load.proto";

option go_package = "bench/gen/routes;routes";

${services.join("\n")}`;
}

function service(index: number): string {
  const methods = shapes.map((shape, at) => {
    const rule = shape.replace("COLLECTION", `collection${index}`);
    return `  rpc Method${at}(bench.load.v1.GetItemRequest) returns (bench.load.v1.Item) {
    option (google.api.http) = { ${rule} };
  }`;
  });
  return `service Routes${index} {\n${methods.join("\n")}\n}\n`;
}
