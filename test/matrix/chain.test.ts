// One policy, every front: who may not call, may not do it here, does it too often or says it wrongly is told so with the same status,
// whatever it speaks and whatever kind of call it makes.
import { expect } from "chai";
import { generateKeyPair, SignJWT } from "jose";
import { startIdentityProvider } from "../support/identity-provider.ts";
import type { IdentityProvider } from "../support/identity-provider.ts";
import type { Kind } from "../support/stream-backend.ts";
import type { Ended, StreamHandle, StreamTransport } from "../support/stream-client.ts";
import { overHttp } from "../support/stream-http-client.ts";
import { simpleTransports } from "../support/stream-websocket-client.ts";
import { startStreamGateway } from "../support/stream-gateway.ts";
import type { StreamGateway } from "../support/stream-gateway.ts";
import { codes, expectSuccess } from "./expected.ts";
import { pairs } from "./pairs.ts";
import { settled } from "./settled.ts";

/** The matrix of streams, and single calls over everything that has a URL for them. */
const columns: readonly { readonly transport: StreamTransport; readonly kind: Kind }[] = [
  ...pairs,
  ...[
    overHttp("REST over HTTP/1.1", { form: "array", version: "1.1", byUrl: false }),
    overHttp("REST over HTTP/2", { form: "array", version: "2", byUrl: false }),
    ...simpleTransports,
  ].map((transport) => ({ transport, kind: "unary" as const })),
];

const policy = ({ issuer, jwks, audience }: IdentityProvider): string => `
auth:
  issuers:
    - { issuer: "${issuer}", jwks: "${jwks}", audience: ${audience}, algorithms: [RS256], principal: sub }
  rules:
    - { name: speakers, methods: ["streams.*"], scopes: [speak] }
    - { name: own-runs, methods: ["streams.*"], when: "req.run == '' || req.run == claims.sub" }
limits:
  - { name: per-user, key: "claim:sub", rate: 2/h, burst: 2, methods: ["streams.*"] }
`;

interface Row {
  readonly name: string;
  readonly code: number;
  /** In the order of the chain: whoever is refused for the first has not been looked at for the next. */
  play(open: Open, sub: string): Promise<Ended>;
}

interface Asking {
  readonly token?: string;
  readonly run?: string;
  readonly startAfter?: number;
  /** Of the second message of a client that streams. */
  readonly next?: { readonly run?: string; readonly startAfter?: number };
}

type Open = (asking: Asking) => Promise<StreamHandle>;

let idp: IdentityProvider;
let gateway: StreamGateway;

/** With everything that is asked for. */
const good = (sub: string, more: object = {}): Promise<string> => idp.sign({ sub, scope: "speak listen", ...more });

const rows: readonly Row[] = [
  { name: "no credentials", code: 16, play: async (open) => (await open({})).ended },
  {
    name: "a token that has expired",
    code: 16,
    play: async (open, sub) => (await open({ token: await good(sub, { exp: 1_000_000_000 }) })).ended,
  },
  {
    name: "a token of somebody else's key",
    code: 16,
    async play(open, sub) {
      const { privateKey } = await generateKeyPair("RS256");
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: idp.issuer, aud: idp.audience, sub, scope: "speak", iat: now, exp: now + 60 };
      const token = await new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "one" }).sign(privateKey);
      return (await open({ token })).ended;
    },
  },
  {
    name: "a token for another audience",
    code: 16,
    play: async (open, sub) => (await open({ token: await good(sub, { aud: "others" }) })).ended,
  },
  {
    name: "a token without the scope",
    code: 7,
    play: async (open, sub) => (await open({ token: await good(sub, { scope: "listen" }) })).ended,
  },
  {
    name: "a message about somebody else",
    code: 7,
    play: async (open, sub) => (await open({ token: await good(sub), run: "somebody else" })).ended,
  },
  {
    name: "a message that breaks the rules of its type",
    code: 3,
    play: async (open, sub) => (await open({ token: await good(sub), run: sub, startAfter: -1 })).ended,
  },
  {
    name: "a call too many",
    code: 8,
    async play(open, sub) {
      const token = await good(sub);
      for (let count = 0; count < 2; count++) expect((await (await open({ token, run: sub })).ended).code).to.equal(0);
      return (await open({ token, run: sub })).ended;
    },
  },
];

/** Said to clients of streams only, whose later messages are looked at like the first. */
const laterRows: readonly Row[] = [
  {
    name: "a second message about somebody else",
    code: 7,
    play: async (open, sub) => (await open({ token: await good(sub), run: sub, next: { run: "somebody else" } })).ended,
  },
  {
    name: "a second message that breaks the rules of its type",
    code: 3,
    play: async (open, sub) => (await open({ token: await good(sub), run: sub, next: { startAfter: -1 } })).ended,
  },
];

const isClientStream = (kind: Kind): boolean => kind === "client-streaming" || kind === "bidi-streaming";

function compileOpen(transport: StreamTransport, kind: Kind): Open {
  return async ({ token, run = "", startAfter = 0, next }) => {
    const call = await transport.open(gateway, kind, token === undefined ? {} : { bearer: token });
    call.send({ run, startAfter, count: 1 });
    if (next !== undefined) call.send({ run, ...next });
    if (isClientStream(kind)) call.end();
    return call;
  };
}

/** The same status whatever the front: in its own words, where it has words of its own. */
function expectRefused({ how, code, message }: Ended, expected: number, way: StreamTransport["way"]): void {
  expect(code, how).to.equal(expected);
  expect(message)
    .to.be.a("string")
    .and.not.match(/claims|req\.|speak|stack|\.ts/);
  const ways = {
    http: `HTTP ${codes[expected][1]}`,
    simple: new RegExp(`^(?:HTTP ${codes[expected][1]}|close ${4000 + expected} )`),
    mux: "status frame",
    grpc: "grpc-status",
  };
  const told = ways[way.kind];
  if (typeof told === "string") expect(how).to.equal(told);
  else expect(how).to.match(told);
}

describe("one policy on every front", () => {
  let count = 0;

  before(async () => {
    idp = await startIdentityProvider();
    gateway = await startStreamGateway({ yaml: policy(idp), websocket: ["unary: true"] });
  });

  after(async () => {
    await gateway.close();
    await idp.close();
  });

  for (const { transport, kind } of columns)
    describe(`${kind} over ${transport.name}`, () => {
      const open = compileOpen(transport, kind);

      it("serves who is known, may do it and does not overdo it", async () => {
        const sub = `user ${++count}`;
        const call = await open({ token: await good(sub), run: sub });
        expectSuccess(transport, kind === "unary" ? "client-streaming" : kind, await call.ended);
        expect(call.messages).to.have.length(1);
      });

      for (const { name, code, play } of isClientStream(kind) ? [...rows, ...laterRows] : rows)
        it(`tells ${name}: ${codes[code][0]}`, async () => {
          expectRefused(await play(open, `user ${++count}`), code, transport.way);
        });
    });

  it("leaves nothing behind", async () => {
    await settled(gateway, () => gateway.metric("sluice_streams") + gateway.backend.open.size, 401);
    expect(gateway.metric("sluice_streams")).to.equal(0);
    expect(gateway.backend.open.size).to.equal(0);
    expect(gateway.reports).to.deep.equal([]);
  });
});
