// Who sees what of replies and of errors, over every way to call and each kind of call: the same caller sees the same, wherever the call came in.
import { expect } from "chai";
import { answerOf, failure } from "../support/stream-backend.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { MuxConnection } from "../support/stream-mux-client.ts";
import { expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";
import { secretIssuer, tokenOf } from "./secret-issuer.ts";

const yaml = `${secretIssuer}
  default: optional
policies:
  - methods: ["streams.*"]
    redact:
      - { fields: [streams.Answer.large], unless_roles: [staff, admin] }
      - { fields: [streams.Answer.run], unless_scopes: [read, list], mask: "***" }
      - { fields: [streams.Answer.data], unless: "claims.tenant == 'own'" }
      - { fields: [google.rpc.ErrorInfo.reason], unless_roles: [staff] }
      - { fields: [google.rpc.ErrorInfo.domain] }
`;

interface Caller {
  readonly who: string;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  readonly sees: { readonly large: boolean; readonly run: boolean; readonly data: boolean; readonly reason: boolean };
}

const nothing = { large: false, run: false, data: false, reason: false };
const callers: readonly Caller[] = [
  { who: "nobody in particular", claims: undefined, sees: nothing },
  { who: "a caller without roles", claims: { scope: "read", tenant: "other" }, sees: nothing },
  { who: "an administrator", claims: { roles: ["admin"] }, sees: { ...nothing, large: true } },
  { who: "a caller with all scopes", claims: { scope: "list more read" }, sees: { ...nothing, run: true } },
  { who: "a caller of the tenant", claims: { tenant: "own" }, sees: { ...nothing, data: true } },
  {
    who: "staff with all of it",
    claims: { roles: ["staff"], scope: "read list", tenant: "own" },
    sees: { large: true, run: true, data: true, reason: true },
  },
];

describe("redacted fields", () => {
  let gateway: StreamGateway;

  before(async () => {
    gateway = await startStreamGateway({ yaml });
  });
  after(() => gateway.close());

  let runs = 0;
  const begin = async ({ transport, kind }: (typeof pairs)[number], { claims }: Caller) => {
    const run = `redacted ${++runs}`;
    const call = await transport.open(
      gateway,
      kind,
      claims === undefined ? {} : { bearer: tokenOf({ sub: "ada", ...claims }) },
    );
    return { run, call };
  };

  for (const pair of pairs) {
    const { transport, kind } = pair;

    it(`are in the answers of those only who may see them over ${transport.name}, ${kind}`, async () => {
      for (const caller of callers) {
        const { run, call } = await begin(pair, caller);
        call.send({ run, count: 1 });
        call.end();
        expectSuccess(transport, kind, await call.ended);
        const { large, data, ...rest } = answerOf(run, 1);
        const { sees } = caller;
        expect(call.messages, caller.who).to.deep.equal([
          { ...rest, run: sees.run ? run : "***", large: sees.large ? large : "0", data: sees.data ? data : "" },
        ]);
      }
    });

    it(`are in the details of errors of those only who may see them over ${transport.name}, ${kind}`, async () => {
      for (const caller of callers)
        for (const count of kind === "server-streaming" ? [0, 1] : [0]) {
          const { run, call } = await begin(pair, caller);
          call.send({ run, count, code: 5 });
          call.end();
          const ended = await call.ended;
          expect(JSON.stringify(ended)).to.not.contain("streams.test");
          const isTold = transport.way.kind !== "http" || count === 0;
          if (ended.details === undefined && !isTold) continue;
          expect(ended).to.include({ code: 5, message: failure.message });
          const [detail] = (ended.details ?? []) as readonly Readonly<Record<string, unknown>>[];
          expect(detail["@type"]).to.equal(failure.details[0]["@type"]);
          expect(detail.reason || undefined, caller.who).to.equal(caller.sees.reason ? "CLOSED" : undefined);
        }
    });
  }

  for (const form of ["json", "proto"] as const)
    it(`are hidden in a stream on a socket of sluice.mux.v1.${form} from when its new credentials do not show them`, async () => {
      const url = `ws://${gateway.host}:${gateway.port}/-/stream`;
      const connection = await MuxConnection.open(url, form, tokenOf({ sub: "ada", roles: ["staff"] }));
      const call = connection.stream("bidi-streaming", { window: 8 });
      call.send({ run: `renewed ${form}`, count: 1 });
      await call.until(1);
      const ready = connection.next("ready");
      connection.write({ t: "auth", auth: `Bearer ${tokenOf({ sub: "ada", roles: [] })}` });
      await ready;
      call.send({});
      await call.until(2);
      expect(call.messages.map(({ large }) => large)).to.deep.equal([answerOf("", 1).large, "0"]);
      connection.socket.terminate();
    });
});
