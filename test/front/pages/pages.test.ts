import { expect } from "chai";
import { compileErrorAnswer } from "../../../src/front/rest/error-answer.ts";
import { strictRest } from "../../../src/front/rest/options.ts";
import type { ApiDescription } from "../../../src/front/pages/describe-api.ts";
import { createPagesFront, isOwnPage, type PagesFrontOptions } from "../../../src/front/pages/pages.ts";
import { playgroundFiles, readPlaygroundFile } from "../../../src/front/pages/playground-files.ts";
import { bindMethods } from "../../../src/schema/bind/http-rule.ts";
import { createListener, type Listener } from "../../../src/serve/listen.ts";
import { defaultListenerLimits } from "../../../src/serve/listen-limits.ts";
import type { GatewayError } from "../../../src/status.ts";
import { exchangeRaw, openRaw, request, type Endpoint, type RawResponse } from "../../support/raw-http.ts";
import { methodRulesOf } from "../../support/method-rules.ts";
import { schemaOf } from "../../support/schema.ts";

const source = `
syntax = "proto3";
package test.v1;
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/timestamp.proto";
import "sluice/annotations.proto";

// Books.
service Library {
  // Returns one.
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = {
      get: "/v1/{name=shelves/*/books/*}:read"
      additional_bindings { post: "/v1/b%20k/{name}" body: "page" }
    };
  }
  rpc Watch(GetBookRequest) returns (stream Book) {
    option (google.api.http) = { get: "/v1/watch" };
    option (sluice.stream) = { resume_from: "after" resume_token: "cursor" sse: false };
  }
}
message GetBookRequest {
  string name = 1 [(google.api.field_behavior) = REQUIRED];
  Page page = 2;
  string after = 3;
}
message Page { Page next_page = 1; map<string, Colour> colours = 2; repeated int64 numbers = 3; }
// A book.
message Book {
  string cursor = 1 [(google.api.field_behavior) = OUTPUT_ONLY];
  oneof size { int32 pages = 2; google.protobuf.Timestamp printed = 3; }
  bytes old = 4 [deprecated = true];
}
enum Colour { COLOUR_UNSPECIFIED = 0; RED = 1; }
`;

