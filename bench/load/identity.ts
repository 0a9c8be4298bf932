// Who calls in the bench `chain`: a key pair, the server that publishes its public half, and tokens signed with the other.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const issuer = "https://idp.example";
export const audience = "bench";
export const scope = "items.read";

export interface Identities {
  readonly jwks: string;
  /** Each of another subject, good for an hour. */
  readonly tokens: readonly string[];
  close(): void;
}

export async function createIdentities(count: number): Promise<Identities> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const body = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "bench", alg: "RS256", use: "sig" }] });
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The process that measures must be able to end.
  server.unref();
  const sign = (subject: number): Promise<string> =>
    new SignJWT({ scope: `${scope} items.write`, name: `Somebody ${subject}`, roles: ["reader"] })
      .setProtectedHeader({ alg: "RS256", kid: "bench" })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(`user-${subject}`)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(privateKey);
  const tokens = await Promise.all(Array.from({ length: count }, (_, subject) => sign(subject)));
  const { port } = server.address() as AddressInfo;
  return { jwks: `http://127.0.0.1:${port}/jwks.json`, tokens, close: () => server.close() };
}
