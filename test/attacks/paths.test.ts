// Rows 1, 2 and 4 of docs/attacks.md: paths that mean one thing to one reader and another to the next, on every way that has a path.
import { expect } from "chai";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { protos, ways } from "./ways.ts";

/** Behind the path of the method. */
const refused = [
  "/a/../b",
  "/../unary/a",
  "/./a",
  "/%2e%2e/a",
  "/%2E%2E/a",
  "/.%2e/a",
  "/..",
  "/%2e",
  "//a",
  "/a//",
  "/a/",
  "/..%2fa/b",
  "/a\\b/..",
  "/a%5c..%5cb/c",
  "/a%00",
  "/a%zz",
  "/a%",
  "/a%c0%af",
  "/a%ff",
  "/a;/../b",
  "/a#/b",
  "/%252e%252e/a",
];

describe("paths that are read in two ways", () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway({ protos });
  });
  after(() => gateway.close());

  for (const way of ways.filter(({ hasTarget }) => hasTarget)) {
    for (const target of refused)
      it(`are refused over ${way.name}: ${target}`, async () => {
        const before = gateway.calls.length;
        const { code, text } = await way.try(gateway, { target });
        expect(code, text).to.be.oneOf([3, 5, 12]);
        expect(text).not.to.match(/^location:/im);
        expect(gateway.calls.length).to.equal(before);
      });

    it(`keep an encoded slash as data over ${way.name}`, async () => {
      for (const [target, text] of [
        ["/a%2Fb", "a/b"],
        ["/a%2fb", "a/b"],
        ["/%252F", "%2F"],
        ["/a;b", "a;b"],
        ["/%2e%2e%2e", "..."],
      ]) {
        const { code, text: answer } = await way.try(gateway, { target });
        expect(code, `${target} ${answer}`).to.equal(0);
        expect(gateway.calls.at(-1)?.message).to.equal(JSON.stringify({ text }));
      }
    });
  }

  const byMethod = ways.filter(({ hasTarget }) => !hasTarget);
  for (const way of byMethod) {
    // The URL of a WebSocket may have a query.
    for (const target of [
      ...(way.name === "grpc-websockets" ? [] : ["/t.S/Put?x=1"]),
      "t.S/Put",
      "/t.S/put",
      "/T.S/Put",
      "/t.S/Put/",
      "//t.S/Put",
      "/t.S//Put",
      "/./t.S/Put",
      "/x/../t.S/Put",
      "/t.S/%50ut",
      "/t%2eS/Put",
      "/t.S/Put#",
      "/t.S\\Put",
      "/t.S.Put",
      "/t.S",
      "/",
      "*",
      "/v1/unary",
    ])
      it(`call no method over ${way.name}: ${target}`, async () => {
        const before = gateway.calls.length;
        const { code } = await way.try(gateway, { target });
        // A path without a slash is refused by HTTP/2 itself, in the client or here.
        expect(code).to.be.oneOf([12, 3, undefined]);
        expect(gateway.calls.length).to.equal(before);
      });
    it(`call the method by its own name over ${way.name}`, async () => {
      const { code, text } = await way.try(gateway, { message: '{"text":"a"}' });
      expect(code, text).to.equal(0);
    });
  }
});
