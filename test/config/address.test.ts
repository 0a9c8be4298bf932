import { expect } from "chai";
import { formatAddress, isCidr, isLoopback, parseAddress } from "../../src/config/address.ts";

describe("parseAddress", () => {
  const addresses: readonly [string, string, number][] = [
    ["127.0.0.1:8080", "127.0.0.1", 8080],
    ["localhost:0", "localhost", 0],
    ["[::1]:443", "::1", 443],
    [":8080", "", 8080],
    ["my_host.internal:65535", "my_host.internal", 65_535],
    ["unix:/run/sluice.sock", "unix:/run/sluice.sock", 0],
  ];
  for (const [text, host, port] of addresses) {
    it(`reads ${text}, and formatAddress writes it`, () => {
      const address = parseAddress(text);
      expect(address).to.deep.equal({ host, port });
      expect(typeof address === "string" ? "" : formatAddress(address)).to.equal(text);
    });
  }

  const refused: readonly [string, string][] = [
    ["8080", "HOST:PORT is expected, e.g. 127.0.0.1:8080"],
    ["localhost", "HOST:PORT is expected, e.g. 127.0.0.1:8080"],
    ["http://localhost:8080", "HOST:PORT is expected, without a scheme"],
    ["::1", "an IPv6 address needs brackets and a port, e.g. [::1]:8080"],
    ["127.0.0.1:65536", "port 65536 is not between 0 and 65535"],
    ["127.0.0.300:80", '"127.0.0.300" is neither a host name nor an IP address'],
    ["[nope]:80", "HOST:PORT is expected, e.g. 127.0.0.1:8080"],
    ["a b:80", '"a b" is neither a host name nor an IP address'],
    ["a:-1", "HOST:PORT is expected, e.g. 127.0.0.1:8080"],
    ["unix:", "a path of at most 100 characters is expected after unix:"],
  ];
  for (const [text, problem] of refused) it(`refuses ${text}`, () => expect(parseAddress(text)).to.equal(problem));
});

describe("isCidr", () => {
  for (const text of ["10.0.0.0/8", "10.0.0.1", "::1", "fd00::/8", "0.0.0.0/0"])
    it(`accepts ${text}`, () => expect(isCidr(text)).to.equal(true));
  for (const text of ["10.0.0.0/33", "::/129", "10.0.0", "a/8", "10.0.0.0/8/8", "10.0.0.0/-1", "fe80::1%eth0", ""]) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(isCidr(text)).to.equal(false));
  }
});

describe("isLoopback", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost", "unix:/x"])
    it(`knows ${host}`, () => expect(isLoopback(host)).to.equal(true));
  for (const host of ["", "0.0.0.0", "::", "10.0.0.1", "127.evil.example"])
    it(`does not trust ${JSON.stringify(host)}`, () => expect(isLoopback(host)).to.equal(false));
});
