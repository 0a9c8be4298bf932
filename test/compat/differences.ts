// Where Sluice means to answer differently than grpc-gateway, each with its reason. Everything else must be the same.

/**
 * Messages of Go's libraries (strconv, encoding/json, protojson, time) and of grpc-gateway's own parsers about them: code,
 * status and details are compared, the words are not. Sluice's say what was expected instead, and where.
 */
const libraryTexts: readonly RegExp[] = [
  /^proto:/,
  /^type mismatch, parameter: /,
  /^parsing (field|list|map key|map value) /,
  /^too many values for field /,
  /^field already set for oneof /,
  /^invalid (path|character|grpc-timeout|binary header|URL escape|semicolon)/,
  /^(more than one value provided for key|unexpected EOF|json: |could not find field |JSON structure did not match)/,
  /^syntax error \(/,
];

export function isLibraryText(message: string): boolean {
  return libraryTexts.some((pattern) => pattern.test(message));
}

export interface Difference {
  readonly what: string;
  readonly why: string;
}

/** By the key a case names. */
export const differences: Readonly<Record<string, Difference>> = {};
