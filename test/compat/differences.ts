// Where Sluice means to answer otherwise than grpc-gateway, each with its reason. Everything else must be the same.

/**
 * Messages of Go's libraries (strconv, encoding/json, protojson, time, grpc-go) and of grpc-gateway's own parsers about
 * them: code, status and details are compared, the words are not. Sluice's say what was expected, and where.
 */
const libraryTexts: readonly RegExp[] = [
  /^proto:/,
  /^type mismatch, parameter: /,
  /^parsing (field|list|map key|map value) /,
  /^too many values for field /,
  /^field already set for oneof /,
  /^invalid (path|character|grpc-timeout|binary header|URL escape|semicolon)/,
  /^(more than one value provided for key|unexpected EOF|json: |could not find field |JSON structure did not match)/,
  /^(syntax error \(|unmarshaling of symbolic enum |cannot assign |grpc: error while marshaling)/,
  /^(context deadline exceeded|connection error: |stream terminated by RST_STREAM)/,
];

export function isLibraryText(message: string): boolean {
  return libraryTexts.some((pattern) => pattern.test(message));
}

/** Metadata of the transport itself: grpc-gateway passes on what grpc-go saw on the wire, Sluice what the backend set. */
const transportNames =
  /^(?:trailer: )?grpc-(?:metadata|trailer)-(?:date|grpc-accept-encoding|grpc-status-details-bin|got-x-forwarded-proto)(?::|$)/;

/** The same for trailers, where the backend's error came in nothing but trailers. */
const transportTrailers = /^(?:trailer: )?grpc-trailer-content-type(?::|$)/;

/** A pair `name: value` of an answer that says nothing about the service. */
export function isTransportMetadata(pair: string): boolean {
  return transportNames.test(pair) || transportTrailers.test(pair);
}

/** By the key that a case names. */
export const differences = {
  "utf-8": "Text that is not UTF-8 is refused with 400; grpc-gateway fails with 500 when it encodes the message.",
  "bad escape": "A wrong percent escape in a path has a JSON error body; Go's HTTP server answers in plain text.",
  "dot segments":
    'Paths with "." or ".." segments, "\\\\" or NUL are refused with 400: whoever decodes them once more would climb out of the path.',
  "system parameters":
    "$fields, $pretty, $alt and $timeout are parameters of the gateway; grpc-gateway drops them as unknown.",
  "json depth":
    "Values of unknown fields count for the limit of 100 levels of JSON; grpc-gateway skips them to 10,000.",
  "loose durations": 'Durations in JSON are ProtoJSON\'s; Go lets "+1s", ".5s" and "1.s" through as well.',
  "required fields":
    "proto2 required fields are left to the backend, whose error is passed on; Go checks them before the call.",
  "oneof enum body":
    "A body that is one enum of a oneof may be its name, and null; grpc-gateway reads nothing but numbers there.",
  "empty mask":
    'An update mask of no paths is filled from the body, or stays empty for {}; grpc-gateway sends one with the path "".',
  "mask paths": "update_mask.paths=a is the mask; grpc-gateway appends it to the one it made of the body.",
  "unwritable mask":
    "A reply that has no JSON form is code 13, INTERNAL; in grpc-gateway code 2, UNKNOWN. Both are 500.",
  "unknown code": "A code that gRPC does not have becomes 2, UNKNOWN; grpc-gateway shows the number. Both are 500.",
  "binary metadata":
    "Binary metadata (-bin) is base64 in HTTP headers, in both directions; grpc-gateway writes the bytes as they are, and refuses a list of values.",
  "underscore headers": "Header names with an underscore are refused unless http.underscore_headers says otherwise.",
  "empty metadata name": "A Grpc-Metadata- header without a name is dropped; in grpc-gateway the call fails with 500.",
  "reserved metadata":
    "Grpc-Metadata- cannot set names that belong to the gateway: x-forwarded-*, grpcgateway-*, host. Backends trust them.",
  "untyped bodies":
    "A google.api.HttpBody without a content type is application/octet-stream; grpc-gateway sends an empty Content-Type.",
  "forwarded headers": "X-Forwarded-For and -Host are believed from http.trusted_proxies only.",
} as const satisfies Readonly<Record<string, string>>;

export type DifferenceName = keyof typeof differences;
