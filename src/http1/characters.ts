// Which bytes may stand where (RFC 9110 section 5, RFC 9112 section 3), as one table of flags.

export const cr = 0x0d;
export const lf = 0x0a;
export const space = 0x20;
export const tab = 0x09;
export const colon = 0x3a;
export const slash = 0x2f;

/** Names of headers and methods. */
export const tokenFlag = 1;
/** Values of headers: visible characters, space, tab, and what is beyond ASCII. */
export const valueFlag = 2;
/** Request targets: visible ASCII. */
export const targetFlag = 4;

export const flags: Uint8Array = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const isVisible = byte > 0x20 && byte < 0x7f;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte))) flags[byte] |= tokenFlag;
  if (isVisible || byte === space || byte === tab || byte >= 0x80) flags[byte] |= valueFlag;
  if (isVisible) flags[byte] |= targetFlag;
}

/** The value of a hexadecimal digit, -1 for any other byte. */
export function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
