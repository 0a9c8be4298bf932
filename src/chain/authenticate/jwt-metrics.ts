// What the authenticator for JWTs tells Prometheus: what became of tokens, and how the keys of issuers are.
import type { Metric } from "../../exposition.ts";
import type { KeySource } from "./key-source.ts";

/** Counted as it happens. */
export interface TokenCounts {
  /** Known from before. */
  known: number;
  /** Good, its signature checked. */
  checked: number;
  refused: number;
}

export interface JwtMetricParts {
  readonly counts: TokenCounts;
  readonly knownTokens: number;
  readonly issuers: readonly (readonly [issuer: string, keys: KeySource])[];
}

export function jwtMetrics({ counts, knownTokens, issuers }: JwtMetricParts): readonly Metric[] {
  const states = issuers.map(([issuer, keys]) => [issuer, keys.state()] as const);
  return [
    {
      name: "sluice_jwt_tokens_total",
      type: "counter",
      help: "Tokens that callers brought, by what became of them: known from before, checked and good, refused.",
      samples: Object.entries(counts).map(([result, value]: [string, number]) => [{ result }, value]),
    },
    {
      name: "sluice_jwt_known_tokens",
      type: "gauge",
      help: "Good tokens that are known at present.",
      samples: [[{}, knownTokens]],
    },
    {
      name: "sluice_jwks_keys",
      type: "gauge",
      help: "Keys of an issuer that tokens are checked with at present.",
      samples: states.map(([issuer, { keys }]) => [{ issuer }, keys]),
    },
    {
      name: "sluice_jwks_age_seconds",
      type: "gauge",
      help: "Time since the keys of an issuer were last fetched.",
      samples: states.flatMap(([issuer, { ageMs }]) =>
        ageMs === undefined ? [] : [[{ issuer }, ageMs / 1000] as const],
      ),
    },
    {
      name: "sluice_jwks_fetches_total",
      type: "counter",
      help: "Times that the keys of an issuer were asked for, by what came of it: fetched, failed.",
      samples: states.flatMap(([issuer, { fetched, failed }]) => [
        [{ issuer, result: "fetched" }, fetched] as const,
        [{ issuer, result: "failed" }, failed] as const,
      ]),
    },
  ];
}
