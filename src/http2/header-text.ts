// Which characters header names and values may have (RFC 9113 section 8.2.1, RFC 9110 section 5.6.2): one table, both directions.

/** Lower-case token characters; a pseudo-header's colon is judged by position. */
const nameCharacter = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  nameCharacter[character.charCodeAt(0)] = 1;
}

/** A token in lower case, or one after a colon. */
export function isHeaderName(name: string): boolean {
  const start = name.charCodeAt(0) === 0x3a ? 1 : 0;
  if (name.length === start) return false;
  for (let at = start; at < name.length; at++) if (nameCharacter[name.charCodeAt(at)] !== 1) return false;
  return true;
}

/** Visible characters, space, tab and 0x80-0xff, without white space at either end. */
export function isHeaderValue(value: string): boolean {
  const { length } = value;
  if (length === 0) return true;
  return hasValueCharacters(value) && !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(length - 1));
}

function hasValueCharacters(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}

export function isRequestField(name: string, value: string): boolean {
  return isHeaderName(name) && isHeaderValue(value);
}

/** gRPC servers, grpc-go among them, leave the blanks at the ends of metadata and messages where they are. */
export function isAnswerField(name: string, value: string): boolean {
  return isHeaderName(name) && hasValueCharacters(value);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
