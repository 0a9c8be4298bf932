// GET /config shows no secret, whichever group it stands in.
import { expect } from "chai";
import { redactConfig } from "../../src/config/redact.ts";
import { configOf, problemsOf } from "./yaml-fixture.ts";

const secret = "s3cr3t-enough-for-HS256-which-wants-32-bytes";

describe("redactConfig", () => {
  it("shows no secret of any group", () => {
    const config = configOf(
      [
        `redis: { url: "redis://localhost:6379/0", password: "${secret}" }`,
        "auth:",
        `  issuers: [{ issuer: "https://idp.example", secret: "${secret}", audience: shop, algorithms: [HS256] }]`,
        `  introspection: { url: "https://idp.example/introspect", client_id: sluice, client_secret: "${secret}" }`,
      ].join("\n"),
    );
    const shown = JSON.stringify(redactConfig(config));
    expect(shown).to.not.contain(secret);
    expect(shown).to.contain("idp.example").and.to.contain("localhost:6379");
  });

  it("tells no password of a URL that is refused", () => {
    const [problem] = problemsOf(`redis: { url: "redis://user:${secret}@localhost:6379/0" }`);
    expect(problem).to.contain("redis.url").and.to.not.contain(secret);
  });

  it("blots out passwords in URLs, and text under secret names, in groups it does not know", () => {
    const config = { ...configOf(""), later: { url: `https://me:a@b:${secret}@host/x`, apiSecret: secret, n: 1 } };
    expect(redactConfig(config)["later"]).to.deep.equal({
      url: "https://[redacted]@host/x",
      apiSecret: "[redacted]",
      n: 1,
    });
  });
});
