// A real OpenID provider on loopback (npm oidc-provider), whose keys the test chooses and changes.
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KeyPair } from "../chain/authenticate/token-kit.ts";

type Callback = (request: IncomingMessage, response: ServerResponse) => unknown;
type Provider = new (issuer: string, options: object) => { callback(): Callback };

export interface OidcProvider {
  readonly issuer: string;
  /** How many times somebody asked for its keys. */
  readonly keyRequests: number;
  /** An access token (JWT) for the audience, by client_credentials. */
  token(audience: string, scope: string): Promise<string>;
  /** From now on it signs with this, and knows no other. */
  useKey(key: KeyPair): Promise<void>;
  close(): Promise<void>;
}

const [clientId, clientSecret] = ["billing", "a-secret-of-the-test-only"];

/** It ships no types. */
const packageName: string = "oidc-provider";

export async function startOidcProvider(key: KeyPair): Promise<OidcProvider> {
  const { default: Provider } = (await quietly(() => import(packageName))) as { default: Provider };
  let answer: Callback = () => {};
  let keyRequests = 0;
  const server = createServer((request, response) => {
    if (request.url === "/jwks") keyRequests++;
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const useKey = async (next: KeyPair): Promise<void> => {
    answer = await quietly(() => new Provider(issuer, toOptions(next)).callback());
  };
  await useKey(key);
  return {
    issuer,
    get keyRequests() {
      return keyRequests;
    },
    useKey,
    token: (audience, scope) => quietly(() => requestToken(issuer, audience, scope)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What it says about itself belongs to another program's log. */
async function quietly<T>(run: () => T | Promise<T>): Promise<T> {
  const { info, warn } = console;
  console.info = console.warn = () => {};
  try {
    return await run();
  } finally {
    Object.assign(console, { info, warn });
  }
}

function toOptions({ privateKey, kid, alg }: KeyPair): object {
  const server = { scope: "orders.read orders.write", accessTokenFormat: "jwt", accessTokenTTL: 300 };
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: alg,
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" }] },
    ttl: { ClientCredentials: 300 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          ...server,
          audience: resource.replace("urn:", ""),
          jwt: { sign: { alg } },
        }),
      },
    },
  };
}

async function requestToken(issuer: string, audience: string, scope: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
  const body = new URLSearchParams({ grant_type: "client_credentials", scope, resource: `urn:${audience}` });
  const response = await fetch(`${issuer}/token`, { method: "POST", headers: { authorization }, body });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(`no token: ${JSON.stringify(answer)}`);
  return answer.access_token;
}
