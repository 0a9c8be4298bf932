// The 61 fields every HPACK endpoint knows (RFC 7541 appendix A) and how to find them.

/** A header field of a table, with what is asked about it again and again. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** RFC 7541 section 4.1: lengths in bytes and 32. */
  readonly size: number;
  /** Both may stand in a message: checked once, when the field entered its table. */
  readonly isValid: boolean;
}

const text = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`;

/** Field number n at n - 1. */
export const staticTable: readonly HeaderField[] = text.split("\n").map((line) => {
  const space = line.indexOf(" ");
  const name = space < 0 ? line : line.slice(0, space);
  const value = space < 0 ? "" : line.slice(space + 1);
  return { name, value, size: name.length + value.length + 32, isValid: true };
});

const firstByName = new Map<string, number>();
for (const [at, field] of staticTable.entries()) {
  if (!firstByName.has(field.name)) firstByName.set(field.name, at + 1);
}

/** The lowest number of the name, or 0. */
export function staticNameIndex(name: string): number {
  return firstByName.get(name) ?? 0;
}

/** The number of the whole field, given the lowest of its name, or 0. */
export function staticFieldIndex(nameIndex: number, value: string): number {
  const name = staticTable[nameIndex - 1]?.name;
  for (let index = nameIndex; index > 0 && staticTable[index - 1]?.name === name; index++) {
    if (staticTable[index - 1].value === value) return index;
  }
  return 0;
}
