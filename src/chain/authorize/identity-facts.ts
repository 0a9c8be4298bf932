// What conditions may know of whoever calls, and the time: what rules and compositions share.
import type { CelInput } from "@bufbuild/cel";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { Identity } from "../../caller.ts";
import type { ConditionType } from "./condition-type.ts";
import { variableTypes } from "./condition-type.ts";

type IdentityFact = (identity: Identity | undefined) => CelInput;

/** By the name it has in a condition. */
export const identityFacts: ReadonlyMap<string, IdentityFact> = new Map<string, IdentityFact>([
  ["claims", (identity) => (identity === undefined ? noClaims : claimsOf(identity))],
  ["principal", (identity) => identity?.principal ?? ""],
  ["scopes", (identity) => identity?.scopes ?? []],
  ["roles", (identity) => identity?.roles ?? []],
  ["now", () => timestampNow()],
]);

/** Their types. */
export const identityTypes: ReadonlyMap<string, ConditionType> = new Map(
  [...variableTypes].filter(([name]) => identityFacts.has(name)),
);

const noClaims: ReadonlyMap<string, CelInput> = new Map();
const claimsByIdentity = new WeakMap<Identity, ReadonlyMap<string, CelInput>>();

/** Once for an identity, which lives as long as its credentials are remembered. */
function claimsOf(identity: Identity): ReadonlyMap<string, CelInput> {
  const known = claimsByIdentity.get(identity);
  if (known !== undefined) return known;
  const claims = toMap(identity.claims ?? {});
  claimsByIdentity.set(identity, claims);
  return claims;
}

/** Maps, as names such as `constructor` mean something to objects. What CEL has no value for is left out. */
export function toMap(object: object): Map<string, CelInput> {
  const entries = Object.entries(object).map(([name, value]: [string, unknown]) => [name, toInput(value)] as const);
  return new Map(entries.filter((entry): entry is [string, CelInput] => entry[1] !== undefined));
}

function toInput(value: unknown): CelInput | undefined {
  if (value === null || ["string", "number", "boolean", "bigint"].includes(typeof value)) return value as CelInput;
  if (Array.isArray(value)) return value.map(toInput).filter((item) => item !== undefined);
  return typeof value === "object" ? toMap(value) : undefined;
}
