import { expect } from "chai";
import { addressKey } from "../src/addresses.ts";

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
