// What a client asks of the cache (RFC 9111 section 5.2.1), as far as it may: nobody gets to ask the backend anew more often than once a second.
import type { Call } from "../../call.ts";
import { parseDirectives, secondsOf } from "./directives.ts";

export interface Wishes {
  /** Milliseconds; an older answer will not do. Infinity for any. */
  readonly maxAge: number;
  /** Milliseconds that an answer has to be good for still. */
  readonly minFresh: number;
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
}

const none: Wishes = Object.freeze({ maxAge: Infinity, minFresh: 0, noStore: false, onlyIfCached: false });

/** What is younger is new enough for everybody: reloading does not get through to the backend. */
export const newEnoughMs = 1000;

/** A WebSocket's handshake is no request for an answer, and browsers say `no-cache` in all of them. */
export function readWishes({ front, headers }: Pick<Call, "front" | "headers">): Wishes {
  const text = headers["cache-control"];
  if (text === undefined || front === "websocket") return none;
  const said = parseDirectives(String(text));
  return {
    maxAge: said.has("no-cache") ? 0 : (secondsOf(said, "max-age") ?? Infinity),
    minFresh: secondsOf(said, "min-fresh") ?? 0,
    noStore: said.has("no-store"),
    onlyIfCached: said.has("only-if-cached"),
  };
}
