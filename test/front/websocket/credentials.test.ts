// Where the credentials of a WebSocket can come from, which of them count, and where they must not turn up.
import { expect } from "chai";
import { Sweep } from "../../../src/front/stream/sweep.ts";
import { Tickets } from "../../../src/front/websocket/tickets.ts";
import { GatewayError } from "../../../src/status.ts";
import { exchangeRaw, request } from "../../support/raw-http.ts";
import type { RawResponse } from "../../support/raw-http.ts";
import type { KitClient, KitFixture, KitOptions } from "./kit.ts";
import { Refused, startKit } from "./kit.ts";

describe("the credentials of a WebSocket", () => {
  let kit: KitFixture;
  let page: string;

  const start = async (settings: KitOptions = {}): Promise<void> => {
    kit = await startKit(settings);
    page = `http://${kit.host}:${kit.port}`;
  };
  afterEach(() => kit.close());

  /** What the backend gets of them. */
  const seenBy = async (connect: () => Promise<KitClient>): Promise<Readonly<Record<string, string>>> => {
    const called = kit.nextCall();
    await connect();
    const { metadata } = await called;
    const seen: Record<string, string> = {};
    for (let i = 0; i < metadata.length; i += 2)
      if (!metadata[i].startsWith("x-forwarded-")) seen[metadata[i]] = metadata[i + 1];
    return seen;
  };
  const post = (body: string, ...headers: readonly string[]): Promise<RawResponse> =>
    exchangeRaw(kit, request("POST /-/ticket", ["Content-Type: application/json", ...headers], body));
  const ticketFor = async (path: string, ...headers: readonly string[]): Promise<string> => {
    const { status, body } = await post(JSON.stringify({ path }), ...headers);
    expect(status).to.equal(200);
    return (JSON.parse(body.toString()) as { ticket: string }).ticket;
  };
  const reasonOf = async (connecting: Promise<KitClient>): Promise<string> => {
    const error = await connecting.catch((refusal: unknown) => refusal);
    if (!(error instanceof Refused)) throw new Error("the handshake was not refused");
    return (JSON.parse(error.body) as { details: readonly { reason: string }[] }).details[0].reason;
  };
  const path = "/v1/rooms/7/talk";

  it("are the header, or the bearer sub-protocol before it", async () => {
    await start();
    const headers = { authorization: "Bearer header" };
    expect(await seenBy(() => kit.connect(path, [], { headers }))).to.deep.equal(headers);
    const offered = ["sluice.v1.json", `bearer.${Buffer.from("a.b-c").toString("base64url")}`];
    expect(await seenBy(() => kit.connect(path, offered, { headers }))).to.deep.equal({
      authorization: "Bearer a.b-c",
    });
  });

  it("are refused, and not shown, when the bearer sub-protocol is no token", async () => {
    await start();
    for (const text of [
      "QQQQQ",
      "$$$",
      Buffer.from("a b").toString("base64url"),
      Buffer.from("\u0001secret").toString("base64url"),
    ]) {
      const error = (await kit
        .connect(path, ["sluice.v1.json", `bearer.${text}`])
        .catch((refusal: unknown) => refusal)) as Refused;
      expect(error.status).to.equal(400);
      expect(error.body).not.to.include(text);
    }
  });

  it("are a cookie for pages alone, where the configuration passes it on", async () => {
    await start({ options: { requestHeaders: ["authorization", "cookie"] } });
    const headers = { cookie: "session=1" };
    expect(await seenBy(() => kit.connect(path, [], { headers }))).to.deep.equal({});
    expect(await seenBy(() => kit.connect(path, [], { headers, origin: page }))).to.deep.equal(headers);
  });

  it("are no cookie for a page that may connect and was given no leave for cookies", async () => {
    const [app, shop] = ["https://app.example", "https://shop.example"];
    const options = { requestHeaders: ["authorization", "cookie"], allowedOrigins: [app, shop], cookieOrigins: [app] };
    await start({ options });
    const headers = { cookie: "session=1" };
    expect(await seenBy(() => kit.connect(path, [], { headers, origin: app }))).to.deep.equal(headers);
    expect(await seenBy(() => kit.connect(path, [], { headers, origin: shop }))).to.deep.equal({});
    expect(await seenBy(() => kit.connect(path, [], { headers, origin: page }))).to.deep.equal(headers);
  });

  it("are ?access_token= only where it is on, and never a field of the request", async () => {
    await start();
    expect(await reasonOf(kit.connect(`${path}?access_token=t`))).to.equal("FIELD_UNKNOWN");
    await kit.close();
    await start({ options: { accessTokenInQuery: true } });
    expect(await seenBy(() => kit.connect(`${path}?access_token=t`))).to.deep.equal({ authorization: "Bearer t" });
    const headers = { authorization: "Bearer header" };
    expect(await seenBy(() => kit.connect(`${path}?access_token=t`, [], { headers }))).to.deep.equal(headers);
  });

  it("are those of the POST that got a ticket, once, for its path", async () => {
    await start();
    const ticket = await ticketFor(path, "Authorization: Bearer posted");
    expect(await seenBy(() => kit.connect(`${path}?number=5&$ticket=${ticket}`))).to.deep.equal({
      authorization: "Bearer posted",
    });
    expect(await reasonOf(kit.connect(`${path}?$ticket=${ticket}`))).to.equal("TICKET_INVALID");
    const other = await ticketFor("/v1/rooms/8/talk");
    expect(await reasonOf(kit.connect(`${path}?$ticket=${other}`))).to.equal("TICKET_INVALID");
    expect(await reasonOf(kit.connect(`/v1/rooms/8/talk?$ticket=${other}`))).to.equal("TICKET_INVALID");
  });

  it("are a ticket's only for the page that got it", async () => {
    const app = "https://app.example";
    await start({ options: { allowedOrigins: [app] } });
    const closeOf = async (ticket: string, origin: string): Promise<number> =>
      (await (await kit.connect(`${path}?$ticket=${ticket}`, [], { origin })).closed).code;
    expect(await closeOf(await ticketFor(path, `Origin: ${app}`), page)).to.equal(4016);
    expect(await closeOf(await ticketFor(path), page)).to.equal(4016);
    expect(await reasonOf(kit.connect(`${path}?$ticket=${await ticketFor(path, `Origin: ${app}`)}`))).to.equal(
      "TICKET_INVALID",
    );
    const ticket = await ticketFor(path, `Origin: ${app}`, "Authorization: Bearer posted");
    expect(await seenBy(() => kit.connect(`${path}?$ticket=${ticket}`, [], { origin: app }))).to.deep.equal({
      authorization: "Bearer posted",
    });
  });

  it("are not given for a request that is none", async () => {
    await start();
    const good = JSON.stringify({ path });
    const cases: readonly (readonly [string | Buffer, number])[] = [
      [request("GET /-/ticket"), 405],
      [request("POST /-/ticket", ["Content-Type: text/plain"], good), 415],
      [request("POST /-/ticket", ["Content-Type: application/json", "Origin: https://evil.example"], good), 403],
      [request("POST /-/ticket", ["Content-Type: application/json"], "{"), 400],
      [request("POST /-/ticket", ["Content-Type: application/json"], '{"path":7}'), 400],
      [request("POST /-/ticket", ["Content-Type: application/json"], '{"path":"v1"}'), 400],
      [request("POST /-/ticket", ["Content-Type: application/json"], '{"path":"/v1?x=1"}'), 400],
      [
        request(
          "POST /-/ticket",
          ["Content-Type: application/json"],
          JSON.stringify({ path: `/${"x".repeat(20_000)}` }),
        ),
        413,
      ],
    ];
    for (const [bytes, status] of cases) expect((await exchangeRaw(kit, bytes)).status).to.equal(status);
  });

  it("are answered so that nobody keeps them", async () => {
    await start();
    const { headers, body } = await post(JSON.stringify({ path }));
    expect(headers.get("cache-control")).to.equal("no-store");
    expect(JSON.parse(body.toString())).to.have.keys(["ticket", "expiresInMs"]);
  });
});