describe("createPagesFront", () => {
  let listener: Listener;
  let endpoint: Endpoint;
  let reported: GatewayError[];

  async function start(options: Partial<PagesFrontOptions> = {}, text = source): Promise<void> {
    const schema = schemaOf(text);
    reported = [];
    const rest = { ...strictRest, report: (error: GatewayError) => void reported.push(error) };
    const front = createPagesFront({
      schema,
      bindings: bindMethods(schema, { profile: "strict", bindUnannotated: true, yamlRules: [] }, () => {}),
      ...methodRulesOf(schema),
      profile: "strict",
      webSocket: { enabled: true, unary: false },
      playground: true,
      localOnly: false,
      clientScript: () => "export const client = 1;",
      apiModule: (form) => `// ${form}`,
      answerError: compileErrorAnswer(schema, rest),
      ...options,
    });
    listener = createListener({ address: { host: "127.0.0.1", port: 0 }, limits: defaultListenerLimits, front });
    endpoint = await listener.listen();
  }

  const send = (line: string, headers: readonly string[] = []): Promise<RawResponse> =>
    exchangeRaw(endpoint, request(line, headers));

  const get = async (path: string): Promise<string> => (await send(`GET ${path}`)).body.toString();

  afterEach(() => listener.close(0));

  it("serves every file of the playground with its type and the security headers", async () => {
    await start();
    for (const [path, { file, contentType }] of playgroundFiles) {
      const { status, headers, body } = await send(`GET ${path}`);
      expect(status, path).to.equal(200);
      expect(headers.get("content-type")).to.equal(contentType);
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
      expect(headers.get("referrer-policy")).to.equal("no-referrer");
      expect(headers.get("content-security-policy"))
        .to.include("default-src 'none'; script-src 'self';")
        .and.include("frame-ancestors 'none'")
        .and.not.include("unsafe");
      expect(body.equals(readPlaygroundFile(file)), path).to.equal(true);
    }
  });

  it("serves the browser client and the typed client it is given", async () => {
    await start();
    expect(await get("/-/sluice-client.js")).to.equal("export const client = 1;");
    expect(await get("/-/api.js")).to.equal("// js");
    expect(await get("/-/api.ts?v=1")).to.equal("// ts");
  });

  it("answers HEAD without the body and with its length", async () => {
    await start();
    const connection = await openRaw(endpoint);
    connection.send(request("HEAD /-/play"));
    const { status, headers, body } = await connection.response(true);
    connection.close();
    expect([status, body.length]).to.deep.equal([200, 0]);
    expect(headers.get("content-length")).to.equal(String(readPlaygroundFile("play.html").length));
  });

  it("answers 304 to a client that has the page, and 200 once it has changed", async () => {
    await start();
    const etag = (await send("GET /-/api.js")).headers.get("etag") ?? "";
    expect(etag).to.match(/^"[\w-]{27}"$/);
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const { status, headers, body } = await send("GET /-/api.js", [`If-None-Match: ${header}`]);
      expect([status, body.length], header).to.deep.equal([304, 0]);
      expect(headers.get("etag")).to.equal(etag);
      expect(headers.has("content-type")).to.equal(false);
    }
    const { status } = await send("GET /-/api.js", [`If-None-Match: "${"x".repeat(27)}"`]);
    expect(status).to.equal(200);
  });

  for (const path of [
    "/-/",
    "/-/play/",
    "/-/play/../play",
    "/-/pl%61y",
    "/-/play/main.ts",
    "/-/play/play.html",
    "/-//",
  ]) {
    it(`has nothing at ${path}`, async () => {
      await start();
      const { status, body } = await send(`GET ${path}`);
      expect(status).to.equal(404);
      const { code, message, details } = JSON.parse(body.toString());
      expect([code, details[0].reason]).to.deep.equal([5, "ROUTE_NOT_FOUND"]);
      expect(message).to.include("/-/play is the playground");
    });
  }

  it("refuses other methods with 405 and says which there are", async () => {
    await start();
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const { status, headers } = await send(`${method} /-/play`);
      expect(status, method).to.equal(405);
      expect(headers.get("allow")).to.equal("GET, HEAD, OPTIONS");
    }
    const { status, headers } = await send("OPTIONS /-/play");
    expect([status, headers.get("allow")]).to.deep.equal([204, "GET, HEAD, OPTIONS"]);
  });

  it("says what /-/stream is to somebody who opens it like a page", async () => {
    await start();
    const { status, body } = await send("GET /-/stream");
    expect(status).to.equal(400);
    expect(body.toString()).to.include("WEBSOCKET_HANDSHAKE_INVALID").and.include("sluice.mux.v1.json");
  });

  it("hands POST /-/ticket on, and nothing else at that path", async () => {
    await start({ serveTicket: (exchange) => exchange.respond(200, [], Buffer.from("ticket")) });
    expect((await send("POST /-/ticket")).body.toString()).to.equal("ticket");
    const { status, headers } = await send("GET /-/ticket");
    expect([status, headers.get("allow")]).to.deep.equal([405, "POST, OPTIONS"]);
  });

  it("says nothing about the API with the playground off", async () => {
    await start({ playground: false });
    for (const path of ["/-/play", "/-/play/main.js", "/-/api.json", "/-/api.js", "/-/api.ts"])
      expect((await send(`GET ${path}`)).status, path).to.equal(404);
    expect(await get("/-/play")).to.include("the playground is off (pages.playground)");
    expect((await send("GET /-/sluice-client.js")).status).to.equal(200);
  });

  it("answers 500 and reports the cause when a page cannot be made", async () => {
    await start({
      apiModule: () => {
        throw new Error("secret cause");
      },
    });
    const { status, body } = await send("GET /-/api.js");
    expect(status).to.equal(500);
    expect(body.toString()).to.include("internal error").and.not.include("secret");
    expect(String(reported[0]?.cause)).to.include("secret cause");
  });

  describe("/-/api.json", () => {
    const read = async (): Promise<ApiDescription> => JSON.parse(await get("/-/api.json"));

    it("describes services, methods and their bindings", async () => {
      await start();
      const { services, leftOut, webSocket } = await read();
      expect(leftOut).to.deep.equal({ methods: 0, types: 0 });
      expect(webSocket).to.deep.equal({ enabled: true, unary: false });
      expect(services).to.deep.equal([
        {
          name: "test.v1.Library",
          comment: "Books.",
          methods: [
            {
              name: "test.v1.Library/GetBook",
              kind: "unary",
              input: "test.v1.GetBookRequest",
              output: "test.v1.Book",
              comment: "Returns one.",
              bindings: [
                {
                  verb: "GET",
                  template: "/v1/{name=shelves/*/books/*}:read",
                  parts: ["/v1/", { field: ["name"], pattern: "shelves/*/books/*" }, ":read"],
                },
                {
                  verb: "POST",
                  template: "/v1/b%20k/{name}",
                  parts: ["/v1/b%20k/", { field: ["name"], pattern: "*" }],
                  body: "page",
                },
              ],
            },
            {
              name: "test.v1.Library/Watch",
              kind: "server-streaming",
              input: "test.v1.GetBookRequest",
              output: "test.v1.Book",
              bindings: [{ verb: "GET", template: "/v1/watch", parts: ["/v1/watch"] }],
              without: ["sse"],
              resumeFrom: "after",
            },
          ],
        },
      ]);
    });

    it("describes every type once, also one that contains itself", async () => {
      await start();
      const { messages, enums } = await read();
      expect(Object.keys(messages)).to.deep.equal([
        "test.v1.GetBookRequest",
        "test.v1.Book",
        "test.v1.Page",
        "google.protobuf.Timestamp",
      ]);
      expect(messages["test.v1.Page"].fields).to.deep.equal([
        { name: "nextPage", protoName: "next_page", type: { kind: "message", name: "test.v1.Page" } },
        { name: "colours", protoName: "colours", type: { kind: "enum", name: "test.v1.Colour" }, mapKey: "string" },
        { name: "numbers", protoName: "numbers", type: { kind: "scalar", name: "int64" }, repeated: true },
      ]);
      const book = messages["test.v1.Book"];
      expect(book.comment).to.equal("A book.");
      expect(book.fields.map(({ name, output, oneof, deprecated }) => [name, output, oneof, deprecated])).to.deep.equal(
        [
          ["cursor", true, undefined, undefined],
          ["pages", undefined, "size", undefined],
          ["printed", undefined, "size", undefined],
          ["old", undefined, undefined, true],
        ],
      );
      expect(messages["test.v1.GetBookRequest"].fields[0].required).to.equal(true);
      expect(enums["test.v1.Colour"]?.values).to.deep.equal(["COLOUR_UNSPECIFIED", "RED"]);
    });

    it("is bounded, and says how much it leaves out", async () => {
      const rpcs = Array.from({ length: 5010 }, (_, index) => `rpc M${index}(M) returns (M);`).join("\n");
      const comment = `// ${"long ".repeat(400)}`;
      await start({}, `syntax = "proto3"; package p;\n${comment}\nservice S { ${rpcs} }\nmessage M {}`);
      const { services, leftOut } = await read();
      expect(services[0]?.methods).to.have.length(5000);
      expect(leftOut).to.deep.equal({ methods: 10, types: 0 });
      expect(services[0]?.comment).to.have.length(1001);
    });

    it("keeps names that mean something to JavaScript harmless", async () => {
      await start(
        {},
        `syntax = "proto3"; message __proto__ { __proto__ constructor = 1; } service toString { rpc M(__proto__) returns (__proto__); }`,
      );
      const text = await get("/-/api.json");
      expect(text).to.include('"__proto__":{"fields":[{"name":"constructor"');
    });
  });
});

describe("isOwnPage", () => {
  it("knows paths below /-/ alone", () => {
    const isOwn = (target: string): boolean => isOwnPage({ target } as never);
    expect(["/-/play", "/-/"].map(isOwn)).to.deep.equal([true, true]);
    expect(["/-", "/v1/-/x", "*", "/--/"].map(isOwn)).to.deep.equal([false, false, false, false]);
  });
});
