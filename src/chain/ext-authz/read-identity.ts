// Who calls, as an ext_authz server says it.
import type { Identity } from "../../caller.ts";
import { readClaim, toWords } from "../authenticate/check-claims.ts";
import type { Allowed } from "./check-response.ts";

/** Of `dynamic_metadata`, or of the headers it adds. */
export interface PrincipalSource {
  readonly from: "header" | "metadata";
  readonly name: string;
}

const maxPrincipal = 1024;

/** Undefined where it names nobody. */
export function readIdentity({ headers, metadata }: Allowed, { from, name }: PrincipalSource): Identity | undefined {
  const value =
    from === "metadata" ? readClaim(metadata, name) : headers.findLast((header) => header.name === name)?.value;
  if (typeof value !== "string" || value === "" || value.length > maxPrincipal) return undefined;
  return {
    principal: `ext_authz:${value}`,
    expiresAt: toEnd(metadata["exp"]),
    claims: { sub: value, ...metadata },
    scopes: toWords(metadata["scope"]),
    roles: toWords(metadata["roles"]),
  };
}

/** Seconds since 1970, as in a JWT. */
function toEnd(exp: unknown): number {
  return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : Number.POSITIVE_INFINITY;
}
