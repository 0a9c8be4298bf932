// Row 28 of docs/attacks.md: what clients, their tokens and backends say is text in the access log, one line of printable ASCII a call, on every way.
import { expect } from "chai";
import type { GatewayOptions } from "../../src/gateway.ts";
import { secretIssuer, tokenOf } from "../matrix/secret-issuer.ts";
import { startGateway } from "../support/gateway.ts";
import type { GatewayFixture } from "../support/gateway.ts";
import { protos, ways } from "./ways.ts";

const forged = '"},{"level":"error","msg":"forged"}';
const evil = `\r\n${forged}\u001b[31m\u0085\u009b31m\u2028\u2029é`;

describe("the access log", () => {
  const lines: string[] = [];
  let wake = (): void => {};
  let gateway: GatewayFixture;

  before(async () => {
    const log: GatewayOptions["log"] = {
      writeLine(line) {
        lines.push(line);
        wake();
      },
      tell: () => {},
      dropped: 0,
      isFile: false,
      reopen: () => {},
      close: () => Promise.resolve(),
      flushNow: () => {},
    };
    const fail = (): { kind: "status"; code: number; message: string } => ({ kind: "status", code: 5, message: evil });
    gateway = await startGateway({
      protos,
      yaml: `log: { access: on, query: true, headers: [x-evil] }\nrequest_id: { accept: always }\n${secretIssuer}`,
      handlers: { "t.S/Put": fail, "t.S/Push": fail, "t.S/Get": fail, "t.S/Watch": fail },
      options: { log },
    });
  });
  after(() => gateway.close());

  const nextLine = async (before: number): Promise<string> => {
    while (lines.length === before) await new Promise<void>((resolve) => (wake = resolve));
    return lines[before];
  };

  for (const way of ways)
    for (const [what, attempt] of [
      ["a message", { message: JSON.stringify({ text: evil }) }],
      ["a path", { target: `/a${forged}%0d%0a%1b?${forged}=%0d%0a` }],
    ] as const) {
      if (what === "a path" && !way.hasTarget) continue;
      it(`has one line for a call over ${way.name}, and believes nothing of it: ${what}`, async () => {
        const before = lines.length;
        const headers = [
          ["x-evil", forged],
          ["x-request-id", forged],
          ["authorization", `Bearer ${tokenOf({ sub: `${forged}é\u2028` })}`],
        ] as const;
        await way.try(gateway, { ...attempt, headers });
        const line = await nextLine(before);
        // A second one would be there by now.
        await way.try(gateway, { message: "{}" });
        await nextLine(before + 1);
        expect(line).to.match(/^[\x20-\x7e]+$/);
        const parsed = JSON.parse(line) as Record<string, unknown>;
        expect(parsed["msg"]).to.be.oneOf(["call", "miss"]);
        expect(parsed["front"]).to.be.oneOf(["rest", "websocket", "grpc"]);
        expect(JSON.parse(lines[before + 1])).to.include({ msg: "call", code: "UNAUTHENTICATED" });
        expect(lines).to.have.length(before + 2);
        if (what === "a message") expect(parsed).to.include({ code: "NOT_FOUND", error: evil });
      });
    }
});
