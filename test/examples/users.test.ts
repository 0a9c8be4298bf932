import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import { startExamples } from "../../examples/start.ts";
import type { Examples } from "../../examples/start.ts";
import { connect } from "./client.ts";
import type { TestClient } from "./client.ts";

describe("example shop.v1.Users", () => {
  let examples: Examples;
  let users: TestClient;

  beforeEach(async () => {
    examples = await startExamples({ port: 0 });
    users = connect(examples, "shop.v1.Users");
  });

  afterEach(async () => {
    users.stub.close();
    await examples.close();
  });

  it("finds a user by name and by e-mail address", async () => {
    const byName = await users.call("GetUser", { name: "users/ada" });
    expect(byName.loyalty_points).to.equal("9007199254740993");
    expect(await users.call("GetUser", { email: "ADA@example.com" })).to.deep.equal(byName);
    expect((await users.fail("GetUser", { email: "eve@example.com" })).code).to.equal(status.NOT_FOUND);
    expect((await users.fail("GetUser", {})).code).to.equal(status.INVALID_ARGUMENT);
  });

  it("knows who asks by the authorization metadata", async () => {
    expect((await users.call("GetMe", {}, { authorization: "Bearer demo-grace" })).name).to.equal("users/grace");
    expect((await users.fail("GetMe", {})).code).to.equal(status.UNAUTHENTICATED);
    expect((await users.fail("GetMe", {}, { authorization: "Bearer demo-eve" })).code).to.equal(status.UNAUTHENTICATED);
  });

  it("lets admins alone delete users", async () => {
    const failure = await users.fail("DeleteUser", { name: "users/ada" }, { authorization: "Bearer demo-blaise" });
    expect(failure.code).to.equal(status.PERMISSION_DENIED);
    expect(failure.details.ErrorInfo.reason).to.equal("ROLE_MISSING");
    await users.call("DeleteUser", { name: "users/ada" }, { authorization: "Bearer demo-grace" });
    expect((await users.fail("GetUser", { name: "users/ada" })).code).to.equal(status.NOT_FOUND);
  });

  it("lists by role", async () => {
    const reply = await users.call("ListUsers", { roles: ["ADMIN"] });
    expect(reply.users.map(({ name }: { name: string }) => name)).to.deep.equal(["users/grace"]);
    const page = await users.call("ListUsers", { page_size: 2 });
    const rest = await users.call("ListUsers", { page_size: 2, page_token: page.next_page_token });
    expect([page.users.length, rest.users.length, rest.next_page_token]).to.deep.equal([2, 1, ""]);
  });

  it("creates a user and keeps e-mail addresses unique", async () => {
    const user = { display_name: "Emmy N.", email: "emmy@example.com", role: "ADMIN" };
    expect(await users.call("CreateUser", { user })).to.include({ name: "users/emmy-n", role: "CUSTOMER" });
    expect((await users.fail("CreateUser", { user, user_id: "emmy" })).code).to.equal(status.ALREADY_EXISTS);
    expect((await users.fail("CreateUser", { user: { display_name: "X", email: "x" } })).message).to.include(
      "user.email",
    );
  });

  it("changes one entry of a map", async () => {
    const user = { name: "users/ada", addresses: { home: { city: "Paris" }, work: { city: "Rome" } } };
    const reply = await users.call("UpdateUser", { user, update_mask: { paths: ["addresses.home.city"] } });
    expect(Object.keys(reply.addresses)).to.deep.equal(["home"]);
    expect(reply.addresses.home).to.deep.include({ city: "Paris", lines: ["12 Analytical Row"] });
    const failure = await users.fail("UpdateUser", { user: { name: "users/ada" }, update_mask: { paths: ["role"] } });
    expect(failure.details.BadRequest.field_violations[0].field).to.equal("update_mask");
  });
});
