// What the client wants to read: JSON or protobuf by Accept (or `?$alt`), decided before anything is called.
import { Code, GatewayError } from "../../status.ts";
import type { Alt } from "./system-parameters.ts";
import { memoize, parseWeighted } from "../../weighted.ts";
import type { WeightedItem } from "../../weighted.ts";

export type ReplyFormat = "json" | "protobuf";

/** `any`: no preference between the two. `none`: neither. */
type Preference = ReplyFormat | "any" | "none" | "malformed";

const token = "[!#$%&'*+.^_`|~0-9a-z-]+";
const mediaRange = new RegExp(`^${token}/${token}$`);

/** Undefined for what is no Accept header. */
export function parseAccept(header: string): readonly WeightedItem[] | undefined {
  return parseWeighted(header, (value) => mediaRange.test(value));
}

const preferenceOf = memoize((header: string): Preference => {
  const items = parseAccept(header);
  if (items === undefined) return "malformed";
  if (items.length === 0) return "any";
  const json = weightOf(items, ["application/json"]);
  const protobuf = weightOf(items, ["application/x-protobuf", "application/protobuf"]);
  if (json === 0 && protobuf === 0) return "none";
  if (json === protobuf) return "any";
  return json > protobuf ? "json" : "protobuf";
});

/**
 * The format of the reply; a tie goes to the format of the request body. Throws 406 for an Accept that takes neither and
 * 400 for one that cannot be parsed.
 */
export function toReplyFormat(accept: string | undefined, tie: ReplyFormat): ReplyFormat {
  if (accept === undefined || accept === "*/*") return tie;
  if (accept === "application/json") return "json";
  const preference = preferenceOf(accept);
  if (preference === "any") return tie;
  if (preference === "json" || preference === "protobuf") return preference;
  throw preference === "none" ? notAcceptable(unwritable) : malformedAccept();
}

/** What `$alt` asks for instead of Accept, for a reply that is one message. Throws 406 for a form of streams. */
export function toUnaryAlt(alt: Alt | undefined): ReplyFormat | undefined {
  if (alt !== "ndjson" && alt !== "sse") return alt;
  throw notAcceptable(`the reply is one message; $alt=${alt} is for streams, take json or proto`);
}

/** The most specific range that matches decides (RFC 9110 section 12.5.1). `types` share what is before the slash. */
export function weightOf(items: readonly WeightedItem[], types: readonly string[]): number {
  const all = types[0].replace(/\/.*/, "/*");
  let best = -1;
  let weight = 0;
  for (const item of items) {
    const rank = types.includes(item.value) ? 2 : item.value === all ? 1 : item.value === "*/*" ? 0 : -1;
    if (rank < 0 || !isReadable(item)) continue;
    if (rank > best || (rank === best && item.weight > weight)) {
      best = rank;
      weight = item.weight;
    }
  }
  return weight;
}

/** JSON is UTF-8; other parameters of a range say nothing about what is written here. */
function isReadable(item: WeightedItem): boolean {
  const charset = item.parameters.get("charset");
  return charset === undefined || /^utf-?8$/i.test(charset);
}

const unwritable =
  "none of the media types in Accept can be written; accept application/json or application/x-protobuf";

/** 406. */
export function notAcceptable(message: string): GatewayError {
  return new GatewayError(Code.INVALID_ARGUMENT, message, { reason: "NOT_ACCEPTABLE", httpStatus: 406 });
}

/** 400. */
export function malformedAccept(): GatewayError {
  return new GatewayError(
    Code.INVALID_ARGUMENT,
    "the Accept header is not a list of at most 64 media types; expected e.g. application/json, */*;q=0.5",
    {
      reason: "ACCEPT_INVALID",
    },
  );
}
