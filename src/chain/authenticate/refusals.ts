// What clients are told whose credentials are missing or bad (RFC 6750 section 3): why, in the words of their own token, and what to bring.
import { Code, GatewayError } from "../../status.ts";

/** A quoted-string of HTTP: what cannot stand in one is left out. */
export function quoteText(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, "").replaceAll(/["\\]/g, "'")}"`;
}

export function bearerChallenge(realm: string): string {
  return `Bearer realm=${quoteText(realm)}`;
}

/** Without an error code: RFC 6750 section 3.1 has none for who brought nothing. */
export function credentialsMissing(challenge: string | undefined): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "the call needs credentials, and none came with it", {
    reason: "CREDENTIALS_MISSING",
    ...(challenge === undefined ? {} : { headers: { "www-authenticate": challenge } }),
  });
}

/** Credentials of a kind that nothing here can judge. */
export function credentialsUnknown(challenge: string | undefined): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, "credentials of this kind are not known here", {
    reason: "CREDENTIALS_UNKNOWN",
    ...(challenge === undefined ? {} : { headers: { "www-authenticate": challenge } }),
  });
}

/** `problem` says what is wrong with the token without saying anything that is not in it. `cause` is for the log. */
export function tokenInvalid(realm: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError(Code.UNAUTHENTICATED, `the token is not valid: ${problem}`, {
    reason: "TOKEN_INVALID",
    headers: {
      "www-authenticate": `${bearerChallenge(realm)}, error="invalid_token", error_description=${quoteText(problem)}`,
    },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The gateway's own trouble: the token may well be good. Why is told where the keys are fetched. */
export function keysUnavailable(): GatewayError {
  return new GatewayError(Code.UNAVAILABLE, "the keys that tokens are checked with are not to be had; try again", {
    reason: "KEYS_UNAVAILABLE",
    headers: { "retry-after": "5" },
  });
}
