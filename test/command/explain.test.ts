import { expect } from "chai";
import { createProtos, run } from "./capture.ts";

interface Explained {
  readonly binding?: { readonly path: string; readonly method: string };
  readonly captures: readonly { readonly variable: string; readonly value: string }[];
  readonly message?: unknown;
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs?: number;
  readonly target?: string;
  readonly answer?: { readonly status: number; readonly body: string };
}

describe("sluice explain", () => {
  const folder = createProtos();
  after(() => folder.dispose());

  const explain = async (...argv: string[]): Promise<Explained & { code: number }> => {
    const { code, out, error } = await run(["explain", ...argv, folder.protos, "--json"]);
    expect(error).to.equal("");
    return { ...(JSON.parse(out) as Explained), code };
  };

  it("prints binding, captures, message, metadata, deadline and target", async () => {
    const { code, out } = await run([
      "explain",
      "get",
      "http://api.example/v1/orders/a%2Fb?limit=3",
      folder.protos,
      "-H",
      "Accept-Language: de",
      "--upstream",
      "localhost:50051",
    ]);
    expect(code).to.equal(0);
    expect(out.replaceAll(folder.protos, "protos")).to.equal(
      [
        "GET /v1/orders/a%2Fb?limit=3",
        "  binding  GET /v1/orders/{id}",
        "  rule     protos/orders.proto:10 (annotation)",
        "  method   shop.v1.Orders.GetOrder (unary)",
        '  capture  id = "a/b"',
        "  message  {",
        '             "id": "a/b",',
        '             "limit": 3',
        "           }",
        "  metadata accept-language: de",
        "           x-forwarded-for: 127.0.0.1",
        "           x-forwarded-host: api.example",
        "           x-forwarded-proto: http",
        "  deadline 15s",
        "  target   localhost:50051",
        "",
      ].join("\n"),
    );
  });

  it("weaves path and body into one message", async () => {
    const { message, captures } = await explain("PATCH", "/v1/orders/7", "-d", '{"lines": [{"productId": "x"}]}');
    expect(message).to.deep.equal({ order: { id: "7", lines: [{ productId: "x" }] }, updateMask: "lines" });
    expect(captures).to.deep.equal([{ variable: "order.id", value: "7" }]);
  });

  it("reads the body from a file", async () => {
    expect(
      (await explain("POST", "/v1/orders", "-d", `@${folder.write("body.json", '{"card": "1"}')}`)).message,
    ).to.deep.equal({ order: { card: "1" } });
  });

  it("shows the deadline the client asks for, within the maximum", async () => {
    expect((await explain("GET", "/v1/orders/1?$timeout=2s")).timeoutMs).to.equal(2000);
    expect((await explain("GET", "/v1/orders/1", "-H", "sluice-timeout: 2h")).timeoutMs).to.equal(300_000);
  });

  it("encodes what no client sends raw", async () => {
    expect((await explain("GET", "/v1/orders/ä b")).captures).to.deep.equal([{ variable: "id", value: "ä b" }]);
  });

  const targets: readonly [string[], string | undefined][] = [
    [[], undefined],
    [["--upstream", "a:1"], "a:1"],
    [["--upstream", "a:1", "--upstream", "shop.v1.*=b:2"], "b:2"],
    [["--upstream", "shop.v1.Orders=c:3", "--upstream", "shop.v1.*=b:2"], "c:3"],
  ];
  for (const [argv, target] of targets) {
    it(`names the target ${target} for ${argv.join(" ")}`, async () =>
      expect((await explain("GET", "/v1/orders/1", ...argv)).target).to.equal(target));
  }

  const errors: readonly [string, string[], number, RegExp][] = [
    ["an unknown path", ["GET", "/nope"], 404, /ROUTE_NOT_FOUND/],
    ["another method", ["DELETE", "/v1/orders/1"], 405, /METHOD_NOT_ALLOWED/],
    ["an unknown parameter", ["GET", "/v1/orders/1?limt=1"], 400, /did you mean \\"limit\\"/],
    [
      "a wrong value in the body",
      ["POST", "/v1/orders", "-d", '{"lines":[{"quantity":"x"}]}'],
      400,
      /lines\[0\]\.quantity/,
    ],
    ["a bad path", ["GET", "/v1/../orders"], 400, /./],
    ["another media type", ["POST", "/v1/orders", "-d", "{}", "-H", "content-type: text/plain"], 415, /text\/plain/],
  ];
  for (const [title, argv, status, body] of errors) {
    it(`prints the error a client would get for ${title}, exit code 1`, async () => {
      const { code, answer, message } = await explain(...argv);
      expect([code, answer?.status, message]).to.deep.equal([1, status, undefined]);
      expect(answer?.body).to.match(body);
      const { out } = await run(["explain", ...argv, folder.protos]);
      expect(out).to.contain(`\nHTTP ${status}\n`).and.to.match(body);
    });
  }

  it("answers OPTIONS as the gateway does", async () => {
    const { code, answer } = await explain("OPTIONS", "/v1/orders");
    expect([code, answer?.status]).to.deep.equal([0, 204]);
  });

  it("prints what is wrong with the protos instead, exit code 1", async () => {
    const { code, out, error } = await run(["explain", "GET", "/x", "/no/such/folder"]);
    expect([code, out]).to.deep.equal([1, ""]);
    expect(error).to.contain("/no/such/folder");
  });
});
