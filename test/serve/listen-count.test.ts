import { expect } from "chai";
import { addressKey } from "../../src/addresses.ts";
import { createConnectionCount } from "../../src/serve/listen-count.ts";

describe("createConnectionCount", () => {
  it("counts each key by itself, down too", () => {
    const count = createConnectionCount(1);
    expect([count.add("a"), count.add("a"), count.add("b")]).to.deep.equal([true, false, true]);
    count.remove("a");
    expect(count.add("a")).to.equal(true);
  });

  it("has no limit without one, nor for Unix sockets", () => {
    const free = createConnectionCount(undefined);
    expect([free.add("a"), free.add("a")]).to.deep.equal([true, true]);
    const unix = createConnectionCount(1);
    expect([unix.add(""), unix.add("")]).to.deep.equal([true, true]);
  });
});

describe("addressKey", () => {
  it("is the IPv4 address, also out of IPv6, and the first half of an IPv6 one", () => {
    const keys = [
      "1.2.3.4",
      "::ffff:1.2.3.4",
      "2001:db8:1:2:3:4:5:6",
      "2001:db8::1",
      "::1",
      "fe80::1%eth0",
      undefined,
    ].map(addressKey);
    expect(keys).to.deep.equal(["1.2.3.4", "1.2.3.4", "2001:db8:1:2", "2001:db8:0:0", "0:0:0:0", "fe80:0:0:0", ""]);
  });
});
