// An issuer that the gateway shares a secret with, for tests about who may do what.
import { makeSecretToken } from "../chain/authenticate/token-kit.ts";

const secret = "0123456789abcdef0123456789abcdef";

/** The beginning of the group `auth`. */
export const secretIssuer = `
auth:
  issuers:
    - { issuer: "https://idp.example", audience: shop, algorithms: [HS256], secret: "${secret}" }
`;

/** Good for ten minutes, with these claims beside. */
export function tokenOf(claims: Readonly<Record<string, unknown>>): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const all = { iss: "https://idp.example", aud: "shop", exp, ...claims };
  return makeSecretToken({ alg: "HS256", typ: "JWT" }, all, secret);
}
