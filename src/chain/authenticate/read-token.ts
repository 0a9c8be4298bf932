// A JWT in compact form (RFC 7519, RFC 7515 section 7.1), read and not yet believed: every spelling of it but one is refused.
import { readUniqueJson } from "./unique-json.ts";
import type { JsonObject } from "./unique-json.ts";

export interface UnverifiedToken {
  readonly algorithm: string;
  readonly kid: string | undefined;
  /** Lower case, without `application/`. */
  readonly typ: string | undefined;
  readonly claims: JsonObject;
}

export const maxTokenBytes = 8 * 1024;
const maxKidLength = 256;

/** What is wrong with it, in words for its sender. */
export type Problem = string;

/** Header parameters that point to keys (`jku`, `x5u`, `jwk`, `x5c`) are never looked at: which key counts is the issuer's to say. */
export function readToken(token: string): UnverifiedToken | Problem {
  // One more than any form has.
  const parts = token.split(".", 6);
  if (parts.length === 5) return "encrypted tokens are not taken";
  if (parts.length !== 3) return "it is no JWT, three parts with dots between";
  if (parts[2] === "") return "it is not signed";
  const [head, body, signature] = parts.map(decodePart);
  if (head === undefined || body === undefined || signature === undefined)
    return "its parts are not base64url without padding";
  const header = readPart(head);
  if (typeof header === "string") return `its header ${header}`;
  const { alg, kid, typ, crit, cty, b64 } = header;
  if (typeof alg !== "string" || alg.length > 32) return `its header has no "alg"`;
  if (crit !== undefined || b64 !== undefined) return `"crit" is not understood here`;
  if (typeof cty === "string" && /^(?:application\/)?jwt$/i.test(cty)) return "nested tokens are not taken";
  if (kid !== undefined && (typeof kid !== "string" || kid.length > maxKidLength)) return `"kid" is no short text`;
  if (typ !== undefined && typeof typ !== "string") return `"typ" is no text`;
  const claims = readPart(body);
  if (typeof claims === "string") return `its claims: the text ${claims}`;
  return { algorithm: alg, kid, typ: typ?.toLowerCase().replace(/^application\//, ""), claims };
}

/** Undefined but for the canonical spelling: bits that no byte needs are zero, or one signature would have several spellings. */
function decodePart(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return part !== "" && bytes.toString("base64url") === part ? bytes : undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readPart(part: Buffer): JsonObject | Problem {
  try {
    return readUniqueJson(utf8.decode(part));
  } catch {
    return "is not UTF-8";
  }
}
