import { expect } from "chai";
import type { AuthenticationRequest, Identity } from "../../../src/caller.ts";
import { createBasic } from "../../../src/chain/authenticate/basic.ts";
import type { PasswordUser } from "../../../src/credentials/credentials.ts";
import { hashPassword } from "../../../src/credentials/password-hash.ts";
import { GatewayError } from "../../../src/status.ts";
import { newRequest } from "./new-request.ts";

const bring = (authorization: string): AuthenticationRequest => newRequest({ headers: { authorization } });
const encode = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

async function refusalOf(act: () => unknown): Promise<string | undefined> {
  try {
    await act();
  } catch (error) {
    if (error instanceof GatewayError) return error.reason;
    throw error;
  }
  return undefined;
}

describe("createBasic", () => {
  let alice: PasswordUser;
  let bob: PasswordUser;
  let test: PasswordUser;
  before(async () => {
    const holder = { scopes: ["orders.read"], roles: [], claims: {}, expiresAt: Infinity, isDisabled: false };
    // As cheap as is allowed: what is looked at here is not the hash.
    const cheap = async (password: string) => {
      const { scryptSync } = await import("node:crypto");
      const salt = Buffer.alloc(16, 7);
      const settings = { cost: 1024, blockSize: 8, parallelization: 1 };
      return { ...settings, salt, hash: scryptSync(password, salt, 32, settings) };
    };
    alice = { name: "alice", password: await cheap("s3cret"), ...holder };
    test = { name: "test", password: await cheap("123\u00a3"), ...holder };
    bob = { name: "bob", password: await hashPassword("hunter2"), ...holder, isDisabled: true };
  });
  const create = () => createBasic({ realm: "sluice", users: [alice, bob] });

  it("tells who knows a password; the second time at once", async () => {
    const basic = create();
    const first = basic.authenticate(bring(encode("alice:s3cret")));
    expect(first).to.be.instanceOf(Promise);
    const identity = (await first) as Identity;
    expect(identity).to.deep.include({ principal: "basic:alice", claims: { sub: "alice" }, scopes: ["orders.read"] });
    expect(basic.authenticate(bring(encode("alice:s3cret")))).to.equal(identity);
    expect(await basic.authenticate(bring(encode("alice:s3cret").replace("Basic", "bAsIc ")))).to.equal(identity);
  });

  it("takes the first colon for the end of the name, and text for UTF-8 in whatever form it was composed", async () => {
    // The example of RFC 7617 section 2.1.
    expect(
      await createBasic({ realm: "foo", users: [test] }).authenticate(bring("Basic dGVzdDoxMjPCow==")),
    ).to.have.property("principal", "basic:test");
    for (const [password, sent] of [
      ["a:b:c", "a:b:c"],
      [":", ":"],
      ["caf\u00e9", "cafe\u0301"],
    ]) {
      const user = { ...alice, password: await hashPassword(password) };
      const identity = await createBasic({ realm: "foo", users: [user] }).authenticate(bring(encode(`alice:${sent}`)));
      expect(identity, password).to.have.property("principal", "basic:alice");
    }
    for (const wrong of ["\ufeffalice:s3cret", "al:ice:s3cret", "alice:s3cret:", "alice::s3cret"])
      expect(await refusalOf(() => create().authenticate(bring(encode(wrong)))), wrong).to.equal("PASSWORD_INVALID");
    const latin1 = `Basic ${Buffer.from("test:123\u00a3", "latin1").toString("base64")}`;
    expect(await refusalOf(() => createBasic({ realm: "foo", users: [test] }).authenticate(bring(latin1)))).to.equal(
      "PASSWORD_INVALID",
    );
  });

  it("leaves other schemes to others", () => {
    for (const other of ["Bearer abc", "Basically x", ""])
      expect(create().authenticate(bring(other))).to.equal(undefined);
    expect(create().authenticate(newRequest())).to.equal(undefined);
  });

  it("refuses wrong passwords, unknown and disabled users alike, and what is no pair of the two", async () => {
    const basic = create();
    for (const wrong of ["alice:S3cret", "alice:", "carol:s3cret", "bob:hunter2", ":s3cret", "alice", "alice:s3cret\n"])
      expect(await refusalOf(() => basic.authenticate(bring(encode(wrong)))), wrong).to.equal("PASSWORD_INVALID");
    for (const wrong of ["Basic", "Basic ", "Basic %%%", `Basic ${"A".repeat(2000)}`, "Basic //79"])
      expect(await refusalOf(() => basic.authenticate(bring(wrong))), wrong).to.equal("PASSWORD_INVALID");
  });

  it("remembers what does not hold, too", async () => {
    const basic = create();
    const wrong = bring(encode("alice:wrong"));
    await refusalOf(() => basic.authenticate(wrong));
    expect(() => basic.authenticate(wrong)).to.throw(GatewayError, "not valid");
  });

  it("turns away those who would have to wait too long, and goes on with the others", async () => {
    const basic = create();
    const attempts = Array.from({ length: 30 }, (_, index) =>
      refusalOf(() => basic.authenticate(bring(encode(`alice:guess${index}`)))),
    );
    const reasons = await Promise.all(attempts);
    const count = (reason: string) => reasons.filter((each) => each === reason).length;
    expect([count("PASSWORD_INVALID"), count("AUTHENTICATION_BUSY")]).to.deep.equal([17, 13]);
    expect(await basic.authenticate(bring(encode("alice:s3cret")))).to.have.property("principal", "basic:alice");
  });

  it("forgets what it knew when the users are replaced, in the middle of a check as well", async () => {
    const basic = create();
    await basic.authenticate(bring(encode("alice:s3cret")));
    const late = create();
    const pending = refusalOf(() => late.authenticate(bring(encode("alice:s3cret"))));
    late.replace([bob]);
    expect(await pending).to.equal("PASSWORD_INVALID");
    expect(basic.replace([{ ...alice, scopes: [] }, bob])).to.deep.equal(["basic:alice"]);
    expect(await basic.authenticate(bring(encode("alice:s3cret")))).to.have.deep.property("scopes", []);
    expect(basic.replace([])).to.deep.equal(["basic:alice"]);
    expect(await refusalOf(() => basic.authenticate(bring(encode("alice:s3cret"))))).to.equal("PASSWORD_INVALID");
  });
});
