import { expect } from "chai";
import { createFolder } from "../config/yaml-fixture.ts";
import { createProtos, run } from "./capture.ts";

interface Explained {
  readonly binding?: { readonly path: string; readonly method: string; readonly kind: string };
  readonly captures: readonly { readonly variable: string; readonly value: string }[];
  readonly message?: unknown;
  /** Of a method that takes many. */
  readonly messages?: readonly unknown[];
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
  readonly timeoutMs?: number;
  readonly target?: string;
  readonly answer?: { readonly status: number; readonly body: string };
}

const rooms = `syntax = "proto3";
package chat.v1;
import "google/api/annotations.proto";
import "sluice/annotations.proto";

service Rooms {
  rpc Watch(WatchRequest) returns (stream Note) {
    option (google.api.http) = { get: "/v1/rooms/{room}:watch" };
    option (sluice.stream) = { resume_token: "cursor" resume_from: "after" };
  }
  rpc Gather(stream Note) returns (Note) { option (google.api.http) = { post: "/v1/rooms/{room}:gather" body: "*" }; }
  rpc Chat(stream Note) returns (stream Note) { option (google.api.http) = { post: "/v1/rooms/{room}:chat" body: "*" }; }
  rpc Tail(WatchRequest) returns (stream Note) {
    option (google.api.http) = { get: "/v1/rooms/{room}:tail" };
    option (sluice.timeout) = "10s";
  }
}
message WatchRequest { string room = 1; string after = 2; }
message Note { string room = 1; string text = 2; string cursor = 3; }
`;

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
        "  policy   auth public (default)",
        "  chain    trace → metrics → shed",
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

  it("has no answer for the gateway's own pages, exit code 2", async () => {
    const { code, error } = await run(["explain", "GET", "http://localhost/-/play", folder.protos]);
    expect(code).to.equal(2);
    expect(error).to.contain('"/-/play": the paths below /-/ are the gateway\'s own');
  });

  it("prints what is wrong with the protos instead, exit code 1", async () => {
    const { code, out, error } = await run(["explain", "GET", "/x", "/no/such/folder"]);
    expect([code, out]).to.deep.equal([1, ""]);
    expect(error).to.contain("/no/such/folder");
  });
});

describe("sluice explain of a streaming method", () => {
  const folder = createFolder();
  after(() => folder.dispose());
  const protos = folder.write("rooms.proto", rooms);

  const explain = async (...argv: string[]): Promise<Explained & { code: number }> => {
    const { code, out, error } = await run(["explain", ...argv, protos, "--json"]);
    expect(error).to.equal("");
    return { ...(JSON.parse(out) as Explained), code };
  };

  it("has one message where the backend streams, and no deadline", async () => {
    const { code, binding, message, messages, ...rest } = await explain("GET", "/v1/rooms/tea:watch");
    expect([code, binding?.kind, message, messages]).to.deep.equal([0, "server-streaming", { room: "tea" }, undefined]);
    expect(rest).to.not.have.property("timeoutMs");
    const { out } = await run(["explain", "GET", "/v1/rooms/tea:watch", protos]);
    expect(out).to.contain("\n  deadline none\n");
  });

  for (const form of ["json", "ndjson", "sse"]) {
    it(`takes $alt=${form}`, async () => {
      expect((await explain("GET", `/v1/rooms/tea:watch?$alt=${form}`)).message).to.deep.equal({ room: "tea" });
    });
  }

  it("shows where a client that was cut off goes on", async () => {
    const argv = ["GET", "/v1/rooms/tea:watch", "-H", "Accept: text/event-stream"];
    const { message } = await explain(...argv, "-H", "Last-Event-ID: c-42");
    expect(message).to.deep.equal({ room: "tea", after: "c-42" });
  });

  it("has a deadline where client or method set one", async () => {
    expect((await explain("GET", "/v1/rooms/tea:watch?$timeout=3s")).timeoutMs).to.equal(3000);
    expect((await explain("GET", "/v1/rooms/tea:tail")).timeoutMs).to.equal(10_000);
  });

  const streams: readonly [string, string, string][] = [
    ["client-streaming", "/v1/rooms/tea:gather", '[{"text": "a"}, {"text": "b"}]'],
    ["bidi-streaming", "/v1/rooms/tea:chat", '{"text": "a"}\n{"text": "b"}'],
  ];
  for (const [kind, url, body] of streams) {
    it(`lists the messages of a ${kind} one, the path in the first, and no deadline`, async () => {
      const explained = await explain("POST", url, "-d", body);
      expect(explained.binding?.kind).to.equal(kind);
      expect(explained.messages).to.deep.equal([{ room: "tea", text: "a" }, { text: "b" }]);
      expect(explained).to.not.have.any.keys("message", "timeoutMs");
    });

    it(`says that a ${kind} one has no messages`, async () => {
      expect((await explain("POST", url, "-d", "[]")).messages).to.deep.equal([]);
    });

    it(`prints the error of one message of a ${kind} one, and where it begins, exit code 1`, async () => {
      const { code, answer, messages } = await explain("POST", url, "-d", '{"text": "a"}\n{"txt": "b"}');
      expect([code, answer?.status, messages]).to.deep.equal([1, 400, undefined]);
      expect(answer?.body).to.contain("[1].txt").and.to.contain("the message that begins at byte 14 of the body");
    });
  }

  it("prints several messages one below the other", async () => {
    const { out } = await run(["explain", "POST", "/v1/rooms/tea:chat", "-d", '[{"text": "a"}, {}]', protos]);
    expect(out).to.contain(
      ["  message  {", '             "room": "tea",', '             "text": "a"', "           }", "           {}"].join(
        "\n",
      ),
    );
  });

  it("prints the error of a form that a stream cannot be had in", async () => {
    const { code, answer } = await explain("GET", "/v1/rooms/tea:watch", "-H", "Accept: image/png");
    expect([code, answer?.status]).to.deep.equal([1, 406]);
  });
});
