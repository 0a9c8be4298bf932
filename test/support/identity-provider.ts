// An issuer of tokens for tests: a key pair, its public half served on loopback, and tokens as a test wants them.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export interface IdentityProvider {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: string;
  /** Good for a minute, unless `claims` says otherwise. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  close(): Promise<void>;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" }];
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = "https://idp.example";
  const audience = "tests";
  return {
    issuer,
    audience,
    jwks: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    sign(claims) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: issuer, aud: audience, iat: now, exp: now + 60, ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "one" })
        .sign(privateKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
