// How messages look as JSON: every switch of docs/json.md, one frozen default per profile.
export interface JsonOptions {
  /** What a reader does with a field the message does not have. */
  readonly unknownFields: "reject" | "ignore";
  /** Write unset fields without presence as their zero value. */
  readonly emitDefaults: boolean;
  /** Write unset singular messages as `null` (grpc-gateway's EmitUnpopulated). */
  readonly emitNullMessages: boolean;
  /** `foo_bar` instead of `fooBar`. */
  readonly protoNames: boolean;
  readonly enumsAsNumbers: boolean;
  /** 64-bit integers as JSON numbers instead of strings. */
  readonly int64AsNumbers: boolean;
  /** Spaces per level; 0 for the compact form. */
  readonly indent: number;
  /** Write `ACTIVE` for `STATE_ACTIVE` of enum `State`, and accept it. */
  readonly stripEnumPrefix: boolean;
  /** Accept enum names in any case. */
  readonly caseInsensitiveEnums: boolean;
  /** Read one JSON value and ignore what follows (grpc-gateway). */
  readonly allowTrailing: boolean;
  /** A body value for a field the path or query already set: `refuse` unless equal, or let it lose silently (grpc-gateway). */
  readonly boundFields: "refuse" | "override";
  /** A google.protobuf.Any whose type the schema lacks: an error, or `{"@type": …, "value": base64}` (error details). */
  readonly unresolvedAny: "fail" | "base64";
  /** Nesting of objects and arrays. */
  readonly maxDepth: number;
}

export const strictJson: JsonOptions = Object.freeze({
  unknownFields: "reject",
  emitDefaults: true,
  emitNullMessages: false,
  protoNames: false,
  enumsAsNumbers: false,
  int64AsNumbers: false,
  indent: 0,
  stripEnumPrefix: false,
  caseInsensitiveEnums: false,
  allowTrailing: false,
  boundFields: "refuse",
  unresolvedAny: "fail",
  maxDepth: 100,
});

export const grpcGatewayJson: JsonOptions = Object.freeze({
  ...strictJson,
  unknownFields: "ignore",
  emitNullMessages: true,
  allowTrailing: true,
  boundFields: "override",
});
