import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { RecentTokens } from "../../../src/chain/authenticate/recent-tokens.ts";
import type { KnownIdentity } from "../../../src/chain/authenticate/token-cache.ts";

function knownOf(principal: string): KnownIdentity {
  const key = {} as KnownIdentity["key"];
  return { kind: "identity", identity: { principal, expiresAt: Infinity }, key, until: Infinity };
}

const newText = (): string => `Bearer ${randomBytes(300).toString("base64url")}`;

describe("tokens of a moment ago", () => {
  it("are found by their whole text and by nothing else", () => {
    const recent = new RecentTokens();
    const text = newText();
    const known = knownOf("ada");
    recent.keep(text, known);
    expect(recent.find(text)).to.equal(known);
    expect(recent.find(Buffer.from(text).toString())).to.equal(known);
    for (let at = 0; at < text.length; at++) {
      const forged = `${text.slice(0, at)}${text[at] === "x" ? "y" : "x"}${text.slice(at + 1)}`;
      expect(recent.find(forged), `another character at ${at}`).to.equal(undefined);
    }
    for (const other of [text.slice(1), text.slice(0, -1), `${text} `, `x${text}`, ""])
      expect(recent.find(other)).to.equal(undefined);
  });

  it("are nearly all there for a thousand callers in turn, and no more than there is room for", () => {
    const recent = new RecentTokens();
    const texts = Array.from({ length: 1000 }, newText);
    for (const text of texts) recent.keep(text, knownOf(text));
    const found = texts.filter((text) => recent.find(text)?.identity.principal === text);
    expect(found.length).to.be.greaterThan(990);
    const crowd = Array.from({ length: 30_000 }, newText);
    for (const text of crowd) recent.keep(text, knownOf(text));
    const kept = [...texts, ...crowd].filter((text) => recent.find(text) !== undefined);
    expect(kept.length).to.be.within(7000, 8192);
    for (const text of kept) expect(recent.find(text)?.identity.principal).to.equal(text);
  });

  it("are forgotten all at once, and not kept when they are long", () => {
    const recent = new RecentTokens();
    const [text, long] = [newText(), "a".repeat(3000)];
    recent.keep(text, knownOf("ada"));
    recent.keep(long, knownOf("bob"));
    expect(recent.find(long)).to.equal(undefined);
    recent.clear();
    expect(recent.find(text)).to.equal(undefined);
  });
});
