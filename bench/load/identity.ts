// Who calls in the bench `chain`: a key pair, the server that publishes its public half, and tokens signed with the other.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const issuer = "https://idp.example";
export const audience = "bench";
export const scope = "items.read";

export interface Identities {
  readonly jwks: string;
  /** So many, each of another subject, good for some hours. Made once: the same ones for whoever asks again. */
  readonly tokensOf: (count: number) => Promise<readonly string[]>;
  close(): void;
}

export async function createIdentities(): Promise<Identities> {
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
      .setExpirationTime("6h")
      .sign(privateKey);
  const tokens: string[] = [];
  const { port } = server.address() as AddressInfo;
  return {
    jwks: `http://127.0.0.1:${port}/jwks.json`,
    async tokensOf(count) {
      while (tokens.length < count) {
        const missing = Math.min(500, count - tokens.length);
        const more = Array.from({ length: missing }, (_, index) => sign(tokens.length + index));
        tokens.push(...(await Promise.all(more)));
      }
      return tokens.slice(0, count);
    },
    close: () => server.close(),
  };
}
