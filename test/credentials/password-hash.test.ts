import { expect } from "chai";
import {
  formatPasswordHash,
  hashPassword,
  isPassword,
  parsePasswordHash,
} from "../../src/credentials/password-hash.ts";

describe("password hashes", () => {
  it("know their password, in either form of its letters, and no other", async () => {
    const text = formatPasswordHash(await hashPassword("caf\u00e9"));
    expect(text).to.match(/^scrypt:16384:8:5:[A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]{43}=$/);
    const parsed = parsePasswordHash(text);
    if (parsed === undefined) throw new Error("not parsed");
    expect(await isPassword("cafe\u0301", parsed)).to.equal(true);
    for (const wrong of ["", "cafe", "caf\u00e9 ", "CAF\u00c9"])
      expect(await isPassword(wrong, parsed)).to.equal(false);
  });

  it("differ for the same password", async () => {
    const [one, other] = await Promise.all([hashPassword("x"), hashPassword("x")]);
    expect(formatPasswordHash(one)).to.not.equal(formatPasswordHash(other));
  });

  it("are what other implementations of scrypt make (RFC 7914 section 12)", async () => {
    const hash = Buffer.from("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162", "hex");
    const vector = { cost: 1024, blockSize: 8, parallelization: 16, salt: Buffer.from("NaCl"), hash };
    expect(await isPassword("password", vector)).to.equal(true);
  });

  it("ask for no more, and no less, work than is sound", () => {
    const rest = `${Buffer.alloc(16).toString("base64")}:${Buffer.alloc(32).toString("base64")}`;
    for (const [settings, isSound] of [
      ["16384:8:5", true],
      ["65536:8:16", true],
      ["131072:8:1", false],
      ["512:8:1", false],
      ["16383:8:1", false],
      ["16384:16:1", false],
      ["16384:0:1", false],
      ["16384:8:0", false],
      ["16384:8:17", false],
      ["-1:8:1", false],
    ] as const)
      expect(parsePasswordHash(`scrypt:${settings}:${rest}`) !== undefined, settings).to.equal(isSound);
    expect(parsePasswordHash("scrypt:16384:8:5:AAAA:AAAA")).to.equal(undefined);
    expect(parsePasswordHash("$2b$10$abcdefghijklmnopqrstuv")).to.equal(undefined);
  });
});
