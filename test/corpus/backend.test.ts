// A backend that answers with nonsense, or with too much of it: what its client gets to see, and that the next call works.
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";
import type { Answer, GatewayFixture } from "../support/gateway.ts";
import { describeAnswer } from "./http-answer.ts";
import { serviceProto } from "./service.ts";

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const reply = (message: string | Uint8Array, headers: readonly (readonly [string, string])[] = []): Answer => ({
  kind: "reply",
  message,
  headers,
});
const status = (code: number, message: string, details: readonly string[] = []): Answer => ({
  kind: "status",
  code,
  message,
  details,
});

/** A stack, a path, an address: what nobody outside should read. */
const secrets = /127\.0\.0\.1|ECONN|\bat .*:\d+:\d+|node_modules|\.[jt]s\b/;

interface Row {
  readonly title: string;
  readonly answer: Answer;
  readonly lines: readonly string[];
  readonly path?: string;
}

const echo = "/v1/echo";

const rows: readonly Row[] = [
  {
    title: "bytes that are no message",
    answer: reply(bytes("ff ff ff")),
    lines: ["500 INTERNAL MESSAGE_MALFORMED", "malformed protobuf message: truncated varint"],
  },
  {
    title: "a message cut off",
    answer: reply(bytes("0a 7f 61")),
    lines: ["500 INTERNAL MESSAGE_MALFORMED", "malformed protobuf message: length runs past the end"],
  },
  {
    title: "a string that is not UTF-8",
    answer: reply(bytes("0a 01 e9")),
    lines: ["500 INTERNAL MESSAGE_MALFORMED", "malformed protobuf message: string field holds invalid UTF-8"],
  },
  {
    title: "groups nested ten thousand deep",
    answer: reply(Buffer.alloc(10_000, 0x0b)),
    lines: ["500 INTERNAL MESSAGE_MALFORMED", "malformed protobuf message: groups nested too deep"],
  },
  {
    title: "messages nested two hundred deep",
    answer: reply(nested(4, 200)),
    lines: ["500 INTERNAL MESSAGE_MALFORMED", "malformed protobuf message: nested too deep"],
  },
  {
    title: "a Timestamp out of range",
    answer: reply(bytes("a2 01 0a 08 ff ff ff ff ff ff ff ff 7f")),
    path: echo,
    lines: [
      "500 INTERNAL MESSAGE_HAS_NO_JSON",
      "message has no JSON form: google.protobuf.Timestamp outside of the years 1 to 9999",
    ],
  },
  {
    title: "a message over the limit",
    answer: reply(Buffer.concat([bytes("0a 80 80 c0 02"), Buffer.alloc(5 * 1024 * 1024, 0x61)])),
    lines: [
      "429 RESOURCE_EXHAUSTED UPSTREAM_MESSAGE_TOO_LARGE",
      "the upstream's message is larger than the gateway's limit",
    ],
  },
  {
    title: "an Any of a type nobody knows",
    answer: reply(bytes("d2 01 06 0a 04 61 2f 62 63")),
    path: echo,
    lines: [
      "500 INTERNAL MESSAGE_HAS_NO_JSON",
      'message has no JSON form: google.protobuf.Any of "a/bc", a type that no loaded .proto defines',
    ],
  },
  {
    title: "metadata over the limit",
    answer: reply(
      "{}",
      Array.from({ length: 100 }, (_, index) => [`x-${index}`, "a".repeat(1000)] as const),
    ),
    lines: [
      "429 RESOURCE_EXHAUSTED UPSTREAM_METADATA_TOO_LARGE",
      "the upstream's metadata is larger than the gateway's limit",
    ],
  },
  {
    title: "an HttpBody whose type splits the answer",
    answer: reply(`{"contentType": "text/html\\r\\nSet-Cookie: a=b", "data": "AAAA"}`),
    path: "GET /v1/downloads/a",
    lines: [
      "500 INTERNAL CONTENT_TYPE_INVALID",
      "the backend's google.api.HttpBody has a content_type that is not a media type",
    ],
  },
  { title: "a status that does not exist", answer: status(99, "odd"), lines: ["500 UNKNOWN", "odd"] },
  {
    title: "an error whose message is markup and escapes",
    answer: status(3, "<script>\u001b[31m\r\nX: y</script>"),
    lines: ["400 INVALID_ARGUMENT", "<script>⟦1b⟧[31m⟦0d⟧\nX: y</script>"],
  },
  {
    title: "an error whose message is 8 KiB long",
    answer: status(5, "a".repeat(8000)),
    lines: ["404 NOT_FOUND", `${"a".repeat(400)}… (8000 characters)`],
  },
  {
    title: "an error with a detail nobody knows",
    answer: status(5, "gone", ['{"@type": "type.googleapis.com/nope.Nope", "value": "AAAA"}']),
    lines: ["404 NOT_FOUND", "gone"],
  },
  {
    title: "a success with code OK as an error",
    answer: status(0, "fine"),
    lines: ["500 INTERNAL UPSTREAM_PROTOCOL", "the upstream answered OK without a message"],
  },
];

function nested(number: number, depth: number): Buffer {
  let content: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level++) {
    const length = content.length < 128 ? [content.length] : [(content.length & 0x7f) | 0x80, content.length >> 7];
    content = Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), content]);
  }
  return content;
}

describe("a hostile backend", () => {
  let gateway: GatewayFixture;
  before(async () => (gateway = await startGateway({ protos: serviceProto() })));
  after(() => gateway.close());

  for (const { title, answer, lines, path = "GET /v1/items/a" } of rows) {
    it(`that answers with ${title} costs its client an error`, async () => {
      gateway.answerWith(answer);
      const [method, target] = path.startsWith("/") ? ["POST", path] : path.split(" ");
      const body = method === "POST" ? "{}" : "";
      const response = await gateway.request({ method, target, body });
      expect(
        describeAnswer(response)
          .split("\n")
          .slice(0, 2 + lines.length),
      ).to.deep.equal(lines.flatMap((line) => line.split("\n")));
      expect(response.body.toString()).not.to.match(secrets);
      gateway.answerWith(reply("{}"));
      expect((await gateway.request({ method: "GET", target: "/v1/items/a" })).status).to.equal(200);
    });
  }

  it("that is not there, costs its client 503 without its address", async () => {
    const alone = await startGateway({ protos: serviceProto(), upstream: "127.0.0.1:1" });
    const response = await alone.request({ method: "GET", target: "/v1/items/a" });
    expect(describeAnswer(response)).to.equal("503 UNAVAILABLE UPSTREAM_UNAVAILABLE\nupstream unavailable");
    expect(response.body.toString()).not.to.match(secrets);
    await alone.close();
  });
});
