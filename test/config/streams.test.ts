// Settings about streams and browsers: what each becomes, and what is printed when it loosens something.
import { expect } from "chai";
import { listLoosened } from "../../src/config/loosened.ts";
import { configOf, problemsOf } from "./yaml-fixture.ts";

describe("streams, websocket and pages in sluice.yaml", () => {
  it("have strict defaults", () => {
    const { streams, websocket, pages } = configOf("");
    expect(streams).to.deep.equal({ idleMs: 600_000, lifetimeMs: 7_200_000 });
    expect(websocket).to.deep.include({
      enabled: true,
      exposeUnary: false,
      allowedOrigins: [],
      maxMessageBytes: 1_048_576,
      maxUnsentBytes: 262_144,
      maxSocketsPerPrincipal: 20,
      maxStreams: 100,
      pingMs: 25_000,
      pongMs: 10_000,
      slowConsumerMs: 30_000,
      envelope: "none",
      accessTokenInQuery: false,
    });
    expect(pages).to.deep.equal({ playground: true, localOnly: true });
  });

  it("take origins in any case, as browsers send them", () => {
    const { websocket } = configOf(
      "websocket: {allowed_origins: ['https://App.example', 'http://localhost:5173', '*']}",
    );
    expect(websocket.allowedOrigins).to.deep.equal(["https://app.example", "http://localhost:5173", "*"]);
  });

  for (const origin of [
    "app.example",
    "https://app.example/",
    "https://app.example:443",
    "ws://app.example",
    "null",
    "https://*.example",
  ]) {
    it(`refuse ${origin} as an origin`, () => {
      const [problem] = problemsOf(`websocket: {allowed_origins: ["${origin}"]}`);
      expect(problem).to.match(/^sluice\.yaml:1:\d+: error: websocket\.allowed_origins\[0\]: .*an origin is expected/);
    });
  }

  it("show the playground on loopback only, unless told otherwise", () => {
    expect(configOf("listen: ':8080'").pages.playground).to.equal(false);
    expect(configOf("listen: 'unix:/run/sluice.sock'").pages.playground).to.equal(true);
    expect(configOf("listen: ':8080'\npages: {playground: on}").pages.playground).to.equal(true);
    expect(configOf("pages: {playground: off}").pages.playground).to.equal(false);
  });

  it("say at start what they loosen", () => {
    const loosened = listLoosened(
      configOf(
        "listen: ':8080'\npages: {playground: on}\nwebsocket: {allowed_origins: ['*'], access_token_in_query: true}",
      ),
    );
    expect(loosened.map((line) => line.split(/[ :]/)[0])).to.deep.equal([
      "websocket.allowed_origins",
      "websocket.access_token_in_query",
      "pages.playground",
    ]);
    expect(listLoosened(configOf(""))).to.deep.equal([]);
  });
});