describe("Tickets", () => {
  const limits = { ticketMs: 1000, maxTickets: 100 };
  const credentials = { authorization: "Bearer x", cookie: undefined };
  const asked = { path: "/a", origin: undefined, principal: "p", credentials };
  const codeOf = async (act: () => unknown): Promise<number> => {
    try {
      await act();
      return 0;
    } catch (error) {
      return GatewayError.from(error).code;
    }
  };
  let sweep: Sweep;
  beforeEach(() => {
    sweep = new Sweep(60_000);
  });
  afterEach(() => sweep.stop());

  it("forgets those that are too old, and those that were used", async () => {
    const tickets = new Tickets(limits, sweep);
    const [first, second] = [await tickets.issue(asked), await tickets.issue(asked)];
    expect(await tickets.redeem(first, "/a", undefined)).to.deep.equal(credentials);
    expect(await codeOf(() => tickets.redeem(first, "/a", undefined))).to.equal(16);
    expect(sweep.size).to.equal(1);
    sweep.tick(performance.now() + 999_000);
    expect(sweep.size).to.equal(0);
    expect(await codeOf(() => tickets.redeem(second, "/a", undefined))).to.equal(16);
  });

  it("takes none that is older than it may be, also before it was forgotten", async () => {
    const tickets = new Tickets({ ...limits, ticketMs: 0 }, sweep);
    const text = await tickets.issue(asked);
    expect(await codeOf(() => tickets.redeem(text, "/a", undefined))).to.equal(16);
  });

  it("issues so many to one client, and so many in all", async () => {
    const tickets = new Tickets(limits, sweep);
    for (let i = 0; i < 64; i++) await tickets.issue(asked);
    expect(await codeOf(() => tickets.issue(asked))).to.equal(8);
    for (let i = 0; i < 36; i++) await tickets.issue({ ...asked, principal: "q" });
    expect(await codeOf(() => tickets.issue({ ...asked, principal: "r" }))).to.equal(8);
  });

  it("says 503 while nobody answers who keeps them for several processes", async () => {
    const late = (): Promise<never> => Promise.reject(new Error("late"));
    const tickets = new Tickets(limits, sweep, { keep: late, take: late });
    expect(await codeOf(() => tickets.issue(asked))).to.equal(14);
    expect(await codeOf(() => tickets.redeem("x", "/a", undefined))).to.equal(14);
  });
});
