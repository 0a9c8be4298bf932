import { expect } from "chai";
import fc from "fast-check";
import type { Call } from "../../../src/call.ts";
import type { Identity } from "../../../src/caller.ts";
import { compileKey, toAddressKey } from "../../../src/chain/limit/limit-key.ts";
import { newCall } from "../new-call.ts";

const identityOf = (more: Partial<Identity> = {}): Identity => ({ principal: "ann", expiresAt: Infinity, ...more });
const keyOf = (parts: readonly string[], call: Call): string => compileKey(parts)(call);

describe("keys of limits", () => {
  it("are the same for calls that are counted together, and differ for others", () => {
    const ann = newCall({ identity: identityOf({ claims: { sub: "u1", org: 7 } }), headers: { "x-tenant": "t1" } });
    const ben = newCall({ identity: identityOf({ principal: "ben", claims: { sub: "u2", org: 7 } }) });
    const differ = (parts: readonly string[]): boolean => keyOf(parts, ann) !== keyOf(parts, ben);
    expect(
      ["ip", "principal", "method", "global", "claim:sub", "claim:org", "header:x-tenant"].map((part) =>
        differ([part]),
      ),
    ).to.deep.equal([false, true, false, false, true, false, true]);
    expect(differ(["ip", "claim:sub"])).to.equal(true);
    expect(differ(["ip", "claim:org"])).to.equal(false);
  });

  it("take a client without the claim or header by its principal, or its address, never as free and never all as one", () => {
    const at = (address: string, more = {}): Call => newCall({ peer: { address, port: 1 }, ...more });
    for (const part of ["claim:org", "header:x-tenant", "principal"]) {
      expect(keyOf([part], at("203.0.113.1")), part).to.equal(keyOf([part], at("203.0.113.1")));
      expect(keyOf([part], at("203.0.113.1")), part).not.to.equal(keyOf([part], at("203.0.113.2")));
    }
    const known = { identity: identityOf() };
    expect(keyOf(["claim:org"], at("203.0.113.1", known))).to.equal(keyOf(["claim:org"], at("203.0.113.2", known)));
  });

  it("do not let a client pass for one that says nothing, nor the other way round", () => {
    const silent = newCall();
    for (const value of ["203.0.113.7", "~203.0.113.7", "=ann", ""])
      if (value !== "")
        expect(keyOf(["header:x"], newCall({ headers: { x: value } }))).not.to.equal(keyOf(["header:x"], silent));
    expect(keyOf(["header:x"], newCall({ headers: { x: "" } }))).to.equal(keyOf(["header:x"], silent));
  });

  it("cannot be made to collide by shifting text from one part to another", () =>
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
        fc.pre(a !== "" && b !== "" && c !== "" && d !== "" && (a !== c || b !== d));
        const call = (x: string, y: string): Call => newCall({ identity: identityOf({ claims: { x, y } }) });
        expect(keyOf(["claim:x", "claim:y"], call(a, b))).not.to.equal(keyOf(["claim:x", "claim:y"], call(c, d)));
      }),
    ));

  it("stay short, however long what clients send is", () => {
    const long = newCall({ headers: { x: "v".repeat(10_000), y: "w".repeat(10_000) } });
    expect(keyOf(["header:x"], long).length).to.be.lessThan(65);
    expect(keyOf(["header:x", "header:y"], long).length).to.be.lessThan(65);
    expect(keyOf(["header:x"], long)).not.to.equal(keyOf(["header:y"], long));
  });

  it("do not take what every object has for a claim or a header", () => {
    const call = newCall({ identity: identityOf({ claims: {} }), headers: {} });
    expect(keyOf(["claim:constructor"], call)).to.equal(keyOf(["claim:nothing"], call));
    expect(keyOf(["header:__proto__"], call)).to.equal(keyOf(["header:nothing"], call));
  });

  for (const [address, key] of [
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:ffff::", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", ""],
  ] as const) {
    it(`take ${address === "" ? "the end of a socket file" : address} as ${JSON.stringify(key)}`, () =>
      expect(toAddressKey(address)).to.equal(key));
  }
});
