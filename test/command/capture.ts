// A terminal that remembers, and proto files to run commands on.
import type { ServeParts } from "../../src/command/serve.ts";
import { createTerminal } from "../../src/command/terminal.ts";
import { runCommand } from "../../src/command/run.ts";
import { createFolder } from "../config/yaml-fixture.ts";
import type { Folder } from "../config/yaml-fixture.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface RunOptions {
  readonly parts?: Partial<ServeParts>;
  readonly isTerminal?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly onOut?: (text: string) => void;
}

export async function run(
  argv: readonly string[],
  { parts, isTerminal = false, environment = {}, onOut }: RunOptions = {},
): Promise<Outcome> {
  let out = "";
  let error = "";
  const stdout = {
    isTTY: isTerminal,
    write(text: string) {
      out += text;
      onOut?.(text);
    },
  };
  const stderr = { isTTY: isTerminal, write: (text: string) => void (error += text) };
  const unused = (): never => {
    throw new Error("not expected here");
  };
  const code = await runCommand(argv, createTerminal({ stdout, stderr, environment }), {
    fetch: unused,
    createGateway: unused,
    onStop: unused,
    ...parts,
  });
  return { code, out, error };
}

const orders = `syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";

service Orders {
  rpc GetOrder(GetOrderRequest) returns (Order) {
    option (google.api.http) = { get: "/v1/orders/{id}" additional_bindings { get: "/v1/{name=users/*/orders/*}" } };
  }
  rpc CreateOrder(CreateOrderRequest) returns (Order) { option (google.api.http) = { post: "/v1/orders" body: "order" }; }
  rpc UpdateOrder(UpdateOrderRequest) returns (Order) { option (google.api.http) = { patch: "/v1/orders/{order.id}" body: "order" }; }
  rpc CancelOrder(GetOrderRequest) returns (Order) { option (google.api.http) = { post: "/v1/orders/{id}:cancel" body: "*" }; }
  rpc WatchOrder(GetOrderRequest) returns (stream Order) { option (google.api.http) = { get: "/v1/orders/{id}:watch" }; }
  rpc ListShelf(ListShelfRequest) returns (Order) { option (google.api.http) = { get: "/v1/shelves/{shelf}/{kind}/{path=**}" }; }
  rpc Ping(GetOrderRequest) returns (Order);
}

enum State { STATE_UNSPECIFIED = 0; STATE_OPEN = 1; }
message GetOrderRequest { string id = 1; string name = 2; int32 limit = 3; State state = 4; }
message CreateOrderRequest { Order order = 1; }
message UpdateOrderRequest { Order order = 1; google.protobuf.FieldMask update_mask = 2; }
message ListShelfRequest { int64 shelf = 1; State kind = 2; string path = 3; }
message Order {
  string id = 1;
  State state = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
  repeated Line lines = 3;
  google.protobuf.Timestamp created_at = 4;
  map<string, int64> counts = 5;
  Order parent = 6;
  oneof pay { string card = 7; string iban = 8; }
}
message Line { string product_id = 1; int32 quantity = 2; double price = 3; bytes raw = 4; }
`;

/** A folder with protos/orders.proto, and its path. */
export function createProtos(): Folder & { readonly protos: string } {
  const folder = createFolder();
  folder.write("protos/orders.proto", orders);
  return { ...folder, protos: `${folder.path}/protos` };
}
