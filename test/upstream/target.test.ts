// Target texts: what each becomes, and what is said about the wrong ones.
import { expect } from "chai";
import { parseTarget } from "../../src/upstream/target.ts";

const systemTls = { ca: undefined, cert: undefined, key: undefined, serverName: undefined };

describe("parseTarget", () => {
  for (const [text, target, isTls] of [
    ["localhost:50051", "localhost:50051", false],
    ["shop.internal.example.:443", "shop.internal.example.:443", false],
    ["my_service:8080", "my_service:8080", false],
    ["127.0.0.1:1", "127.0.0.1:1", false],
    ["[::1]:50051", "[::1]:50051", false],
    ["dns:///shop:443", "shop:443", false],
    ["dns:shop:443", "shop:443", false],
    ["grpc://shop:50051", "shop:50051", false],
    ["grpcs://shop:443", "shop:443", true],
    ["GRPCS://shop:0443", "shop:443", true],
    ["ipv4:127.0.0.1:50051", "127.0.0.1:50051", false],
    ["ipv6:[::1]:50051", "[::1]:50051", false],
    ["IPv4:127.0.0.1:50051", "127.0.0.1:50051", false],
    ["ipv4:50051", "ipv4:50051", false],
    ["unix:/run/shop.sock", "unix:/run/shop.sock", false],
    ["unix:///run/shop.sock", "unix:/run/shop.sock", false],
    ["unix:shop.sock", "unix:shop.sock", false],
    ["unix:443", "unix:443", false],
  ] as const) {
    it(`reads ${text}`, () => {
      expect(parseTarget(text)).to.deep.equal({
        kind: "target",
        address: { target, tls: isTls ? systemTls : undefined },
      });
    });
  }

  it("prefers TLS options to those of the scheme", () => {
    const tls = { ...systemTls, serverName: "other" };
    expect(parseTarget("grpcs://shop:443", tls)).to.deep.equal({
      kind: "target",
      address: { target: "shop:443", tls },
    });
  });

  for (const [text, message, hint] of [
    ["", "the upstream target is empty", "localhost:50051"],
    ["localhost", "has no port", "localhost:50051"],
    ["localhost:", "has no port", "localhost:50051"],
    [":50051", "has no host", "localhost:50051"],
    ["localhost:http", 'has the port "http"', "1 to 65535"],
    ["localhost:0", 'has the port "0"', "1 to 65535"],
    ["localhost:65536", 'has the port "65536"', "1 to 65535"],
    ["::1:50051", "is not host:port", "[::1]:50051"],
    ["[::1]", "has no port", "[::1]:50051"],
    ["[localhost]:1", "which is no host name or IP address", "host:port"],
    ["256.1.1.1:80", "which is no host name or IP address", "host:port"],
    ["a..b:80", "which is no host name or IP address", "host:port"],
    ["-a:80", "which is no host name or IP address", "host:port"],
    ["http://shop:50051", "is an HTTP URL", "write shop:50051"],
    ["https://shop/api", "is an HTTP URL", "grpcs://shop:PORT"],
    ["tcp://shop:1", 'the unknown scheme "tcp"', "grpcs://host:port"],
    ["grpcs://shop:443/api", "has a path", "shop:443"],
    ["user:pw@shop:1", "contains a user name", "host:port"],
    ["shop:1 ", "contains a space", "remove it"],
    ["shop\n:1", "contains a space or control character", "remove it"],
    ["dns://8.8.8.8/shop:443", "names a DNS server", "dns:///host:port"],
    ["ipv4:1.2.3.4:1,5.6.7.8:1", "lists several addresses", "a name that has them all"],
    ["ipv6:[::1]:1,[::2]:1", "lists several addresses", "ipv6:[::1]:50051"],
    ["ipv4:1.2.3.4", "is no IPv4 address with a port", "ipv4:127.0.0.1:50051"],
    ["ipv4:[::1]:1", "is no IPv4 address with a port", "ipv4:127.0.0.1:50051"],
    ["ipv4:shop:1", "is no IPv4 address with a port", "ipv4:127.0.0.1:50051"],
    ["ipv6:::1:50051", "is no IPv6 address with a port", "ipv6:[::1]:50051"],
    ["ipv4:1.2.3.4:0", 'has the port "0"', "1 to 65535"],
    ["ipv4://1.2.3.4:1", "is no IPv4 address with a port", "ipv4:127.0.0.1:50051"],
    ["xds:shop", 'the unknown scheme "xds"', "host:port"],
    ["unix-abstract:shop", 'the unknown scheme "unix-abstract"', "unix:/path"],
    ["passthrough:///shop:1", 'the unknown scheme "passthrough"', "host:port"],
    ["unix:", "has no path", "unix:/path/to/socket"],
    ["unix://host/run/x", "has a host where the path begins", "unix:///path/to/socket"],
    [`unix:/${"x".repeat(107)}`, "longer than 107 bytes", "shorter path"],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
      const parsed = parseTarget(text);
      if (parsed.kind !== "error") throw new Error("it was accepted");
      expect(parsed.message).to.contain(message);
      expect(parsed.hint).to.contain(hint);
    });
  }

  it("shows a long text cut off", () => {
    const parsed = parseTarget("x".repeat(100_000));
    if (parsed.kind !== "error") throw new Error("it was accepted");
    expect(parsed.message.length).to.be.below(400);
  });
});
