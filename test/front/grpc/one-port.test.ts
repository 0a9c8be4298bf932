// One port for everybody: the whole gateway answers REST over HTTP/1.1, REST over HTTP/2 and gRPC for the same method.
import { connect } from "node:http2";
import { expect } from "chai";
import { startGateway, toMessage } from "../../support/gateway.ts";
import type { GatewayFixture } from "../../support/gateway.ts";
import { ask } from "../../serve/http2-fixture.ts";
import { NotesClient } from "./notes.ts";

const proto = `
  syntax = "proto3";
  package shop;
  import "google/api/annotations.proto";
  message Item { string name = 1; int64 stock = 2; }
  service Shop {
    rpc Get(Item) returns (Item) { option (google.api.http) = { get: "/v1/{name=items/*}" }; }
  }
`;

describe("one port", () => {
  let gateway: GatewayFixture;

  before(async () => {
    gateway = await startGateway({
      protos: proto,
      handlers: {
        "shop.Shop/Get": ({ message }) => ({ kind: "reply", message: message.replace("}", ',"stock":"3"}') }),
      },
    });
  });

  after(() => gateway.close());

  const expected = { name: "items/mug", stock: "3" };

  it("answers REST over HTTP/1.1", async () => {
    const { status, body } = await gateway.request({ method: "GET", target: "/v1/items/mug" });
    expect([status, JSON.parse(body.toString())]).to.deep.equal([200, expected]);
  });

  it("answers REST over HTTP/2, errors too", async () => {
    const session = connect(`http://${gateway.host}:${gateway.port}`);
    try {
      const { status, headers, body } = await ask(session, { ":path": "/v1/items/mug" });
      expect([status, headers["content-type"], JSON.parse(body.toString())]).to.deep.equal([
        200,
        "application/json",
        expected,
      ]);
      expect((await ask(session, { ":path": "/v1/nothing" })).status).to.equal(404);
      const post = { ":method": "POST", ":path": "/v1/items/mug" };
      expect((await ask(session, post, Buffer.from("{}"))).headers["allow"]).to.include("GET");
    } finally {
      session.close();
    }
  });

  it("answers gRPC", async () => {
    const client = new NotesClient(`${gateway.host}:${gateway.port}`);
    try {
      const request = toMessage(gateway.schema, "shop.Item", '{"name":"items/mug"}');
      const { message, status } = await client.unary("/shop.Shop/Get", request);
      expect(status.code).to.equal(0);
      expect(message).to.deep.equal(toMessage(gateway.schema, "shop.Item", JSON.stringify(expected)));
    } finally {
      client.close();
    }
  });

  it("answers the gateway's own services over gRPC", async () => {
    const client = new NotesClient(`${gateway.host}:${gateway.port}`);
    try {
      const { message, status } = await client.unary("/grpc.health.v1.Health/Check", Buffer.alloc(0));
      expect(status.code).to.equal(0);
      expect(message?.[0]).to.equal(8);
    } finally {
      client.close();
    }
  });

  it("leaves gRPC-Web to others: to the gRPC front it is no gRPC", async () => {
    const session = connect(`http://${gateway.host}:${gateway.port}`);
    try {
      const head = { ":method": "POST", ":path": "/shop.Shop/Get", "content-type": "application/grpc-web+proto" };
      const { status, headers } = await ask(session, head, Buffer.alloc(5));
      expect(status).to.be.within(400, 499);
      expect(headers).to.not.have.property("grpc-status");
    } finally {
      session.close();
    }
  });
});
