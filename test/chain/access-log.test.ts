// Lines of the access log: what they tell, what they keep to themselves, and that nothing a client sends can break out of one.
import { expect } from "chai";
import type { Call, Miss } from "../../src/call.ts";
import { createAccessLog } from "../../src/chain/access-log.ts";
import type { AccessLogOptions } from "../../src/chain/access-log.ts";
import { Code, GatewayError } from "../../src/status.ts";
import { getSource, newCall } from "./new-call.ts";

type Line = Record<string, unknown>;

function openLog(more: Partial<AccessLogOptions> = {}) {
  const lines: string[] = [];
  const log = createAccessLog({
    access: "on",
    level: "info",
    sample: 1,
    withQuery: false,
    redact: [],
    headers: [],
    toPrincipal: (principal) => principal,
    upstreamOf: () => "localhost:50051",
    write: (line) => void lines.push(line),
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    ...more,
  });
  const end = (call: Call, error?: GatewayError, httpStatus = error?.httpStatus ?? 200): void => {
    void log.interceptor.compile(call.method)!(call);
    call.end(error?.code ?? Code.OK, error, httpStatus);
  };
  return { lines, end, log, last: () => JSON.parse(lines.at(-1)!) as Line };
}

const notFound = new GatewayError(Code.NOT_FOUND, "no order 42", { reason: "ORDER_UNKNOWN" });

