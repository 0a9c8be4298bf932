// A binding: one HTTP method and path template that calls one gRPC method. What the router matches and the translators compile.
import type { Position } from "../diagnostic.ts";
import type { Field, Method } from "./descriptor.ts";

/** One segment of a flattened template; variables lie over segments, they are not segments themselves. */
export type Segment =
  | { readonly kind: "literal"; /** Decoded text. */ readonly value: string }
  | { readonly kind: "single" }
  | { readonly kind: "multi" };

/** `{book.name=shelves/*}`: which segments it covers and which field they fill. */
export interface Variable {
  /** As written: `book.name`. */
  readonly path: string;
  /** Index of the first segment, and one past the last (counted in template segments, `**` counting as one). */
  readonly start: number;
  readonly end: number;
  /** The template has more than one segment, or a `**`: reserved characters then stay encoded. */
  readonly isMulti: boolean;
}

export interface Template {
  /** As written. */
  readonly text: string;
  readonly segments: readonly Segment[];
  readonly variables: readonly Variable[];
  /** After the last `:`, decoded; undefined when there is none. */
  readonly verb: string | undefined;
}

/** `strict` follows SEMANTICS to the letter; `grpc-gateway` answers as grpc-gateway v2 does, for people who migrate. */
export type Profile = "strict" | "grpc-gateway";

/**
 * A template variable resolved against the request message: the fields to walk, the last one a scalar, enum or well-known
 * scalar; in profile grpc-gateway also a repeated scalar or enum, whose values the client separates by commas.
 */
export interface BoundVariable {
  readonly variable: Variable;
  readonly fields: readonly Field[];
}

export type BodyBinding =
  | { readonly kind: "none" }
  | { readonly kind: "all" }
  | {
      readonly kind: "field";
      readonly field: Field;
      /** Only for a dotted body (profile grpc-gateway): the singular messages from the request down to `field`. */
      readonly parents?: readonly Field[];
    };

export interface Binding {
  readonly method: Method;
  /** Upper case HTTP method; `*` for any. */
  readonly httpMethod: string;
  readonly template: Template;
  readonly variables: readonly BoundVariable[];
  readonly body: BodyBinding;
  readonly responseBody: Field | undefined;
  /** The annotation or YAML rule it came from; the rpc itself for the default binding. */
  readonly position: Position;
  readonly origin: "annotation" | "yaml" | "default";
  /** 0 for the rule itself, 1… for its additional_bindings. */
  readonly index: number;
}

/** How captured text of multi-segment variables is decoded. */
export type UrlUnescape = "except_reserved" | "except_slash" | "all";
