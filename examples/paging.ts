// Pages of a list: page sizes with a default and a cap, and page tokens that fit only the list they were made for.
import { createHash } from "node:crypto";
import { invalidArgument } from "./rpc-error.ts";

const defaultSize = 10;
const maxSize = 100;

export interface PageRequest {
  readonly page_size: number;
  readonly page_token: string;
}

/** Cuts one page. `query` is everything else that was asked: a token made for another query is refused. */
export function cutPage<Item>(
  items: readonly Item[],
  request: PageRequest,
  query: unknown,
): { readonly page: Item[]; readonly next_page_token: string } {
  if (request.page_size < 0) throw invalidArgument("page_size", "must not be negative");
  const size = Math.min(request.page_size || defaultSize, maxSize);
  const print = fingerprint(query);
  const start = request.page_token === "" ? 0 : readToken(request.page_token, print);
  const end = start + size;
  return { page: items.slice(start, end), next_page_token: end < items.length ? writeToken(end, print) : "" };
}

function fingerprint(query: unknown): string {
  return createHash("sha256").update(JSON.stringify(query)).digest("hex").slice(0, 8);
}

function writeToken(start: number, print: string): string {
  return Buffer.from(`${start}.${print}`).toString("base64url");
}

function readToken(token: string, print: string): number {
  const match = /^(\d{1,9})\.([0-9a-f]{8})$/.exec(Buffer.from(token, "base64url").toString("latin1"));
  if (match === null)
    throw invalidArgument("page_token", "is not a token of this service; take next_page_token of the page before");
  if (match[2] !== print)
    throw invalidArgument("page_token", "belongs to another query; the other fields must stay the same");
  return Number(match[1]);
}