describe("createAccessLog", () => {
  it("tells of a call what there is to tell", () => {
    const { end, last } = openLog();
    const call = newCall({
      headers: { "user-agent": "curl/8" },
      identity: { principal: "user-42", expiresAt: Infinity },
    });
    call.requestId = "r1";
    call.trace = { traceId: "a".repeat(32), spanId: "b".repeat(16), isSampled: true };
    call.countIn(4);
    call.countOut(300);
    call.note("authorize", "own-orders would refuse");
    end(call);
    const { duration_ms: duration, ...rest } = last();
    expect(duration).to.be.a("number");
    expect(rest).to.deep.equal({
      time: "2026-01-02T03:04:05.006Z",
      level: "info",
      msg: "call",
      request_id: "r1",
      trace_id: "a".repeat(32),
      span_id: "b".repeat(16),
      method: "t.S/Get",
      upstream: "localhost:50051",
      front: "rest",
      http_method: "GET",
      path: "/v1/x",
      peer: "203.0.113.7",
      user_agent: "curl/8",
      code: "OK",
      http_status: 200,
      principal: "user-42",
      messages_in: 1,
      messages_out: 1,
      bytes_in: 4,
      bytes_out: 300,
      notes: ["authorize: own-orders would refuse"],
    });
  });

  it("tells why a call failed, and who refused it", () => {
    const { end, last } = openLog();
    const call = newCall();
    call.refusedBy = "authorize";
    end(call, notFound);
    expect(last()).to.include({
      level: "info",
      code: "NOT_FOUND",
      http_status: 404,
      reason: "ORDER_UNKNOWN",
      error: "no order 42",
      refused_by: "authorize",
    });
  });

  it("tells the cause that clients are not told, without its stack", () => {
    const { end, last, lines } = openLog();
    end(newCall(), GatewayError.from(new TypeError("x is not a function")));
    expect(last()).to.include({
      level: "error",
      code: "INTERNAL",
      error: "internal error",
      cause: "x is not a function",
    });
    expect(lines[0]).to.not.contain("access-log.test");
  });

  it("tells of what did not come to be a call", () => {
    const { log, last } = openLog();
    const miss: Miss = {
      front: "rest",
      method: undefined,
      source: { ...getSource, target: "/nowhere?access_token=t0ps3cret" },
      headers: {},
      peer: getSource.peer,
      error: new GatewayError(Code.NOT_FOUND, "no route", { reason: "ROUTE_UNKNOWN" }),
    };
    log.onMiss(miss);
    expect(last()).to.include({ msg: "miss", path: "/nowhere", code: "NOT_FOUND", http_status: 404 });
  });

  it("writes one line of printable ASCII whatever a client sends", () => {
    const { end, lines, last } = openLog({ headers: ["x-evil"], withQuery: true });
    const evil = '\r\n{"level":"info","msg":"forged"}\u001b[31m\u0000\u007f\u009b31m\u2028\u2029\ud800"\\é🙂';
    const call = newCall({
      headers: { "user-agent": evil, "x-evil": [evil, evil] },
      source: { ...getSource, method: evil, target: `/${evil}?a=${evil}` },
      identity: { principal: evil, expiresAt: Infinity },
      peer: { address: evil, port: 1 },
    });
    call.requestId = evil;
    call.note(evil, evil);
    end(call, new GatewayError(Code.INVALID_ARGUMENT, evil, { reason: evil, cause: new Error(evil) }));
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^[\x20-\x7e]+$/);
    expect(last()).to.include({ msg: "call", user_agent: evil, error: evil });
  });

  it("cuts what is long: a line is bounded", () => {
    const { end, lines } = openLog({ headers: ["x-long"], withQuery: true });
    const long = "\u0001".repeat(100_000);
    const call = newCall({
      headers: { "user-agent": long, "x-long": long },
      source: { ...getSource, target: `/${long}?${long}` },
      identity: { principal: long, expiresAt: Infinity },
    });
    for (let i = 0; i < 100; i++) call.note("n", long);
    end(call, new GatewayError(Code.INTERNAL, long, { cause: new Error(long) }));
    expect(lines[0].length).to.be.lessThan(64 * 1024);
  });

  it("logs headers that are asked for, but no credentials", () => {
    const { end, last } = openLog({ headers: ["x-tenant", "authorization", "x-invite"], redact: ["X-Invite"] });
    end(newCall({ headers: { "x-tenant": "acme", authorization: "Bearer t", "x-invite": "i", cookie: "c" } }));
    expect(last()).to.include({
      header_x_tenant: "acme",
      header_authorization: "[redacted]",
      header_x_invite: "[redacted]",
    });
    expect(last()).to.not.have.any.keys("header_cookie", "cookie");
  });

  it("knows headers by the names of secrets, what a WebSocket's handshake hides a token in, and the query of a referer", () => {
    const secrets = ["x-auth-token", "api-key", "X-Session-Id", "sec-websocket-protocol"].map((name) =>
      name.toLowerCase(),
    );
    const headers = Object.fromEntries(secrets.map((name) => [name, "bearer.c2VjcmV0"]));
    const { end, last } = openLog({ headers: [...secrets, "referer"] });
    end(
      newCall({ headers: { ...headers, referer: "https://me:pw@shop.example/cart?ticket=t1&page=2#access_token=t2" } }),
    );
    for (const name of secrets) expect(last()[`header_${name.replaceAll("-", "_")}`], name).to.equal("[redacted]");
    expect(last()["header_referer"]).to.equal("https://shop.example/cart");
    const withQuery = openLog({ headers: ["referer"], withQuery: true });
    const read = (referer: string): unknown => {
      withQuery.end(newCall({ headers: { referer } }));
      return withQuery.last()["header_referer"];
    };
    expect(read("https://shop.example?ticket=t1&page=2")).to.equal("https://shop.example?ticket=[redacted]&page=2");
    expect(read("about:blank")).to.equal("about:blank");
    expect(read("/cart?jwt=t1")).to.equal("/cart?jwt=[redacted]");
  });

  it("samples what ended well, and nothing else", () => {
    let random = 0.5;
    const { end, lines } = openLog({ sample: 0.1, random: () => random });
    end(newCall());
    expect(lines).to.have.length(0);
    random = 0.05;
    end(newCall());
    random = 0.5;
    end(newCall(), notFound);
    expect(lines).to.have.length(2);
  });

  it("writes failures only, or what is of a level, when told so", () => {
    const errors = openLog({ access: "errors" });
    errors.end(newCall());
    errors.end(newCall(), notFound);
    expect(errors.lines).to.have.length(1);
    const warnings = openLog({ level: "warn" });
    warnings.end(newCall(), notFound);
    warnings.end(newCall(), new GatewayError(Code.UNAVAILABLE, "away"));
    expect(warnings.lines.map((line) => (JSON.parse(line) as Line)["level"])).to.deep.equal(["warn"]);
  });

  it("names a caller as it is told to", () => {
    const { end, last } = openLog({ toPrincipal: () => undefined });
    end(newCall({ identity: { principal: "user-42", expiresAt: Infinity } }));
    expect(last()).to.not.have.property("principal");
  });
});
