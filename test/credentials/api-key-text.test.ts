import { expect } from "chai";
import {
  createApiKeyText,
  formatApiKey,
  hashSecret,
  isKeyId,
  parseApiKey,
} from "../../src/credentials/api-key-text.ts";

describe("API keys as text", () => {
  it("are read back as they were made", () => {
    const made = createApiKeyText();
    const text = formatApiKey(made);
    expect(text).to.match(/^slk_[a-z2-7]{12}_[a-z2-7]{32}$/);
    expect(parseApiKey(text)).to.deep.equal(made);
    expect(isKeyId(made.id)).to.equal(true);
  });

  it("are never made twice, and use every digit", () => {
    const secrets = Array.from({ length: 500 }, () => createApiKeyText().secret);
    expect(new Set(secrets).size).to.equal(500);
    expect(new Set(secrets.join("")).size).to.equal(32);
  });

  it("are nothing else", () => {
    const secret = "a".repeat(32);
    for (const text of [
      "",
      "slk_",
      `slk_abcdefghijkl_${secret.slice(1)}`,
      `slk_abcdefghijkl_${secret}a`,
      `slk_abcdefghijkl_${secret} `,
      ` slk_abcdefghijkl_${secret}`,
      `slk_abcdefghijkl_${secret}\n`,
      `SLK_abcdefghijkl_${secret}`,
      `slk_ABCDEFGHIJKL_${secret}`,
      `slk_abcdefghijkl_${secret}, slk_abcdefghijkl_${secret}`,
      `slk_abcdefghijk1_${"1".repeat(32)}`,
      "slk_".repeat(10_000),
    ])
      expect(parseApiKey(text), text.slice(0, 80)).to.equal(undefined);
  });

  it("are kept as SHA-256", () =>
    expect(hashSecret("abc").toString("hex")).to.equal(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ));
});
