// What one request may cost a composition, however it is made: lists of very many small values, batches with much in common.
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";

const protos = (compose: string): string => `
  syntax = "proto3";
  package t;
  import "google/api/annotations.proto";
  import "sluice/annotations.proto";
  message Want { repeated string ids = 1; string filter = 2; repeated bool flags = 3; }
  message Get { string id = 1; string filter = 2; repeated bool flags = 3; }
  message BatchGet { repeated string ids = 1; string filter = 2; }
  message Item { string id = 1; }
  message Items { repeated Item items = 1; }
  service S {
    rpc GetItem(Get) returns (Item) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc GetItems(BatchGet) returns (Items) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc View(Want) returns (Items) {
      option (google.api.http) = { post: "/v1/view" body: "*" };
      option (sluice.compose) = { step { id: "found" call: "t.S/GetItem" ${compose} } out: "items = found" };
    }
  }
`;

const batch = 'batch { call: "t.S/GetItems" keys: "ids" items: "items" key: "id" }';
const ids = Array.from({ length: 1000 }, (_, index) => `item ${index}`);

async function view(compose: string, want: object): Promise<{ status: number; message: string; largest: number }> {
  let largest = 0;
  const before = process.memoryUsage().heapUsed;
  const gateway = await startGateway({
    protos: protos(compose),
    handlers: {
      "t.S/GetItems": (call) => {
        largest = Math.max(largest, process.memoryUsage().heapUsed - before);
        const asked = JSON.parse(call.message) as { ids: string[] };
        return { kind: "reply", message: JSON.stringify({ items: asked.ids.map((id) => ({ id })) }) };
      },
    },
  });
  try {
    const headers = ["Content-Type: application/json"];
    const body = JSON.stringify(want);
    const answer = await gateway.request({ method: "POST", target: "/v1/view", headers, body });
    const { message = "" } = JSON.parse(answer.body.toString()) as { message?: string };
    return { status: answer.status, message, largest };
  } finally {
    await gateway.close();
  }
}

describe("the cost of a composition", () => {
  it("is not that of what a batch has in common, for each of its keys", async () => {
    const want = { ids, filter: "x".repeat(300_000) };
    const { status, largest } = await view(`each: "req.ids" set: "id = it" set: "filter = req.filter" ${batch}`, want);
    expect(status).to.equal(200);
    // A thousand times it would be 300 MB.
    expect(largest).to.be.lessThan(150_000_000);
  });

  it("is bounded where a list has very many values of a byte", async () => {
    const flags = { flags: Array.from({ length: 262_145 }, () => true) };
    const { status, message } = await view('each: "req.ids" set: "flags = req.flags"', { ids: ["a"], ...flags });
    expect({ status, message }).to.deep.equal({
      status: 429,
      message: "found: t.Want.flags has more than 262144 values",
    });
  });
});
